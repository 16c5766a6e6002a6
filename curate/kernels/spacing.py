"""White space mended in one pass: single spaces and few blank lines, but where spaces stand for something.

They do in code, between fences or by its indentation, and in the columns of tables.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import utf8
from curate.kernels.compiled import kernel
from curate.kernels.tidy import Edited


def spaced(texts: pl.Series, aligned: pl.Series) -> Edited:
    r"""`texts` with white space mended; it is tab, \n, space and the ideographic space alone. A null stays null.

    No blank line at the begin, no white space at the end of a line or of the text, at most one blank line in a row;
    white space before a line goes if an ideographic space is in it, others become spaces; spaces behind a character
    become one, except in texts that are `aligned` (Boolean), between fences of Markdown (an open one goes to the end),
    in code that is so by its indentation (four spaces or a tab, behind a blank line), and in rows of tables: lines with
    a bar or a drawn rule, and neighbours of which runs of spaces end in one column.
    """
    data, offsets = utf8.of(texts)
    cut, added = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.int64)
    out, bounds = np.empty(max(1, int(offsets[-1] - offsets[0])), np.uint8), np.zeros(len(offsets), np.int64)
    filled = _spaced(data, offsets, np.ascontiguousarray(aligned.to_numpy()), out, bounds, cut, added)
    return Edited(utf8.series(texts.name, utf8.Utf8(out[:filled], bounds), texts.is_null().to_numpy()), cut, added)


@kernel
def _is_white(byte: np.uint8) -> bool:
    return bool(byte in (0x20, 0x0A, 0x09))


@kernel
def _white(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int, int]:
    """(its end, ideographic spaces in it, spaces of either kind that it begins with) of the white space at `at`."""
    wide, leading, plain = 0, 0, True
    while at < end:
        if data[at] == 0x20:
            leading += plain
            at += 1
        elif data[at] == 0x09:
            plain = False
            at += 1
        elif data[at] == 0xE3 and data[at + 1] == 0x80 and data[at + 2] == 0x80:
            leading += plain
            wide += 1
            at += 3
        else:
            break
    return at, wide, leading


@kernel
def _write_white(
    data: NDArray[np.uint8], at: int, end: int, skip: int, out: NDArray[np.uint8], filled: np.int64
) -> np.int64:
    """The end of `out` after the white space of data[at:end] but its first `skip` characters."""
    while at < end:
        space = 0x09 if data[at] == 0x09 else 0x20
        at += 3 if data[at] == 0xE3 else 1
        if skip:
            skip -= 1
        else:
            out[filled] = space
            filled += 1
    return filled


@kernel
def _line_end(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Where the line at `at` ends: its line feed, or `end`."""
    while at < end and data[at] != 0x0A:
        at += 1
    return at


@kernel
def _fence(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int, bool]:
    """(sign, how many of it, whether nothing follows) of the Markdown fence that the line at `at` is; (0, 0, False) of
    another line. `at` is behind the indentation."""
    while at < end and data[at] in (0x3E, 0x20, 0x09):  # in a quotation
        at += 1
    if at + 3 > end or data[at] not in (0x60, 0x7E):
        return 0, 0, False
    sign, begin = data[at], at
    while at < end and data[at] == sign:
        at += 1
    size = at - begin
    if size < 3:
        return 0, 0, False
    nothing = True
    while at < end and data[at] != 0x0A:
        if data[at] == 0x60:  # code within a line of prose
            return 0, 0, False
        if data[at] == 0xE3 and data[at + 1] == 0x80 and data[at + 2] == 0x80:
            at += 3
            continue
        nothing = nothing and _is_white(data[at])
        at += 1
    return int(sign), size, nothing


@kernel
def _gap(data: NDArray[np.uint8], at: int, stop: int, column: int) -> tuple[int, int]:
    """(place, column) behind the next run of spaces that a line has from `at`, its `column`; (stop, -1) if none has.

    A column is a place in a type of one width, in which a CJK character takes two; behind a tab there are none.
    """
    run = 0
    while at < stop:
        byte = data[at]
        if byte == 0x09 or (byte == 0xE3 and data[at + 1] == 0x80 and data[at + 2] == 0x80):
            return stop, -1
        if byte == 0x20:
            run += 1
            column += 1
            at += 1
            continue
        if run > 1:
            return at, column
        run = 0
        size = 1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
        column += 2 if byte >= 0xE3 else 1
        at += size
    return stop, -1


