"""64-bit hashes of sets of shingles: whether short texts are the same, where the 32 bits of an element may not say."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels.compiled import kernel
from curate.kernels.tokens import NEVER, tokens

_BASE = np.uint64(0x9FB21C651E98DF25)  # as for shingles
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)  # MurmurHash3's 64-bit finaliser
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)
_33 = np.uint64(33)


def sets(texts: pl.Series, n: int, *, split: float = NEVER) -> NDArray[np.uint64]:
    """u64[texts]: a hash of the set of `n`-token shingles of each text, whatever their order; 0 without tokens.

    Of 10^6 texts of one shingle some hundred pairs share its 32-bit element by chance, and none these 64 bits.
    """
    found = tokens(texts, spans=False, split=split)
    out = np.zeros(len(texts), np.uint64)
    room = np.empty(int(np.diff(found.starts).max(initial=0)), np.uint64)
    _sets(found.hashes, found.starts, n, room, out)
    return out


@kernel
def _sets(
    hashes: NDArray[np.uint64], starts: NDArray[np.int64], n: int, room: NDArray[np.uint64], out: NDArray[np.uint64]
) -> None:
    for text in range(len(starts) - 1):
        begin, end = starts[text], starts[text + 1]
        if begin == end:
            continue
        count = max(end - begin - n + 1, 1)
        for shingle in range(count):
            state = np.uint64(0)
            for token in range(begin + shingle, min(begin + shingle + n, end)):
                state = state * _BASE + hashes[token]
            state = (state ^ (state >> _33)) * _MIX_1
            state = (state ^ (state >> _33)) * _MIX_2
            room[shingle] = state ^ (state >> _33)
        ordered = np.sort(room[:count])
        whole = np.uint64(0)
        for shingle in range(count):
            if shingle == 0 or ordered[shingle] != ordered[shingle - 1]:
                whole += ordered[shingle]
        out[text] = whole | np.uint64(1)
