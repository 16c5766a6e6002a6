"""Near copies, by MinHash and locality-sensitive hashing, verified, and never removed in chains.

Documents with an equal band are linked to the first of them (`links`); the links' connected components are found
(`clusters`, or `stars` where one process can't hold them); and of each component, the members send a sketch, by which
they are walked from the preferred one on: a document is removed only if it is near enough to one that is kept
(`verification`). docs/deduplication.md says what it costs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import polars as pl

from curate.dedup.bands import MEETING, bands_and_rows, chance_to_meet, told
from curate.dedup.clusters import EDGES, Clusters, Forests, levels
from curate.dedup.links import CJK, Links
from curate.dedup.preference import reads
from curate.dedup.stars import stars
from curate.dedup.verification import Verification
from curate.dedup.walk import MIDDLE
from curate.stage import Rounds, Rule, Schema

__all__ = ["CJK", "MEETING", "MinHashDedup", "bands_and_rows", "chance_to_meet"]


@dataclass(frozen=True, kw_only=True)
class MinHashDedup:
    """Removes documents that are nearly the same as one that is kept.

    Likeness is the Jaccard similarity of sets of shingles of `n` tokens. Documents that are as like as `threshold` are
    found; removed is what is as like as `threshold` less `slack` to a kept document. The slack pays for what separates
    estimated from true similarity, 1024 hashes of a long text (standard error .0125) and dropped punctuation: without
    it half of the pairs at the threshold would stay. Where 'diabetes type 1' and 'type 2' differ, a Jaccard of .8 says
    nothing: a document of fewer than 32 shingles is removed only for an equal one, and one of fewer than 64 only where
    all of it stands in the other, or all of the other in it.

    Kept is the one that `preference` puts first; `quality` names a measure (Float64, the higher the better) that counts
    there. Measure: the similarity to the nearest kept document that shares a band, 0 for those that met nobody; an
    estimate where it lies more than .1 below what removes, and in clusters of more than 4,096 documents. Evidence: the
    kept document, the similarity, and the cluster, named by its most preferred document, with its size. More than
    `edges` links are not united in one process but in the exchange, with the same outcome.
    """

    name: str = "minhash"
    n: int = 5
    permutations: int = 128
    threshold: float = 0.8
    slack: float = 0.03
    sketch: int = 1024
    quality: str | None = None
    edges: int = EDGES
    version = 5
    writes = {"duplicate_similarity": pl.Float64(), "near_duplicate_evidence": pl.String()}
    absent = {"duplicate_similarity": 0.0, "near_duplicate_evidence": None}

    def __post_init__(self) -> None:
        bands_and_rows(self.threshold, self.permutations)
        if not 0 <= self.slack < self.threshold:
            raise ValueError(
                f"slack is {self.slack}; expected at least 0 and less than the threshold, {self.threshold}"
            )
        for name, least in (("n", 1), ("sketch", MIDDLE), ("edges", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}; expected {least} or more")

    @property
    def reads(self) -> Schema:
        return {**reads(self.quality), "text": pl.String()}

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

    @property
    def plan(self) -> str:
        """The parameters in words: bands and rows, the chance to meet that they give, and what removes."""
        bands, rows = bands_and_rows(self.threshold, self.permutations)
        return (
            f"{bands} bands of {rows} rows; chance to meet at similarity {told(self.threshold, self.permutations)}; "
            f"removes from {self.limit:g} to a kept document"
        )

    def rounds(self) -> Rounds:
        bands, rows = bands_and_rows(self.threshold, self.permutations)
        flow = yield Links(self.n, self.permutations, bands, rows)
        for groups in levels(flow.notes):
            if flow.notes <= self.edges * groups:
                flow = yield Forests(groups)
        if flow.notes <= self.edges:
            yield Clusters()
        else:
            yield from stars()
        yield Verification(self.n, self.permutations, bands, rows, self.sketch, self.limit, self.quality)
