"""How like texts are: the signature of each, and its sketch, from one reading."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import utf8
from curate.kernels.shingles import pieces
from curate.kernels.signatures import EMPTY, add
from curate.kernels.sketches import Sketches, merged, sketches
from curate.kernels.tokens import NEVER


class Likeness(NamedTuple):
    """What the likeness of n texts is read from."""

    signatures: NDArray[np.uint32]
    """u32[n, permutations]: MinHash signatures, datasketch's scheme `affine32`; `EMPTY` for a text without tokens."""
    sketches: Sketches
    """Of each text, the smallest different element hashes, sorted; none for a text without tokens."""


def likeness(
    texts: pl.Series, *, n: int, permutations: int, sketch: int, split: float = NEVER, size: int = utf8.BLOCK
) -> Likeness:
    """The signatures and the bottom-`sketch` sketches of the `n`-token shingles of a String column.

    `split` as in `tokens`; about `size` bytes of text are read at a time, of a long text too: one of 100 MB takes under
    40 MB beside its own bytes (tests/kernels/test_long_texts.py).
    """
    signed = np.full((len(texts), permutations), EMPTY, np.uint32)
    lengths = np.zeros(len(texts), np.int64)
    values: dict[int, NDArray[np.uint32]] = {}  # by the first text
    for first, sets in pieces(texts, n, split=split, size=size):
        add(signed[first:], sets)
        found = sketches(sets, sketch)
        if first in values:  # a long text goes on
            found = merged(found, values[first], sketch)
        values[first] = found.values
        lengths[first : first + len(found.starts) - 1] = np.diff(found.starts)
    starts = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return Likeness(signed, Sketches(np.concatenate([np.empty(0, np.uint32), *values.values()]), starts))
