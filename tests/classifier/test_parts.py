"""The split: near copies on one side, the same whatever the order, sources held out as a whole."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.classifier.make import LABELLED
from curate.classifier.parts import parts
from curate.labelled import with_clusters
from curate.progress import Lines
from tests import faults

QUIET = Lines(open("/dev/null", "w"))  # noqa: SIM115 - for all tests of the file


def documents(count: int = 150) -> pl.DataFrame:
    """Texts of both languages, each with an edited twin in another source."""
    rows = []
    for number in range(count):
        for lang, word, other in (("zh", "医", "药"), ("en", "silver", "golden")):
            text = faults.sentence(lang, number, 300)
            label = ("a", "b")[number % 2]
            rows.append({"text": text, "label": label, "source": "one", "lang": lang})
            rows.append({"text": text.replace(word, other, 2) + " 又", "label": label, "source": "two", "lang": lang})
    table = pl.DataFrame(rows).with_columns(pl.lit(None, pl.String).alias("domain"))
    return with_clusters(table, QUIET).select(*LABELLED)


DOCS = documents()


def test_no_twin_of_what_is_trained_on_is_tested_on() -> None:
    one, two = (
        DOCS.with_columns(parts(DOCS).alias("part")).filter(pl.col("source") == source) for source in ("one", "two")
    )
    assert one["part"].to_list() == two["part"].to_list()
    shares = {part: (one["part"] == part).mean() for part in ("train", "valid", "test")}
    assert 0.7 < (shares["train"] or 0) < 0.9 and min(shares.values()) > 0.04


def test_without_clusters_the_twins_would_leak() -> None:
    """What the test before would miss if clusters did nothing."""
    alone = DOCS.with_columns(pl.lit(None, pl.UInt64).alias("cluster"))
    table = alone.with_columns(parts(alone).alias("part"))
    one, two = (table.filter(pl.col("source") == source)["part"].to_list() for source in ("one", "two"))
    assert one != two


@settings(max_examples=8, deadline=None)
@given(seed=st.randoms(use_true_random=False))
def test_the_order_of_the_documents_changes_no_part(seed: object) -> None:
    order = list(range(DOCS.height))
    seed.shuffle(order)  # type: ignore[attr-defined]
    mixed = with_clusters(DOCS[order], QUIET)
    there = dict(zip(DOCS["text"], parts(DOCS), strict=True))
    assert dict(zip(mixed["text"], parts(mixed), strict=True)) == there


def test_a_source_held_out_takes_its_twins_along_to_the_test() -> None:
    table = DOCS.filter(~pl.col("text").str.contains("zzz")).with_columns(parts(DOCS, held_out=("two",)).alias("part"))
    assert set(table["part"]) == {"test"}  # every text has a twin in `two`
    alone = DOCS.with_columns(pl.lit(None, pl.UInt64).alias("cluster"))
    some = alone.with_columns(parts(alone, held_out=("two",)).alias("part"))
    assert set(some.filter(pl.col("source") == "two")["part"]) == {"test"}
    assert set(some.filter(pl.col("source") == "one")["part"]) == {"train", "valid", "test"}


def test_another_seed_gives_another_split() -> None:
    assert parts(DOCS, seed=1).to_list() != parts(DOCS).to_list()


def test_a_cluster_that_would_be_half_of_a_label_is_trained_on() -> None:
    one = DOCS.with_columns(pl.when(pl.col("label") == "a").then(pl.lit(7, pl.UInt64)).alias("cluster"))
    for seed in range(5):
        assert set(one.with_columns(parts(one, seed=seed).alias("part")).filter(label="a")["part"]) == {"train"}
