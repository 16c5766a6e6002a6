"""Sketches of a few hundred bytes, for components of very many documents, and for a first look at any pair.

Odd sketches (Mitzenmacher, Pagh and Pham, Efficient Estimation for High Similarities using Odd Sketches, 2014, section
3): a bit for each cell, turned over by each element that falls into it. Of two of them, the cells that differ tell how
many elements only one set has. They err least where sets are much alike, which is where it is decided: at a Jaccard of
.76 the standard error is .007 for 400 elements and .009 for 1,000 (128 permutations: .038; as many bytes of a bottom-k
sketch: .04). A set of more elements than a full sketch holds is sampled by their hashes, below a power of two; beside
the bits of that sample there are those of the half of it, for sets whose sizes lie on two sides of such a power: the
standard error is then up to .03.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.kernels.compiled import frozen, kernel
from curate.kernels.sketches import Sketches

LARGE = 4096
"""Documents of a component from which on they send compact sketches: below, full ones are 16 MB at most."""

EXACT = 96  # elements that are sent as they are: fewer bytes than the bits take
FINE, COARSE = 2048, 1024  # cells for the sample, and for the half of it
WORDS = (FINE + COARSE) // 32
SENT = WORDS + 3  # u32 of a compact sketch: the cells, the elements in each sample, the exponent

_SCALE = 1000  # so that what is taken from logarithms is an integer: no machine's last bit decides


class Compact(NamedTuple):
    """n odd sketches."""

    words: NDArray[np.uint32]
    """u32[n, WORDS]: `FINE` cells, then `COARSE`."""
    facts: NDArray[np.uint32]
    """u32[n, 3]: elements behind the fine cells, behind the coarse ones, and the exponent of what they lie below."""


def compact(sketches: Sketches, size: int) -> Compact:
    """The odd sketches of bottom-`size` sketches."""
    count = len(sketches.starts) - 1
    made = Compact(np.zeros((count, WORDS), np.uint32), np.zeros((count, 3), np.uint32))
    _compact(frozen(sketches.values), frozen(sketches.starts), size, made.words, made.facts)
    return made


def packed(sketches: Sketches, small: NDArray[np.bool_], size: int) -> Sketches:
    """`sketches`, made with `size`, where those marked in `small` and of more than `EXACT` elements are `SENT` numbers
    of a compact one.
    """
    lengths = np.diff(sketches.starts)
    turned = small & (lengths > EXACT)
    if not turned.any():
        return sketches
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(np.where(turned, SENT, lengths), out=starts[1:])
    values = np.empty(int(starts[-1]), np.uint32)
    kept = np.repeat(~turned, lengths)
    values[np.repeat(~turned, np.diff(starts))] = sketches.values[kept]
    taken = Sketches(sketches.values[~kept], np.concatenate([[0], np.cumsum(lengths[turned])]))
    made = compact(taken, size)
    values[np.repeat(turned, np.diff(starts))] = np.hstack([made.words, made.facts]).ravel()
    return Sketches(values, starts)


def unpacked(found: Sketches, small: NDArray[np.bool_], size: int) -> tuple[NDArray[np.bool_], Compact]:
    """(whether each is a sketch as it was made with `size`, odd sketches of all) of what `packed` gave."""
    whole = ~small | (np.diff(found.starts) != SENT)
    made = compact(found, size)
    at = found.starts[:-1][~whole, None]
    made.words[~whole] = found.values[at + np.arange(WORDS)]
    made.facts[~whole] = found.values[at + np.arange(WORDS, SENT)]
    return whole, made


@cache
def differing(cells: int) -> NDArray[np.int64]:
    """i64[cells + 1]: thousandths of elements that only one of two sets has, by the cells that differ.

    - cells / 2 * ln(1 - 2 * differing / cells); half of the cells differ where the sets have nothing in common.
    """
    found = [-cells / 2 * math.log1p(-2 * z / cells) for z in range(cells // 2)]
    table = np.array([round(_SCALE * number) for number in found] + [1 << 40] * (cells // 2 + 1), np.int64)
    table.flags.writeable = False
    return table


@kernel
def _compact(
    values: NDArray[np.uint32],
    starts: NDArray[np.int64],
    size: int,
    words: NDArray[np.uint32],
    facts: NDArray[np.uint32],
) -> None:
    for text in range(len(starts) - 1):
        begin, end = starts[text], starts[text + 1]
        exponent = 32
        if end - begin == size:  # there may be more: known are those up to the last one
            while exponent > 0 and np.uint64(values[end - 1]) + np.uint64(1) < np.uint64(1) << np.uint64(exponent):
                exponent -= 1
        limit, half = np.uint64(1) << np.uint64(exponent), np.uint64(1) << np.uint64(max(exponent - 1, 0))
        for at in range(begin, end):
            value = np.uint64(values[at])
            if value >= limit:
                break
            # The upper bits of a sampled element are zero: multiplied, all of them move into those that are looked at.
            cell = np.uint32((value * np.uint64(0x9E3779B1)) & np.uint64(0xFFFFFFFF)) >> np.uint32(21)
            words[text, cell >> np.uint32(5)] ^= np.uint32(1) << (cell & np.uint32(31))
            facts[text, 0] += np.uint32(1)
            if value < half:
                cell = cell & np.uint32(COARSE - 1)
                words[text, np.uint32(FINE // 32) + (cell >> np.uint32(5))] ^= np.uint32(1) << (cell & np.uint32(31))
                facts[text, 1] += np.uint32(1)
        facts[text, 2] = exponent
