"""A text without its personal data: what stands in their place, and how many characters that cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels.utf8 import Utf8
from curate.stages.personal.find import Hit


class Rewritten(NamedTuple):
    """n texts, and for each the characters cut and added."""

    texts: pl.Series
    cut: NDArray[np.int64]
    added: NDArray[np.int64]


def rewrite(texts: pl.Series, hits: list[Hit], utf8: Utf8, stand_in: Callable[[str, str], str]) -> Rewritten:
    """`texts` with `stand_in(kind, value)` for each hit; the others are not touched."""
    cut, added = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.int64)
    parts: dict[int, list[bytes]] = {}
    ends: dict[int, int] = {}
    data, offsets = utf8
    for row, start, end, kind in hits:
        value = data[start:end].tobytes().decode()
        new = stand_in(kind, value)
        pieces = parts.setdefault(row, [])
        pieces += (data[ends.get(row, int(offsets[row])) : start].tobytes(), new.encode())
        ends[row] = end
        cut[row] += len(value)
        added[row] += len(new)
    if not parts:
        return Rewritten(texts, cut, added)
    mended = [
        (b"".join(pieces) + data[ends[row] : int(offsets[row + 1])].tobytes()).decode() for row, pieces in parts.items()
    ]
    return Rewritten(texts.scatter(list(parts), mended), cut, added)
