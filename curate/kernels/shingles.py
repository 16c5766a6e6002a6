"""Shingles: hashes of n tokens in a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import tokens as _tokens
from curate.kernels import utf8
from curate.kernels.compiled import kernel
from curate.kernels.tokens import NEVER, Tokens

_BASE = np.uint64(0x9FB21C651E98DF25)  # odd; token hashes are mixed well, so a polynomial modulo 2^64 keeps them apart
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)  # MurmurHash3's 64-bit finaliser
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)
_32, _33 = np.uint64(32), np.uint64(33)


class Shingles(NamedTuple):
    """The shingles of n texts, one after another, repeated where the text repeats."""

    elements: NDArray[np.uint32]
    """u32[shingles]: a hash of each, which signatures and sketches are made of."""
    starts: NDArray[np.int64]
    """i64[n + 1]: the shingles of text i are starts[i] to starts[i + 1]."""


def shingles(tokens: Tokens, n: int) -> Shingles:
    """Every run of `n` tokens. A text of fewer tokens is one shingle, all of it; a text without tokens has none."""
    if n < 1:
        raise ValueError(f"a shingle is {n} tokens long; expected 1 or more")
    lengths = np.diff(tokens.starts)
    starts = np.zeros(len(tokens.starts), np.int64)
    np.cumsum(np.where(lengths == 0, 0, np.maximum(lengths - n + 1, 1)), out=starts[1:])
    elements = np.empty(int(starts[-1]), np.uint32)
    _shingles(tokens.hashes, tokens.starts, n, elements)
    return Shingles(elements, starts)


def pieces(texts: pl.Series, n: int, *, split: float = NEVER, size: int = utf8.BLOCK) -> Iterator[tuple[int, Shingles]]:
    """(ordinal of the first text, shingles) of a String column, about `size` bytes of text at a time.

    A text that is longer comes in several pieces, each with its ordinal; together they are what `shingles` gives.
    """
    held = np.empty(0, np.uint64)  # the last tokens of a text that goes on, fewer than n
    begun = False  # whether shingles of that text were given
    for first, found, more in _tokens.pieces(texts, split=split, size=size):
        some = found
        if len(held):
            hashes = np.concatenate([held, found.hashes])
            some = Tokens(hashes, np.array([0, len(hashes)]), found.spans)
        enough = len(some.hashes) >= n
        if enough or not (more or begun):
            yield first, shingles(some, n)
        begun = more and (begun or enough)
        held = some.hashes[max(0, len(some.hashes) - n + 1) :] if more else some.hashes[:0]


@kernel
def _element(state: np.uint64) -> np.uint32:
    state = (state ^ (state >> _33)) * _MIX_1
    state = (state ^ (state >> _33)) * _MIX_2
    return np.uint32(state >> _32)  # the finaliser's last step, a shift by 33, changes the lower half alone


@kernel
def _shingles(tokens: NDArray[np.uint64], starts: NDArray[np.int64], n: int, elements: NDArray[np.uint32]) -> None:
    leaving = np.uint64(1)  # the weight of the token that leaves the window: _BASE ** n
    for _ in range(n):
        leaving = leaving * _BASE
    count = 0
    for text in range(len(starts) - 1):
        begin, end = starts[text], starts[text + 1]
        state = np.uint64(0)
        for at in range(begin, min(begin + n, end)):
            state = state * _BASE + tokens[at]
        if end > begin:
            elements[count] = _element(state)
            count += 1
        for at in range(begin + n, end):
            state = state * _BASE + tokens[at] - tokens[at - n] * leaving
            elements[count] = _element(state)
            count += 1
