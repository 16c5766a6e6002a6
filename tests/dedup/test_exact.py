"""Equal folded token streams are copies, and the preferred one stays."""

import json
import random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.dedup.exact import ExactDedup
from curate.kernels.tokens import spaced
from tests.dedup.corpora import documents, judged, removed, splits


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Take two tablets daily.", "take two  tablets,\ndaily"),
        ("每日服用2片。", "每日 服用２片"),
        ("ＩＢＵＰＲＯＦＥＮ 布洛芬", "ibuprofen布洛芬!"),
        ("co\u00adoperate", "cooperate"),
        ("後來，這個藥對頭髮沒有好處。", "后来这个药对头发没有好处"),
    ],
)
def test_case_width_space_and_punctuation_make_no_other_document(one: str, other: str) -> None:
    (evidence,) = removed(ExactDedup(), documents([one, other], date=["2020", "2021"])).values()
    assert json.loads(evidence) == {"kept": "d001", "similarity": 1.0, "cluster": "d001", "cluster_size": 2}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("every 6 hours", "every 8 hours"),
        ("人咬狗", "狗咬人"),
        ("哈哈", "哈哈哈"),
        ("an ice", "a nice"),
        ("", ""),
        ("…", "。"),
    ],
)
def test_another_word_order_or_number_is_another_document(one: str, other: str) -> None:
    assert removed(ExactDedup(), documents([one, other])) == {}


def test_documents_without_text_are_copies_of_nothing() -> None:
    docs = documents([None, None, "", " ，"])
    found = judged(ExactDedup(), [docs])
    assert found["copies_before"].to_list() == [0, 0, 0, 0]
    assert found["exact_duplicate_evidence"].null_count() == 4


def test_documents_without_a_token_are_copies_where_only_white_space_differs() -> None:
    docs = documents(["😀😁", "。。。", "😀 😁\n", "😁😀", "。。", " 。。。", "👍", "", " ", "\u3000"])
    assert sorted(removed(ExactDedup(), docs)) == ["d000", "d001"]  # the longer ones stay


def test_each_copy_counts_the_preferred_ones_before_it() -> None:
    docs = documents(["同一篇"] * 4 + ["另一篇"], date=["2001", "2003", None, "2002", None])
    found = judged(ExactDedup(), [docs])
    assert found["copies_before"].to_list() == [2, 0, 3, 1, 0]
    said = '{"kept":"d001","similarity":1.0,"cluster":"d001","cluster_size":4}'
    assert found["exact_duplicate_evidence"].to_list() == [said, None, said, said, None]


@given(
    st.lists(st.tuples(st.sampled_from(["", "甲 乙", "甲乙。", "Ab", "ab", "c"]), st.sampled_from("12")), max_size=12),
    st.integers(0, 99),
)
def test_any_split_and_order_of_the_corpus_gives_the_same_verdicts(rows: list[tuple[str, str]], seed: int) -> None:
    docs = documents([text for text, _ in rows], date=[date for _, date in rows])
    whole = judged(ExactDedup(), [docs])
    parts = judged(ExactDedup(), splits(docs, random.Random(seed)), partitions=1 + seed % 3, batch=1 + seed % 5)
    assert parts.sort("doc_id").equals(whole)
    kept = whole.filter(pl.col("copies_before") == 0)
    streams = [line for line in spaced(kept["text"]) if line]
    assert sorted(streams) == sorted({line for line in spaced(whole["text"]) if line})


def test_a_measure_of_quality_decides_between_copies_of_one_date() -> None:
    docs = documents(["同一篇"] * 3).with_columns(pl.Series("quality_score", [0.2, 0.9, None]))
    assert sorted(removed(ExactDedup(quality="quality_score"), docs)) == ["d000", "d002"]
    assert ExactDedup(quality="quality_score").reads["quality_score"] == pl.Float64