@kernel
def _aligned(data: NDArray[np.uint8], one: int, one_end: int, other: int, other_end: int) -> bool:
    """Whether two lines have a run of spaces within them that ends in the same column."""
    at, column = _gap(data, one, one_end, 0)
    at = one if column < 0 else at
    beside, there = _gap(data, other, other_end, 0)
    if data[one] == 0x20 and column >= 0:  # its indentation
        at, column = _gap(data, at, one_end, column)
    if data[other] == 0x20 and there >= 0:
        beside, there = _gap(data, beside, other_end, there)
    while column >= 0 and there >= 0:
        if column == there:
            return True
        if column < there:
            at, column = _gap(data, at, one_end, column)
        else:
            beside, there = _gap(data, beside, other_end, there)
    return False


@kernel
def _is_row(data: NDArray[np.uint8], before: int, start: int, end: int) -> bool:
    """Whether the line that begins at `start` is the row of a table: it has a bar or a rule in it, or columns as the
    line above (which begins at `before`, if there is one) or the one below."""
    stop = _line_end(data, start, end)
    for at in range(start, stop):
        if data[at] == 0x7C or (data[at] == 0xE2 and data[at + 1] in (0x94, 0x95)):
            return True
    if start - before > 1 and _aligned(data, before, start - 1, start, stop):
        return True
    return stop + 1 < end and _aligned(data, start, stop, stop + 1, _line_end(data, stop + 1, end))


@kernel
def _spaced(  # noqa: PLR0915
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    aligned: NDArray[np.bool_],
    out: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    cut: NDArray[np.int64],
    added: NDArray[np.int64],
) -> int:
    filled = np.int64(0)
    for text in range(len(offsets) - 1):
        bounds[text] = begin = filled
        at, end = offsets[text], offsets[text + 1]
        apart = aligned[text]
        lines = 0  # line feeds that wait
        start = True  # of a line
        above, line = at, at  # where the line above and this one begin
        sign, size = 0, 0  # of the fence that is open
        indented = False  # code by its indentation, behind a blank line
        columns = 0  # whether this line's spaces stand for something: 1, not: -1, not known yet: 0
        while at < end:
            byte = data[at]
            if byte == 0x0A:
                lines += 1
                start = True
                at += 1
                above, line = line, at
                continue
            run = at
            at, wide, leading = _white(data, at, end)
            count = at - run - 2 * wide
            if at >= end or data[at] == 0x0A:  # white space that ends a line
                cut[text] += count
                continue
            if start:
                deep = not wide and (leading >= 4 or count > leading)
                indented = deep and (indented or lines > 1 or filled == begin)
                columns = 1 if apart or indented or sign else 0
                mark, long, nothing = _fence(data, at, end)
                if sign and mark == sign and long >= size and nothing:
                    sign = 0
                elif mark and not sign:
                    sign, size = mark, long
            if lines:
                keep = 0 if filled == begin else min(lines, 2)
                cut[text] += lines - keep
                for _ in range(keep):
                    out[filled] = 0x0A
                    filled += 1
                lines = 0
            if count:
                if start and wide:
                    cut[text] += count
                else:
                    cut[text] += wide
                    added[text] += wide
                    if leading > 1 and not start and columns == 0:
                        columns = 1 if _is_row(data, above, line, end) else -1
                    skip = 0 if start or columns > 0 else max(0, leading - 1)
                    cut[text] += skip
                    filled = _write_white(data, run, at, skip, out, filled)
            start = False
            while at < end:
                byte = data[at]
                if byte <= 0x20 and _is_white(byte):
                    break
                if byte == 0xE3 and data[at + 1] == 0x80 and data[at + 2] == 0x80:
                    break
                out[filled] = byte
                filled += 1
                at += 1
        cut[text] += lines
    bounds[len(offsets) - 1] = filled
    return int(filled)
