"""Two passes: one looks for what is not normal in a text, one drops and swaps characters.

Clean text is only looked at. What the second makes, and that over white space (spacing.py), is what a dozen regular
expressions in a row would make, at several times their speed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import utf8
from curate.kernels.compiled import kernel

DROP, SWAP, COMPOSES, JOINER, LOOSE, WIDE, MARKED, SPACES = 1, 2, 4, 8, 16, 32, 64, 128
"""What a code point asks for, and what `wants` says of a text: it goes; another text stands in its place; it may
combine with its neighbours (NFC); it joins letters (U+200C, U+200D); joiners beside it join nothing; it is the
ideographic space; it is one that the caller marked. `SPACES`, of texts alone: white space is not single, or is where
none belongs."""

_ESCAPE, _BLACK_FLAG = 0x1B, 0x1F3F4
_STRING = 4096  # bytes
_SEEN = DROP | SWAP | COMPOSES | JOINER | WIDE | MARKED


class Table(NamedTuple):
    """What `wants` and `swapped` do with each code point. Read-only."""

    roles: NDArray[np.uint8]
    """u8[0x110000]: the flags above."""
    which: NDArray[np.int32]
    """i32[0x110000]: the replacement of those with `SWAP`, an index into `starts`."""
    starts: NDArray[np.int32]
    """i32[replacements + 1]: where each begins in `data`."""
    data: NDArray[np.uint8]
    """UTF-8 of all replacements."""
    sizes: NDArray[np.int32]
    """i32[replacements]: their lengths in characters."""


def table(roles: NDArray[np.uint8], swaps: Mapping[int, str]) -> Table:
    """`roles` with `SWAP` for each code point of `swaps`, which becomes that text."""
    roles = roles.copy()
    which = np.zeros(0x110000, np.int32)
    texts = sorted(set(swaps.values()))
    place = {text: number for number, text in enumerate(texts)}
    for code, text in swaps.items():
        which[code] = place[text]
        roles[code] = (int(roles[code]) | SWAP) & ~(DROP | WIDE)
    encoded = [text.encode() for text in texts]
    starts = np.zeros(len(texts) + 1, np.int32)
    np.cumsum([len(text) for text in encoded], out=starts[1:])
    data = np.frombuffer(b"".join(encoded) or b"\0", np.uint8)
    return Table(roles, which, starts, data.copy(), np.array([len(text) for text in texts], np.int32))


def wants(texts: pl.Series, what: Table) -> NDArray[np.uint8]:
    """u8[n]: what each text of a String column asks for; 0 of a clean one and of a null."""
    data, offsets = utf8.of(texts)
    found = np.zeros(len(texts), np.uint8)
    _wants(data, offsets, what.roles, found)
    return found


class Edited(NamedTuple):
    """n texts, and the characters that each lost and got."""

    texts: pl.Series
    cut: NDArray[np.int64]
    added: NDArray[np.int64]


def swapped(texts: pl.Series, what: Table) -> Edited:
    r"""`texts` without what goes and with the replacements; \r\n and \r are \n. A null stays null.

    Where the escape character goes, the sequence for a terminal goes that it begins.

    Joiners go at the ends of a text and beside characters that are `LOOSE`.
    """
    data, offsets = utf8.of(texts)
    cut, added = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.int64)
    size = _room(data, offsets, *what[:3])
    out, bounds = np.empty(max(1, size), np.uint8), np.zeros(len(offsets), np.int64)
    filled = _swapped(data, offsets, *what, out, bounds, cut, added)
    return Edited(utf8.series(texts.name, utf8.Utf8(out[:filled], bounds), texts.is_null().to_numpy()), cut, added)


@kernel
def _decode(data: NDArray[np.uint8], at: int) -> tuple[np.int64, int]:
    """(code point, bytes it takes) at `at`."""
    first = np.int64(data[at])
    if first < 0x80:
        return first, 1
    if first < 0xE0:
        return (first & 0x1F) << 6 | np.int64(data[at + 1]) & 0x3F, 2
    if first < 0xF0:
        return (first & 0x0F) << 12 | (np.int64(data[at + 1]) & 0x3F) << 6 | np.int64(data[at + 2]) & 0x3F, 3
    high = (first & 0x07) << 18 | (np.int64(data[at + 1]) & 0x3F) << 12
    return high | (np.int64(data[at + 2]) & 0x3F) << 6 | np.int64(data[at + 3]) & 0x3F, 4


@kernel
def _is_white(byte: np.uint8) -> bool:
    return bool(byte in (0x20, 0x0A, 0x09))


@kernel
def _copied(source: NDArray[np.uint8], begin: int, end: int, out: NDArray[np.uint8], filled: np.int64) -> np.int64:
    """The end of `out` after source[begin:end]."""
    for place in range(begin, end):
        out[filled] = source[place]
        filled += 1
    return filled


@kernel
def _last(source: NDArray[np.uint8], begin: int, end: int) -> np.int64:
    """The last code point of source[begin:end]."""
    at = end - 1
    while at > begin and source[at] & 0xC0 == 0x80:
        at -= 1
    return _decode(source, at)[0]


@kernel
def _wants(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], roles: NDArray[np.uint8], found: NDArray[np.uint8]
) -> None:
    for text in range(len(offsets) - 1):
        at, end = offsets[text], offsets[text + 1]
        roles_seen = np.uint8(0)
        spaces = False
        before, last = np.uint8(0x0A), np.uint8(0x0A)  # the two bytes before; a text begins as a line does
        blank = True  # nothing but white space yet
        while at < end:
            byte = data[at]
            if byte >= 0x80:
                code, size = _decode(data, at)
                roles_seen |= roles[code]
                at += size
                before, last = byte, byte
                blank = False
                continue
            if byte <= 0x20:
                if byte == 0x20:
                    spaces = spaces or (last == 0x20 and not _is_white(before))
                elif byte == 0x0A:
                    spaces = spaces or blank or (_is_white(last) and (last != 0x0A or before == 0x0A))
                elif byte != 0x09:
                    roles_seen |= roles[byte]
            else:
                roles_seen |= roles[byte]
                blank = False
            before, last = last, byte
            at += 1
        if _is_white(last) and offsets[text] < end:
            spaces = True
        found[text] = roles_seen & np.uint8(_SEEN) | (np.uint8(SPACES) if spaces else np.uint8(0))


@kernel
def _room(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    roles: NDArray[np.uint8],
    which: NDArray[np.int32],
    starts: NDArray[np.int32],
) -> int:
    """Bytes that the texts take at most after their replacements."""
    at, end = offsets[0], offsets[-1]
    room = end - at
    while at < end:
        code, size = _decode(data, at)
        if roles[code] & SWAP:
            number = which[code]
            room += max(0, starts[number + 1] - starts[number] - size)
        at += size
    return int(room)


@kernel
def _tags(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Bytes of the tag letters at `at` that say whose flag a black one is (England's, say): three to six, and an end.

    Tags elsewhere are seen by nobody and read by models.
    """
    size = 0
    while at + size + 4 <= end and data[at + size] == 0xF3 and data[at + size + 1] == 0xA0 and size <= 24:
        code, _ = _decode(data, at + size)
        size += 4
        if code == 0xE007F:
            return size if size >= 16 else 0
        if not 0xE0030 <= code <= 0xE007A:
            break
    return 0


