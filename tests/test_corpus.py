"""A corpus stage over shards in memory gets what the exchange gives it, and its notes come back as measures."""

from dataclasses import dataclass

import polars as pl

from curate.corpus import notes_of, with_measures
from curate.stage import Rounds, Rule


@dataclass(frozen=True)
class Count:
    """How many documents have as many characters."""

    single: bool = False
    reads = {"text": pl.String()}

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        assert docs.columns == ["shard", "row", "priority", "text"]
        hashed = pl.col("text").str.len_chars().cast(pl.UInt64) * 0x9E3779B97F4A7C15
        return docs.select(hashed.alias("key"), "shard", "row", "priority")

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        assert rows.equals(rows.sort("key", "shard", "row"))
        many = rows.filter(pl.len().over("key") > 1)
        return many.select("shard", "row", pl.len().over("key").cast(pl.Int64).alias("as_long"), "priority")


@dataclass(frozen=True)
class Sum:
    """Adds what the notes of the round before say."""

    single: bool = True
    reads = {}

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        assert docs.join(notes, on=["shard", "row"], how="anti").height == docs.height - notes.height
        return notes.select(pl.lit(0, pl.UInt64).alias("key"), *notes.columns)

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select("shard", "row", "as_long", pl.col("priority").sum().alias("met"))


@dataclass(frozen=True, kw_only=True)
class Lengths:
    name: str = "lengths"
    version = 1
    reads = {"text": pl.String()}
    writes = {"as_long": pl.Int64(), "met": pl.Int64()}
    absent = {"as_long": 1, "met": None}
    rules: tuple[Rule, ...] = ()

    def rounds(self) -> Rounds:
        yield Count()
        yield Sum()


SHARDS = [
    pl.DataFrame({"text": ["ab", "中文", "c"], "priority": [1, 10, 100]}),
    pl.DataFrame({"text": [], "priority": []}, schema={"text": pl.String, "priority": pl.Int64}),
    pl.DataFrame({"text": ["de", "fghi"], "priority": [1000, 10000]}),
]


def test_notes_are_addressed_to_shard_and_row_whatever_the_partitions_and_batches() -> None:
    for partitions in (1, 2, 7):
        for batch in (1, 2, 100):
            notes = notes_of(Lengths(), SHARDS, partitions, batch)
            assert notes.rows() == [(0, 0, 3, 1011), (0, 1, 3, 1011), (2, 0, 3, 1011)]


def test_documents_without_a_note_have_the_absent_measures() -> None:
    notes = notes_of(Lengths(), SHARDS)
    found = with_measures(Lengths(), SHARDS[2], 2, notes)
    assert found.select("text", "as_long", "met").rows() == [("de", 3, 1011), ("fghi", 1, None)]
    assert with_measures(Lengths(), found, 2, notes).equals(found)
    assert with_measures(Lengths(), SHARDS[1], 1, notes).height == 0


def test_documents_without_a_priority_all_have_the_same() -> None:
    notes = notes_of(Lengths(), [shard.drop("priority") for shard in SHARDS])
    assert notes["met"].to_list() == [0, 0, 0]
