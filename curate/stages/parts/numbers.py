"""Numbered headings and paragraphs (I. Title; 一、; （一）; 1 Title; 1.2.3 Title), only where their numbers rise."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from curate.stages.parts.rising import Number, chinese, dotted, plain, roman

LEAST = 3
_HAN = "[一二三四五六七八九十百]{1,4}"
_LINE = r"^[ \t\u3000]*(?:#{1,6} +)?(?:\*\*)?"
_WORDS = r"(?=[A-Z“\"'‘(\u4e00-\u9fff])[^\n。；;!?！？]{1,80}$"  # a title: it begins large and no sentence ends in it


_WORD = r"(?:^(?:TITLE|PART|CHAPTER|ARTICLE|SUBTITLE|SUBCHAPTER)[ \t]*\n+)?"  # on the line before its number


class _Style(NamedTuple):
    pattern: re.Pattern[str]
    number: Callable[[str], Number]
    depth: int  # numbers in it: those of depth 2 begin wherever their chapter does


def _arabic(depth: int) -> _Style:
    figures = r"\.".join([r"\d{1,3}"] * depth)
    return _Style(re.compile(rf"{_LINE}(?P<number>{figures})[.、．]?[ \t\u3000]*{_WORDS}", re.M), dotted, depth)


STYLES: tuple[_Style, ...] = (
    _Style(re.compile(rf"{_WORD}{_LINE}(?P<number>[IVX]{{1,6}})(?:\.[ \t]+{_WORDS}|\.?[ \t]*$)", re.M),
           lambda numeral: plain(roman(numeral)), 1),
    _Style(re.compile(rf"{_LINE}(?P<number>{_HAN})[、．.]", re.M), lambda numeral: plain(chinese(numeral)), 1),
    _Style(re.compile(rf"{_LINE}[（(](?P<number>{_HAN})[)）]", re.M), lambda numeral: plain(chinese(numeral)), 1),
    _arabic(1), _arabic(2), _arabic(3), _arabic(4),
)  # fmt: skip
"""Styles of numbers, those that usually stand above others first."""


def numbered(text: str, style: int) -> list[int]:
    """Where the numbered parts of one of `STYLES` begin: from the first number on, each one more than the last.

    Numbers that begin again are lists within the text, or several chapters that a higher heading parts: none of them
    is taken. A list of contents at the top, with nothing between its lines, is passed over.
    """
    matches = list(STYLES[style].pattern.finditer(text))
    read = STYLES[style].number
    found = [(match.start(), read(match["number"])) for match in _without_contents(text, matches)]
    if len(found) < LEAST:
        return []
    numbers = [number for _, number in found]
    if STYLES[style].depth == 1 and numbers[0] != plain(1):
        return []
    if any(not _follows(number, before) for before, number in pairwise(numbers)):
        return []
    return [start for start, _ in found]


def _follows(number: Number, before: Number) -> bool:
    """1.2.3 is followed by 1.2.4, 1.3.1 or 2.1.1, since chapters may have no sections; 3 by 4 alone."""
    if len(number) == 1:
        return number[0][1] == int(before[0][1]) + 1
    same = number[:-1] == before[:-1]
    step = int(number[-1][1]) - int(before[-1][1])
    return step == 1 if same else number > before and number[-1] in ((0, 0), (0, 1))


def _without_contents(text: str, matches: list[re.Match[str]]) -> list[re.Match[str]]:
    """`matches` without a first run of lines with nothing between them whose first number comes again."""
    again = next((at for at, match in enumerate(matches) if at and match["number"] == matches[0]["number"]), 0)
    listed = matches[: again + 1]
    bare = all(not text[_line_end(text, one) : two.start()].strip() for one, two in pairwise(listed))
    return matches[again:] if again >= LEAST and bare else matches


def _line_end(text: str, match: re.Match[str]) -> int:
    end = text.find("\n", match.start())
    return len(text) if end < 0 else end
