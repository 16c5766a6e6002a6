"""Cut: patterns of the user's, by source, in texts and in turns."""

from __future__ import annotations

import polars as pl
import pytest

from curate.document import COLUMNS
from curate.stage import measured
from curate.stages.heuristics.cut import Cut, Cutting


def docs(*texts: str | None, source: str = "blog") -> pl.DataFrame:
    rows = [{"doc_id": str(n), "source": source, "text": text} for n, text in enumerate(texts)]
    return pl.DataFrame(rows, schema={**COLUMNS})


def said(*turns: tuple[str, str]) -> pl.DataFrame:
    none = {"reasoning": None, "tool_calls": None}
    messages = [{"role": role, "content": content, **none} for role, content in turns]
    row = {"doc_id": "0", "source": "blog", "text": "\n\n".join(content for _, content in turns), "messages": messages}
    return pl.DataFrame([row], schema={**COLUMNS})


FRONT = Cutting(find=r"(?s)\A---\n.*?\n---\n")


def test_front_matter_goes_and_its_characters_are_counted() -> None:
    out = measured(Cut(patterns=(FRONT,)), docs("---\ntitle: 早报\n---\n\n# 早报\n正文。", "# 早报\n正文。"))
    assert out["text"].to_list() == ["# 早报\n正文。"] * 2
    assert out["cut_cut"].to_list() == [19, 0]
    assert out["cut_added"].to_list() == [0, 0]


def test_a_pattern_of_one_source_leaves_the_others_alone() -> None:
    stage = Cut(patterns=(Cutting(find="x+", sources=frozenset({"blog"})),))
    assert measured(stage, docs("axxb"))["text"].item() == "ab"
    assert measured(stage, docs("axxb", source="book"))["text"].item() == "axxb"


def test_a_group_can_be_put_back_and_blank_lines_that_were_there_stay_where_nothing_is_cut() -> None:
    stage = Cut(patterns=(Cutting(find=r"(\p{Han})\n", put="${1}"),))
    assert measured(stage, docs("中\n医\n\nA"))["text"].item() == "中医\nA"
    assert measured(stage, docs("A\n\n\n\nB"))["text"].item() == "A\n\n\n\nB"


def test_turns_are_cut_and_the_text_says_what_they_say() -> None:
    out = measured(
        Cut(patterns=(Cutting(find="<无输入>"),)), said(("user", "解释成语。\n<无输入>"), ("assistant", "好。"))
    )
    assert [turn["content"] for turn in out["messages"].item()] == ["解释成语。", "好。"]
    assert out["text"].item() == "解释成语。\n\n好。"
    assert out["cut_cut"].item() == 6


def test_a_text_of_nothing_else_is_left_empty_and_none_stays_none() -> None:
    out = measured(Cut(patterns=(Cutting(find=r"moved to \S+"),)), docs("moved to https://a.example", None))
    assert out["text"].to_list() == ["", None]
    assert out["cut_cut"].to_list() == [26, 0]


@pytest.mark.parametrize("find", ["(", "a*", r"(?=x)"])
def test_what_is_no_pattern_is_refused(find: str) -> None:
    with pytest.raises(ValueError, match=r"expected a pattern|no regular expression"):
        Cut(patterns=(Cutting(find=find),))
