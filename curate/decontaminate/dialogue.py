"""Dialogues: which turn holds what was found, which turns reply to it, and what stays when it is cut out.

A question may stand in one turn and its answer in the next, and both in what a model is taught to think beside what it
says. A dialogue's text is its turns' content; here it is read with their reasoning and calls behind it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import polars as pl

from curate.document import render

PARTED = "\n\n"
UNSPOKEN = ("reasoning", "tool_calls")


class String(NamedTuple):
    """A string of a turn, and where it stands in what is read, in characters."""

    turn: int  # from 1
    role: str
    start: int
    end: int


class Talk(NamedTuple):
    """What is read of a document: its text, and behind it what of its messages the text does not hold."""

    text: str
    spoken: int
    """Characters that are the document's text."""
    strings: tuple[String, ...]
    """Of all turns, in the order of what is read. None of a document that is no dialogue."""

    def at(self, place: int) -> String | None:
        """The string that holds the character `place`, or begins next behind it."""
        return next((string for string in self.strings if place < string.end), None)

    def replies(self, start: int, end: int) -> list[tuple[int, int]]:
        """Behind the characters `start` to `end` of a turn: the rest of it, and the strings of those that reply.

        These are the turns up to the next one of the side that asks, but for one right behind the question.
        """
        asked, last = self.at(start), self.at(max(start, end - 1))
        if asked is None or last is None:
            return []
        behind = [(end, last.end)] if end < last.end else []
        later = sorted({string.turn for string in self.strings if string.turn > last.turn})
        sides = {string.turn: string.role for string in self.strings}
        until = last.turn
        for turn in later:
            if sides[turn] == asked.role and until > last.turn:
                break
            until = turn
        return behind + [(one.start, one.end) for one in self.strings if last.turn < one.turn <= until]


def talk(text: str | None, messages: list[dict[str, Any]] | None) -> Talk:
    """What is read of a document with `text` and `messages`."""
    said = text or ""
    if text is None or not messages:
        return Talk(said, len(said), ())
    strings, at = [], 0
    rendered = render(messages) == text
    parts = [text]
    end = len(text)
    unspoken = []
    for number, turn in enumerate(messages, 1):
        role = turn["role"] or ""
        if rendered:
            content = turn["content"] or ""
            strings.append(String(number, role, at, at + len(content)))
            at += len(content) + len(PARTED)
        for field in UNSPOKEN if rendered else ("content", *UNSPOKEN):
            if turn[field]:
                unspoken.append((number, role, turn[field]))
    for number, role, string in unspoken:
        start = end + len(PARTED)
        end = start + len(string)
        strings.append(String(number, role, start, end))
        parts.append(string)
    return Talk(PARTED.join(parts), len(text), tuple(strings))


def read(docs: pl.DataFrame) -> tuple[pl.Series, dict[int, Talk]]:
    """(what is read of each row of `docs`, a String column; the talks of those that are dialogues)."""
    rows = docs["messages"].list.len().fill_null(0) > 0
    talks = {
        row: talk(docs["text"][row], docs["messages"][row].to_list())
        for row in rows.arg_true()
        if docs["text"][row] is not None
    }
    if all(len(one.text) == one.spoken for one in talks.values()):
        return docs["text"], talks
    longer = [row for row, one in talks.items() if len(one.text) > one.spoken]
    return docs["text"].scatter(longer, [talks[row].text for row in longer]), talks


def before(messages: list[dict[str, Any]], turn: int) -> list[dict[str, Any]]:
    """The turns before the exchange that holds turn `turn` (from 1), as a dialogue: it ends with an answer.

    What comes behind the exchange goes too, since it speaks of it. Nothing is left of a dialogue without an answer
    before it.
    """
    kept = messages[: turn - 1]
    while kept and kept[-1]["role"] != "assistant":
        kept = kept[:-1]
    # An answer that calls a tool waits for its result, which is gone.
    return [] if not kept or kept[-1]["tool_calls"] else kept
