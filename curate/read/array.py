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
from curate.read.stream import Damaged, Stream

SIGN = rb"[\[\]{},]"
OUTSIDE = re.compile(
    SIGN + rb'|"(?:[^"\\\n]++|\\.)*+("?)', re.DOTALL
)  # a string at once, where the block holds all of it
INSIDE = re.compile(rb'["\\\n]')
WHITE = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*")
QUOTE = ord('"')
AGAIN = 4096  # bytes of what sets elements off from each other
CUT = "the file ends before the array does, or in the middle of an element"
LOST = "what follows can't be told apart: the rest of the array is lost"


Element: TypeAlias = tuple[int, bytes | int | Unfit]
"""Number from 1, and the element's bytes; its size instead where that is beyond the cap, or what is wrong with it."""


def elements(blocks: Stream, cap: int) -> Iterator[Element]:
    """The elements of the array that `blocks` hold, its opening bracket included."""
    yield from _Scan(blocks, cap).elements()


class _Scan:
    """The state between blocks: at `at` of `data`, inside `depth` brackets, the array's own being the first."""

    def __init__(self, blocks: Stream, cap: int) -> None:
        self._blocks, self._cap = blocks, cap
        self._data, self._at = b"", 0
        self._number = 0  # of elements that were given out
        self._between: bytes | None = None  # what sets elements off from each other, where that holds a line break

    def elements(self) -> Iterator[Element]:
        lost = False
        while True:
            try:
                if self._number and lost and not self._resumed():
                    yield self._next(Unfit("malformed", LOST))
                    return
                yield from self._elements(opened=lost)
                return
            except Damaged as damage:
                yield self._next(damage)
                if damage.resumed is None:
                    return
                self._data, self._at, lost = b"", 0, True

    def _next(self, content: bytes | int | Unfit) -> Element:
        self._number += 1
        return self._number, content

    def _resumed(self) -> bool:
        """Go on at the next element that is set off as those before were; False if none can be told apart."""
        if self._between is None or not self._find(b"," + self._between + b"{"):
            return False
        self._at -= 1
        return True

    def _elements(self, opened: bool) -> Iterator[Element]:
        """From the opening bracket on, or, behind it, from the beginning of an element. Raises `Damaged`."""
        if not opened:
            self._gap()
            self._at += 1
        closed: bytes | None = b","
        first = not opened
        while closed != b"]":
            gap = self._gap()
            if gap is None:
                yield self._next(Unfit("truncated", CUT))
                return
            self._between = gap if b"\n" in gap else self._between
            if first and self._peek() == b"]":
                self._at += 1
                break
            first = False
            content, closed = self._element()
            if closed is None:
                if content != b"":
                    yield self._next(content)
                yield self._next(Unfit("truncated", CUT))
                return
            if closed != b"\n":
                if content != b"":
                    yield self._next(content)
                elif closed == b",":
                    yield self._next(Unfit("malformed", "there is nothing between two commas"))
                else:
                    self._number += 1
                continue
            yield self._next(Unfit("malformed", "a line break in a string: a quote is missing here or before"))
            if not self._resumed():
                yield self._next(Unfit("malformed", LOST))
                return
        if self._gap() is not None:
            yield self._next(Unfit("malformed", f"after the array comes {self._peek()!r}, expected nothing"))

    def _more(self) -> bool:
        """The next block in place of what was passed; False at the end. Raises `Damaged` where it is lost."""
        block = next(self._blocks, b"")
        if isinstance(block, Damaged):
            raise block
        self._data, self._at = block, 0
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
