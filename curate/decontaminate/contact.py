"""What kind of contact a document has with an item: the question with its answer, the question, or what both quote."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from curate.decontaminate.items import Item
from curate.decontaminate.shapes import MARK
from curate.kernels.tokens import spaced, tokens

ITEM, ASKED, PASSAGE = "item", "question", "passage"
CONTACTS = (ITEM, ASKED, PASSAGE)
"""An item with its answer; its question alone; an answer or a context, which the document may hold for its own sake."""

REACH = 2000  # characters behind the beginning of a question in which its answer is looked for
AFTER = 400  # characters behind a list of options in which one of them stands again
NEXT = 60  # characters behind a question or its options in which a letter on a line of its own answers it
LETTERS = "ABCDEFGHIJ"
OTHERS = 0.5  # of the wrong options: where more stand beside the right one, it is a list of options and no answer
MOST = 400  # characters of an answer that are looked for: its beginning

_AND = r"[\s,，、;；/和与]*(?:and\s+)?"
_LABEL = re.compile(rf"[(（\[]?([{LETTERS}](?:{_AND}[{LETTERS}]){{0,9}})[)）\]]?[.．、:：。]?", re.IGNORECASE)
_LABELLED = re.compile(
    r"^(?:\[?正确答案\]?|答案|(?:final\s+|correct\s+)?answer|####|[一-鿿]{2,12}(?=[:：]))\s*[:：]?\s*", re.IGNORECASE
)
_FINAL = re.compile(r"####\s*(\S[^\n]*)|\\boxed\{([^{}]+)\}")  # GSM8K's last line, MATH's box: the answer itself
_STATED = (
    r"(?:答案|正确选项|正确的?是|故选|应选|选择|选项?|(?:answer|correct\s+option|choice|option)(?![a-z]))"
    r"(?:\s*(?:is|was|应该|应|为|是))?[\s:：（(\[【*\"“]*"
)
_BRACKETED = re.compile(rf"[(（\[【]\s*([{LETTERS}]{{1,10}})\s*[)）\]】]")


class Gold(NamedTuple):
    """The right answer: the letters of its options ("B", "ABD"; "" without options), and its text."""

    letters: str
    text: str


def gold(item: Item) -> Gold:
    """The right answer of an item, from a letter, an ordinal from 0, a text, or both, in its `answer`."""
    answer = item.answer.removesuffix("<eoa>").strip()
    final = _FINAL.search(answer)
    plain = ((final[1] or final[2]) if final else _LABELLED.sub("", answer, count=1)).strip()
    if not item.choices:
        return Gold("", plain)
    letters = _letters(plain, item.choices)
    if letters:
        return Gold(letters, "\n".join(item.choices[LETTERS.index(letter)] for letter in letters))
    return Gold("", plain)


def _letters(answer: str, choices: Sequence[str]) -> str:
    """The letters of the options that `answer` names, "" where it names none."""
    label = _LABEL.fullmatch(answer)
    letters = "".join(char for char in label[1].upper() if char in LETTERS) if label else ""
    places = list(dict.fromkeys(LETTERS.index(letter) for letter in letters))
    if len(places) > 1 and (answer in choices or re.sub(_AND, "", letters) != letters):
        places = []  # a blood group, AB
    marked = MARK.match(answer)
    if not places and marked and LETTERS.index(marked[1]) < len(choices):
        said = answer[marked.end() :].strip()
        places = [LETTERS.index(marked[1])] if said == choices[LETTERS.index(marked[1])] else []
    if not places and answer in choices:
        places = [choices.index(answer)]
    if not places and answer.isdecimal() and int(answer) < len(choices):
        places = [int(answer)]
    if any(place >= min(len(choices), len(LETTERS)) for place in places):
        return ""
    return "".join(LETTERS[place] for place in places)


def answered(
    item: Item, text: str, start: int, end: int, replies: Sequence[tuple[int, int]] | None = None
) -> tuple[int, int] | None:
    """Where `text` gives the answer of `item`, in characters, None where it does not.

    The question stands in the characters `start` to `end`. `replies`: in a dialogue, what stands behind the question in
    its turn and in those that reply to it; without them it is looked for behind the question as far as `REACH`. An
    option is given where it is said to be right, by its letter or again behind the list of options, or stands there
    without half of the others; another answer where its words stand behind the question.
    """
    right = gold(item)
    behind = [(end, min(len(text), start + REACH + (end - start)))] if replies is None else list(replies)
    if not right.letters:
        return next(_held(text, behind, right.text[:MOST]), None)
    said = re.compile(rf"{_STATED}{_AND.join(right.letters)}(?![A-Za-z])", re.IGNORECASE)
    for low, high in behind:
        if found := said.search(text, low, high):
            return found.span()
    if (place := _filled(right, text, start, end)) or (place := _lone(right, text, item, end, behind)):
        return place
    return _singled(item, right, text, start, end, behind, replies is not None)


def _filled(right: Gold, text: str, start: int, end: int) -> tuple[int, int] | None:
    """Where its letter alone stands in brackets: a blank filled in. Labels of options stand once each."""
    found = list(_BRACKETED.finditer(text, start, min(len(text), end + 8)))
    counts = Counter(match[1] for match in found)
    most = counts.most_common(2)
    if counts[right.letters] and (len(most) == 1 or (most[0][0] == right.letters and most[0][1] > most[1][1])):
        return next(match.span() for match in found if match[1] == right.letters)
    return None


def _lone(right: Gold, text: str, item: Item, end: int, behind: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """Where a reply begins with its letter, or the letter stands by itself on a line next behind the options."""
    letter = rf"[(（\[【]?({_AND.join(right.letters)})"
    begins = re.compile(rf"[\s*\"“]*{letter}(?:[)）\]】.．、:：,，。*]|\s*\n|\s*$)")
    for low, high in behind:
        if low > end and (found := begins.match(text[low:high])):
            return low + found.start(1), low + found.end(1)
    last = _behind_options(item, text, end)
    high = next((high for low, high in behind if low <= last <= high), last)
    alone = re.compile(rf"^[ \t]*{letter}[)）\]】]?[ \t]*[.。]?[ \t]*$", re.MULTILINE)
    found = alone.search(text[last : min(high, last + NEXT)])
    return (last + found.start(1), last + found.end(1)) if found else None


def _singled(
    item: Item, right: Gold, text: str, start: int, end: int, behind: Sequence[tuple[int, int]], talk: bool
) -> tuple[int, int] | None:
    """Where all of its text stands without half of the others': by itself, or again behind the list of options."""
    options = right.text.split("\n")
    others = [choice for choice in item.choices if choice not in options]
    last = _behind_options(item, text, end)
    places = behind if talk else [(start, min(len(text), end + REACH)), (last, min(len(text), last + AFTER))]
    for low, high in places:
        held = [next(_held(text, [(low, high)], option), None) for option in options]
        wrong = sum(next(_held(text, [(low, high)], choice), None) is not None for choice in others)
        first = held[0]
        if first is not None and None not in held and wrong < OTHERS * max(1, len(others)):
            return first
    return None


def _behind_options(item: Item, text: str, end: int) -> int:
    """The character behind the options of an item that stand behind its question, `end` without any."""
    last = end
    for choice in item.choices:
        found = next(_held(text, [(end, min(len(text), end + REACH))], choice), None)
        last = max(last, found[1] if found else end)
    return last


def _held(text: str, places: Sequence[tuple[int, int]], part: str) -> Iterator[tuple[int, int]]:
    """Where the tokens of `part` stand in these places, in characters of `text`; nothing for one without tokens."""
    for low, high in places:
        place = text[low:high]
        wide, narrow = spaced(pl.Series([place, part], dtype=pl.String))
        if not narrow or f" {narrow} " not in f" {wide} ":
            continue
        found = tokens(pl.Series([place, part], dtype=pl.String))
        here, asked = (found.hashes[found.starts[n] : found.starts[n + 1]] for n in (0, 1))
        size = len(asked)
        for at in np.flatnonzero(here[: len(here) - size + 1] == asked[0]):
            if np.array_equal(here[at : at + size], asked):
                data = place.encode()
                first, last = int(found.spans[at, 0]), int(found.spans[at + size - 1, 1])
                yield low + len(data[:first].decode()), low + len(data[:last].decode())
                break
