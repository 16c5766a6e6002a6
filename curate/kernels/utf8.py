"""A column of text as the bytes and offsets that kernels read, and back; and cut into blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray


class Utf8(NamedTuple):
    """`data`: u8, the texts one after another; `offsets`: i64[n + 1], where each begins and ends in it."""

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]


BLOCK = 1 << 20  # bytes of text worked on at a time, so that what is made of them stays in the processor's cache


def of(texts: pl.Series) -> Utf8:
    """The bytes of a String column; a null is an empty text. Raises `TypeError` for another type of column.

    A single text is not copied, however long it is.
    """
    if len(texts) == 1:
        views, contents = _views(texts)
        length, _, buffer, begin = (int(part) for part in views[0])
        data = views.view(np.uint8)[0, 4:16] if length <= 12 else _bytes(contents[buffer])[begin:]
        return _frozen(data[:length], np.array([0, length]))
    _checked(texts)
    texts = texts.fill_null("") if texts.null_count() else texts
    array = texts.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.large_string())
    _, bounds, content = array.buffers()
    offsets = np.zeros(1, np.int64)
    if bounds is not None and len(array):
        offsets = np.frombuffer(memoryview(bounds), np.int64)[array.offset : array.offset + len(array) + 1]
    return _frozen(_bytes(content), offsets)


def lengths(texts: pl.Series) -> NDArray[np.int64]:
    """i64[n]: the bytes of each text of a String column; 0 for a null.

    As the column has them: polars' own `len_bytes` takes four times a text of 100 MB to say how long it is.
    """
    views, _ = _views(texts)
    return views[:, 0].astype(np.int64)


def blocks(texts: pl.Series, size: int = BLOCK) -> Iterator[tuple[int, pl.Series]]:
    """(ordinal of the first text, texts) of about `size` bytes each; a longer text is a block by itself."""
    ends = np.cumsum(lengths(texts))
    first = 0
    while first < len(texts):
        before = int(ends[first - 1]) if first else 0
        last = max(int(np.searchsorted(ends, before + size, side="right")), first + 1)
        yield first, texts[first:last]
        first = last


def _checked(texts: pl.Series) -> None:
    if texts.dtype != pl.String:
        raise TypeError(f"kernels read a String column; '{texts.name}' is {texts.dtype}: cast or render it first")


def _views(texts: pl.Series) -> tuple[NDArray[np.int32], list[pa.Buffer | None]]:
    """(i32[n, 4], buffers): each text's length, first four bytes, buffer and place in it; up to 12 bytes stand in the
    view itself. A null is an empty text. Nothing is copied."""
    _checked(texts)
    array = texts.to_arrow(compat_level=pl.CompatLevel.newest())
    _, views, *contents = array.buffers()
    found = _bytes(views)[16 * array.offset : 16 * (array.offset + len(array))].view(np.int32).reshape(-1, 4)
    if array.null_count:
        found = np.where(np.asarray(array.is_valid())[:, None], found, np.int32(0))
    return found, contents


def _bytes(buffer: pa.Buffer | None) -> NDArray[np.uint8]:
    return np.frombuffer(memoryview(buffer), np.uint8) if buffer is not None and buffer.size else np.zeros(0, np.uint8)


def _frozen(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Utf8:
    """Arrow's buffers are read-only, and numba compiles for that type of array: those made here are made like them."""
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
