"""Articles of codes, statutes, regulations and rules: 第一条, Article 5, § 12, Sec. 3-104, Rule 4."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from curate.stages.parts.headings import NUMBER
from curate.stages.parts.rising import Number, chinese, dotted, plain, rising, roman

LEAST = 2  # articles
SHARE = 0.6  # of the candidates that must rise: references at the beginnings of lines come in any order
INLINE = 4  # articles within lines, where hardly more than their order tells them from references
SPREAD = 0.5  # of the text that they must then stand in: footnotes are numbered too, and stand at the end

# 第十条规定的, 第十条第二款, 第十条、第十一条: what follows a reference and begins no article.
_GOES_ON = "(?![ \u3000]?(?:第|规定|規定|所|、|和|或|及|至|到|的|中|之|，|；|。|款|项))"
_BEFORE = r"^[ \t\u3000]*(?:#{1,6} +)?(?:\*\*)?"
_FIGURE = r"\d+[a-zA-Z]{0,2}(?:[-–.:~]\d+[a-zA-Z]{0,2})*(?![\w-])"
# A title or a sentence follows, not `(a)(1)`, and not what goes on in small letters: `Section 5 of this act`.
_OPENS = r"(?! *\()[.:—–)]?(?:\*\*)? *[.:—–-]? *(?=[A-Z“\"'‘(\[]"


class _Family(NamedTuple):
    pattern: re.Pattern[str]
    number: Callable[[re.Match[str]], Number]
    least: int = LEAST


def _of_chinese(match: re.Match[str]) -> Number:
    return (*plain(chinese(match["number"])), *plain(chinese(match["after"] or "0")))


def _of_figure(match: re.Match[str]) -> Number:
    number = match["number"]
    return plain(roman(number)) if number[0].isalpha() else dotted(number)


def _english(words: str, figure: str = _FIGURE, alone: bool = True) -> _Family:
    """Lines that begin with one of `words` and a number; `alone`: also those on which nothing else stands."""
    ends = r"|[ \t]*$)" if alone else ")"
    return _Family(re.compile(rf"{_BEFORE}(?:{words}) *(?P<number>{figure}){_OPENS}{ends}", re.M), _of_figure)


_ARTICLE = rf"第 ?(?P<number>{NUMBER}) ?条(?:之(?P<after>[一二三四五六七八九十]{{1,3}}))?"
FAMILIES: tuple[_Family, ...] = (
    _Family(re.compile(rf"{_BEFORE}{_ARTICLE}{_GOES_ON}", re.M), _of_chinese),
    _english(r"(?:ARTICLE|Article|Art\.) ", rf"(?:{_FIGURE}|[IVXLC]+\b)"),
    _english("(?:RULE|Rule) "),
    _english(r"(?:SECTION|Section|SEC\.|Sec\.) "),
    _english("§{1,2}", alone=False),
    # A number on a line, its title on the next, after the end of a sentence or another heading: no cell of a table.
    _Family(
        re.compile(r"(?<=[.;:”\"A-Z \n]\n)(?P<number>\d{1,4}[a-z]?)\.?[ \t]*\n(?=[A-Z“\"][^\n|]{2,200}$)", re.M),
        _of_figure,
        INLINE,
    ),
)
"""Kinds of articles, those that hold others first. Each is looked for on its own."""

_WITHIN: tuple[_Family, ...] = (
    _Family(re.compile(rf"(?<=[。；：\s]){_ARTICLE}[ \u3000]"), _of_chinese),
    _Family(
        re.compile(rf"(?<=\s)(?:SEC|Sec)\. ?(?P<number>{_FIGURE})(?:\. ?(?=[A-Z(“\"])|\.? (?=\(?[a-z]\) ))"), _of_figure
    ),
    _Family(re.compile(r"(?<=[.;:”\"] )§ *(?P<number>\d+(?:[-–.:]\d+)*)\. (?=[A-Z(“\"])"), _of_figure),
)


def articles(text: str, family: int) -> list[int]:
    """Where the articles of one of `FAMILIES` begin."""
    return _accepted(text, FAMILIES[family])


def inline(text: str) -> list[int]:
    """Where articles begin in a text whose lines are lost (a scanned act as one paragraph)."""
    return max((_accepted(text, family._replace(least=INLINE)) for family in _WITHIN), key=len)


def _accepted(text: str, family: _Family) -> list[int]:
    matches = list(family.pattern.finditer(text))
    chosen = rising([family.number(match) for match in matches])
    starts = [matches[place].start() for place in chosen]
    if len(chosen) < max(family.least, SHARE * len(matches)):
        return []
    if family.least >= INLINE and starts[-1] - starts[0] < SPREAD * len(text):
        return []
    return starts
