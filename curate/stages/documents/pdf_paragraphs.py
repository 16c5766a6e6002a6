"""Lines into paragraphs: by indents, gaps, sizes, and by whether the next line's first word would have fitted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from curate.stages.documents.pdf_furniture import Sheet
from curate.stages.documents.pdf_order import CELLS, Line
from curate.stages.documents.prose import CJK, ENDS, Words

LEADING = 1.35  # times the usual distance of lines begins a paragraph
INDENT = 0.8  # of the font size
SIZE = 0.12  # share by which a heading's letters differ
LEADERS = re.compile(
    r"(?:\.{4,}|…{2,}|·{4,}|(?:[.·] ){4,})[\s.·…]*[\divxlc]{1,5}\s*$", re.IGNORECASE
)  # an entry of contents
BEGINS = re.compile(
    r"[•●▪■◆◇○·‣➢✓\-–]\s"
    r"|(?:\d{1,3}|[a-zA-Z]|[ivxlc]{1,5})[.)、]\s?(?!\d)|\d+(?:\.\d+){1,4}\s|[(（\[](?:\d{1,3}|[一二三四五六七八九十]{1,3}|[a-z])[)）\]]"
    r"|第[\d〇零一二三四五六七八九十百千]+[编章节条款项回篇部卷][\s　：:]|[一二三四五六七八九十]{1,3}、|[①-⑳㈠-㈩]"
)


def paragraphs(sheets: Sequence[Sheet]) -> tuple[str, list[int]]:
    """(the text, an empty line between paragraphs; for each page the character at which it begins)."""
    words = Words(line.text for sheet in sheets for line in sheet.lines)
    out: list[str] = []
    starts: list[int] = []
    held, size = "", 0  # the paragraph under way, and the length of what is before it
    last: Line | None = None
    for sheet in sheets:
        leading = _leading(sheet.lines)
        fresh = True  # the page has given nothing yet
        for line in sheet.lines:
            if last is not None and _begins(line, last, leading, turned=fresh or line.base > last.base):
                out.append(held)
                size += len(held) + 2
                held = ""
            if fresh:
                starts.append(size + len(held))
                fresh = False
            held = words.joined(held, line.text) if held else line.text.strip()
            last = line
        if fresh:
            starts.append(size + len(held))
    out.append(held)
    return "\n\n".join(filter(None, out)), starts


def _leading(lines: Sequence[Line]) -> float:
    """The usual distance of two lines that follow each other."""
    steps = [a.base - b.base for a, b in pairwise(lines) if 0 < a.base - b.base < 4 * a.size]
    return median(steps) if steps else 0.0


def _begins(line: Line, last: Line, leading: float, turned: bool) -> bool:
    """Whether a paragraph begins with `line`, which follows `last`; `turned`: in another column or on another page."""
    if abs(line.size - last.size) > SIZE * max(line.size, last.size):
        return True
    if CELLS in line.text or CELLS in last.text or LEADERS.search(last.text):
        return True
    if not turned and leading and last.base - line.base > LEADING * leading:
        return True
    if BEGINS.match(line.text) and not (last.text and _goes_on(last)):
        return True
    if line.left - line.column[0] > INDENT * line.size and not _hangs(line, last):
        return True
    return _short(last, line)


def _goes_on(last: Line) -> bool:
    """Whether a line ends in the middle of a sentence, at its column's edge."""
    edge = last.column[1] - last.right < 1.5 * last.size
    return edge and last.text.rstrip()[-1:] not in ENDS


def _hangs(line: Line, last: Line) -> bool:
    """Whether a line stands in from the edge and goes on with the sentence before: a quotation, the rest of an item."""
    alike = abs(line.left - last.left) < INDENT * line.size / 2
    return (alike or BEGINS.match(last.text) is not None) and _goes_on(last)


def _short(last: Line, line: Line) -> bool:
    """Whether the first word of `line` would have fitted behind `last`: somebody ended that line on purpose."""
    room = last.column[1] - last.right
    text = line.text.strip()
    each = (line.right - line.left) / max(1, len(text))
    first = 1 if CJK.match(text) else len(text.split(maxsplit=1)[0]) + 1
    slack = 1.5 * last.size if CJK.match(text) else 0.5 * last.size
    return room > first * each + slack
