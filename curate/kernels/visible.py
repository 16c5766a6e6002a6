"""What of a page is text to be read, from its bytes, without parsing it.

One pass over the bytes: tags, comments, scripts and styles are passed over, what is left is copied. It holds for every
encoding that writes `<`, `>` and the letters of tags as ASCII does, and no other character with the byte of `<`: UTF-8,
the Chinese ones, EUC, the Windows ones. Not for UTF-16.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from curate.kernels.compiled import kernel

_SPACE, _BREAK = np.uint8(32), np.uint8(10)
_LT, _GT, _SLASH, _BANG, _DASH, _QUESTION = (np.uint8(ord(char)) for char in "<>/!-?")
_LOWER = np.uint8(32)  # bit that an ASCII letter gets in lower case
_HIDING = np.frombuffer(b"script  style   noscripttemplatetextareasvg     select  ", np.uint8).reshape(7, 8)
_INLINE = np.frombuffer(b"b   i   u   em  sub sup wbr fontspanmark", np.uint8).reshape(10, 4)  # no space for these
_WITHIN = np.frombuffer(  # a space: they stand within a line; everything else begins a new one
    b"a     img   strongsmall code  label cite  time  td    th    abbr  ins   del   tt    big   ", np.uint8
).reshape(15, 6)


class Visible(NamedTuple):
    """The text of n pages, one after another, and what was counted on the way."""

    data: NDArray[np.uint8]
    """u8: white space collapsed to one space, or one line break where a block begins or ends; entities as they are."""
    offsets: NDArray[np.int64]
    """i64[n + 1]: where the text of each page begins and ends in `data`."""
    linked: NDArray[np.int64]
    """i64[n]: bytes of the text that stand in links."""
    tags: NDArray[np.int64]
    """i64[n]: opening tags."""

    def text(self, page: int) -> bytes:
        """The text of one page."""
        return self.data[self.offsets[page] : self.offsets[page + 1]].tobytes()


def visible(pages: pl.Series, *, most: int = 1 << 16, read: int = 1 << 22) -> Visible:
    """The visible text of a Binary column, up to `most` bytes of each page, from its first `read`. A null has none.

    Raises `TypeError` for another type of column.
    """
    if pages.dtype != pl.Binary:
        raise TypeError(f"pages are bytes; '{pages.name}' is {pages.dtype}")
    array = pages.fill_null(b"").to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.large_binary())
    _, bounds, content = array.buffers()
    count = len(array)
    offsets = np.zeros(count + 1, np.int64)
    if count and bounds is not None:
        offsets = np.frombuffer(memoryview(bounds), np.int64)[array.offset : array.offset + count + 1].copy()
    data = np.zeros(1, np.uint8)
    if content is not None and content.size:
        data = np.frombuffer(memoryview(content), np.uint8)
    data.flags.writeable = False  # as Arrow's buffers are: one type to compile for
    room = int(np.minimum(np.diff(offsets), most + 2).sum()) + 2
    out = np.empty(room, np.uint8)
    ends = np.zeros(count + 1, np.int64)
    linked, tags = np.zeros(count, np.int64), np.zeros(count, np.int64)
    _visible(data, offsets, most, read, _HIDING, _INLINE, _WITHIN, out, ends, linked, tags)
    return Visible(out, ends, linked, tags)


@kernel
def _visible(  # noqa: PLR0915
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    most: int,
    read: int,
    hiding: NDArray[np.uint8],
    inline: NDArray[np.uint8],
    within: NDArray[np.uint8],
    out: NDArray[np.uint8],
    ends: NDArray[np.int64],
    linked: NDArray[np.int64],
    tags: NDArray[np.int64],
) -> None:
    """Fill `out`, `ends` (where each page's text ends in `out`), `linked` and `tags`."""
    to = 0
    for page in range(len(offsets) - 1):
        at, stop = offsets[page], min(offsets[page + 1], offsets[page] + read)
        start = to
        inside = False
        gap = 0  # what is due before the next byte: 1 a space, 2 a line break
        never = 0  # bit mask of the names that are not closed any more, or each would be looked for to the end
        while at < stop and to - start < most:
            byte = data[at]
            if byte == _LT and at + 1 < stop:
                after = data[at + 1]
                letter = after | _LOWER
                closing = after == _SLASH
                if closing and at + 2 < stop:
                    letter = data[at + 2] | _LOWER
                if after == _BANG and at + 3 < stop and data[at + 2] == _DASH and data[at + 3] == _DASH:
                    at += 4
                    while at + 2 < stop and not (data[at] == _DASH and data[at + 1] == _DASH and data[at + 2] == _GT):
                        at += 1
                    at += 3
                    continue
                if after in (_BANG, _QUESTION) or 97 <= letter <= 122:
                    name = at + 2 if closing else at + 1
                    if gap < 2 and _named(data, name, stop, inline) < 0:
                        gap = 1 if _named(data, name, stop, within) >= 0 else 2
                    which = -1
                    if not closing:
                        tags[page] += 1
                        which = _named(data, name, stop, hiding)
                    if letter == 97 and name + 1 < stop and (data[name + 1] <= 32 or data[name + 1] == _GT):
                        inside = not closing
                    while at < stop and data[at] != _GT:
                        at += 1
                    at += 1
                    if which >= 0 and not never & (1 << which):
                        behind = _behind(data, at, stop, hiding[which])
                        if behind < 0:
                            never |= 1 << which
                        else:
                            at = behind
                    continue
            if byte <= 32:
                gap = max(gap, 1)
            else:
                if gap and to > start:
                    out[to] = _SPACE if gap == 1 else _BREAK
                    to += 1
                gap = 0
                out[to] = byte
                if inside:
                    linked[page] += 1
                to += 1
            at += 1
        ends[page + 1] = to


@kernel
def _named(data: NDArray[np.uint8], at: int, stop: int, names: NDArray[np.uint8]) -> int:
    """Which of `names` (filled up with spaces) is that of the tag at `at`; -1 for none."""
    for which in range(len(names)):
        length = _length(names[which])
        if at + length >= stop:
            continue
        following = data[at + length]
        if (following <= 32 or following in (62, 47)) and _same(data, at, names[which], length):
            return which
    return -1


@kernel
def _behind(data: NDArray[np.uint8], at: int, stop: int, name: NDArray[np.uint8]) -> int:
    """Where the element `name`, opened before `at`, is closed; -1 if it never is: then it hides nothing."""
    length = _length(name)
    while at + length + 1 < stop:
        if data[at] == 60 and data[at + 1] == 47 and _same(data, at + 2, name, length):
            return at
        at += 1
    return -1


@kernel
def _length(name: NDArray[np.uint8]) -> int:
    length = len(name)
    while name[length - 1] == 32:
        length -= 1
    return length


@kernel
def _same(data: NDArray[np.uint8], at: int, name: NDArray[np.uint8], length: int) -> bool:
    """Whether `name` stands at `at`, in small or capital letters."""
    for place in range(length):  # noqa: SIM110 (numba)
        if (data[at + place] | 32) != name[place]:
            return False
    return True
