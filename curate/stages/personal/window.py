"""The few characters around an anchor, in one width: what the expressions are tried on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BEFORE, AFTER = 72, 72  # bytes: a label and what stands between it and a number; the rest of a number and its unit

# Character for character, so that places stay: full-width forms, spaces of all widths, dashes.
FOLD = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code) not in "，；！？"},
    **dict.fromkeys((0xA0, 0x3000, 0x202F, 0x205F, *range(0x2000, 0x200B)), 0x20),
    **dict.fromkeys((*range(0x2010, 0x2016), 0x2212), 0x2D),
    **{0x3014: 0x28, 0x3015: 0x29, 0x3010: 0x28, 0x3011: 0x29},  # 〔〕 and 【】 as brackets
}


class Window(NamedTuple):
    """A piece of one text, folded; the anchor stands at [at, stop). `first` is the byte at which the piece begins."""

    text: str
    at: int
    stop: int
    first: int
    raw: str

    def byte(self, place: int) -> int:
        """Where the character `place` of the piece begins, in bytes of the column."""
        return self.first + (place if self.raw.isascii() else len(self.raw[:place].encode()))


def window(data: NDArray[np.uint8], begin: int, stop: int, origin: int, end: int) -> Window:
    """The piece around the anchor at bytes [begin, stop) of the text that lies at [origin, end)."""
    first, last = max(origin, begin - BEFORE), min(end, stop + AFTER)
    while first > origin and data[first] & 0xC0 == 0x80:
        first -= 1
    while last < end and data[last] & 0xC0 == 0x80:
        last += 1
    piece = data[first:last].tobytes()
    if piece.isascii():
        text = piece.decode("ascii")
        return Window(text, begin - first, stop - first, first, text)
    raw = piece.decode()
    at = len(piece[: begin - first].decode())
    return Window(raw.translate(FOLD), at, at + len(piece[begin - first : stop - first].decode()), first, raw)
