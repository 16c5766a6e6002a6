"""The characters of a PDF page as pieces of lines, with their places in points; y grows upwards."""

from __future__ import annotations

import ctypes
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pypdfium2.raw as pdfium

from curate.stages.scripts import SCRIPTS, lowered, raised

GAP = 1.2  # of the font size: a wider gap parts pieces; spaces between justified words stay under it
NARROW = 0.5  # gaps from this on are noted: punctuation that hangs out of a column narrows the gutter
SPACE = 0.2  # a narrower one, down to this, is a space between words that the file does not spell out
SHIFT = 0.4  # of the font size: characters whose baselines lie closer are on one line
SMALL = 0.8  # of the font size around it: superscripts and subscripts are under it (0.58 to 0.75)
RAISED, LOWERED = (0.15, 0.6), (-0.4, -0.06)  # of the font size, how far from the baseline they stand
MOST = 400_000  # characters of a page that are looked at: a dense newspaper page has 20,000
# Ligatures and the radicals that fonts' tables give in place of characters (U+2F00-2FD5): letters by another name.
FOLDED = re.compile("[\ufb00-\ufb06\u2e80-\u2fd5]")
UNUSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffd\uffff\ue000-\uf8ff]")


@dataclass
class Piece:
    """Characters of one line without a wide gap: text, place of its box, baseline, and font size."""

    text: str
    left: float
    right: float
    base: float
    size: float
    gaps: list[tuple[int, float, float]] = field(default_factory=list)  # characters before it, its left and right end

    def parted(self, x: float) -> list[Piece]:
        """Two pieces where a gap lies at `x`, give or take a character; else itself."""
        for at, left, right in self.gaps:
            if left - self.size < x < right + self.size:
                before = Piece(self.text[:at], self.left, left, self.base, self.size)
                return [before, Piece(self.text[at:], right, self.right, self.base, self.size)]
        return [self]

    @property
    def top(self) -> float:
        return self.base + 0.8 * self.size

    @property
    def bottom(self) -> float:
        return self.base - 0.2 * self.size

    @property
    def width(self) -> float:
        return self.right - self.left


def pieces(textpage: Any) -> tuple[list[Piece], int, bool]:
    """(the pieces of a page in the order in which the file draws them, the quarter turns that make it upright, whether
    its text was cut at `MOST`).

    Text that stands crosswise to most of the page's (a stamp in the margin) is left out; a page that is mostly
    crosswise is turned.
    """
    count = pdfium.FPDFText_CountChars(textpage)
    characters = _Characters(textpage)
    angles = Counter(characters.quarter(index) for index in range(0, min(count, MOST), max(1, count // 64)))
    turn = angles.most_common(1)[0][0] if angles else 0
    out: list[Piece] = []
    piece: Piece | None = None
    apart = True
    for index in range(min(count, MOST)):
        letter = characters.text(index)
        if letter in "\r\n":
            apart = True
            continue
        if not letter.strip():
            if piece is not None and not apart and not piece.text.endswith(" "):
                piece.text += " "
            continue
        if len(angles) > 1 and characters.quarter(index) != turn:
            apart = True
            continue
        left, right, base, size = characters.place(index, turn)
        script = None if piece is None else _script(piece, letter, left, base, size)
        if piece is not None and script is not None:
            piece.text = piece.text.rstrip() + script
            piece.right = max(piece.right, right)
            apart = False
            continue
        # pdfium takes what follows a superscript for another line
        goes_on = piece is not None and (
            not apart or (piece.text[-1] in SCRIPTS and left - piece.right < NARROW * size)
        )
        if piece is None or not goes_on or not _follows(piece, left, base, size):
            # What pdfium takes for a line end may be only a space in a justified line; what it takes for one line may
            # cross the gap between columns.
            piece = Piece(letter, left, right, base, size)
            out.append(piece)
        else:
            if left - piece.right > NARROW * size:
                piece.gaps.append((len(piece.text), piece.right, left))
            if left - piece.right > SPACE * size and not piece.text.endswith(" ") and not _wide(letter, piece.text[-1]):
                piece.text += " "
            piece.text += letter
            piece.right = max(piece.right, right)
            piece.size = max(piece.size, size)
        apart = False
    for one in out:
        if FOLDED.search(one.text):
            one.gaps.clear()  # they count characters
        one.text = FOLDED.sub(lambda match: unicodedata.normalize("NFKC", match[0]), one.text)
    return [one for one in out if one.text.strip()], turn, count > MOST


def _follows(piece: Piece, left: float, base: float, size: float) -> bool:
    """Whether a character goes on with the piece: near its end, and on its line (super- and subscripts are)."""
    near = -1.0 * size < left - piece.right < GAP * max(size, piece.size)
    return near and abs(base - piece.base) < SHIFT * max(size, piece.size)


def _script(piece: Piece, letter: str, left: float, base: float, size: float) -> str | None:
    """The superscript or subscript that a character is, by its size and height behind the piece; None if it is none."""
    if size > SMALL * piece.size or not -0.2 * piece.size < left - piece.right < NARROW * piece.size:
        return None
    rise = (base - piece.base) / piece.size
    if RAISED[0] < rise < RAISED[1]:
        return raised(letter)
    return lowered(letter) if LOWERED[0] < rise < LOWERED[1] else None


def _wide(letter: str, before: str) -> bool:
    """Whether characters are set in squares, between which a gap means nothing."""
    return unicodedata.east_asian_width(letter) in "WF" or unicodedata.east_asian_width(before) in "WF"


class _Characters:
    """pdfium's characters by their index, read into one set of C values."""

    def __init__(self, textpage: Any) -> None:
        self._page = textpage
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._box = pdfium.FS_RECTF()

    def text(self, index: int) -> str:
        code = pdfium.FPDFText_GetUnicode(self._page, index)
        if code == 2:
            return "\x02"
        return chr(code) if 0 < code < 0xD800 or 0xDFFF < code < 0x110000 else "\ufffd"

    def quarter(self, index: int) -> int:
        """Quarter turns of the character against the page."""
        return round(pdfium.FPDFText_GetCharAngle(self._page, index) / (3.141592653589793 / 2)) % 4

    def place(self, index: int, turn: int) -> tuple[float, float, float, float]:
        """(left, right, baseline, size) on a page turned so that its text is upright."""
        pdfium.FPDFText_GetCharOrigin(self._page, index, self._x, self._y)
        pdfium.FPDFText_GetLooseCharBox(self._page, index, self._box)
        box, x, y = self._box, self._x.value, self._y.value
        size = max(1.0, abs(box.top - box.bottom) if turn % 2 == 0 else abs(box.right - box.left))
        stated = pdfium.FPDFText_GetFontSize(self._page, index)
        size = stated if 0.5 * size < stated < 2 * size else size
        if turn == 1:
            return -box.top, -box.bottom, x, size
        if turn == 2:
            return -box.right, -box.left, -y, size
        if turn == 3:
            return box.bottom, box.top, -x, size
        return box.left, box.right, y, size
