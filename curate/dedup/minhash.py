"""Near copies, by MinHash and locality-sensitive hashing, verified, and never removed in chains.

Three rounds. Documents with an equal band are linked to the first of them; the links' connected components are found;
and of each component, the members send a sketch, by which they are walked from the preferred one on: a document is
removed only if it is near enough to one that is kept.

Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, section 3.4, for bands and rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from curate.dedup.components import components
from curate.dedup.preference import READS, by_preference, preference
from curate.dedup.walk import walk
from curate.kernels.shingles import shingles
from curate.kernels.signatures import EMPTY, band_keys, blocks, minhash, signatures
from curate.kernels.sketches import Sketches, sketches
from curate.kernels.tokens import tokens
from curate.stage import Rounds, Rule, Schema

CJK = 0.1
"""The share of CJK characters from which on a text is compared character by character, its Latin words too.

Chinese manuals are half code and English names. Word by word they look less alike than they are, and pairs are lost:
of those at a true Jaccard of .8-.9 (zh_tidb_docs), 4 % against 1 %. Few texts lie near a tenth: English notes with a
Chinese title below, Chinese pages about software above.
"""

MEETING = 0.9975
"""The chance that two documents at the threshold share a band; what else is lost of recall, verification loses."""


@dataclass(frozen=True, kw_only=True)
class MinHashDedup:
    """Removes documents that are nearly the same as one that is kept.

    Likeness is the Jaccard similarity of sets of shingles of `n` tokens. Documents that are as like as `threshold` are
    found; removed is what is as like as `threshold` less `slack` to a kept document. The slack pays for what separates
    estimated from true similarity, 1024 hashes of a long text (standard error .0125) and dropped punctuation: without
    it half of the pairs at the threshold would stay. A document of fewer than 32 shingles is compared whole: where
    'diabetes type 1' and 'type 2' differ, a Jaccard of .8 says nothing.

    Kept is the one that `preference` puts first. Measure: the similarity to the nearest kept document that shares a
    band, 0 for those that met nobody. Evidence: the kept document, the similarity, and the cluster, named by its most
    preferred document.
    """

    name: str = "minhash"
    n: int = 5
    permutations: int = 128
    threshold: float = 0.8
    slack: float = 0.04
    sketch: int = 1024
    version = 1
    reads: ClassVar[Schema] = {**READS, "text": pl.String()}
    writes = {"duplicate_similarity": pl.Float64(), "near_duplicate_evidence": pl.String()}
    absent = {"duplicate_similarity": 0.0, "near_duplicate_evidence": None}

    def __post_init__(self) -> None:
        bands_and_rows(self.threshold, self.permutations)
        if not 0 <= self.slack < self.threshold:
            raise ValueError(
                f"slack is {self.slack}; expected at least 0 and less than the threshold, {self.threshold}"
            )

    @property
    def limit(self) -> float:
        """The least similarity to a kept document that removes."""
        return round(self.threshold - self.slack, 6)

    @property
    def rules(self) -> tuple[Rule, ...]:
        high = math.nextafter(self.limit, 0)  # a rule lets its limit pass, and two documents at it are copies
        return (
            Rule(
                reason="near_duplicate", measure="duplicate_similarity", high=high, evidence="near_duplicate_evidence"
            ),
        )

    def rounds(self) -> Rounds:
        bands, rows = bands_and_rows(self.threshold, self.permutations)
        yield Links(self.n, self.permutations, bands, rows)
        yield Clusters()
        yield Verification(self.n, self.permutations, bands, rows, self.sketch, self.limit)


def bands_and_rows(threshold: float, permutations: int) -> tuple[int, int]:
    """(bands, rows): as many rows as possible, then as few bands, for a chance of `MEETING` at the threshold.

    More rows mean fewer chance meetings, which cost time; verification alone decides about removal. 20 and 6 for .8 and
    128. Raises `ValueError` where even bands of one row are not enough.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold is {threshold}; a Jaccard similarity lies above 0 and at most at 1")
    for rows in range(permutations, 0, -1):
        most = permutations // rows
        if chance_to_meet(threshold, most, rows) >= MEETING:
            return next(n for n in range(1, most + 1) if chance_to_meet(threshold, n, rows) >= MEETING), rows
    raise ValueError(
        f"{permutations} permutations cannot make documents at a similarity of {threshold} meet with a chance of "
        f"{MEETING}; raise one of the two"
    )


def chance_to_meet(similarity: float, bands: int, rows: int) -> float:
    """The chance that two documents of that Jaccard similarity share a band."""
    return float(1 - (1 - similarity**rows) ** bands)


