"""Whether a short question that was found stands in its place as a question, or prose says its words for its own sake.

'The most common cause of cerebral palsy' is a question of an exam but for its last word, and what any article on the
disease says. What tells them apart is not how much was found, but what stands around it: options, what asks, a line of
its own.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.decontaminate.contact import gold
from curate.decontaminate.index import LEAST, QUESTION, SHORT, WITH_CHOICES
from curate.decontaminate.items import Item
from curate.decontaminate.quotations import ASKED, BLANK, MARK, RUN, WHOLE, Place, asked
from curate.kernels import overlap
from curate.kernels.overlap import runs

BRIEF = 40  # a question that weighs more is found by too many words to be a phrase; CJK characters, a word counts two
ROOM = 40  # tokens between the options of a question, and around it, that are none of theirs
BESIDE = 8  # tokens on either side of a match in which what asks may stand, a word of it changed
EDGE = 40  # characters on either side of a match in which more of the question may stand
NEXT = 8  # characters on either side of a match in which a blank may stand
MOST = 0.85  # of a question that begins and breaks off as one
APART = 0.6  # of the characters of a line: what it holds is the match
LEFT = 12  # characters of a line behind the place: a word or two were changed
OWN = 1 / 3  # of the pairs of a question's tokens: a fifth of its words edited leaves two thirds of them
WORDS = 0.75  # or of its tokens, in any order
OFFERED = 2  # options, and half of all: one may stand in prose as what it says

_QUOTE = re.compile(r"“[^”]*”|「[^」]*」|『[^』]*』|\"[^\"]*\"")
_BEGINS = re.compile(
    r"(?:[^\x00-\x7f]\s+$|(?:^|[\n。．！？!?；;:：]|[.](?=\s)|(?<![^\s(（])(?:\d{1,4}|[A-Za-z一二三四五六七八九十]{1,3})[.、．)）])[\s\W_]*$)"
)
_BREAKS = re.compile(r"[^\w\s，,、;；]|\s*(?:\n|$)|(?<=[^\x00-\x7f])\s|\s+(?=[A-Z][a-z])")
_INTERROGATIVE = re.compile(
    r"[?？]|^\W*(?:which|what|who|whom|whose|why|when|where|how)\b|\bof (?:the following|these)\b", re.IGNORECASE
)
_BLANKS = re.compile(rf"{BLANK.pattern}|[\[［][\s　]*[\]］]")
_MARKED = re.compile(r"[^。！!；;\n.]{0,24}[?？]")


def mentioned(part: str, item: Item, place: Place, share: float) -> bool:
    """Whether a place that holds this share of a part of `item` only says its words, and does not ask them.

    A question with its options is there where a third of the question's pairs of tokens and one option are. A question
    of less than `BRIEF` is there with half of its options; or with what asks, a question mark above all; or as most of
    a line; or where all of it begins a sentence and breaks off as a question does, or goes on with its answer. From
    `SHORT` on all of it is enough.
    """
    if part not in (QUESTION, WITH_CHOICES):
        return False
    held = _held(item)
    offered = _offered(held, place)
    if part == WITH_CHOICES:
        if _missing(held, place):
            return True
        if offered:
            return False
        if held.weight < LEAST:
            return True
    if held.weight >= BRIEF or offered >= max(OFFERED, len(held.choices) / 2):
        return False
    place = _widened(held, place)
    if _asking(item, place):
        return False
    # What ends with a question mark and is found without it and without its words that ask is said, line or no line.
    if MARK.search(item.question) is None and _apart(held, place) and not _quoting(held, place):
        return False
    if share >= WHOLE and held.weight >= SHORT:
        return False
    return share < MOST or not (_begins(place) and _broken_off(item, place))


class _Held(NamedTuple):
    """What of an item is looked for around a place, as tokens."""

    weight: int
    words: NDArray[np.uint64]
    """All tokens of its question, in order."""
    pairs: NDArray[np.uint64]
    own: NDArray[np.uint64]
    """Tokens of a question outside what it puts in quotation marks; none where it quotes nothing."""
    choices: tuple[NDArray[np.uint64], ...]
    """Keys of the runs of each, or of all its tokens where it has fewer than a run."""
    room: int
    """Tokens of all choices."""
    lines: bool
    """Whether the question has several, as code has."""


@lru_cache(maxsize=4096)
def _held(item: Item) -> _Held:
    bare = _QUOTE.sub(" ", item.question)
    read = overlap.stream(pl.Series([item.question, bare if bare != item.question else "", *item.choices]))
    starts, hashes = read.tokens.starts, read.tokens.hashes
    texts = [hashes[begin:end] for begin, end in pairwise(starts.tolist())]
    return _Held(
        int(read.weights[: starts[1]].sum()),
        texts[0],
        np.unique(runs(texts[0], min(2, len(texts[0])))),
        np.unique(texts[1]),
        tuple(np.unique(runs(text, min(RUN, len(text)))) for text in texts[2:] if len(text)),
        int(starts[-1] - starts[2]),
        "\n" in item.question.strip(),
    )


def _widened(held: _Held, place: Place) -> Place:
    """The place with what of the question stands right beside it, too common to have been looked for."""
    before = overlap.stream(pl.Series([place.text[max(0, place.start - EDGE) : place.start]]))
    behind = overlap.stream(pl.Series([place.text[place.end : place.end + EDGE]]))
    begin, stop = place.hashes[place.begin], place.hashes[place.stop - 1]
    first = _follows(held.words[::-1], begin, before.tokens.hashes[::-1])
    last = _follows(held.words, stop, behind.tokens.hashes)
    start, end = place.start, place.end
    if first:
        cut = place.text[max(0, start - EDGE) : start].encode()
        start -= len(cut[int(before.tokens.spans[-first, 0]) :].decode())
    if last:
        cut = place.text[end : end + EDGE].encode()
        end += len(cut[: int(behind.tokens.spans[last - 1, 1])].decode())
    return place._replace(start=start, end=end, begin=place.begin - first, stop=place.stop + last)


def _follows(words: NDArray[np.uint64], last: np.uint64, behind: NDArray[np.uint64]) -> int:
    """How many of `behind` go on as a question of these words does behind its word `last`."""
    most = 0
    for at in np.flatnonzero(words == last).tolist():
        rest = words[at + 1 : at + 1 + len(behind)]
        most = max(most, int(np.logical_and.accumulate(rest == behind[: len(rest)]).sum()))
    return most


def _around(place: Place, before: int, behind: int) -> NDArray[np.uint64]:
    return place.hashes[max(0, place.begin - before) : place.stop + behind]


def _keys(tokens: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Of all runs of up to `RUN` tokens."""
    return np.unique(np.concatenate([runs(tokens, size) for size in range(1, RUN + 1)]))


