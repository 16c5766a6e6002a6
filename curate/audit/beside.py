"""Two texts beside each other on a terminal, with what differs marked; inert, whatever they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest

from rich.cells import cell_len, chop_cells

from curate.audit.excerpt import visible

SHOWN = 3000  # characters of each text
BEFORE = 300  # characters that are shown before the first difference
AROUND = 2  # equal passages that are shown before and after a difference
NARROW = 90  # cells of a terminal below which one text stands under the other
PASSAGES = 400  # of each text that are compared
WORDS = 500  # of a passage beyond which single words are not compared: difflib's time grows with their product
CLOSE = 0.5  # how alike two passages are within which single words and characters are marked

# A passage is a line, or a sentence of a long one; a character of Chinese and a word of other scripts is compared.
_PASSAGE = re.compile(r".+?(?:[。！？；]+[”』」’）]*|[.!?;]+(?=\s)|$)", re.DOTALL)
_WORD = re.compile(r"[^\W\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff]+|\s+|.", re.DOTALL)
_LONG = 80  # characters of a line that is not taken apart


def beside(one: str, other: str, heads: tuple[str, str], width: int) -> list[str]:
    """Lines of at most `width` cells: `one` on the left, `other` on the right; below `NARROW` one under the other.

    Passages that differ have | between them, what only one side has < or >; in like passages the characters or words
    that differ stand in [brackets]. Longer texts begin a little before the first difference.
    """
    differs = (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    same = 0 if one == other else next(differs, min(len(one), len(other)))
    start = max(0, same - BEFORE)
    left, right = (_passages(text[start : start + SHOWN]) for text in (one, other))
    rows = list(_rows(left, right))
    notes = [_note(head, text, start) for head, text in zip(heads, (one, other), strict=True)]
    if width < NARROW:
        return [f"- {notes[0]}", f"+ {notes[1]}", *(line for row in rows for line in _under(*row, width))]
    half = (width - 3) // 2
    return [
        line
        for one_side, other_side, sign in ((notes[0], notes[1], " "), *rows)
        for line in _pair(one_side, other_side, sign, half)
    ]


def _note(head: str, text: str, start: int) -> str:
    """What stands above a text: whose it is, and how much of it is shown."""
    if len(text) <= SHOWN and not start:
        return f"{head} ({len(text):,} characters)"
    return f"{head} ({len(text):,} characters, here {start + 1:,} to {min(len(text), start + SHOWN):,})"


def _passages(text: str) -> list[str]:
    """Lines, long ones cut into sentences; without blank lines, and each of them inert."""
    out = []
    for line in text.split("\n"):
        parts = [line] if len(line) <= _LONG else [found[0] for found in _PASSAGE.finditer(line)]
        out += [visible(part.strip()) for part in parts if part.strip()]
    return out[:PASSAGES]


def _rows(left: Sequence[str], right: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """(left, right, sign) for each line of the comparison; long equal runs are only counted."""
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag != "equal":
            for one, other in zip_longest(left[a:b], right[c:d]):
                if one is None or other is None:
                    yield one or "", other or "", "<" if other is None else ">"
                else:
                    yield *_marked(one, other), "|"
            continue
        first, last = (0 if a == 0 and c == 0 else AROUND), (0 if b == len(left) and d == len(right) else AROUND)
        hidden = b - a - first - last
        if hidden <= 1:
            first, last, hidden = b - a, 0, 0
        for at in range(a, a + first):
            yield left[at], left[at], " "
        if hidden:
            yield (said := f"... {hidden} equal passages ..."), said, " "
        for at in range(b - last, b):
            yield left[at], left[at], " "


def _marked(one: str, other: str) -> tuple[str, str]:
    """Both with what differs in brackets, where they are alike enough for that to help."""
    words: list[list[str]] = [_WORD.findall(text) for text in (one, other)]
    if max(map(len, words)) > WORDS:
        return one, other
    matcher = SequenceMatcher(None, words[0], words[1], autojunk=False)
    if matcher.ratio() < CLOSE:
        return one, other
    sides: tuple[list[str], list[str]] = ([], [])
    for tag, a, b, c, d in matcher.get_opcodes():
        for side, some, first, last in ((sides[0], words[0], a, b), (sides[1], words[1], c, d)):
            text = "".join(some[first:last])
            side.append(text if tag == "equal" or not text else f"[{text}]")
    return "".join(sides[0]), "".join(sides[1])


def _pair(one: str, other: str, sign: str, half: int) -> list[str]:
    """Two passages in columns of `half` cells, in as many lines as the longer one takes."""
    columns = [chop_cells(text, half) for text in (one, other)]
    return [
        f"{left}{' ' * (half - cell_len(left))} {sign} {right}".rstrip()
        for left, right in zip_longest(*columns, fillvalue="")
    ] or [f"{'':{half}} {sign}"]


def _under(one: str, other: str, sign: str, width: int) -> Iterator[str]:
    """Two passages one under the other: what both have once."""
    for text, mark in ((one, " " if sign == " " else "-"), (other, "+")):
        if text and not (sign == " " and mark == "+"):
            yield from (f"{mark} {piece}" for piece in chop_cells(text, max(2, width - 2)))
