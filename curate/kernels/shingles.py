"""Shingles: hashes of n tokens in a row, and the fingerprint of a whole token stream."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.kernels.compiled import kernel
from curate.kernels.tokens import Tokens

_BASE = np.uint64(0x9FB21C651E98DF25)  # odd; token hashes are mixed well, so a polynomial modulo 2^64 keeps them apart
_STEPS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)  # MurmurHash3's 64-bit finaliser
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)
_29, _32, _33 = np.uint64(29), np.uint64(32), np.uint64(33)


class Shingles(NamedTuple):
    """The shingles of n texts, one after another, repeated where the text repeats."""

    hashes: NDArray[np.uint64]
    """u64[shingles]"""
    starts: NDArray[np.int64]
    """i64[n + 1]: the shingles of text i are starts[i] to starts[i + 1]."""

    @property
    def elements(self) -> NDArray[np.uint32]:
        """u32[shingles]: the upper halves, which signatures and sketches are made of."""
        return (self.hashes >> _32).astype(np.uint32)


def shingles(tokens: Tokens, n: int) -> Shingles:
    """Every run of `n` tokens. A text of fewer tokens is one shingle, all of it; a text without tokens has none."""
    if n < 1:
        raise ValueError(f"a shingle is {n} tokens long; expected 1 or more")
    lengths = np.diff(tokens.starts)
    starts = np.zeros(len(tokens.starts), np.int64)
    np.cumsum(np.where(lengths == 0, 0, np.maximum(lengths - n + 1, 1)), out=starts[1:])
    hashes = np.empty(int(starts[-1]), np.uint64)
    _shingles(tokens.hashes, tokens.starts, n, hashes)
    return Shingles(hashes, starts)


def fingerprints(tokens: Tokens) -> NDArray[np.uint64]:
    """u64[n, 2]: 128 bits over each text's tokens in their order; texts without tokens share one fingerprint."""
    out = np.empty((len(tokens.starts) - 1, 2), np.uint64)
    _fingerprints(tokens.hashes, tokens.starts, out)
    return out


@kernel
def _finish(state: np.uint64) -> np.uint64:
    state = (state ^ (state >> _33)) * _MIX_1
    state = (state ^ (state >> _33)) * _MIX_2
    return state ^ (state >> _33)


@kernel
def _shingles(tokens: NDArray[np.uint64], starts: NDArray[np.int64], n: int, hashes: NDArray[np.uint64]) -> None:
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
            hashes[count] = _finish(state)
            count += 1
        for at in range(begin + n, end):
            state = state * _BASE + tokens[at] - tokens[at - n] * leaving
            hashes[count] = _finish(state)
            count += 1


@kernel
def _fingerprints(tokens: NDArray[np.uint64], starts: NDArray[np.int64], out: NDArray[np.uint64]) -> None:
    for text in range(len(starts) - 1):
        one, other = _BASE, _MIX_2
        for at in range(starts[text], starts[text + 1]):
            one = (one ^ tokens[at]) * _STEPS[0]
            one ^= one >> _32
            other = (other + tokens[at]) * _STEPS[1]
            other ^= other >> _29
        length = np.uint64(starts[text + 1] - starts[text])
        out[text, 0], out[text, 1] = _finish(one ^ length), _finish(other + length)
