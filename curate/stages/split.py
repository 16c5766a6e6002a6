"""Splitting: books, codes, case files and long documents become the units that a person would judge."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from typing import NamedTuple

import polars as pl

from curate.stages.parts import cases, headings, numbers, pages, statutes

_FENCE = re.compile(r"^(```|~~~).*?(?:^\1|\Z)", re.MULTILINE | re.DOTALL)
WHOLE = ("code", "dialogue")  # kinds that are never cut: the messages of a dialogue belong to all of it


class _Piece:
    """A text, or a part of one, of which borders are asked; `pages` are where its pages begin."""

    def __init__(self, text: str, pages: Sequence[int]) -> None:
        self.text = text
        self.pages = pages

    @cached_property
    def headings(self) -> list[headings.Heading]:
        return headings.headings(self.text)

    def at_level(self, level: int) -> list[int]:
        return [heading.start for heading in self.headings if heading.level == level]

    def borders(self, level: _Level) -> list[int]:
        """Where a level cuts, rising: no place inside a fence of code, and headings with what they head."""
        heads = {heading.end: heading.start for heading in self.headings}
        starts = {headings.above(self.text, start, heads) for start in level.starts(self)}
        return sorted(start for start in starts if not self._fenced(start))

    def _fenced(self, start: int) -> bool:
        at = bisect_left(self._fences, (start, 0)) - 1  # the last that begins before it
        return at >= 0 and start < self._fences[at][1]

    @cached_property
    def _fences(self) -> list[tuple[int, int]]:
        return [match.span() for match in _FENCE.finditer(self.text)]


class _Level(NamedTuple):
    """A way to cut, one of `BY`. `packed`: what is cut is put together again up to the longest that is allowed."""

    by: str
    starts: Callable[[_Piece], list[int]]
    packed: bool


def _heading(level: int, piece: _Piece) -> list[int]:
    return piece.at_level(level)


def _standing(kind: cases.Kind, piece: _Piece) -> list[int]:
    return cases.standing_parts(piece.text, kind)


def _records(piece: _Piece) -> list[int]:
    return cases.records(piece.text)


def _articles(family: int, piece: _Piece) -> list[int]:
    return statutes.articles(piece.text, family)


def _inline(piece: _Piece) -> list[int]:
    return statutes.inline(piece.text)


def _numbered(style: int, piece: _Piece) -> list[int]:
    return numbers.numbered(piece.text, style)


def _pages(piece: _Piece) -> list[int]:
    return pages.borders(piece.text, piece.pages)


LEVELS: tuple[_Level, ...] = (
    *(_Level("headings", partial(_heading, level), False) for level in range(3)),
    _Level("cases", _records, True),
    *(_Level("cases", partial(_standing, kind), kind.packed) for kind in cases.KINDS),
    *(_Level("statutes", partial(_articles, family), True) for family in range(len(statutes.FAMILIES))),
    _Level("headings", partial(_heading, 3), True),
    *(_Level("numbers", partial(_numbered, style), True) for style in range(len(numbers.STYLES))),
    _Level("statutes", _inline, True),
    _Level("pages", _pages, True),
)
"""What is tried, in this order, on every piece that is too long."""

BY = frozenset(level.by for level in LEVELS)


@dataclass(frozen=True, kw_only=True)
class Split:
    """Cuts a text of more than `longer_than` characters where a reader would, and what is still longer again.

    What is tried, the first that is found: headings of volumes, chapters and sections, a part each; the standing parts
    of judgments, opinions, medical records and papers, at least three in their order; articles of codes, in groups of
    at most `longer_than` characters, only an article that is longer being more; numbered sections whose numbers rise,
    grouped too; last, pages (`pages` in `meta`, or form feeds), cut between paragraphs. `by` names what may be used:
    headings, cases, statutes, numbers, pages.

    A heading begins the part that it heads, entries of a table of contents are no headings. A part under `shortest`
    characters goes with the one that follows, the last with the one before. A text in which nothing is found is not
    cut, nor is code or a dialogue. Splitting the parts again cuts nothing.
    """

    name: str = "split"
    longer_than: int = 20_000
    shortest: int = 200
    by: frozenset[str] = BY

    version = 2
    reads = {"text": pl.String(), "kind": pl.String(), "meta": pl.String(), "parent_id": pl.String()}

    def __post_init__(self) -> None:
        if unknown := sorted(frozenset(self.by) - BY):
            raise ValueError(f"by names {unknown[0]!r}; expected some of {', '.join(sorted(BY))}")

    def starts(self, docs: pl.DataFrame) -> pl.Series:
        """List(Int64): the character offsets at which the second and later parts of each document start."""
        columns = (docs[name] for name in ("text", "kind", "meta", "parent_id"))
        return pl.Series(
            "starts",
            [
                [] if text is None or kind in WHOLE else self._starts(text, None if parent else meta)
                for text, kind, meta, parent in zip(*columns, strict=True)  # a part's meta has its parent's pages
            ],
            pl.List(pl.Int64),
        )

    def _starts(self, text: str, meta: str | None) -> list[int]:
        if len(text) <= self.longer_than:
            return []
        return list(self._cuts(text, 0, len(text), pages.stated(meta, len(text))))

    def _cuts(self, text: str, start: int, end: int, starts: Sequence[int]) -> Iterator[int]:
        """Offsets in (start, end) at which that part of `text` is cut, ascending. What is found depends on it alone."""
        if end - start <= self.longer_than:
            return
        piece = _Piece(text[start:end], [page - start for page in starts if start < page < end])
        for level in LEVELS:
            if level.by in self.by and (cuts := self._level(piece, level)):
                bounds = [start, *(start + cut for cut in cuts), end]
                for part_start, part_end in pairwise(bounds):
                    if part_start > start:
                        yield part_start
                    yield from self._cuts(text, part_start, part_end, starts)
                return

    def _level(self, piece: _Piece, level: _Level) -> list[int]:
        borders = piece.borders(level)
        length = len(piece.text)
        inner = [border for border in borders if border > 0]
        if len(borders) < 2 and level.by != "pages":
            return []
        if not level.packed:
            return _merged(inner, length, self.shortest)
        return _merged(_packed(inner, length, self.longer_than), length, self.shortest, self.longer_than)


def _packed(borders: Sequence[int], length: int, limit: int) -> list[int]:
    """Those of `borders` that make parts of at most `limit` characters, as few and as even as they come."""
    cuts: list[int] = []
    start, first = 0, 0
    while length - start > limit and first < len(borders):
        rest = length - start
        even = start + rest / -(-rest // limit)
        last = first
        while last + 1 < len(borders) and borders[last + 1] - start <= limit:
            last += 1
        chosen = min(range(first, last + 1), key=lambda place: abs(borders[place] - even))
        start = borders[chosen]
        first = chosen + 1
        cuts.append(start)
    return cuts


def _merged(cuts: Sequence[int], length: int, shortest: int, limit: int | None = None) -> list[int]:
    """`cuts` without those that leave a part under `shortest`; with a `limit` only where the two stay within it."""
    kept: list[int] = []
    bounds = [0, *cuts, length]
    start = 0
    for cut, following in pairwise(bounds[1:]):
        too_long = limit is not None and following - start > limit >= following - cut
        if cut - start >= shortest or too_long:
            kept.append(cut)
            start = cut
    if kept and length - kept[-1] < shortest:
        before = kept[-2] if len(kept) > 1 else 0
        if limit is None or length - before <= limit or kept[-1] - before > limit:
            kept.pop()
    return kept