def _offered(held: _Held, place: Place) -> int:
    """How many choices stand in or behind the place: half of the runs of each."""
    if not held.choices:
        return 0
    around = _around(place, BESIDE, held.room + ROOM)
    keys = _keys(around)
    return sum(float(np.isin(choice, keys).mean()) >= ASKED for choice in held.choices)


def _missing(held: _Held, place: Place) -> bool:
    """Whether too little of the question stands around the place: what was found are choices alone."""
    room = len(held.pairs) + BESIDE
    around = _around(place, room, room)
    if not len(held.words):
        return False
    pairs, tokens = np.isin(held.pairs, _keys(around)), np.isin(np.unique(held.words), around)
    return float(pairs.mean()) < OWN and float(tokens.mean()) < WORDS


def _asking(item: Item, place: Place) -> bool:
    """Whether a question mark ends what was found, or the words that ask stand there with those beside them."""
    if _MARKED.match(place.text, place.end):
        return True
    if _BLANKS.search(item.question) and _BLANKS.search(place.text, max(0, place.start - NEXT), place.end + NEXT):
        return True
    if not (place.wide() or _INTERROGATIVE.search(item.question)):
        return False  # an English statement: its which and when join clauses
    asking = asked(item).asking
    around = set(runs(_around(place, BESIDE, BESIDE), RUN).tolist())
    return bool(asking) and len(asking & around) >= ASKED * len(asking)


def _apart(held: _Held, place: Place) -> bool:
    """Whether the place is most of its line, up to the line's end, and how the question ends is there; or it has
    several lines as the question has, and begins the first of them."""
    line = place.text.rfind("\n", 0, place.start) + 1
    if held.lines and "\n" in place.text[place.start : place.end] and not place.text[line : place.start].strip():
        return True
    behind = place.text.find("\n", place.end)
    last = len(place.text) if behind < 0 else behind
    if place.end - place.start < APART * len(place.text[line:last].strip()):
        return False
    if len(place.text[place.end : last].strip()) > LEFT and _BREAKS.match(place.text, place.end) is None:
        return False
    ending = np.unique(held.words[-RUN * (2 if place.wide() else 1) :])
    here = place.hashes[max(place.begin, place.stop - 2 * len(ending)) : place.stop + RUN]
    return float(np.isin(ending, here).mean()) >= ASKED


def _quoting(held: _Held, place: Place) -> bool:
    """Whether all that stands there is what the question quotes."""
    return bool(len(held.own)) and float(np.isin(held.own, _around(place, 0, BESIDE)).mean()) < ASKED


def _begins(place: Place) -> bool:
    """Whether a sentence, a line or an entry of a list begins with the place."""
    return _BEGINS.search(place.text[max(0, place.start - 12) : place.start]) is not None or place.start == 0


def _broken_off(item: Item, place: Place) -> bool:
    """Whether the text breaks off behind the place, as a question without its options does, or gives the answer."""
    if not item.choices or _BREAKS.match(place.text, place.end) is not None:
        return True
    answer = gold(item).text
    read = overlap.stream(pl.Series([answer])).tokens.hashes
    behind = place.hashes[place.stop : place.stop + len(read) + BESIDE]
    return bool(len(read)) and float(np.isin(read, behind).mean()) > ASKED
