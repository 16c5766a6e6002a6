from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from curate.engine import Inline
from curate.mix.build import build
from curate.mix.settings import Mix
from tests.mix import kept


def clustered(every: int) -> pl.DataFrame:
    """The documents; each `every` in a row are one cluster, named for the first of them, as MinHashDedup marks them."""
    docs = kept.documents().sort("doc_id")
    ids = docs["doc_id"].to_list()
    said = [
        None if number % every == 0 else json.dumps({"kept": ids[number - 1], "cluster": ids[number - number % every]})
        for number in range(len(ids))
    ]
    return docs.with_columns(pl.Series("near_duplicate_evidence", said, pl.String))


def splits(folder: Path) -> dict[str, bool]:
    """Of each document whether it is for validation."""
    docs = kept.docs_of(folder).filter(pl.col("split").is_in(["train", "unused", "validation"]))
    return dict(docs.select("doc_id", pl.col("split") == "validation").rows())


def test_near_duplicates_are_all_for_training_or_all_for_validation(tmp_path: Path) -> None:
    docs = clustered(4)
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), held_out=0.3)
    report = build(mix, kept.shards(tmp_path / "kept", docs, [10, 50]), str(tmp_path / "mix"), Inline())
    held, ids = splits(tmp_path / "mix"), docs["doc_id"].to_list()
    families = [{held[one] for one in ids[start : start + 4]} for start in range(0, len(ids), 4)]
    assert all(len(family) == 1 for family in families) and {True} in families and {False} in families
    assert not any("near-duplicates" in warning for warning in report.warnings)


def test_where_nothing_was_compared_the_report_says_so(tmp_path: Path) -> None:
    mix = Mix(tokenizer=kept.tokenizer(tmp_path))
    report = build(mix, kept.shards(tmp_path / "kept", kept.documents(), []), str(tmp_path / "mix"), Inline())
    assert any("96 of 96 documents were not held against each other" in warning for warning in report.warnings)


def test_parts_of_a_document_and_equal_texts_stay_together(tmp_path: Path) -> None:
    docs = kept.documents().sort("doc_id")
    parents = [f"{number // 3:032x}" if number < 48 else None for number in range(docs.height)]
    same = [f"{number // 2:032x}" for number in range(docs.height)]
    docs = docs.with_columns(pl.Series("parent_id", parents, pl.String), pl.Series("content_hash", same))
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), held_out=0.3)
    build(mix, kept.shards(tmp_path / "kept", docs, [10, 50]), str(tmp_path / "mix"), Inline())
    held, ids = splits(tmp_path / "mix"), docs["doc_id"].to_list()
    assert all(len({held[one] for one in ids[start : start + 3]}) == 1 for start in range(0, 48, 3))
    assert all(len({held[one] for one in ids[start : start + 2]}) == 1 for start in range(48, len(ids), 2))
    assert 5 < sum(held.values()) < 60


def test_dialogues_that_are_asked_the_same_stay_together(tmp_path: Path) -> None:
    docs = kept.documents("dialogue")
    again = docs.with_columns(
        (pl.col("doc_id").str.reverse()).alias("doc_id"),
        pl.col("content_hash").str.reverse(),
        pl.col("messages").list.eval(
            pl.struct(
                pl.element().struct.field("role"),
                pl.when(pl.element().struct.field("role") == "assistant")
                .then(pl.lit("另一个回答。"))
                .otherwise(pl.element().struct.field("content"))
                .alias("content"),
                pl.element().struct.field("reasoning"),
                pl.element().struct.field("tool_calls"),
            )
        ),
    )
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), stage="sft", held_out=0.3)
    shards = kept.shards(tmp_path / "kept", pl.concat([docs, again]), [70])
    build(mix, shards, str(tmp_path / "mix"), Inline())
    held = splits(tmp_path / "mix")
    pairs = [(one, one[::-1]) for one in docs["doc_id"] if one in held and one[::-1] in held]
    assert len(pairs) > 50 and all(held[one] == held[other] for one, other in pairs)
