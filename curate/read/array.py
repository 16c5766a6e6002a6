"""One JSON array of records, an element at a time: what exports and most dialogue sets are.

The scanner looks for strings and brackets alone and gives each element's bytes to the reader of JSON lines, so the same
is wrong here as there, and a bad element costs itself. A string that lost its quote shows at the next line break, which
no JSON string may hold; reading goes on at the next element that is set off as the others were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from curate.read.record import Unfit

SIGN = rb"[\[\]{},]"
OUTSIDE = re.compile(
    SIGN + rb'|"(?:[^"\\\n]++|\\.)*+("?)', re.DOTALL
)  # a string at once, where the block holds all of it
INSIDE = re.compile(rb'["\\\n]')
WHITE = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*")
QUOTE = ord('"')
AGAIN = 4096  # bytes of what sets elements off from each other


Element: TypeAlias = tuple[int, bytes | int | Unfit]
"""Number from 1, and the element's bytes; its size instead where that is beyond the cap, or what is wrong with it."""


def elements(blocks: Iterator[bytes], cap: int) -> Iterator[Element]:
    """The elements of the array that `blocks` hold, its opening bracket included. Raises `Damaged` as `blocks` does."""
    yield from _Scan(blocks, cap).elements()


class _Scan:
    """The state between blocks: at `at` of `data`, inside `depth` brackets, the array's own being the first."""

    def __init__(self, blocks: Iterator[bytes], cap: int) -> None:
        self._blocks, self._cap = blocks, cap
        self._data, self._at = b"", 0

    def elements(self) -> Iterator[Element]:
        self._gap()
        self._at += 1  # the bracket
        between: bytes | None = None  # what sets elements off from each other, where that holds a line break
        number = 0
        closed: bytes | None = b","
        while closed != b"]":
            number += 1
            gap = self._gap()
            if gap is None:
                yield number, Unfit("truncated", "the file ends before the array does, or in the middle of an element")
                return
            between = gap if b"\n" in gap else between
            if number == 1 and self._peek() == b"]":
                self._at += 1
                break
            content, closed = self._element()
            if closed is None:
                if content != b"":
                    yield number, content
                    number += 1
                yield number, Unfit("truncated", "the file ends before the array does, or in the middle of an element")
                return
            if closed != b"\n":
                if content != b"":
                    yield number, content
                elif closed == b",":
                    yield number, Unfit("malformed", "there is nothing between two commas")
                continue
            what = "a line break in a string: a quote is missing here or before"
            yield number, Unfit("malformed", what)
            if between is None or not self._find(b"," + between):
                yield number + 1, Unfit("malformed", "what follows can't be told apart: the rest of the array is lost")
                return
        if self._gap() is not None:
            yield number + 1, Unfit("malformed", f"after the array comes {self._peek()!r}, expected nothing")

    def _more(self) -> bool:
        """The next block in place of what was passed; False at the end."""
        self._data, self._at = next(self._blocks, b""), 0
        return bool(self._data)

    def _peek(self) -> bytes:
        return self._data[self._at : self._at + 1]

    def _gap(self) -> bytes | None:
        """White space (and a byte order mark) up to what follows it; None at the end."""
        held = b""
        while True:
            white = WHITE.match(self._data, self._at)
            assert white is not None
            held = (held + white[0])[-AGAIN:]
            self._at = white.end()
            if self._at < len(self._data):
                return held
            if not self._more():
                return None

    def _element(self) -> tuple[bytes | int, bytes | None]:
        """(the element, its size where that is beyond the cap; what ended it: a comma, the array's bracket, a line
        break within a string, or None for the end of the file).
        """
        held: list[bytes] = []
        size, depth, inside = 0, 0, False
        start = self._at
        while True:
            found = (INSIDE if inside else OUTSIDE).search(self._data, self._at)
            # What a backslash escapes may be the first byte of the next block.
            if found is None or (found[0] == b"\\" and found.end() == len(self._data)):
                size += len(self._data) - start
                if size <= self._cap:
                    held.append(self._data[start:])
                if not self._more():
                    whole = not depth and not inside and size <= self._cap
                    return (b"".join(held).rstrip() if whole else b""), None
                start, self._at = 0, int(found is not None)
                continue
            sign = found[0]
            self._at = found.end()
            if inside:
                if sign == b"\n":
                    # A comma right before it may set the next element off.
                    self._data = (held[-1][-1:] if held and not found.start() else b"") + self._data
                    self._at -= 2 if self._data[self._at - 2 : self._at - 1] == b"," else 1
                    return b"", sign
                inside = sign == b"\\"
                self._at += inside
            elif sign[0] == QUOTE:
                inside = not found[1]
            elif sign in (b"[", b"{"):
                depth += 1
            elif depth and sign in (b"]", b"}"):
                depth -= 1
            elif not depth and sign in (b",", b"]"):
                size += found.start() - start
                held.append(self._data[start : found.start()])
                return (b"".join(held) if size <= self._cap else size), sign

    def _find(self, pattern: bytes) -> bool:
        """Go on behind `pattern`; False if it does not come."""
        while True:
            found = self._data.find(pattern, self._at)
            if found >= 0:
                self._at = found + len(pattern)
                return True
            kept = self._data[max(self._at, len(self._data) - len(pattern) + 1) :]
            if not self._more():
                return False
            self._data = kept + self._data
