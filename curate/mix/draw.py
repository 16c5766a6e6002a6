"""Which documents a mix takes: the order of the draw, what is held out first, and how many fit the share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from hashlib import blake2b
from math import ceil

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels.turns import fair
from curate.mix.budget import Budget
from curate.mix.channels import ROLES, Channel
from curate.mix.refused import MixRefused
from curate.mix.words import amount, percent, words


def order(doc_ids: Iterable[str], seed: int) -> pl.Series:
    """UInt64: where each document stands in the draw, by BLAKE2b of (seed, id) and nothing else."""
    keys = [int.from_bytes(blake2b(f"{seed}\0{doc_id}".encode(), digest_size=8).digest()) for doc_id in doc_ids]
    return pl.Series("order", keys, pl.UInt64)


def drawn(budget: Budget, channels: Sequence[Channel], sizes: Sequence[NDArray[np.int64]], unit: str) -> list[int]:
    """How many documents of each channel are read: the first ones of its order, behind the last one from the start.

    `sizes` has the documents' sizes in `unit`, each at least 1, in that order. Domain is taken up to its room and never
    beyond, general until its room is full: so the domain share is at most what was planned, and short of it by less
    than a document of each. Of what its role reads each channel has its part, to within the role's largest document.
    Raises `MixRefused` where not one domain document has room.
    """
    out = [0] * len(channels)
    for role, room in zip(ROLES, budget.rooms(channels), strict=True):
        mine = [number for number, channel in enumerate(channels) if channel.role == role and budget.parts[number]]
        readings = [_readings(sizes[number], budget.epochs[number]) for number in mine]
        taken = filled(
            [sizes[number] for number in mine], [budget.parts[number] for number in mine], readings, room,
            beyond=role != "domain",
        )  # fmt: skip
        if role == "domain" and mine and not sum(taken):
            first = min(int(sizes[number][0]) for number in mine)
            share = float(sum(budget.parts[number] for number in mine))
            more = f"give more of {', '.join(budget.bound[:5])}, which is all read" if budget.bound else "ask for more"
            raise MixRefused(
                f"in a mix of {amount(int(budget.total))} {words(unit)} there is room for {amount(room)} of the domain "
                f"at {percent(share)}, and the first domain document in this seed's order has {amount(first)}: {more}, "
                "or split documents"
            )
        for number, documents in zip(mine, taken, strict=True):
            out[number] = documents
    return out


def filled(
    sizes: Sequence[NDArray[np.int64]], parts: Sequence[Fraction], readings: Sequence[int], room: int, *, beyond: bool
) -> list[int]:
    """How many documents of each channel fill `room`, each channel in proportion to its part at any moment. What fills
    less room is a prefix of the same order."""
    taken = np.zeros(len(sizes), np.int64)
    whole = sum(parts, Fraction(0))
    fair(
        np.concatenate([*sizes, np.empty(0, np.int64)]).astype(np.int64),
        np.cumsum([0, *map(len, sizes)]),
        np.array([float(part / whole) for part in parts], np.float64),
        np.array(readings, np.int64),
        room,
        beyond,
        taken,
    )
    return [int(number) for number in taken]


def _readings(sizes: NDArray[np.int64], epochs: Fraction) -> int:
    """How many documents may be read where all may be read `epochs` times; one that lies across the limit may."""
    whole, over = divmod(epochs * int(sizes.sum()), max(1, int(sizes.sum())))
    rest = int(np.searchsorted(np.cumsum(sizes), ceil(over), "left")) + 1 if over else 0
    return int(whole) * len(sizes) + min(rest, len(sizes))
