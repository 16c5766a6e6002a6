"""The first round: who shares a band with whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from curate.dedup.clusters import forest
from curate.dedup.components import telling
from curate.dedup.places import places, runs
from curate.kernels.signatures import EMPTY, band_keys, minhash

CJK = 0.1
"""The share of CJK characters from which on a text is compared character by character, its Latin words too.

Chinese manuals are half code and English names. Word by word they look less alike than they are, and pairs are lost:
of those at a true Jaccard of .8-.9 (zh_tidb_docs), 4 % against 1 %. Few texts lie near a tenth: English notes with a
Chinese title below, Chinese pages about software above.
"""


@dataclass(frozen=True)
class Links:
    """Documents with an equal band are linked to the first of them.

    A batch sends each different key once, and one row more for each document that it connects with another one: 100,000
    copies of a notice cost a row each. A partition's links leave it as a spanning forest: of the documents that met in
    it, each but one of a component is linked, once, to that one.
    """

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
        needed = telling(keys[some])
        senders = some[np.nonzero(needed)[0]]
        return pl.DataFrame(
            {
                "key": keys[some][needed],
                "shard": docs["shard"].to_numpy()[senders],
                "row": docs["row"].to_numpy()[senders],
            }
        )

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        begins, lengths = runs(rows["key"].to_numpy())
        shared = np.repeat(lengths > 1, lengths)
        found = places(rows["shard"], rows["row"])
        return forest(found[shared], found[np.repeat(begins, lengths)[shared]])
