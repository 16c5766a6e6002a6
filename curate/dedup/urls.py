"""Copies by address: documents that were read from one page, however its address is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import polars as pl
import xxhash

from curate.dedup.address import normalised
from curate.dedup.preference import by_preference, preference, reads
from curate.kernels.fingerprints import fingerprints
from curate.stage import Rounds, Rule, Schema

URL = 500  # characters of an address that evidence shows


@dataclass(frozen=True, kw_only=True)
class UrlDedup:
    """Removes all but the preferred one of the records that have one normalised address (`curate.dedup.address`).

    A record that was split counts as one: its parts have its address and its place (`source`, `locator`), and stay or
    go together. Documents without an address are copies of nothing. Kept is the record that `preference` puts first,
    by the length of all its parts; `quality` names a measure (Float64, the higher the better) that counts there.

    An address under which more than `different` different texts stand names a collection (the file or the home page
    that a data set came from), not a page: nothing is removed there, and `url_texts` tells.

    Measures: `url_copies_before`, how many records under the address are preferred to this one; `url_texts`, how many
    different texts (by their folded tokens) the address has, null where it has one record. Evidence: the kept
    document, which names the cluster, its url as it was written, and how many records the address has.
    """

    name: str = "url_dedup"
    different: int = 100
    quality: str | None = None
    version = 3
    writes = {"url_copies_before": pl.Int64(), "url_texts": pl.Int64(), "url_duplicate_evidence": pl.String()}
    absent = {"url_copies_before": 0, "url_texts": None, "url_duplicate_evidence": None}

    @property
    def reads(self) -> Schema:
        return {**reads(self.quality), **{name: pl.String() for name in ("url", "source", "locator", "text")}}

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(reason="url_duplicate", measure="url_copies_before", high=0, evidence="url_duplicate_evidence"),)

    def rounds(self) -> Rounds:
        flow = yield Meeting()
        if flow.notes:  # else no text has to be read
            yield Choice(self.different, self.quality)


@dataclass(frozen=True)
class Meeting:
    """Which records share an address: 36 bytes a document travel."""

    reads: ClassVar[Schema] = {name: pl.String() for name in ("url", "source", "locator")}
    single = False

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        addressed = docs.filter(pl.col("url").is_not_null())
        forms = [normalised(url) for url in addressed["url"]]
        prints = [xxhash.xxh3_128_intdigest(form.encode()) for form in forms]
        return addressed.select(
            pl.Series("key", [value >> 64 for value in prints], pl.UInt64),
            "shard",
            "row",
            pl.Series("check", [value & _LOW for value in prints], pl.UInt64),
            pl.Series("record", _records(addressed), pl.UInt64),
        ).filter(pl.Series([form != "" for form in forms], dtype=pl.Boolean))

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.filter(pl.col("record").n_unique().over(_SAME) > 1)


@dataclass(frozen=True)
class Choice:
    """Of the records that met, the preferred one: only they send what the choice depends on."""

    different: int
    quality: str | None
    single = False

    @property
    def reads(self) -> Schema:
        return {**reads(self.quality), "text": pl.String(), "url": pl.String()}

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        if notes.is_empty():
            notes = pl.DataFrame(schema=_NOTES)
        met = docs.join(notes, on=["shard", "row"], how="inner", maintain_order="left")
        prints = fingerprints(met["text"]).values
        return met.select(
            "key",
            "shard",
            "row",
            "check",
            "record",
            pl.Series("content", prints[:, 0]),
            pl.col("url").str.head(URL),
            *preference(pl.col("text").str.len_chars(), self.quality),
        )

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The longest part of a record stands for it, with the length of all."""
        record = [*_SAME, "record"]
        first = by_preference(rows, *record).unique(record, keep="first", maintain_order=True)
        whole = rows.group_by(record).agg(pl.col("prefer_length").cast(pl.UInt64).sum())
        order = by_preference(first.drop("prefer_length").join(whole, on=record), *_SAME)
        kept = pl.struct(
            kept=pl.col("doc_id").first(),
            url=pl.col("url").first(),
            cluster=pl.col("doc_id").first(),
            cluster_size=pl.len(),
        ).over(_SAME)
        ranked = order.select(
            *record,
            pl.int_range(pl.len()).over(_SAME).cast(pl.Int64).alias("before"),
            kept.struct.json_encode().alias("kept"),
        )
        texts = rows.group_by(_SAME).agg(pl.col("content").n_unique().cast(pl.Int64).alias("url_texts"))
        copy = (pl.col("before") > 0) & (pl.col("url_texts") <= self.different)
        return (
            rows.join(ranked, on=record, maintain_order="left")
            .join(texts, on=_SAME, maintain_order="left")
            .select(
                "shard",
                "row",
                pl.when(copy).then("before").otherwise(pl.lit(0, pl.Int64)).alias("url_copies_before"),
                "url_texts",
                pl.when(copy).then("kept").alias("url_duplicate_evidence"),
            )
        )


def _records(docs: pl.DataFrame) -> list[int]:
    """A hash of where each document was read: parts of one record have one."""
    places = docs.select(pl.concat_str("source", "locator", separator="\0")).to_series()
    return [xxhash.xxh3_64_intdigest((place or "").encode()) for place in places]


_LOW = (1 << 64) - 1
_SAME = ["key", "check"]
_NOTES = {"key": pl.UInt64, "shard": pl.UInt32, "row": pl.UInt32, "check": pl.UInt64, "record": pl.UInt64}
