"""Laws of splitting: nothing is lost, nothing depends on the batch, and what was split is split."""

from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.stage import split
from curate.stages.split import BY, Split
from tests.stages.documents import of_texts

NAMED = """
# 一; ## Two; ### 三; #### Four; 第一编 总则; 第二编; 第一章 甲; 第二章 乙; 第一节; 目录; 第一条 正文。
第二条 正文，依照第一条的规定。; 第二条之一 正文。; 第三条; 第三条规定的，; CHAPTER I; CHAPTER II. Name
Article 1. Name; Article 2; Section 1. Name; Sec. 2. Name; § 3. Name; Rule 4; 101; 一、甲; 二、乙; 三、丙
（一）甲; （二）乙; （三）丙; 1. One; 2. Two; 3. Three; 1.1 One; 1.2 Two; 1.3 Three; I; II.; III. Three
原告诉称，甲。; 被告辩称，乙。; 经审理查明：丙。; 本院认为，丁。; 判决如下：; 主诉：咳; 现病史：三天; 既往史：无
BACKGROUND; DISCUSSION; CONCLUSION; Chief complaint: cough; Physical examination; ```; ~~~
Sec. 5. A b. Sec. 6. C d. Sec. 7. E f. Sec. 8. G h.; 第八条 甲。第九条 乙。第十条 丙。第十一条 丁。
Words that are a sentence of no length.; 一句话，没有多长。
"""
SPECIAL = ["", "", "\f", "Title\n=====", "Name\n---", "x" * 90, "字" * 70]
LINES = st.sampled_from([*re.split(r"; |\n", NAMED.strip()), *SPECIAL])
TEXTS = st.lists(LINES, max_size=60).map("\n".join)
SOME = st.one_of(TEXTS, st.text(max_size=300), st.none())
STAGES = st.builds(
    Split,
    longer_than=st.integers(1, 400),
    shortest=st.integers(0, 200),
    by=st.one_of(st.just(BY), st.frozensets(st.sampled_from(sorted(BY)))),
)


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(SOME, max_size=4), stage=STAGES)
def test_the_parts_are_the_text_and_splitting_them_again_cuts_nothing(texts: list[str | None], stage: Split) -> None:
    docs = of_texts(texts)
    parts = split(stage, docs)
    for identity, text in zip(docs["doc_id"], texts, strict=True):
        of = parts.filter(pl.coalesce("parent_id", "doc_id") == identity)["text"].to_list()
        assert of == [text] if text is None else "".join(of) == text
        assert len(of) == 1 or all(of)
    fresh = parts.with_columns(parent_id=pl.lit(None, pl.String))  # a part that is read as a document of its own
    assert split(stage, fresh)["text"].to_list() == parts["text"].to_list()


@settings(max_examples=50, deadline=None)
@given(texts=st.lists(SOME, min_size=1, max_size=5), stage=STAGES)
def test_a_document_is_cut_the_same_in_any_batch(texts: list[str | None], stage: Split) -> None:
    docs = of_texts(texts)
    alone = [stage.starts(docs[row])[0].to_list() for row in range(docs.height)]
    assert stage.starts(docs).to_list() == alone


@settings(max_examples=100, deadline=None)
@given(text=TEXTS, longer_than=st.integers(100, 2000), kind=st.sampled_from(["prose", "table", "maths"]))
def test_nothing_within_a_fence_begins_a_part(text: str, longer_than: int, kind: str) -> None:
    plain = text.replace("```", "").replace("~~~", "")
    whole = f"{plain}\n```\n{plain}\n```\n{plain}"
    starts = Split(longer_than=longer_than).starts(of_texts([whole], kind))[0]
    inside = (len(plain) + 1, len(plain) * 2 + 9)
    assert not [start for start in starts if inside[0] < start < inside[1]]


def test_a_way_to_cut_that_does_not_exist_is_refused() -> None:
    with pytest.raises(
        ValueError, match="by names 'chapters'; expected some of cases, headings, numbers, pages, statutes"
    ):
        Split(by=frozenset({"chapters"}))


def test_only_what_is_named_is_used() -> None:
    text = "".join(f"第{number}章 名\n\n" + "字句。" * 100 + "\n\n" for number in "一二三")
    docs = of_texts([text])
    assert split(Split(longer_than=500), docs).height == 3
    assert split(Split(longer_than=500, by=frozenset({"pages", "cases"})), docs).height == 1
