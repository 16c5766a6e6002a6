"""How like texts are: the signature of each, and its sketch, from one reading."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels.shingles import shingles
from curate.kernels.signatures import blocks, signatures
from curate.kernels.sketches import Sketches, sketches
from curate.kernels.tokens import NEVER, tokens


class Likeness(NamedTuple):
    """What the likeness of n texts is read from."""

    signatures: NDArray[np.uint32]
    """u32[n, permutations]: MinHash signatures, datasketch's scheme `affine32`; `EMPTY` for a text without tokens."""
    sketches: Sketches
    """Of each text, the smallest different element hashes, sorted; none for a text without tokens."""


def likeness(texts: pl.Series, *, n: int, permutations: int, sketch: int, split: float = NEVER) -> Likeness:
    """The signatures and the bottom-`sketch` sketches of the `n`-token shingles of a String column.

    `split` as in `tokens`.
    """
    signed = np.empty((len(texts), permutations), np.uint32)
    starts = np.zeros(len(texts) + 1, np.int64)
    values = [np.empty(0, np.uint32)]
    for first, block in blocks(texts):
        last = first + len(block)
        sets = shingles(tokens(block, spans=False, split=split), n)
        signed[first:last] = signatures(sets.elements, sets.starts, permutations)
        found = sketches(sets, sketch)
        starts[first + 1 : last + 1] = starts[first] + found.starts[1:]
        values.append(found.values)
    return Likeness(signed, Sketches(np.concatenate(values), starts))
