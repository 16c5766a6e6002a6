"""What is to be seen of a line by itself: its words, letters and digits, how it ends; and texts without some lines."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import utf8
from curate.kernels.compiled import frozen, kernel
from curate.kernels.fold import CLASS_SHIFT, IGNORED, SINGLE, WORD
from curate.kernels.lines import Lines, ranges
from curate.kernels.measures import CLAUSE, CLOSER, FULL_STOP, JOINS, LETTER, ROLE, STOP, WHITE, traits

WORDS, CJK, LETTERS, CAPITALS, DIGITS, LONGEST, TRAITS = range(7)
"""Columns of `LineTraits.counts`: words between white space (with a letter or a digit), CJK characters, letters that
are not CJK, those that are capitals, digits, and letters and digits of the longest word."""

ENDS, ELLIPSIS, QUOTES, GOES_ON, CLAUSES = 1, 2, 4, 8, 16
"""How a line ends: in a mark that ends sentences, closing quotes and brackets behind it aside; in ..., or in one … that
is not the half of a Chinese ……; in a quotation mark; in a colon or semicolon. CLAUSES: a Chinese comma, semicolon or
full stop stands anywhere in it."""


class LineTraits(NamedTuple):
    """The lines of n texts, one after another. A line ends behind its line feed; an empty text has none."""

    lines: Lines
    """Places in bytes of the text; no hashes, no marks; its size is the number of words and CJK characters."""
    counts: NDArray[np.int32]
    """i32[lines, TRAITS]"""
    endings: NDArray[np.uint8]
    """u8[lines]: the flags above."""


def line_traits(texts: pl.Series) -> LineTraits:
    """The traits of each line of a String column; a null has none."""
    data, offsets = utf8.of(texts)
    first, last = int(offsets[0]), int(offsets[-1])
    count = int(np.count_nonzero(data[first:last] == 0x0A)) + len(texts)
    starts, spans = np.empty(len(texts) + 1, np.int64), np.empty((count, 2), np.uint32)
    counts, endings = np.zeros((count, TRAITS), np.int32), np.zeros(count, np.uint8)
    sizes, blank = np.zeros(count, np.uint32), np.zeros(count, np.bool_)
    size = _line_traits(data, offsets, traits(), capitals(), starts, spans, counts, endings, sizes, blank)
    nothing = np.zeros(size, np.uint64)
    lines = Lines(starts, spans[:size], nothing, sizes[:size], blank[:size], blank[:size], nothing.astype(np.uint8))
    return LineTraits(lines, counts[:size], endings[:size])


class Shortened(NamedTuple):
    """n texts, and the characters that each lost."""

    texts: pl.Series
    cut: NDArray[np.int64]


def without(texts: pl.Series, found: LineTraits, gone: NDArray[np.bool_]) -> Shortened:
    """`texts` without the lines `gone`, and the blank lines that stand between two of them. A null stays null."""
    data, offsets = utf8.of(texts)
    out, bounds = np.empty(max(1, int(offsets[-1] - offsets[0])), np.uint8), np.zeros(len(offsets), np.int64)
    cut = np.zeros(len(texts), np.int64)
    filled = _without(data, offsets, *ranges(found.lines, gone), out, bounds, cut)
    return Shortened(utf8.series(texts.name, utf8.Utf8(out[:filled], bounds), texts.is_null().to_numpy()), cut)


@cache
def capitals() -> NDArray[np.bool_]:
    """bool[0x600]: capital letters of Latin, Greek and Cyrillic script."""
    return frozen(np.array([chr(code).isupper() for code in range(0x600)], np.bool_))


@kernel
def _line_traits(  # noqa: PLR0915
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    traits: NDArray[np.uint32],
    capitals: NDArray[np.bool_],
    starts: NDArray[np.int64],
    spans: NDArray[np.uint32],
    counts: NDArray[np.int32],
    endings: NDArray[np.uint8],
    sizes: NDArray[np.uint32],
    blank: NDArray[np.bool_],
) -> int:
    line = 0
    for text in range(len(offsets) - 1):
        starts[text] = line
        origin, end = int(offsets[text]), int(offsets[text + 1])
        at = origin
        while at < end:
            begin = at
            words, cjk, letters, upper, digits, longest, length = 0, 0, 0, 0, 0, 0, 0
            ending, dots, several, white, clauses = 0, 0, 0, True, 0
            while at < end:
                first = np.int64(data[at])
                if first < 0x80:
                    code, step = first, 1
                elif first < 0xE0:
                    code, step = (first & 0x1F) << 6 | np.int64(data[at + 1]) & 0x3F, 2
                elif first < 0xF0:
                    code = (first & 0x0F) << 12 | (np.int64(data[at + 1]) & 0x3F) << 6
                    code, step = code | np.int64(data[at + 2]) & 0x3F, 3
                else:
                    code = (first & 0x07) << 18 | (np.int64(data[at + 1]) & 0x3F) << 12
                    code, step = code | (np.int64(data[at + 2]) & 0x3F) << 6 | np.int64(data[at + 3]) & 0x3F, 4
                at += step
                if code == 0x0A:
                    break
                entry = traits[code]
                role = (entry >> CLASS_SHIFT) & ROLE
                if role == IGNORED:
                    continue
                if role == WORD:
                    length += 1
                    if entry & LETTER:
                        letters += 1
                        upper += int(code < 0x600 and capitals[code])
                    else:
                        digits += 1
                    ending, dots, several, white = 0, 0, 0, False
                    continue
                if length > 0 and not entry & JOINS:
                    words += 1
                    longest = max(longest, length)
                    length = 0
                if entry & WHITE:
                    continue
                white = False
                if entry & CLAUSE:
                    clauses = CLAUSES
                if role == SINGLE:
                    cjk += 1
                    ending, dots, several = 0, 0, 0
                elif entry & (STOP | FULL_STOP):
                    ending = ENDS
                    if code == 0x2E:
                        dots += 1
                        ending = ENDS if dots < 3 else ENDS | ELLIPSIS
                    elif code == 0x2026:
                        several += 1
                        ending = ENDS if several % 2 == 0 else ENDS | ELLIPSIS
                else:
                    if not entry & CLOSER:
                        ending = 0
                    dots, several = 0, 0
                    ending &= ENDS
                    if code in (0x22, 0x27, 0x2019, 0x201D, 0x300B, 0x300D, 0x300F, 0xFF02, 0xFF07):
                        ending |= QUOTES
                    elif code in (0x3A, 0x3B, 0xFF1A, 0xFF1B):
                        ending |= GOES_ON
            if length > 0:
                words += 1
                longest = max(longest, length)
            spans[line, 0], spans[line, 1] = begin - origin, at - origin
            counts[line, WORDS], counts[line, CJK], counts[line, LETTERS] = words, cjk, letters
            counts[line, CAPITALS], counts[line, DIGITS], counts[line, LONGEST] = upper, digits, longest
            endings[line], sizes[line], blank[line] = ending | clauses, words + cjk, white
            line += 1
    starts[len(offsets) - 1] = line
    return line


@kernel
def _without(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    starts: NDArray[np.int64],
    spans: NDArray[np.uint32],
    out: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    cut: NDArray[np.int64],
) -> int:
    filled = 0
    for text in range(len(offsets) - 1):
        origin, end = offsets[text], offsets[text + 1]
        at = int(origin)
        for part in range(starts[text], starts[text + 1] + 1):
            stop = int(origin + np.int64(spans[part, 0])) if part < starts[text + 1] else int(end)
            out[filled : filled + stop - at] = data[at:stop]
            filled += stop - at
            at = stop
            if part < starts[text + 1]:
                while at < origin + np.int64(spans[part, 1]):
                    cut[text] += (data[at] & 0xC0) != 0x80
                    at += 1
        bounds[text + 1] = filled
    return filled
