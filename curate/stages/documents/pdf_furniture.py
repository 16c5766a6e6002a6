"""Running heads, feet and page numbers: what stands in the margins of many pages alike, digits aside."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from curate.stages.documents.pdf_order import Line

MARGIN = 0.12  # of the page's height, at the top and at the bottom
ALIKE = 0.2  # of the pages that have the same line there: heads of left and right pages and of chapters differ
LEAST = 3  # pages
NUMBER = re.compile(
    r"[-–—·•\s|/]*(?:第\s*[\d一二三四五六七八九十百]+\s*页)?\s*(?:[,，/]?\s*[共/]\s*\d+\s*页?)?[-–—·•\s|]*"
    r"|[-–—·•\s|]*(?:p(?:age|\.)?\s*)?(?:\d{1,4}|[ivxlc]{1,7})(?:\s*(?:/|of)\s*\d{1,4})?[-–—·•\s|]*",
    re.IGNORECASE,
)


class Sheet(NamedTuple):
    """A page: its number from 0, its top and bottom, and its lines in reading order."""

    number: int
    top: float
    bottom: float
    lines: list[Line]


def without_furniture(sheets: Sequence[Sheet]) -> list[Sheet]:
    """The pages without what is no text of the document."""
    heads: Counter[tuple[str, int]] = Counter()
    for sheet in sheets:
        heads.update({key for line in sheet.lines if (key := _key(line, sheet)) is not None})
    least = max(LEAST, ALIKE * len(sheets))
    often = {key for key, times in heads.items() if times >= least or (times == len(sheets) == 2)}
    numbers = [(sheet.number, line.text) for sheet in sheets for line in sheet.lines if _is_number(line, sheet)]
    offsets = Counter(_offset(text, number) for number, text in numbers)
    numbered = len(numbers) >= 0.5 * len(sheets)

    def counts(line: Line, sheet: Sheet) -> bool:
        """Whether a number counts the pages: as others do, or as the file itself."""
        offset = _offset(line.text, sheet.number)
        return numbered or offset == 1 or (offset is not None and offsets[offset] > 1)

    return [
        sheet._replace(
            lines=[
                line
                for line in sheet.lines
                if _key(line, sheet) not in often and not (_is_number(line, sheet) and counts(line, sheet))
            ]
        )
        for sheet in sheets
    ]


def _key(line: Line, sheet: Sheet) -> tuple[str, int] | None:
    """What a line in a margin is known by on other pages; None outside the margins."""
    place = _margin(line, sheet)
    if place == 0:
        return None
    text = re.sub(r"\d+|[一二三四五六七八九十百]+(?=[章节页编条回])", "#", re.sub(r"\s+", "", line.text))
    return (text, place) if text.strip("#") else None


def _is_number(line: Line, sheet: Sheet) -> bool:
    """A page's number alone in a margin, at its very end."""
    place = _margin(line, sheet)
    if place == 0 or not line.text.strip() or NUMBER.fullmatch(line.text) is None:
        return False
    outer = max if place > 0 else min
    return line.base == outer(one.base for one in sheet.lines)


def _offset(text: str, number: int) -> int | None:
    """How far a page's own number is from its place in the file; None where it has no digits."""
    digits = re.search(r"\d{1,4}", text)
    return None if digits is None else int(digits[0]) - number


def _margin(line: Line, sheet: Sheet) -> int:
    """1 in the upper margin, -1 in the lower, else 0."""
    height = (line.base - sheet.bottom) / max(1.0, sheet.top - sheet.bottom)
    return 1 if height > 1 - MARGIN else -1 if height < MARGIN else 0
