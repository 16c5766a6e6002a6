"""A column of text as the bytes and offsets that kernels read, and back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray


class Utf8(NamedTuple):
    """`data`: u8, the texts one after another; `offsets`: i64[n + 1], where each begins and ends in it."""

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]


def of(texts: pl.Series) -> Utf8:
    """The bytes of a String column; a null is an empty text. Raises `TypeError` for another type of column."""
    if texts.dtype != pl.String:
        raise TypeError(f"kernels read a String column; '{texts.name}' is {texts.dtype}: cast or render it first")
    array = texts.fill_null("").to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.large_string())
    _, bounds, content = array.buffers()
    data = (
        np.frombuffer(memoryview(content), np.uint8) if content is not None and content.size else np.zeros(0, np.uint8)
    )
    offsets = np.zeros(1, np.int64)
    if bounds is not None and len(array):
        offsets = np.frombuffer(memoryview(bounds), np.int64)[array.offset : array.offset + len(array) + 1]
    # Arrow's buffers are read-only, and numba compiles for that type of array: the empty ones are made like them.
    data.flags.writeable = offsets.flags.writeable = False
    return Utf8(data, offsets)


def series(name: str, utf8: Utf8, null: NDArray[np.bool_]) -> pl.Series:
    """A String column of these bytes, null where `null` says so."""
    validity = pa.array(~null).buffers()[1] if null.any() else None
    array = pa.LargeStringArray.from_buffers(
        len(null),
        pa.py_buffer(utf8.offsets.data),
        pa.py_buffer(utf8.data.data),
        validity,
        int(null.sum()),
    )
    return pl.Series(name, array, pl.String)
