"""Of documents with one doc_id the first by content and place stays."""

import json
import random

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from curate.dedup.ids import UniqueIds
from curate.stage import CorpusStage, remove
from tests.dedup.corpora import documents, judged, removed, splits


def test_the_smallest_content_and_then_place_is_kept() -> None:
    docs = documents(
        ["x"] * 5,
        doc_id=["a", "b", "a", "a", "c"],
        content_hash=["2", "1", "1", "1", "1"],
        locator=["f#0", "f#1", "g#2", "f#3", "f#4"],
    )
    done = remove(judged(UniqueIds(), [docs]), "unique_ids", UniqueIds().rules)
    assert done.kept["locator"].to_list() == ["f#1", "f#3", "f#4"]
    assert done.verdicts.select("locator", "reason", "value").rows() == [
        ("f#0", "duplicate_id", 2.0),
        ("g#2", "duplicate_id", 1.0),
    ]
    assert json.loads(done.verdicts["evidence"][0]) == {"kept": "f#3", "content_hash": "1"}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("12")), max_size=12), st.integers(0, 99))
def test_any_split_and_order_of_the_corpus_keeps_the_same_documents(rows: list[tuple[str, str]], seed: int) -> None:
    docs = documents(["x"] * len(rows), doc_id=[a for a, _ in rows], content_hash=[b for _, b in rows])
    expected = {identity: min(b for a, b in rows if a == identity) for identity, _ in rows}
    found = judged(UniqueIds(), splits(docs, random.Random(seed)), partitions=1 + seed % 3, batch=1 + seed % 5)
    kept = found.filter(pl.col("same_id_before") == 0)
    assert dict(kept.select("doc_id", "content_hash").rows()) == expected
    assert kept.height == len(expected)
    assert (
        found.select("locator", "same_id_before")
        .sort("locator")
        .equals(judged(UniqueIds(), [docs]).select("locator", "same_id_before").sort("locator"))
    )


def test_different_ids_stay_though_their_text_is_the_same() -> None:
    assert removed(UniqueIds(), documents(["same", "same"])) == {}


def test_it_is_a_corpus_stage() -> None:
    assert isinstance(UniqueIds(), CorpusStage)
