"""Records of benchmarks that nobody told us of: names, types and files as people keep them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from curate.decontaminate.benchmarks import BenchmarksRefused, Item, load
from curate.decontaminate.contact import gold

ASKED = "Which organ of the human body produces insulin when the level of sugar in the blood rises?"
CHOICES = ("the liver", "the pancreas", "the spleen", "the kidney")
LETTERED = dict(zip("ABCD", CHOICES, strict=True))
ASKED_ZH = "我国宪法规定国家的一切权力属于下列哪一个主体？"


def item(folder: Path, record: dict[str, Any]) -> Item:
    (folder / "test.jsonl").write_text(json.dumps(record))
    (found,) = load(str(folder)).items
    return found


OPTIONS: dict[str, Any] = {
    "a list": list(CHOICES),
    "a map": LETTERED,
    "two lists": {"label": list("ABCD"), "text": list(CHOICES)},
    "pairs": [{"key": letter, "value": text} for letter, text in LETTERED.items()],
    "JSON in a text": json.dumps(CHOICES),
    "what Python prints": str(list(CHOICES)),
    "a map that Python prints": str(LETTERED),
    "what numpy prints": str(np.array(CHOICES)),
    "a line each": "\n".join(CHOICES),
    "lettered lines": "\n".join(f"{letter}. {text}" for letter, text in LETTERED.items()),
    "lettered in one line": "; ".join(f"{letter}) {text}" for letter, text in LETTERED.items()),
    "bars": "|".join(CHOICES),
}


@pytest.mark.parametrize("shape", OPTIONS)
@pytest.mark.parametrize("answer", ["B", 1, "the pancreas", ["B"]])
def test_choices_are_read_in_any_shape_and_the_right_one_is_told(tmp_path: Path, shape: str, answer: Any) -> None:
    found = item(tmp_path, {"question": ASKED, "options": OPTIONS[shape], "answer": answer})
    assert (found.question, found.choices) == (ASKED, CHOICES)
    assert gold(found) == ("B", "the pancreas")


@pytest.mark.parametrize(
    ("record", "right"),
    [
        ({"Q": ASKED, "opts": CHOICES, "ans": "B"}, "B"),
        ({"question": ASKED, **{f"option_{n}": text for n, text in enumerate(CHOICES, 1)}, "correct_option": 2}, "B"),
        ({"question": ASKED, **{f"option_{n}": text for n, text in enumerate(CHOICES, 1)}, "label": 1}, "B"),
        ({"Question": ASKED, **{f"Choice {name}": text for name, text in LETTERED.items()}, "Answer": "B"}, "B"),
        ({"Question": ASKED, "Correct Answer": "y", "Incorrect Answer 1": "z", "Incorrect Answer 2": "x"}, "C"),
        ({"question": ASKED, "mc1_targets": {"choices": CHOICES, "labels": [0, 1, 0, 0]}}, "B"),
        ({"question": ASKED, **{f"op{letter.lower()}": text for letter, text in LETTERED.items()}, "cop": 1}, "B"),
    ],
)  # fmt: skip
def test_the_right_choice_is_told_under_many_names(tmp_path: Path, record: dict[str, Any], right: str) -> None:
    found = item(tmp_path, record)
    assert found.question == ASKED
    assert gold(found).letters == right


def test_a_dialogue_is_a_question_and_the_reply_to_it(tmp_path: Path) -> None:
    turns = [("system", "Be brief."), ("user", ASKED), ("assistant", "The pancreas."), ("user", "Sure?")]
    for role, content, name in (("role", "content", "messages"), ("from", "value", "conversations")):
        found = item(tmp_path, {name: [{role: who, content: said} for who, said in turns]})
        assert (found.question, found.answer) == (ASKED, "The pancreas.")


def test_questions_in_paragraphs_of_articles_have_these_as_their_context(tmp_path: Path) -> None:
    asked = {"id": "q1", "question": ASKED, "answers": [{"text": "pancreas", "answer_start": 4}]}
    top = {"version": "1", "data": [{"title": "t", "paragraphs": [{"context": "The pancreas does.", "qas": [asked]}]}]}
    (tmp_path / "dev.json").write_text(json.dumps(top))
    (found,) = load(str(tmp_path)).items
    assert (found.id, found.question, found.context, found.answer) == ("q1", ASKED, "The pancreas does.", "pancreas")


def test_a_premise_is_a_context_and_a_hypothesis_a_question(tmp_path: Path) -> None:
    found = item(tmp_path, {"premise": "The tap ran all night.", "hypothesis": "There was water.", "label": 0})
    assert (found.question, found.context) == ("There was water.", "The tap ran all night.")
    found = item(tmp_path, {"premise": "It ran.", "question": "effect", "choice1": "a", "choice2": "b", "label": 1})
    assert (found.question, found.context, gold(found).text) == ("effect", "It ran.", "b")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_from_spreadsheets_are_read(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = [
        ("序号", "题目内容", "选项A", "选项B", "选项C", "选项D", "正确答案"),
        ("7", ASKED_ZH, "人民", "国家", "政府", "法院", "A"),
    ]
    (tmp_path / "题库.csv").write_bytes("\n".join(map(delimiter.join, rows)).encode(encoding))
    (found,) = load(str(tmp_path)).items
    assert (found.question, found.choices, gold(found).text) == (ASKED_ZH, ("人民", "国家", "政府", "法院"), "人民")


def test_numbers_that_are_missing_are_no_choices_that_say_so(tmp_path: Path) -> None:
    row = {"question": [ASKED], "A": [1.5], "B": [2.0], "C": [float("nan")], "D": [4.0], "answer": ["D"]}
    pl.DataFrame(row).write_parquet(tmp_path / "test-00000-of-00001.parquet")
    (found,) = load(str(tmp_path)).items
    assert (found.choices, gold(found).text) == (("1.5", "2.0", "", "4.0"), "4.0")


def test_a_file_of_settings_beside_the_items_is_passed_over_and_said(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"task": "quiz", "shots": [0, 5]}')
    with pytest.raises(BenchmarksRefused, match="no benchmark items found"):
        load(str(tmp_path))
    item_of_it = {"question": ASKED}
    (tmp_path / "test.jsonl").write_text(json.dumps(item_of_it))
    found = load(str(tmp_path))
    assert [one.question for one in found.items] == [ASKED]
    assert ("config.json", "an object without a question") in {(one.place, one.why) for one in found.passed}
