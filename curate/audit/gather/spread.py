"""How the values of a measure are spread in one source: counts in fixed bins, and sums that add up."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.audit.gather.bins import Bins

QUANTILES = (0.1, 0.5, 0.9)


@dataclass
class Spread:
    """`sums` are partial sums in the order of shards and batches: added up exactly, at the end."""

    bins: Bins
    counts: NDArray[np.int64]
    documents: int = 0
    missing: int = 0  # documents of which it was not measured
    low: float = math.inf
    high: float = -math.inf
    sums: list[float] = field(default_factory=list)

    @classmethod
    def empty(cls, bins: Bins) -> Spread:
        return cls(bins, np.zeros(len(bins.edges) - 1, np.int64))

    def add(self, values: pl.Series) -> None:
        numbers = values.cast(pl.Float64).to_numpy()
        there = numbers[np.isfinite(numbers)]
        self.missing += len(numbers) - len(there)
        if len(there):
            self.documents += len(there)
            self.counts += self.bins.count(there)
            self.low, self.high = min(self.low, float(there.min())), max(self.high, float(there.max()))
            self.sums.append(float(there.sum()))

    def merge(self, other: Spread) -> None:
        self.documents += other.documents
        self.missing += other.missing
        self.counts = self.counts + other.counts
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.sums.append(math.fsum(other.sums))

    @property
    def mean(self) -> float | None:
        return round(math.fsum(self.sums) / self.documents, 6) if self.documents else None

    def at_most(self, share: float) -> float | None:
        """The least edge such that at least `share` of the documents lie in the bins below it."""
        if not self.documents:
            return None
        place = int(np.searchsorted(np.cumsum(self.counts), math.ceil(share * self.documents)))
        return self.bins.edges[place + 1]

    def data(self) -> dict[str, object]:
        """As JSON."""
        quantiles = {f"p{100 * share:g}_at_most": self.at_most(share) for share in QUANTILES}
        there = self.documents > 0
        return {
            "documents": self.documents,
            "missing": self.missing,
            "mean": self.mean,
            "least": round(self.low, 6) if there else None,
            "greatest": round(self.high, 6) if there else None,
            **quantiles,
            "counts": self.counts.tolist(),
        }
