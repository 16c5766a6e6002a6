"""What kind of contact a document has with an item: the question with its answer, the question, or what both quote."""

from __future__ import annotations

import re
from typing import NamedTuple

import polars as pl

from curate.decontaminate.benchmarks import Item
from curate.kernels.tokens import spaced

ITEM, ASKED, PASSAGE = "item", "question", "passage"
CONTACTS = (ITEM, ASKED, PASSAGE)
"""An item with its answer; its question alone; an answer or a context, which the document may hold for its own sake."""

REACH = 2000  # characters behind the beginning of a question in which its answer is looked for
LETTERS = "ABCDEFGHIJ"
OTHERS = 0.5  # of the wrong options: where more stand beside the right one, it is a list of options and no answer
MOST = 400  # characters of an answer that are looked for: its beginning

_LABEL = re.compile(rf"[(（\[]?([{LETTERS}]{{1,6}})[)）\].．、:：]?")
_LABELLED = re.compile(r"^(?:答案|回答|answer|final answer|####)\s*[:：]?\s*", re.IGNORECASE)
_FINAL = re.compile(r"####\s*(\S[^\n]*)")  # GSM8K's last line: the answer itself
_STATED = (
    r"(?:答案|正确选项|正确的?是|故选|应选|选择|选|answer|correct option|choice)"
    r"(?:\s*(?:is|was|应该|应|为|是))?[\s:：（(\[【]*"
)


class Gold(NamedTuple):
    """The right answer: the letters of its options ("B", "ABD"; "" without options), and its text."""

    letters: str
    text: str


def gold(item: Item) -> Gold:
    """The right answer of an item, from a letter, an ordinal from 0 or a text in its `answer`."""
    answer = item.answer.strip()
    if not item.choices:
        final = _FINAL.search(answer)
        return Gold("", (final[1] if final else _LABELLED.sub("", answer)).strip())
    label = _LABEL.fullmatch(answer.upper())
    letters = label[1] if label else ""
    if not letters and answer.isdecimal() and answer not in item.choices and int(answer) < len(item.choices):
        letters = LETTERS[int(answer) : int(answer) + 1]
    if not letters and answer in item.choices:
        letters = LETTERS[item.choices.index(answer) : item.choices.index(answer) + 1]
    if letters and all(LETTERS.index(letter) < len(item.choices) for letter in letters):
        return Gold(letters, "\n".join(item.choices[LETTERS.index(letter)] for letter in letters))
    return Gold("", _LABELLED.sub("", answer))


def answered(item: Item, text: str, start: int, end: int) -> bool:
    """Whether the answer of `item` is given where `text` holds its question, characters `start` to `end`.

    An option is given where it is said to be right, or stands there without half of the others; another answer where
    its words stand behind the question.
    """
    right = gold(item)
    behind = text[end : start + REACH + (end - start)]
    if right.letters:
        said = re.search(rf"{_STATED}{right.letters}(?![A-Za-z])", behind, re.IGNORECASE)
        if said:
            return True
        others = [choice for choice in item.choices if choice not in right.text.split("\n")]
        place, *wrong = _folded([text[start : end + REACH], *others])
        held = sum(bool(option) and _holds(place, option) for option in wrong)
        options = _folded(right.text.split("\n"))
        return all(option and _holds(place, option) for option in options) and held < OTHERS * max(1, len(wrong))
    if not right.text:
        return False
    place, answer = _folded([behind, right.text[:MOST]])
    return bool(answer) and _holds(place, answer)


def _holds(place: str, part: str) -> bool:
    return f" {part} " in f" {place} "


def _folded(texts: list[str]) -> list[str]:
    return [text or "" for text in spaced(pl.Series(texts, dtype=pl.String))]
