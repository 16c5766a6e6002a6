"""Bins of a measure: fixed before anything is counted, so that the counts of shards add up in any order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curate import files

SHARES = tuple(round(number / 50, 2) for number in range(51))  # [0, .02), ... [.98, 1]
LINEAR = 40
DECADE = 8  # bins of a factor of ten
SPAN = 50  # a measure that is nowhere negative and reaches this is shown by its magnitude


@dataclass(frozen=True)
class Bins:
    """`edges` ascend; bin i is [edge i, edge i + 1), the last one with its upper edge (numpy.histogram's rule)."""

    scale: str  # linear or log: how the page spaces them
    edges: tuple[float, ...]

    def count(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """How many of `values` lie in each bin; the least and the greatest bin take what single precision moved out."""
        inside = np.clip(values, self.edges[0], self.edges[-1])
        return np.histogram(inside, np.asarray(self.edges))[0].astype(np.int64)


def bins_for(low: float, high: float, *, whole: bool) -> Bins:
    """Bins that hold every value from `low` to `high`; `whole` says that all are whole numbers."""
    if low >= 0 and high <= 1 and not whole:
        return Bins("linear", SHARES)
    if low >= 0 and high >= SPAN:
        return Bins("log", _magnitudes(high, whole))
    if whole and high - low < LINEAR:
        first = math.floor(low)
        return Bins("linear", tuple(float(first + number) for number in range(int(high) - first + 2)))
    step = _nice((high - low) / LINEAR or 1.0)
    first = math.floor(low / step)
    count = max(1, math.floor(high / step) - first + 1)
    digits = max(0, 2 - math.floor(math.log10(step)))
    return Bins("linear", tuple(round((first + number) * step, digits) for number in range(count + 1)))


def _magnitudes(high: float, whole: bool) -> tuple[float, ...]:
    edges = [0.0]
    exponent = 0 if whole else -2 * DECADE
    while edges[-1] <= high:
        value = 10 ** (exponent / DECADE)
        edge = float(math.ceil(round(value, 6))) if whole else float(f"{value:.3g}")
        if edge > edges[-1]:
            edges.append(edge)
        exponent += 1
    return tuple(edges)


def _nice(step: float) -> float:
    """The least of 1, 2, 5 times a power of ten that is no smaller."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * (1 - 1e-9))


@dataclass
class Extent:
    """The least and the greatest value of a measure."""

    low: float = math.inf
    high: float = -math.inf
    whole: bool = True

    def add(self, low: float, high: float, whole: bool) -> None:
        if math.isfinite(low) and math.isfinite(high):
            self.low, self.high, self.whole = min(self.low, low), max(self.high, high), self.whole and whole


def extents(paths: Iterable[str], names: frozenset[str], whole: frozenset[str]) -> dict[str, Extent]:
    """Of each column of `names` in Parquet files, from their footers; counted where a footer does not say.

    `whole` are those that hold whole numbers only, whatever type a file stores them in.
    """
    out: dict[str, Extent] = {}
    for path in paths:
        with files.open_read(path) as file:
            metadata = pq.ParquetFile(file).metadata
            silent = set()
            for group in range(metadata.num_row_groups):
                columns = metadata.row_group(group)
                for number in range(columns.num_columns):
                    column = columns.column(number)
                    name = column.path_in_schema
                    if name not in names or (column.statistics is not None and column.statistics.num_values == 0):
                        continue
                    if column.statistics is None or not column.statistics.has_min_max:
                        silent.add(name)
                        continue
                    low, high = (
                        float(value) for value in (column.statistics.min, column.statistics.max) if value is not None
                    )
                    out.setdefault(name, Extent()).add(low, high, name in whole)
        for name, (low, high) in _looked(path, sorted(silent)).items():
            out.setdefault(name, Extent()).add(low, high, name in whole)
    return {name: extent for name, extent in out.items() if extent.low <= extent.high}


def _looked(path: str, names: list[str]) -> Mapping[str, tuple[float, float]]:
    if not names:
        return {}
    values = [pl.col(name).cast(pl.Float64).filter(pl.col(name).is_finite()) for name in names]
    found = pl.scan_parquet(path, glob=False).select(
        *(value.min().alias(f"low_{name}") for value, name in zip(values, names, strict=True)),
        *(value.max().alias(f"high_{name}") for value, name in zip(values, names, strict=True)),
    )
    row = found.collect().row(0, named=True)
    return {name: (row[f"low_{name}"], row[f"high_{name}"]) for name in names if row[f"low_{name}"] is not None}
