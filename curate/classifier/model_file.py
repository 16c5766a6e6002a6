"""Weights of words and pairs of words as a file in fastText's format, which `model.parsed` and fastText itself read.

fastText's layers are bent to it: a row of the input matrix has as many dimensions as there are labels and is their
weights, a byte each (256 levels, as far apart for all); the output layer multiplies by `sharpness` and no more. Pairs
stand in a pruned table of buckets: a pair that was never counted has no row, where fastText's own training would have
given it one of chance.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.classifier.model import MAGIC, PREFIX, SOFTMAX, SUPERVISED, VERSION

LEVELS = 256  # what a byte can say
END = "</s>"
_DIGITS = 4  # to which weights are rounded, so that the last bit of a logarithm shows in no file


@dataclass(frozen=True, eq=False, kw_only=True)
class Weights:
    """A linear model. `table` f64[words + pairs, labels]; `pairs` i64, the bucket of each.

    The end of a line, which fastText counts as a word, is added with no weight: a text of no known word is of all
    labels alike, and one of few words is less sure than one of many.
    """

    labels: tuple[str, ...]
    words: Sequence[str]
    pairs: NDArray[np.int64]
    table: NDArray[np.float64]
    buckets: int
    sharpness: float


def file_of(weights: Weights) -> bytes:
    """The bytes of a .ftz."""
    words, table = [END, *weights.words], np.vstack([np.zeros(len(weights.labels)), weights.table])
    width, paired = len(weights.labels), len(weights.pairs) > 0
    pieces = [
        struct.pack("<ii", MAGIC, VERSION),
        # dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn, lrUpdateRate, t
        struct.pack(
            "<12id", width, 5, 1, 1, 5, 2 if paired else 1, SOFTMAX, SUPERVISED, weights.buckets if paired else 0,
            0, 0, 100, 1e-4,
        ),
        struct.pack("<iii", len(words) + width, len(words), width),
        struct.pack("<qq", 0, len(weights.pairs) if paired else -1),
    ]  # fmt: skip
    pieces += [word.encode() + b"\0" + struct.pack("<qb", 1, 0) for word in words]
    pieces += [f"{PREFIX}{label}".encode() + b"\0" + struct.pack("<qb", 1, 1) for label in weights.labels]
    numbered = np.column_stack([weights.pairs, np.arange(len(weights.pairs))]).astype("<i4")
    pieces.append(numbered.tobytes())
    rounded = np.round(table, _DIGITS)
    most = float(np.abs(rounded).max(initial=1e-3))
    step = round(2 * most / (LEVELS - 1), 6) + 1e-6
    codes = np.clip(np.round(rounded / step) + LEVELS // 2, 0, LEVELS - 1).astype("u1")
    levels = ((np.arange(LEVELS) - LEVELS // 2) * step).astype("<f4")
    pieces += [
        struct.pack("<??", True, False),  # quantised, norms not apart
        struct.pack("<qqi", len(codes), width, codes.size),
        codes.tobytes(),
        struct.pack("<iiii", width, width, 1, 1),  # parts of one dimension each
        np.tile(levels, width).tobytes(),
        struct.pack("<?", False),
        struct.pack("<qq", width, width),
        (np.eye(width) * weights.sharpness).astype("<f4").tobytes(),
    ]
    return b"".join(pieces)
