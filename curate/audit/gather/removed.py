"""What a run removed, a shard of a segment at a time: its verdicts, its measures, and how large it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from curate import files
from curate.audit.gather.bins import Bins
from curate.audit.gather.documents import Part, spread
from curate.kernels import utf8
from curate.shard import Shard, batches, read_table

_SIZES = {"doc_id": pl.String, "bytes": pl.Int64, "characters": pl.Int64}


@dataclass(frozen=True)
class Lost:
    """One shard's removals: the files below the run, and the shard as the segment took it in (None: not there)."""

    verdicts: str
    measures: str | None
    taken: Shard | None


def count_removed(run: str, bins: Mapping[str, Bins], lost: Lost) -> Part:
    """Count what went in one segment from one shard.

    A document's size is that of its text as it was measured before it went (`text_bytes`, `chars`), else as the segment
    took it in; of what went while it was read it is not known.
    """
    part = Part()
    verdicts = read_table(run, lost.verdicts)
    sizes = pl.DataFrame(schema=_SIZES)
    if lost.measures is not None:
        told = read_table(run, lost.measures)
        spread(part.spreads, told, bins)
        if {"text_bytes", "chars"} <= set(told.columns):
            measured = told.select("doc_id", pl.col("text_bytes").alias("bytes"), pl.col("chars").alias("characters"))
            sizes = measured.drop_nulls().with_columns(pl.col("bytes", "characters").cast(pl.Int64))
    missing = set(verdicts["doc_id"]) - set(sizes["doc_id"])
    if missing and lost.taken is not None and files.exists(files.join(run, lost.taken.path)):
        sizes = pl.concat([sizes, _taken(run, lost.taken, sorted(missing))])
    part.gone.add(verdicts, sizes)
    return part


def _taken(run: str, shard: Shard, ids: Sequence[str]) -> pl.DataFrame:
    """The sizes of documents in the object of a shard; row groups without one of them are not read."""
    wanted = pl.Series("doc_id", ids, pl.String)
    rows = [docs.filter(pl.col("doc_id").is_in(wanted.implode()))["row"] for docs in batches(run, shard, ["doc_id"])]
    found = pl.concat(rows) if rows else pl.Series(dtype=pl.UInt32)
    sizes = [pl.DataFrame(schema=_SIZES)]
    if found.len():
        for docs in batches(run, shard, ["doc_id", "text"], rows=found):
            there = docs.filter(pl.col("text").is_not_null())
            bytes_ = pl.Series("bytes", utf8.lengths(there["text"]), pl.Int64)
            sizes.append(
                there.select("doc_id", bytes_, pl.col("text").str.len_chars().cast(pl.Int64).alias("characters"))
            )
    return pl.concat(sizes)
