"""One document to an id: of those that were read under one doc_id, the first by content and place stays."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import xxhash

from curate.stage import Rounds, Rule


@dataclass(frozen=True, kw_only=True)
class UniqueIds:
    """Removes all but one of the documents with one doc_id; kept is the smallest (content_hash, locator).

    The same record read twice has one content_hash; two records under one key (a page crawled twice) have two, and the
    evidence names the one that stayed. Measure: how many documents with this id come before it.
    """

    name: str = "unique_ids"
    version = 1
    reads = {"doc_id": pl.String(), "content_hash": pl.String(), "locator": pl.String()}
    writes = {"same_id_before": pl.Int64(), "same_id_evidence": pl.String()}
    absent = {"same_id_before": 0, "same_id_evidence": None}

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(reason="duplicate_id", measure="same_id_before", high=0, evidence="same_id_evidence"),)

    def rounds(self) -> Rounds:
        yield Meeting()
        yield Choice()


@dataclass(frozen=True)
class Meeting:
    """Which documents share a hash of their id: 16 bytes a document travel."""

    reads = {"doc_id": pl.String()}
    single = False

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        return docs.select(_key(docs["doc_id"]), "shard", "row")

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.filter(pl.len().over("key") > 1).select("shard", "row")


@dataclass(frozen=True)
class Choice:
    """Of those that met, the first of each id."""

    reads = {"doc_id": pl.String(), "content_hash": pl.String(), "locator": pl.String()}
    single = False

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        met = docs.join(notes.select("shard", "row"), on=["shard", "row"], how="semi", maintain_order="left")
        return met.select(_key(met["doc_id"]), "shard", "row", *self.reads)

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        order = rows.sort("doc_id", "content_hash", "locator", "shard", "row")
        kept = pl.struct(kept=pl.col("locator").first(), content_hash=pl.col("content_hash").first())
        return order.select(
            "shard",
            "row",
            pl.int_range(pl.len()).over("doc_id").cast(pl.Int64).alias("same_id_before"),
            kept.over("doc_id").struct.json_encode().alias("same_id_evidence"),
        ).filter(pl.col("same_id_before") > 0)


def _key(ids: pl.Series) -> pl.Series:
    return pl.Series("key", [xxhash.xxh3_64_intdigest(identity.encode()) for identity in ids], pl.UInt64)