@kernel
def _characters(data: NDArray[np.uint8], at: int, end: int) -> int:
    found = 0
    for place in range(at, end):
        found += data[place] & 0xC0 != 0x80
    return found


@kernel
def _behind_escape(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Where the terminal's sequence ends whose escape character stands before `at` (ECMA-48); `at` where none does.

    Colours and moves of the cursor (CSI), titles and links (OSC and other strings, up to BEL or ESC backslash), choice
    of character sets. A string that nothing ends within `_STRING` bytes is none.
    """
    if at >= end:
        return at
    first = data[at]
    if first == 0x5B:  # CSI: parameters, intermediates, a final byte
        stop = at + 1
        while stop < end and 0x30 <= data[stop] <= 0x3F:
            stop += 1
        while stop < end and 0x20 <= data[stop] <= 0x2F:
            stop += 1
        if stop >= end:
            return end
        return stop + 1 if 0x40 <= data[stop] <= 0x7E else at
    if first in (0x5D, 0x50, 0x58, 0x5E, 0x5F):
        stop = at + 1
        while stop < end and stop < at + _STRING:
            if data[stop] == 0x07:
                return stop + 1
            if data[stop] == _ESCAPE:
                return stop + 2 if stop + 1 < end and data[stop + 1] == 0x5C else at
            stop += 1
        return at
    if 0x20 <= first <= 0x2F:
        stop = at + 1
        while stop < end and 0x20 <= data[stop] <= 0x2F:
            stop += 1
        return stop + 1 if stop < end and 0x30 <= data[stop] <= 0x7E else at
    return at + 1 if first in (0x37, 0x38, 0x3D, 0x3E) else at  # save, restore, keypad


@kernel
def _swapped(  # noqa: PLR0915
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    roles: NDArray[np.uint8],
    which: NDArray[np.int32],
    starts: NDArray[np.int32],
    replacements: NDArray[np.uint8],
    sizes: NDArray[np.int32],
    out: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    cut: NDArray[np.int64],
    added: NDArray[np.int64],
) -> int:
    filled = np.int64(0)
    for text in range(len(offsets) - 1):
        bounds[text] = filled
        at, end = offsets[text], offsets[text + 1]
        loose = True  # whether joiners behind what was written last join nothing
        joiners, joined_from = 0, filled  # joiners that were written and wait for what comes next
        while at < end:
            byte = data[at]
            if byte < 0x80 and not joiners and not roles[byte] & (DROP | SWAP):  # most of most texts
                out[filled] = byte
                filled += 1
                at += 1
                loose = True
                continue
            code, size = _decode(data, at)
            role = roles[code]
            if code == _BLACK_FLAG:
                size += _tags(data, at + size, end)
            at += size
            if role & DROP:
                cut[text] += 1
                if code == _ESCAPE:
                    behind = _behind_escape(data, at, end)
                    cut[text] += _characters(data, at, behind)
                    at = behind
                continue
            if role & JOINER:
                if not joiners:
                    joined_from = filled
                joiners += 1
                filled = _copied(data, at - size, at, out, filled)
                continue
            if code == 0x0D and at < end and data[at] == 0x0A:
                cut[text] += 1
                continue
            source, begin, stop = data, at - size, at
            if role & SWAP:
                number = which[code]
                source, begin, stop = replacements, starts[number], starts[number + 1]
                cut[text] += 1
                added[text] += sizes[number]
            if joiners:
                if loose or begin == stop or roles[_decode(source, begin)[0]] & LOOSE:
                    filled = joined_from
                    cut[text] += joiners
                joiners = 0
            if begin < stop:
                filled = _copied(source, begin, stop, out, filled)
                loose = roles[_last(source, begin, stop)] & LOOSE > 0
        if joiners:
            filled = joined_from
            cut[text] += joiners
    bounds[len(offsets) - 1] = filled
    return int(filled)
