# ruff: noqa: PLW3301 - a tree of minima is what becomes vector instructions
"""MinHash signatures, bit-identical to those of datasketch 2.0's scheme `affine32`, and the keys of their bands.

Broder, On the resemblance and containment of documents (1997), section 2; the scheme: datasketch issue 212.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import utf8
from curate.kernels.compiled import kernel
from curate.kernels.shingles import Shingles, pieces
from curate.kernels.tokens import NEVER

EMPTY = np.uint32(0xFFFFFFFF)  # the value of a signature to which no element was added
SEED = 1  # datasketch's default

_MIX_1, _MIX_2 = np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35)  # MurmurHash3's 32-bit finaliser
_13, _16 = np.uint32(13), np.uint32(16)
_BAND = np.uint64(0x9FB21C651E98DF25)
_MIX_3, _MIX_4 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_33 = np.uint64(33)


def minhash(
    texts: pl.Series, n: int = 5, permutations: int = 128, split: float = NEVER, *, size: int = utf8.BLOCK
) -> NDArray[np.uint32]:
    """u32[n_texts, permutations]: the signatures of the sets of `n`-token shingles of a String column.

    A text without tokens has `EMPTY` everywhere. `split` as in `tokens`; about `size` bytes are read at a time.
    """
    out = np.full((len(texts), permutations), EMPTY, np.uint32)
    for first, found in pieces(texts, n, split=split, size=size):
        add(out[first:], found)
    return out


def add(found: NDArray[np.uint32], shingles: Shingles) -> None:
    """Adds sets of shingles to the first signatures of `found`, u32[n, permutations]."""
    _signatures(shingles.elements, shingles.starts, *parameters(found.shape[1]), found)


def signatures(elements: NDArray[np.uint32], starts: NDArray[np.int64], permutations: int) -> NDArray[np.uint32]:
    """u32[n, permutations]: of n sets of 32-bit element hashes; those of set i are starts[i] to starts[i + 1]."""
    out = np.full((len(starts) - 1, permutations), EMPTY, np.uint32)
    _signatures(elements, starts, *parameters(permutations), out)
    return out


@cache
def parameters(permutations: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """The odd slope and the shift of each permutation h -> slope * h + shift modulo 2^32, as datasketch draws them."""
    draw = np.random.RandomState(SEED)
    slopes = draw.randint(0, 1 << 31, permutations, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return slopes, draw.randint(0, 1 << 32, permutations, dtype=np.uint32)


def band_keys(found: NDArray[np.uint32], bands: int, rows: int) -> NDArray[np.uint64]:
    """u64[n, bands]: a hash of each band's number and its `rows` values; equal bands at one place, equal keys."""
    if bands * rows > found.shape[1]:
        raise ValueError(f"{bands} bands of {rows} rows need {bands * rows} permutations; found {found.shape[1]}")
    state = np.broadcast_to(np.arange(1, bands + 1, dtype=np.uint64) * _MIX_4, (len(found), bands))
    values = found[:, : bands * rows].reshape(len(found), bands, rows)
    for row in range(rows):
        state = (state ^ values[:, :, row]) * _BAND
        state = (state ^ (state >> _33)) * _MIX_3
    keys: NDArray[np.uint64] = state ^ (state >> _33)
    return keys


@kernel
def _mix(value: np.uint32) -> np.uint32:
    value = np.uint32(np.uint32(value ^ (value >> _16)) * _MIX_1)
    value = np.uint32(np.uint32(value ^ (value >> _13)) * _MIX_2)
    return np.uint32(value ^ (value >> _16))


@kernel
def _signatures(
    elements: NDArray[np.uint32],
    starts: NDArray[np.int64],
    slopes: NDArray[np.uint32],
    shifts: NDArray[np.uint32],
    out: NDArray[np.uint32],
) -> None:
    for text in range(len(starts) - 1):
        signature = out[text]
        last = starts[text + 1] - 1
        # Eight elements at a time, the last one repeated where fewer are left: the signature, the slopes and the shifts
        # are then loaded once for eight, 2.3 ns an element where one at a time takes 12 (AVX-512, 128 permutations).
        for at in range(starts[text], last + 1, 8):
            e0, e1 = _mix(elements[at]), _mix(elements[min(at + 1, last)])
            e2, e3 = _mix(elements[min(at + 2, last)]), _mix(elements[min(at + 3, last)])
            e4, e5 = _mix(elements[min(at + 4, last)]), _mix(elements[min(at + 5, last)])
            e6, e7 = _mix(elements[min(at + 6, last)]), _mix(elements[min(at + 7, last)])
            for k in range(len(slopes)):
                a, b = slopes[k], shifts[k]
                v0 = min(np.uint32(a * e0 + b), np.uint32(a * e1 + b))
                v1 = min(np.uint32(a * e2 + b), np.uint32(a * e3 + b))
                v2 = min(np.uint32(a * e4 + b), np.uint32(a * e5 + b))
                v3 = min(np.uint32(a * e6 + b), np.uint32(a * e7 + b))
                signature[k] = min(signature[k], min(min(v0, v1), min(v2, v3)))
