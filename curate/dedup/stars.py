"""Connected components in the exchange, for graphs that no process holds.

Kiveris, Lattanzi, Mirrokni, Rastogi and Vassilvitskii, Connected Components in MapReduce and Beyond (2014), section 3:
large-star and small-star in turn keep what is connected connected, and end where every component is a star around its
smallest document. A partition holds the links of the documents that fall to it, and of one document all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.dedup.clusters import members
from curate.dedup.places import ends, located, places, runs, spread, unspread
from curate.stage import Rounds, Schema

MOST = 100
"""Rounds after which it is given up. It ends after about 2 log2 of the longest path; log2 of 10^11 is 37."""


class NotConnected(RuntimeError):
    """The stars did not settle."""


def stars() -> Rounds:
    """Rounds from links to members of components. Raises `NotConnected` where `MOST` are not enough."""
    quiet = 0
    for number in range(MOST):
        flow = yield LargeStar() if number % 2 == 0 else SmallStar()
        quiet = 0 if flow.changed else quiet + 1
        if quiet == 2:  # neither of the two moves a link
            yield Members()
            return
    raise NotConnected(
        f"{flow.changed:,} of {flow.notes:,} links still moved in round {MOST} of label propagation; expected none "
        "after about twice the logarithm of the longest chain of documents; raise the threshold, so that fewer chain"
    )


@dataclass(frozen=True)
class LargeStar:
    """Each document's larger neighbours are linked to its smallest neighbour, or to itself if none is smaller."""

    single = False
    reads: ClassVar[Schema] = {}

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        larger, smaller = _links(notes)
        return _rows(np.concatenate([larger, smaller]), np.concatenate([smaller, larger]))

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        center, neighbour, least = _neighbourhoods(rows)
        least = np.minimum(center, least)
        larger = neighbour > center
        return _notes(neighbour[larger], least[larger], (least != center)[larger])


@dataclass(frozen=True)
class SmallStar:
    """Each document and its smaller neighbours are linked to the smallest of them."""

    single = False
    reads: ClassVar[Schema] = {}

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        return _rows(*_links(notes))

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        center, neighbour, least = _neighbourhoods(rows)
        moved = neighbour != least
        # Where the neighbour is the least itself, the link of the center to it stays as it is.
        return _notes(np.where(moved, neighbour, center), least, moved)


@dataclass(frozen=True)
class Members:
    """The members of each star: the number of their component, and how many they are."""

    single = False
    reads: ClassVar[Schema] = {}

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        larger, smallest = _links(notes)
        return _rows(smallest, larger)

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        keys = rows["key"].to_numpy()
        begins, lengths = runs(keys)
        return members(
            np.concatenate([places(rows["shard"], rows["row"]), unspread(keys[begins])]),
            np.concatenate([keys, keys[begins]]),
            np.concatenate([np.repeat(lengths, lengths), lengths]) + 1,
        )


def _links(notes: pl.DataFrame) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Links of the documents of one batch, each once: all links of a document come to it."""
    return ends(notes.unique(["shard", "row", "to_shard", "to_row"], maintain_order=True) if notes.height else notes)


def _rows(center: NDArray[np.uint64], neighbour: NDArray[np.uint64]) -> pl.DataFrame:
    return pl.DataFrame({"key": spread(center), **located(neighbour)})


def _neighbourhoods(rows: pl.DataFrame) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]:
    """(center, neighbour, least neighbour of the center) of each row."""
    keys = rows["key"].to_numpy()
    neighbour = places(rows["shard"], rows["row"])
    begins, lengths = runs(keys)
    return unspread(keys), neighbour, np.repeat(neighbour[begins], lengths)  # sorted: the least comes first


def _notes(document: NDArray[np.uint64], least: NDArray[np.uint64], changed: NDArray[np.bool_]) -> pl.DataFrame:
    return pl.DataFrame({**located(document), **located(least, "to_"), "changed": changed})
