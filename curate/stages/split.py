"""Splitting: books and long documents become their chapters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

_NUMBER = "[〇零一二三四五六七八九十百千两兩廿卅0-9０-９]{1,8}"
# A heading stands alone on its line: no sentence ends there.
_TITLE = r"(?:[ \u3000:：、.·—-]*[^\n。；;，,！？]{0,40})?"
_ORDINAL = (
    r"(?:[IVXLCDM]+|\d+(?!\d|[.-]\d)|(?i:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen"
    r"|fifteen|sixteen|seventeen|eighteen|nineteen|twenty"
    r"|(?:the )?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last)))"
)
_NAME = r"(?: *[.:—–][^\n;!?]{0,80}| +(?=[A-Z“\"'(])[^\n.;!?]{0,80})?\.?"

LEVELS: tuple[re.Pattern[str], ...] = tuple(
    re.compile(
        rf"^(?:(?:#{{1,6}} +)?(?:{chinese}{_TITLE}|{english} +{_ORDINAL}{_NAME})|{hashes} +\S.*)[ \t\u3000]*$", re.M
    )
    for chinese, english, hashes in (
        (rf"[ \u3000]*第 ?{_NUMBER} ?[编編卷部篇集]", "(?:PART|Part|BOOK|Book|VOLUME|Volume)", "#"),
        (rf"[ \u3000]*第 ?{_NUMBER} ?[章回]", "(?:CHAPTER|Chapter)", "##"),
        (rf"[ \u3000]*第 ?{_NUMBER} ?[节節]", "(?:SECTION|Section)", "###"),
    )
)
"""Parts, chapters, sections: headings of books in Chinese and English and of Markdown, one on a line of its own."""

_NUMBERED = re.compile(r"#+ +(?:第|(?i:part|book|volume|chapter|section) )")
_FENCE = re.compile(r"^(```|~~~).*?(?:^\1|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Split:
    """Cuts a text of more than `longer_than` characters at its headings, the highest level first, and a part that is
    still longer at the next level. A part under `shortest` characters goes with the one that follows.

    A text with fewer than two headings of a level is not cut there, one without headings not at all, code never.
    """

    name: str = "split"
    longer_than: int = 20_000
    shortest: int = 200

    version = 1
    reads = {"text": pl.String(), "kind": pl.String()}

    def starts(self, docs: pl.DataFrame) -> pl.Series:
        """List(Int64): the character offsets at which the second and later parts of each document start."""
        return pl.Series(
            "starts",
            [
                [] if text is None or kind == "code" else self._starts(text)
                for text, kind in zip(docs["text"], docs["kind"], strict=True)
            ],
            pl.List(pl.Int64),
        )

    def _starts(self, text: str) -> list[int]:
        if len(text) <= self.longer_than:
            return []
        fences = [match.span() for match in _FENCE.finditer(text)]
        return self._merged(list(self._cuts(text, 0, len(text), LEVELS, fences)), len(text))

    def _cuts(
        self,
        text: str,
        start: int,
        end: int,
        levels: Sequence[re.Pattern[str]],
        fences: Sequence[tuple[int, int]],
    ) -> Iterator[int]:
        """Offsets in (start, end) of headings that cut it, ascending."""
        if end - start <= self.longer_than or not levels:
            return
        headings = [
            match.start()
            for match in levels[0].finditer(text, start, end)
            if _stands_apart(text, match) and not any(a <= match.start() < b for a, b in fences)
        ]
        if len(headings) < 2:
            headings = []
        bounds = [start, *(heading for heading in headings if heading > start), end]
        for part_start, part_end in pairwise(bounds):
            if part_start > start:
                yield part_start
            yield from self._cuts(text, part_start, part_end, levels[1:], fences)

    def _merged(self, cuts: list[int], length: int) -> list[int]:
        kept: list[int] = []
        start = 0
        for cut in cuts:
            if cut - start >= self.shortest:
                kept.append(cut)
                start = cut
        if kept and length - kept[-1] < self.shortest:
            kept.pop()
        return kept


def _stands_apart(text: str, heading: re.Match[str]) -> bool:
    """Whether a line that only `#` marks as a heading follows a blank one: a `# comment` in code that is not fenced."""
    if not heading[0].startswith("#") or _NUMBERED.match(heading[0]):
        return True
    before = text[max(0, heading.start() - 2) : heading.start()]
    return before in ("", "\n", "\n\n")
