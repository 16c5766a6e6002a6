"""The last round: members of components send a sketch, and are walked by preference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from curate.dedup.clusters import MEMBER
from curate.dedup.compact import LARGE, packed
from curate.dedup.links import CJK
from curate.dedup.preference import preference, ranks, reads
from curate.dedup.walk import MIDDLE, walk
from curate.kernels.likeness import likeness
from curate.kernels.sets import sets
from curate.kernels.signatures import band_keys
from curate.kernels.sketches import Sketches
from curate.stage import Schema

PLAIN = 1 << 16  # bytes: a text of few different shingles is shorter, or a token repeated


@dataclass(frozen=True)
class Verification:
    """Of each component, the preferred document stays, and then each that is not near enough to one that stays.

    A member sends its bands and a sketch, 4 kB at most; in components of more than `LARGE` documents 400 bytes at most.
    """

    n: int
    permutations: int
    bands: int
    rows: int
    sketch: int
    limit: float
    quality: str | None = None
    single = False

    @property
    def reads(self) -> Schema:
        return {**reads(self.quality), "text": pl.String()}

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        if notes.is_empty():
            notes = pl.DataFrame(schema=MEMBER)
        met = docs.join(notes, on=["shard", "row"], how="inner", maintain_order="left")
        found = likeness(met["text"], n=self.n, permutations=self.permutations, sketch=self.sketch, split=CJK)
        bands = (band_keys(found.signatures, self.bands, self.rows) >> np.uint64(32)).astype(np.uint32)
        return met.select(
            pl.col("component").alias("key"),
            "shard",
            "row",
            "size",
            *preference(pl.col("text").str.len_chars(), self.quality),
            pl.Series("bands", bands, pl.Array(pl.UInt32, self.bands)),
            pl.Series("check", self._checks(met["text"], np.diff(found.sketches.starts)), pl.UInt64),
            _column(packed(found.sketches, met["size"].to_numpy() > LARGE, self.sketch)),
        )

    def _checks(self, texts: pl.Series, elements: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Of short texts, a hash of all shingles; 0 of others, also of few shingles that are repeated without end."""
        short = (elements < MIDDLE) & (texts.str.len_bytes() < PLAIN).to_numpy()
        out = np.zeros(len(texts), np.uint64)
        out[short] = sets(texts.filter(pl.Series(short)), self.n, split=CJK)
        return out

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        order = ranks(rows, "key")
        groups = rows["key"].to_numpy()
        kept, similarity = walk(
            order,
            groups,
            rows["bands"].reshape((-1,)).to_numpy().reshape(-1, self.bands),
            _flat(rows["sketch"]),
            rows["size"].to_numpy() > LARGE,
            self.sketch,
            self.limit,
            rows["check"].to_numpy(),
        )
        return rows.select("shard", "row").with_columns(
            pl.Series("duplicate_similarity", similarity, pl.Float64),
            _evidence(rows.select("doc_id", "size"), kept, similarity, _best(groups, order)),
        )


def _best(groups: NDArray[np.uint64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of each document's group, the first in `order`."""
    ordered = groups[order]
    begins = np.flatnonzero(np.concatenate([np.ones(min(len(ordered), 1), np.bool_), ordered[1:] != ordered[:-1]]))
    best = np.empty(len(order), np.int64)
    best[order] = np.repeat(order[begins], np.diff(begins, append=len(order)))
    return best


def _evidence(
    told: pl.DataFrame, kept: NDArray[np.int64], similarity: NDArray[np.float64], best: NDArray[np.int64]
) -> pl.Series:
    """What is said of each document that gives way; null for the others."""
    gone = np.flatnonzero(kept >= 0)
    words = pl.DataFrame(
        {
            "kept": told["doc_id"].gather(kept[gone]),
            "similarity": similarity[gone],
            "cluster": told["doc_id"].gather(best[gone]),
            "cluster_size": told["size"].gather(gone),
        }
    )
    said = words.select(pl.struct(pl.all()).struct.json_encode()).to_series()
    where = np.full(len(kept), -1, np.int64)
    where[gone] = np.arange(len(gone))
    places = pl.Series(where)
    return said.gather(places.set(places < 0, None)).alias("near_duplicate_evidence")


def _column(sketches: Sketches) -> pl.Series:
    lists = pa.LargeListArray.from_arrays(pa.array(sketches.starts, pa.int64()), pa.array(sketches.values, pa.uint32()))
    return pl.Series("sketch", lists, dtype=pl.List(pl.UInt32))


def _flat(column: pl.Series) -> Sketches:
    """The numbers of a list column where they lie, without a copy."""
    lists: Any = column.rechunk().to_arrow()
    starts = lists.offsets.to_numpy()
    values = lists.values.to_numpy()
    return Sketches(values[starts[0] : starts[-1]], starts - starts[0]) if len(starts) else Sketches(values, starts)