@dataclass(frozen=True)
class Links:
    """Documents with an equal band are linked to the first of them: at most a link for each band of a document."""

    n: int
    permutations: int
    bands: int
    rows: int
    single = False
    reads = {"text": pl.String()}

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        found = minhash(docs["text"], self.n, self.permutations, CJK)
        keys = band_keys(found, self.bands, self.rows)
        some = np.flatnonzero((found != EMPTY).any(axis=1))  # a document without tokens is like none
        return pl.DataFrame(
            {
                "key": keys[some].ravel(),
                "shard": docs["shard"].to_numpy()[some].repeat(self.bands),
                "row": docs["row"].to_numpy()[some].repeat(self.bands),
            }
        )

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        met = rows.filter(pl.len().over("key") > 1)
        first = pl.col("shard", "row").first().over("key").name.prefix("to_")
        links = met.select("shard", "row", first)
        return links.filter((pl.col("shard") != pl.col("to_shard")) | (pl.col("row") != pl.col("to_row"))).unique(
            maintain_order=True
        )


@dataclass(frozen=True)
class Clusters:
    """The connected components of the links, each named by a number that its members share."""

    single = True
    reads: ClassVar[Schema] = {}

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        if notes.is_empty():
            notes = pl.DataFrame(schema=_LINKS)
        return notes.unique(maintain_order=True).select(pl.lit(0, pl.UInt64).alias("key"), *_LINKS)

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        members, smallest = components(_address(rows["shard"], rows["row"]), _address(rows["to_shard"], rows["to_row"]))
        return pl.DataFrame(
            {
                "shard": (members >> _32).astype(np.uint32),
                "row": members.astype(np.uint32),
                # Multiplied by an odd number it is still another one for each component, and spreads over partitions.
                "component": smallest * _SPREAD,
            }
        )


@dataclass(frozen=True)
class Verification:
    """Members of components send their sketch, and are walked by preference."""

    n: int
    permutations: int
    bands: int
    rows: int
    sketch: int
    limit: float
    single = False
    reads = {**READS, "text": pl.String()}

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        if notes.is_empty():
            notes = pl.DataFrame(schema=_MEMBERS)
        met = docs.join(notes, on=["shard", "row"], how="inner", maintain_order="left")
        bands, sketch = self._measured(met["text"])
        return met.select(
            pl.col("component").alias("key"),
            "shard",
            "row",
            *preference(pl.col("text").str.len_chars()),
            pl.Series("bands", bands, pl.Array(pl.UInt32, self.bands)),
            pl.Series("sketch", sketch, pl.List(pl.UInt32)),
        )

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        order = by_preference(rows, "key")
        lengths = order["sketch"].list.len().cast(pl.Int64).to_numpy()
        found = Sketches(order["sketch"].explode().to_numpy(), np.concatenate([[0], np.cumsum(lengths)]))
        kept, similarity = walk(order["key"].to_numpy(), order["bands"].to_numpy(), found, self.sketch, self.limit)
        evidence = pl.struct("kept", similarity="duplicate_similarity", cluster=pl.col("doc_id").first().over("key"))
        return order.with_columns(
            pl.Series("duplicate_similarity", similarity, pl.Float64),
            order["doc_id"].gather(np.maximum(kept, 0)).alias("kept"),
        ).select(
            "shard",
            "row",
            "duplicate_similarity",
            pl.when(pl.Series(kept >= 0)).then(evidence.struct.json_encode()).alias("near_duplicate_evidence"),
        )

    def _measured(self, texts: pl.Series) -> tuple[NDArray[np.uint32], pl.Series]:
        """(u32[n, bands], lists of u32): the band hashes and the sketch of each text."""
        bands = np.empty((len(texts), self.bands), np.uint32)
        found = [pl.Series([], dtype=pl.List(pl.UInt32))]
        for first, block in blocks(texts):
            sets = shingles(tokens(block, spans=False, split=CJK), self.n)
            keys = band_keys(signatures(sets.elements, sets.starts, self.permutations), self.bands, self.rows)
            bands[first : first + len(block)] = keys >> _32
            values, starts = sketches(sets, self.sketch)
            lists = pa.LargeListArray.from_arrays(pa.array(starts, pa.int64()), pa.array(values, pa.uint32()))
            found.append(pl.Series(lists, dtype=pl.List(pl.UInt32)))
        return bands, pl.concat(found)


def _address(shard: pl.Series, row: pl.Series) -> NDArray[np.uint64]:
    address: NDArray[np.uint64] = shard.to_numpy().astype(np.uint64) << _32 | row.to_numpy()
    return address


_32 = np.uint64(32)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_LINKS: Schema = {name: pl.UInt32() for name in ("shard", "row", "to_shard", "to_row")}
_MEMBERS: Schema = {"shard": pl.UInt32(), "row": pl.UInt32(), "component": pl.UInt64()}
