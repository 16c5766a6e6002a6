"""Fingerprints: 128 bits over all tokens of a text in their order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import utf8
from curate.kernels.compiled import kernel
from curate.kernels.tokens import pieces

_SEEDS = (np.uint64(0x9FB21C651E98DF25), np.uint64(0xC4CEB9FE1A85EC53))
_STEPS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)  # MurmurHash3's 64-bit finaliser
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)
_29, _32, _33 = np.uint64(29), np.uint64(32), np.uint64(33)


class Fingerprints(NamedTuple):
    """Of n texts."""

    values: NDArray[np.uint64]
    """u64[n, 2]: equal where the folded tokens are equal; texts without tokens share one."""
    tokens: NDArray[np.int64]
    """i64[n]: how many tokens each text has."""


def fingerprints(texts: pl.Series, *, size: int = utf8.BLOCK) -> Fingerprints:
    """The fingerprints of a String column, read about `size` bytes at a time; a null is a text without tokens."""
    states = np.empty((len(texts), 2), np.uint64)
    states[:] = _SEEDS
    lengths = np.zeros(len(texts), np.int64)
    for first, found, _ in pieces(texts, size=size):
        last = first + len(found.starts) - 1
        _add(found.hashes, found.starts, states[first:last])
        lengths[first:last] += np.diff(found.starts)
    values = np.stack([states[:, 0] ^ lengths.astype(np.uint64), states[:, 1] + lengths.astype(np.uint64)], axis=1)
    return Fingerprints(_finished(values), lengths)


def _finished(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state = (state ^ (state >> _33)) * _MIX_1
    state = (state ^ (state >> _33)) * _MIX_2
    out: NDArray[np.uint64] = state ^ (state >> _33)
    return out


@kernel
def _add(tokens: NDArray[np.uint64], starts: NDArray[np.int64], states: NDArray[np.uint64]) -> None:
    for text in range(len(starts) - 1):
        one, other = states[text, 0], states[text, 1]
        for at in range(starts[text], starts[text + 1]):
            one = (one ^ tokens[at]) * _STEPS[0]
            one ^= one >> _32
            other = (other + tokens[at]) * _STEPS[1]
            other ^= other >> _29
        states[text, 0], states[text, 1] = one, other
