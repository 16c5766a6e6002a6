"""Numbers of headings, and which of them rise: a reference to article 10 within article 51 is none of the articles."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import TypeAlias

Number: TypeAlias = tuple[tuple[int, int | str], ...]
"""A heading's number as it sorts: `3-104a` is ((0, 3), (0, 104), (1, 'a'))."""

_DIGITS = {char: value for value, chars in enumerate(("〇零", "一", "二两兩", "三", "四", "五", "六", "七", "八", "九"))
           for char in chars}  # fmt: skip
_TENS = {"十": 10, "百": 100, "千": 1000, "廿": 20, "卅": 30}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_PIECE = re.compile(r"\d+|[a-z]+")


def chinese(numeral: str) -> int:
    """The value of 一百零五, 廿一, 一〇五 or 105, full-width digits too; of what is no number, what can be read."""
    if re.fullmatch(r"\d+", numeral):
        return int(numeral)
    total, held = 0, 0
    for char in numeral:
        if char in ("廿", "卅"):
            total += _TENS[char]
        elif char in _TENS:
            total += (held or 1) * _TENS[char]
            held = 0
        else:
            held = held * 10 + (int(char) if char.isdigit() else _DIGITS.get(char, 0))
    return total + held


def roman(numeral: str) -> int:
    """The value of XIV."""
    values = [_ROMAN[char] for char in numeral.upper()]
    return sum(-value if value < max(values[at:]) else value for at, value in enumerate(values))


def dotted(number: str) -> Number:
    """3-104, 28:9-105, 2.1.3, 12a as they sort."""
    return tuple((0, int(piece)) if piece.isdigit() else (1, piece) for piece in _PIECE.findall(number.lower()))


def plain(value: int) -> Number:
    return ((0, value),)


def rising(numbers: Sequence[Number]) -> list[int]:
    """The places of the longest rising run; where a number is 1 again (a law behind a law), a new one begins."""
    chosen: list[int] = []
    first = 0
    for place in range(1, len(numbers) + 1):
        if place == len(numbers) or (numbers[place] == plain(1) and numbers[place - 1] != plain(1)):
            chosen += [first + at for at in _longest(numbers[first:place])]
            first = place
    return chosen


def _longest(numbers: Sequence[Number]) -> list[int]:
    """The places of a longest strictly rising subsequence; of several, the one whose numbers are lowest."""
    tails: list[Number] = []
    ends: list[int] = []
    before: list[int] = []
    for place, number in enumerate(numbers):
        at = bisect_left(tails, number)
        before.append(ends[at - 1] if at else -1)
        tails[at : at + 1] = [number]
        ends[at : at + 1] = [place]
    chosen: list[int] = []
    place = ends[-1] if ends else -1
    while place >= 0:
        chosen.append(place)
        place = before[place]
    return chosen[::-1]
