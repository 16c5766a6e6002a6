"""Headings of books, codes and Markdown, one on a line of its own, and the tables of contents that repeat them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

NUMBER = "[〇零一二三四五六七八九十百千两兩廿卅0-9０-９]{1,8}"
# A heading stands alone on its line: no sentence ends there.
_TITLE = r"(?:[ \u3000:：、.·—-]*[^\n。；;，,！？]{0,40})?"
_APART = r"(?:[ \u3000:：、.·—-]+[^\n。；;，,！？]{1,40})?"  # a title that something parts from what is before it
_WORDS = (
    r"(?i:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen"
    r"|fifteen|sixteen|seventeen|eighteen|nineteen|twenty"
    r"|(?:the )?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last))"
)
_ROMAN = "[IVXLCDM]+"
_ORDINAL = rf"(?:{_ROMAN}|\d+(?!\d|[.-]\d)|{_WORDS})"
_NAME = r"(?: *[.:—–][^\n;!?]{0,80}| +(?=[A-Z“\"'(])[^\n.;!?]{0,80})?\.?"
_IN = r"[ \u3000]*"

_VOLUMES = (
    rf"{_IN}(?:第 ?{NUMBER} ?(?:[编編卷部篇集]|分[编編]){_TITLE}|卷之?(?:{NUMBER}|[上中下首末]){_APART}"
    r"|[上中下]卷)"
)
_CHAPTERS = (
    rf"{_IN}(?:第 ?{NUMBER} ?[章回]{_TITLE}|附[件录錄表] ?(?:{NUMBER}|[A-Z])?{_APART}"
    r"|(?:楔子|引子|序[言章曲幕]?|前言|导言|導言|引言|绪论|緒論|尾[声聲]|后记|後記|跋|凡例))"
)
# In a code each article may have its `#`: `statutes` groups them.
_ARTICLE = rf"(?:\*\*)?(?:第 ?{NUMBER} ?条|§|(?:ARTICLE|Article|Art\.|SECTION|Section|SEC\.|Sec\.|RULE|Rule) +\d)"
_MATTER = r"(?:PREFACE|FOREWORD|PROLOGUE|EPILOGUE|AFTERWORD|Preface|Foreword|Prologue|Epilogue|Afterword)"
_ANNEX = rf"(?:APPENDIX|ANNEX|SCHEDULE|Appendix|Annex|Schedule) +(?:[A-Z]|{_ORDINAL})"


def _stacked(words: str) -> str:
    """A heading over lines: its word, its number, and its title in capitals."""
    return rf"(?:{words})[ \t]*\n{{1,2}}(?:{_ROMAN}|\d{{1,3}}|[A-Z])(?:\n{{1,2}}[A-Z][A-Z ,;:&’'“”-]{{2,100}})?"


def _level(chinese: str, english: str, hashes: str, rule: str) -> re.Pattern[str]:
    """Headings with a number, those that `#` marks, and those that a line of `rule` underlines after a blank line."""
    numbered = rf"(?:#{{1,6}} +)?(?:\*\*)?(?:{chinese}|{english})(?:\*\*)?"
    underlined = rf"(?<!.\n)(?![\s`~=+-])(?=[^\n]*\w)[^\n|]{{1,100}}\n{rule}{{3,}}" if rule else r"(?!)"
    return re.compile(rf"^(?:{numbered}|{hashes} +(?!{_ARTICLE})\S.*|{underlined})[ \t\u3000]*$", re.M)


LEVELS: tuple[re.Pattern[str], ...] = (
    _level(
        _VOLUMES,
        rf"(?:PART|Part|BOOK|Book|VOLUME|Volume|TITLE|Title) +{_ORDINAL}{_NAME}|{_stacked('TITLE|PART|BOOK')}",
        "#",
        "=",
    ),
    _level(
        _CHAPTERS, rf"(?:(?:CHAPTER|Chapter) +{_ORDINAL}|{_ANNEX}){_NAME}|{_MATTER}|{_stacked('CHAPTER')}", "##", "-"
    ),
    _level(
        rf"{_IN}第 ?{NUMBER} ?[节節]{_TITLE}",
        # A section with a figure is an article of a code: `statutes` has it.
        rf"(?:(?:SECTION|Section) +(?:{_ROMAN}|{_WORDS})|(?:SUBCHAPTER|Subchapter) +{_ORDINAL}){_NAME}"
        rf"|{_stacked('SUBTITLE|SUBCHAPTER|SUBPART')}",
        "###",
        "~",
    ),
    _level("<(?:目录|篇名)>[^\n]*", r"(?!)", "#{4,6}", ""),
)
"""Volumes, chapters, sections, and what is below: Chinese, English, Markdown, reStructuredText, and the two tags that
old Chinese books have in digital editions (<目录> and <篇名>)."""

_NUMBERED = re.compile(r"#+ +(?:第|附|(?i:part|book|volume|chapter|section|title|subchapter|appendix) )")
_LEADERS = re.compile(r"(?:[ \t\u3000]*[.…·。]{2,}|[ \t\u3000]{2,}|\t)[ \t\u3000]*\d*[ \t\u3000]*$|[\s#*]+")
_BLANK = " \t\u3000\n.…·0123456789"  # what stands between two entries of a table of contents, page numbers too
RUN = (
    3  # headings with nothing between them are a list of headings: a volume, a chapter and a section are no three alike
)


class Heading(NamedTuple):
    start: int
    end: int
    level: int
    name: str


def headings(text: str) -> list[Heading]:
    """The headings of `text` of all levels, in order, without those of a table of contents."""
    found: dict[int, Heading] = {}
    for level, pattern in enumerate(LEVELS):
        for match in pattern.finditer(text):
            if match.start() not in found and _stands_apart(text, match):
                name = _LEADERS.sub("", match[0].rstrip("=~- \t"))
                end = match.start() + len(match[0].rstrip(" \t\u3000"))
                found[match.start()] = Heading(match.start(), end, level, name)
    ordered = [found[start] for start in sorted(found)]
    listed = _listed(text, ordered)
    return [heading for number, heading in enumerate(ordered) if number not in listed]


def _stands_apart(text: str, heading: re.Match[str]) -> bool:
    """Whether a line that only `#` marks as a heading follows a blank one: a `# comment` in code that is not fenced."""
    if not heading[0].startswith("#") or _NUMBERED.match(heading[0]):
        return True
    before = text[max(0, heading.start() - 2) : heading.start()]
    return before in ("", "\n", "\n\n")


def _listed(text: str, ordered: Sequence[Heading]) -> set[int]:
    """The places in `ordered` of headings in a table of contents: one after the other with no text between them."""
    listed: set[int] = set()
    last = {heading.name: number for number, heading in enumerate(ordered)}
    first = 0
    while first < len(ordered):
        end = first  # the last of a run; text follows it
        while end + 1 < len(ordered) and not text[ordered[end].end : ordered[end + 1].start].strip(_BLANK):
            end += 1
        bare = range(first, end)
        if len(bare) >= RUN:
            alike = max(Counter(ordered[number].level for number in bare).values())
            again = sum(last[ordered[number].name] > number for number in bare)
            if alike >= RUN or again == len(bare):
                listed |= set(bare)
                if last[ordered[end].name] > end:
                    listed.add(end)
        first = end + 1
    return listed


def above(text: str, start: int, heads: Mapping[int, int]) -> int:
    """`start` moved up over the headings right above it, so that what they head takes them along.

    `heads` are the headings' starts by their ends.
    """
    while True:
        end = start
        while end and text[end - 1] in " \t\u3000\n":
            end -= 1
        if end not in heads:
            return start
        start = heads[end]
