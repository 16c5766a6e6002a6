"""Where a text is cut into passages: between paragraphs, else sentences, Chinese or English, else at the last comma."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

Measure = Callable[[Sequence[str]], list[int]]
"""How long texts are, in tokens or characters."""

_CLOSING = r"[\"'”’」』）)\]》]*"
# A sentence ends with a sign of Chinese, or with one of English before white space; so does a line.
_END = re.compile(rf"[。！？；…]+{_CLOSING}\s*|[.!?]+{_CLOSING}\s+|\n\s*")
_CLAUSE = re.compile(rf"[，、：,:;]{_CLOSING}\s*|\s+")
# After these a full stop ends no sentence: titles, what stands before a number or a name, single letters.
_SHORT = re.compile(
    r"(?:^|[\s(\[“\"'])(?:[A-Za-z]|Dr|Mr|Mrs|Ms|Prof|Sr|Jr|St|No|Nos|Art|Sec|[Ff]igs?|[Ee]qs?|[Rr]efs?|vs|v|cf|al|etc|e\.g|i\.e|"
    r"approx|Inc|Ltd|Co|Corp|Vol|pp|p|ca|resp|Nr|U\.S|U\.K|[A-Z](?:\.[A-Z])+)\.\s+$"
)


def chunks(text: str, size: int, overlap: int, measure: Measure) -> Iterator[tuple[int, int, int]]:
    """(start, end, how long) of each passage of `text`, by its characters, none longer than `size`.

    A passage is as many sentences as fit; it ends with a paragraph where one ends in its second half. The next begins
    with the last sentences of the one before, as many as are `overlap` together. White space at the edges is left out,
    and nothing else: together the passages hold every other character.
    """
    parts = _fitting(text, sentences(text), size, measure)
    lengths = measure([text[start:end] for start, end in parts])
    first = 0
    while first < len(parts):
        after, total = first, 0
        while after < len(parts) and (after == first or total + lengths[after] <= size):
            total += lengths[after]
            after += 1
        if after < len(parts):
            after = _at_paragraph(text, parts, lengths, first, after)
        after, start, end, long = _measured(text, parts, first, after, size, measure)
        if start < end:
            yield start, end, long
        if after >= len(parts):
            return
        begin, again = after, 0
        while begin - 1 > first and again + lengths[begin - 1] <= overlap:
            begin -= 1
            again += lengths[begin]
        # What is said again must leave room for what is new.
        while begin < after and again + lengths[after] > size:
            again -= lengths[begin]
            begin += 1
        first = begin


def sentences(text: str) -> list[tuple[int, int]]:
    """(start, end) of each sentence with the white space behind it: together they are the text."""
    ends = [
        found.end()
        for found in _END.finditer(text)
        if found[0][0] != "." or not _SHORT.search(text, max(0, found.start() - 12), found.end())
    ]
    return [(a, b) for a, b in pairwise([0, *ends, len(text)]) if a < b]


def _fitting(text: str, parts: list[tuple[int, int]], size: int, measure: Measure) -> list[tuple[int, int]]:
    """`parts` with those that are longer than `size` cut at their clauses, or anywhere."""
    out: list[tuple[int, int]] = []
    for (start, end), length in zip(parts, measure([text[a:b] for a, b in parts]), strict=True):
        if length <= size:
            out.append((start, end))
            continue
        middle = (start + end) // 2
        cuts = [found.end() for found in _CLAUSE.finditer(text, start, end) if start < found.end() < end]
        cut = min(cuts, key=lambda at: abs(at - middle), default=middle)
        if min(cut - start, end - cut) * 8 < end - start:  # a comma near the edge would make crumbs
            cut = middle
        halves = [(a, b) for a, b in ((start, cut), (cut, end)) if a < b]
        out += _fitting(text, halves, size, measure) if len(halves) == 2 else halves
    return out


def _at_paragraph(text: str, parts: Sequence[tuple[int, int]], lengths: Sequence[int], first: int, after: int) -> int:
    """The last part of the second half behind which a paragraph ends, and behind that; else `after`."""
    half, total = sum(lengths[first:after]) / 2, 0
    best = after
    for number in range(first, after):
        total += lengths[number]
        start, end = parts[number]
        if total >= half and "\n\n" in text[start:end][-4:]:
            best = number + 1
    return best


def _measured(
    text: str, parts: Sequence[tuple[int, int]], first: int, after: int, size: int, measure: Measure
) -> tuple[int, int, int, int]:
    """The passage of these parts, measured as a whole; with a part less where the whole is longer than its parts."""
    while True:
        start, end = parts[first][0], parts[after - 1][1]
        said = text[start:end]
        start, end = start + len(said) - len(said.lstrip()), end - len(said) + len(said.rstrip())
        (long,) = measure([text[start:end]])
        if long <= size or after - first == 1:
            return after, start, max(start, end), long
        after -= 1
