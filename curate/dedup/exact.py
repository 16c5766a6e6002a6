"""Exact copies: documents whose folded tokens are the same in the same order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import xxhash
from numpy.typing import NDArray

from curate.dedup.preference import by_preference, preference, reads
from curate.kernels.fingerprints import Fingerprints, fingerprints
from curate.stage import Rounds, Rule, Schema


@dataclass(frozen=True, kw_only=True)
class ExactDedup:
    """Removes all but the preferred one of documents that differ in case, width, punctuation and space at most.

    Traditional characters count as their simplified ones. Of documents without a token (emoji, punctuation) those are
    copies that differ in white space at most; blank ones are copies of nothing. Equality is that of 128 bits: at 10^11
    documents the chance that any two different ones meet is 10^-17. Kept is the one that `preference` puts first;
    `quality` names a measure (Float64, the higher the better) that counts there. Measure: how many copies stand before
    it. Evidence: the kept document, which names their cluster, and how many they are.
    """

    name: str = "exact_dedup"
    quality: str | None = None
    version = 5
    writes = {"copies_before": pl.Int64(), "exact_duplicate_evidence": pl.String()}
    absent = {"copies_before": 0, "exact_duplicate_evidence": None}

    @property
    def reads(self) -> Schema:
        return {**reads(self.quality), "text": pl.String()}

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(reason="exact_duplicate", measure="copies_before", high=0, evidence="exact_duplicate_evidence"),)

    def rounds(self) -> Rounds:
        yield Meeting()
        yield Choice(self.quality)


@dataclass(frozen=True)
class Meeting:
    """Which documents share a fingerprint: 28 bytes a document travel."""

    reads = {"text": pl.String()}
    single = False

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        found = fingerprints(docs["text"])
        blank = _without_tokens(docs["text"], found)
        return docs.select(
            pl.Series("key", found.values[:, 0]),
            "shard",
            "row",
            pl.Series("check", found.values[:, 1]),
            pl.col("text").str.len_chars().alias("length"),
        ).filter(pl.Series(~blank))

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.filter(pl.len().over("key", "check") > 1)


def _without_tokens(texts: pl.Series, found: Fingerprints) -> NDArray[np.bool_]:
    """Gives texts without tokens fingerprints of what they hold besides white space; bool[n], which hold nothing."""
    blank = found.tokens == 0
    for row in np.flatnonzero(blank).tolist():
        held = "".join((texts[row] or "").split())
        if held:
            whole = xxhash.xxh3_128_intdigest(held.encode())
            found.values[row] = (whole >> 64, whole & ((1 << 64) - 1))
            blank[row] = False
    return blank


@dataclass(frozen=True)
class Choice:
    """Of those that met, the preferred one: only they send what the choice depends on."""

    quality: str | None
    single = False

    @property
    def reads(self) -> Schema:
        return reads(self.quality)

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        if notes.is_empty():
            notes = pl.DataFrame(schema=_NOTES)
        met = docs.join(notes, on=["shard", "row"], how="inner", maintain_order="left")
        return met.select("key", "shard", "row", "check", *preference(pl.col("length"), self.quality))

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        copies = ("key", "check")
        return (
            by_preference(rows, *copies)
            .select(
                "shard",
                "row",
                pl.int_range(pl.len()).over(copies).cast(pl.Int64).alias("copies_before"),
                pl.struct(
                    kept=pl.col("doc_id").first(),
                    similarity=pl.lit(1.0),
                    cluster=pl.col("doc_id").first(),
                    cluster_size=pl.len(),
                )
                .over(copies)
                .struct.json_encode()
                .alias("exact_duplicate_evidence"),
            )
            .filter(pl.col("copies_before") > 0)
        )


_NOTES = {"key": pl.UInt64, "shard": pl.UInt32, "row": pl.UInt32, "check": pl.UInt64, "length": pl.UInt32}
