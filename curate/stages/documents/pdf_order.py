"""Reading order by geometry: pieces of a page into lines, and lines into the order of columns.

A gutter is a strip that hardly any piece crosses, with lines of running text on both sides; what crosses it (a title, a
wide figure) parts the page into bands, each read column by column. Tables have such strips too, but their cells do not
fill the columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from curate.stages.documents.pdf_lines import SHIFT, Piece

LINES = 4  # on each side of a gutter, or it is none
FILLED = 0.6  # of a column's width that its lines have in the median; cells of a table have less
CROSSING = 0.5  # as many lines as the smaller side has may cross a gutter, times this
DEEP = 4  # columns within columns; beyond it is a table
CELLS = "\t"  # between pieces of a line with a wide gap


@dataclass
class Line:
    """A line of a column: its text and place, and the column's sides."""

    text: str
    left: float
    right: float
    base: float
    size: float
    column: tuple[float, float] = (0.0, 0.0)


class Reader:
    """Pages of a document one after the other: the last one of a text may be too short to show its columns itself."""

    def __init__(self) -> None:
        self._gutter: float | None = None

    def ordered(self, pieces: Sequence[Piece]) -> list[Line]:
        """The page's lines in reading order."""
        gutter = _gutter(pieces)
        if gutter is not None:
            self._gutter = gutter
        elif self._gutter is not None and _keeps(pieces, self._gutter):
            gutter = self._gutter
        return _lines(pieces) if gutter is None else _parted(pieces, gutter, 0)


def _keeps(pieces: Sequence[Piece], gutter: float) -> bool:
    """Whether a page can have the columns of those before it: hardly a piece crosses the gutter."""
    crossing = sum(_crosses(piece, gutter) for piece in pieces)
    right = sum(piece.left >= gutter for piece in pieces)
    return right > 0 and crossing <= CROSSING * right


def _region(pieces: Sequence[Piece], depth: int) -> list[Line]:
    gutter = _gutter(pieces) if depth < DEEP else None
    return _lines(pieces) if gutter is None else _parted(pieces, gutter, depth)


def _parted(pieces: Sequence[Piece], gutter: float, depth: int) -> list[Line]:
    out: list[Line] = []
    band: list[Piece] = []
    apart = [part for piece in pieces for part in (piece.parted(gutter) if _crosses(piece, gutter) else [piece])]
    for row in _rows(apart):
        if any(_crosses(piece, gutter) for piece in row):
            out += _columns(band, gutter, depth)
            band = []
            out += _lines(row)
        else:
            band += row
    return out + _columns(band, gutter, depth)


def _crosses(piece: Piece, gutter: float) -> bool:
    """Whether a piece lies on both sides, by more than a character that hangs over."""
    return piece.left + piece.size < gutter < piece.right - piece.size


def _columns(band: list[Piece], gutter: float, depth: int) -> list[Line]:
    left = [piece for piece in band if piece.left + piece.right <= 2 * gutter]
    right = [piece for piece in band if piece.left + piece.right > 2 * gutter]
    out: list[Line] = []
    for side in (left, right):
        if side:
            out += _region(side, depth + 1)
    return out


def _gutter(pieces: Sequence[Piece]) -> float | None:
    """The middle of a gutter, None where there is none."""
    if len(pieces) < 2 * LINES:
        return None
    size = median(piece.size for piece in pieces)
    edges = sorted({piece.right for piece in pieces} | {piece.left for piece in pieces})
    best: tuple[int, float] | None = None
    chosen = None
    for before, after in pairwise(edges):
        if after - before < 0.5 * size:
            continue
        middle = (before + after) / 2
        left = [piece for piece in pieces if piece.right <= middle]
        right = [piece for piece in pieces if piece.left >= middle]
        crossing = len(pieces) - len(left) - len(right)
        if min(len(left), len(right)) < LINES or crossing > CROSSING * min(len(left), len(right)):
            continue
        if not (_filled(left) and _filled(right)):
            continue
        if best is None or (crossing, before - after) < best:
            best, chosen = (crossing, before - after), middle
    return chosen


def _filled(side: Sequence[Piece]) -> bool:
    """Whether the lines of one side are running text: most fill the width that most of them have."""
    rows = _rows(side)
    if len(rows) < LINES:
        return False
    widths = sorted(max(piece.right for piece in row) - min(piece.left for piece in row) for row in rows)
    full = widths[int(0.9 * (len(widths) - 1))]
    size = median(piece.size for piece in side)
    return full > 8 * size and median(widths) >= FILLED * full


def _rows(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Pieces on one baseline, from top to bottom, each row from left to right."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda one: (-one.base, one.left)):
        row = rows[-1] if rows else None
        if row is not None and abs(row[0].base - piece.base) < SHIFT * max(piece.size, row[0].size):
            row.append(piece)
        else:
            rows.append([piece])
    return [sorted(row, key=lambda one: one.left) for row in rows]


def _stretched(row: Sequence[Piece]) -> bool:
    """Whether the gaps of a row are the spaces of a justified line: alike, and not wide."""
    gaps = [after.left - before.right for before, after in pairwise(row)]
    return len(gaps) > 1 and max(gaps) < min(1.5 * min(gaps), 3 * row[0].size)


def _lines(pieces: Sequence[Piece]) -> list[Line]:
    rows = _rows(pieces)
    if not rows:
        return []
    lefts = sorted(row[0].left for row in rows)
    rights = sorted(max(piece.right for piece in row) for row in rows)
    column = (lefts[len(lefts) // 10], rights[-1 - len(rights) // 10])
    return [
        Line(
            (" " if _stretched(row) else CELLS).join(piece.text.strip() for piece in row),
            row[0].left,
            max(piece.right for piece in row),
            row[0].base,
            max(piece.size for piece in row),
            column,
        )
        for row in rows
    ]
