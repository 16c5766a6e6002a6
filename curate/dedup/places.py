"""Documents by their place: shard and row in one number, and spread over the partitions of an exchange."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.stage import Schema

LINK: Schema = {name: pl.UInt32() for name in ("shard", "row", "to_shard", "to_row")}
"""A link from a document to one of a smaller place."""

_32 = np.uint64(32)
_SPREAD = 0x9E3779B97F4A7C15  # odd, so that multiplying by it modulo 2^64 keeps numbers apart and can be undone


def places(shard: pl.Series, row: pl.Series) -> NDArray[np.uint64]:
    """u64: the shard in the upper half, the row in the lower."""
    found: NDArray[np.uint64] = shard.to_numpy().astype(np.uint64) << _32 | row.to_numpy()
    return found


def located(found: NDArray[np.uint64], prefix: str = "") -> dict[str, NDArray[np.uint32]]:
    """The columns `shard` and `row` of places."""
    return {f"{prefix}shard": (found >> _32).astype(np.uint32), f"{prefix}row": found.astype(np.uint32)}


def spread(found: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Another number for each place, whose leading bits are as good as random: the key of its partition."""
    return found * np.uint64(_SPREAD)


def own_keys(docs: pl.DataFrame) -> pl.Series:
    """The column `key` of rows that meet no others: each document's own place, spread."""
    return pl.Series("key", spread(places(docs["shard"], docs["row"])))


def unspread(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The places that `spread` made `keys` of."""
    return keys * np.uint64(pow(_SPREAD, -1, 1 << 64))


def ends(links: pl.DataFrame) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """(place, place linked to) of each link; none where there are no links, and so no columns."""
    if links.is_empty():
        return np.empty(0, np.uint64), np.empty(0, np.uint64)
    return places(links["shard"], links["row"]), places(links["to_shard"], links["to_row"])


def runs(keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(where each run of equal keys begins, how long it is)."""
    fresh = np.ones(len(keys), np.bool_)
    fresh[1:] = keys[1:] != keys[:-1]
    begins = np.flatnonzero(fresh)
    return begins, np.diff(begins, append=len(keys))
