"""Stutter: tokens that say again what stood right before them, one by one or up to four in a row."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels.compiled import kernel
from curate.kernels.tokens import tokens
from curate.kernels.utf8 import blocks

LONGEST = 4  # tokens: a Chinese word has up to four characters


def stutter(texts: pl.Series) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(tokens that repeat the one to four tokens right before them, tokens) of each text; 0 of a null."""
    said, counts = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.int64)
    for first, part in blocks(texts):
        found = tokens(part, spans=False)
        counts[first : first + len(part)] = np.diff(found.starts)
        _stutter(found.hashes, found.starts, said[first : first + len(part)])
    return said, counts


@kernel
def _stutter(hashes: NDArray[np.uint64], starts: NDArray[np.int64], said: NDArray[np.int64]) -> None:
    for text in range(len(starts) - 1):
        begin, end = starts[text], starts[text + 1]
        reached = begin  # tokens before it are counted already
        for at in range(begin + 1, end):
            for length in range(1, min(LONGEST, at - begin, end - at) + 1):
                same = True
                for step in range(length):
                    if hashes[at + step] != hashes[at + step - length]:
                        same = False
                        break
                if same:
                    said[text] += max(0, at + length - max(at, reached))
                    reached = max(reached, at + length)
                    break
