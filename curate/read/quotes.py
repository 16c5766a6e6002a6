"""Where rows of CSV begin again behind a quote that leads astray.

Two faults look alike from where they begin. A quote too many opens a field that swallows the rows after it; a field of
several lines that the file's end cuts, or that has a quote too many within, leaves lines that are no rows. Read as
rows, the latter would be records that nobody wrote. So a line behind such a fault is a row only if it is written as
strictly as RFC 4180 asks and looks like the rows before it, or if many in a row do; else it is lost with the row that
it stands behind. Where the quotes come out even, the field has ended, and what follows is read as before.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

KNOWN = 32  # rows by which those that follow are judged
LONG = 1 << 12  # characters of a row beyond which it is not remembered
AGREEING = (
    8  # rows one after the other that are well written: lines of prose have not the same number of commas so often
)
FEW = 3  # values of a column, or shapes of them, up to which it is told by them: categories, ids, dates
SHORT = 64  # characters of such a value
RUNS = re.compile(r"[0-9]+|[A-Za-z]+|[^\W\d_]+")


@dataclass
class Rows:
    """The good rows of a file, as far as what comes behind a fault is measured by them."""

    delimiter: str
    columns: int
    strict: bool  # whether quotes are more than signs
    _known: deque[tuple[Sequence[str], list[str]]] = field(default_factory=lambda: deque(maxlen=KNOWN))

    def good(self, raw: Sequence[str], row: list[str]) -> None:
        """Remember a row, and the lines in which it is written."""
        if sum(map(len, raw)) <= LONG:
            self._known.append((raw, row))

    def accepts(self, raw: Sequence[str], row: list[str]) -> bool | None:
        """Whether this is a row: False if it is not, None if nothing tells it from lines of prose."""
        quoted = self.quoted("".join(raw))
        if quoted is None or len(row) != self.columns:
            return False
        before = [self.quoted("".join(lines)) for lines, _ in self._known]
        told = False
        for place in range(self.columns):
            always = len(before) > 1 and all(one is not None and one[place] for one in before)
            likely = _likely(row[place], [known[place] for _, known in self._known])
            if likely is False or (always and not quoted[place]):
                return False
            told = told or always or likely is True
        return True if told else None

    def quoted(self, raw: str) -> list[bool] | None:
        """For each field whether it is quoted; None where quotes stand in a field without them, or are not closed."""
        match = _strict(self.delimiter)
        if not self.strict:
            return [False] * self.columns
        out, at = [], 0
        text = raw.rstrip("\r\n")
        while True:
            found = match(text, at)
            assert found is not None
            out.append(found[0].startswith('"'))
            at = found.end()
            if at == len(text):
                return out if len(out) == self.columns else None
            if text[at] != self.delimiter:
                return None
            at += 1


def _likely(value: str, before: Sequence[str]) -> bool | None:
    """Whether a column that held these holds `value`; None where they are too different to say."""
    if not before:
        return None
    if all(one.isdecimal() and one.isascii() for one in before):
        if not (value.isdecimal() and value.isascii()):
            return False
        counted = [int(one[:18]) for one in before]
        rising = all(later > earlier for earlier, later in pairwise(counted))
        return True if not rising or int(value[:18]) > counted[-1] else None  # where they number the rows
    if len(before) <= 2 * FEW:
        return None
    if len(set(before)) <= FEW:
        return value in before
    shapes = {_shape(one) for one in before}
    return _shape(value) in shapes if len(shapes) <= FEW and None not in shapes else None


def _shape(value: str) -> str | None:
    """A value with digits, its letters and digits by kind: `case-2024-17` is `a-9-9`. None for what may be text."""
    if len(value) > SHORT or any(sign.isspace() for sign in value):
        return None
    shape = RUNS.sub(lambda run: "9" if run[0][0].isdigit() else "a" if run[0].isascii() else "字", value)
    return shape if "9" in shape else None


@lru_cache(maxsize=8)
def _strict(delimiter: str) -> Callable[[str, int], re.Match[str] | None]:
    """How a field is matched: in quotes, doubled quotes within, or without any."""
    return re.compile(rf'"(?:[^"]++|"")*+"(?!")|[^"{re.escape(delimiter)}\r\n]*+').match
