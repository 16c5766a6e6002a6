"""The second round: the connected components of the links, in one process, after a tree that makes them few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.dedup.components import components
from curate.dedup.places import LINK, ends, located, spread
from curate.stage import Schema

FEW = 4_000_000
"""Links that the one process takes as they are (400 MB of memory); more pass through `Forests` first."""

GROUPS = (512, 64, 8, 2)
"""How many forests the levels of the tree leave. A document has at most one link in each forest, so after the last
level at most two reach the one process, of the twenty that as many bands in as many partitions can make."""

EDGES = 50_000_000
"""Links that one process unites; beyond, `stars` does it in the exchange. At 100 bytes and 2.3 microseconds a link
that is 5 GB and two minutes (performance/dedup_rounds.py)."""


def levels(links: int) -> tuple[int, ...]:
    """The levels of the tree for so many links: none for `FEW`, else from where no forest is made of more than that."""
    if links <= FEW:
        return ()
    first = next((groups for groups in reversed(GROUPS) if links <= groups * FEW), GROUPS[0])
    return GROUPS[GROUPS.index(first) :]


MEMBER: Schema = {"shard": pl.UInt32(), "row": pl.UInt32(), "component": pl.UInt64(), "size": pl.UInt32()}


def forest(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> pl.DataFrame:
    """Links (`LINK`) that connect what the edges left[i] - right[i] connect: of each component, every document but the
    smallest is linked to the smallest.
    """
    nodes, smallest = components(left, right)
    some = nodes != smallest
    return pl.DataFrame({**located(nodes[some]), **located(smallest[some], "to_")}, schema=LINK)


@dataclass(frozen=True)
class Forests:
    """One level of the tree: links that lead to the same document meet in one of `groups` places, as one forest."""

    groups: int
    single = False
    reads: ClassVar[Schema] = {}

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        links = forest(*ends(notes))
        leading = np.uint64((1 << 64) - (1 << 64) // self.groups)  # the bits that tell the groups, a power of two
        return links.select(pl.Series("key", spread(ends(links)[1]) & leading, pl.UInt64), *LINK)

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        return forest(*ends(rows))


@dataclass(frozen=True)
class Clusters:
    """Every document that met another: the number of its component, and how many are in it."""

    single = True
    reads: ClassVar[Schema] = {}

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        return forest(*ends(notes)).select(pl.lit(0, pl.UInt64).alias("key"), *LINK)

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        nodes, smallest = components(*ends(rows))
        _, which, sizes = np.unique(smallest, return_inverse=True, return_counts=True)
        return members(nodes, spread(smallest), sizes[which])


def members(documents: NDArray[np.uint64], component: NDArray[np.uint64], size: NDArray[np.int64]) -> pl.DataFrame:
    """The notes of a component's members: the number that they share, spread over partitions, and their count."""
    return pl.DataFrame({**located(documents), "component": component, "size": size.astype(np.uint32)}, schema=MEMBER)
