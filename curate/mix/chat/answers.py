"""Where the answers stand in what a template wrote that does not mark them.

Marks are put around what each answer says (curate/mix/chat/marks.py); the answer begins where the prompt of inference
ends before them, and ends with the token that ends a turn. A last answer that does not begin where its prompt ends is
refused, and so is a text that the marks changed and prefixes don't explain: nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from curate.mix.chat import marks
from curate.mix.chat.conversation import Turn
from curate.mix.chat.environment import Failed
from curate.mix.chat.unwritable import DROPS, OTHERWISE, UNCLEAR, Unwritable

CONTENT, REASONING, CALLS = range(3)  # what a mark's number says, beside the turn


@dataclass(frozen=True)
class Answer:
    """A stretch of the text that the assistant says; `last` where it is of the last answer."""

    start: int
    end: int
    last: bool


class Writer(Protocol):
    """A template: what it writes of turns (`tried` gives None where it refuses them), the tokenizer's control tokens,
    and what it writes behind the end of a last answer and behind no other."""

    @property
    def control(self) -> re.Pattern[str]: ...
    @property
    def closing(self) -> str: ...
    def write(self, turns: Sequence[Turn], tools: list[Any] | None, prompt: bool = False) -> str: ...
    def tried(self, turns: Sequence[Turn], tools: list[Any] | None = None, prompt: bool = False) -> str | None: ...
    def last_control(self, text: str) -> int: ...


class Search:
    """The search for the answers of a dialogue, of which the template wrote `text`. Raises `Unwritable`."""

    def __init__(self, writer: Writer, turns: Sequence[Turn], tools: list[Any] | None, text: str) -> None:
        self._writer, self._turns, self._tools, self._text = writer, turns, tools, text

    def found(self) -> list[Answer]:
        """The answers, in order."""
        turns, text = self._turns, self._text
        answering = [number for number, turn in enumerate(turns) if turn["role"] == "assistant"]
        bare, places = self._places(len(turns))
        if bare != text:
            return list(self._by_prefix(answering))
        out: list[Answer] = []
        opening, closed = self._of_last(places) if len(answering) > 1 else ("", "")
        for number in answering:
            turn = turns[number]
            for what, said in ((CONTENT, turn.get("content")), (CALLS, turn.get("tool_calls"))):
                if said and str(said).strip() and 3 * number + what not in places:
                    raise Unwritable(DROPS, f"answer {number + 1} has what the template does not write")
            first = min((at[0] for at in _of_turn(places, number).values()), default=None)
            if first is None:
                continue  # it says nothing
            low, alike = out[-1].end if out else 0, number < len(turns) - 1 and turns[number - 1]["role"] == "user"
            at = text.rfind(opening, low, first) if opening and alike else -1
            start = self._start(number, low, first) if at < 0 else at + len(opening)
            last = max(at[-1] for at in _of_turn(places, number).values())
            if closed and alike and not turn.get("tool_calls") and text.startswith(closed, last):
                end = last + len(closed)
            else:
                end = self._end(places, number)
            out.append(Answer(start, end, number == answering[-1]))
        return out

    def _of_last(self, places: Mapping[int, Sequence[int]]) -> tuple[str, str]:
        """What is written before and behind the last answer, where it follows on a user's turn: before and behind the
        others too, most likely, and to look for it there saves to render the dialogue up to each (98 ms for 100 turns
        by Qwen 3's template, 9 with it). Empty where that can't be said."""
        turns, text = self._turns, self._text
        said = _of_turn(places, len(turns) - 1)
        if len(turns) < 2 or turns[-2]["role"] != "user" or not said or turns[-1].get("tool_calls"):
            return "", ""
        prompt, before = self._prompt(len(turns) - 1), self._before(len(turns) - 1)
        opening = prompt[len(before) :] if prompt and before is not None and prompt.startswith(before) else ""
        closed = text[max(at[-1] for at in said.values()) :].removesuffix(self._writer.closing)
        told = self._writer.control.search
        return opening if told(opening) else "", closed if told(closed) else ""

    def _places(self, number: int) -> tuple[str, dict[int, list[int]]]:
        """What is written of the first `number` turns with the answers marked, without the marks; where the marks
        were."""
        try:
            turns = [_bracketed(turn, at) for at, turn in enumerate(self._turns[:number])]
            return marks.marked(self._writer.write(turns, self._tools))
        except Failed:
            return "", {}

    def _start(self, number: int, low: int, first: int) -> int:
        """Where the answer begins: after what the model is given to answer, which is `low` at least, before `first`."""
        text = self._text
        prompt = self._prompt(number)
        if prompt is not None and text.startswith(prompt) and low <= len(prompt) <= first:
            return len(prompt)
        if number == len(self._turns) - 1:
            raise Unwritable(OTHERWISE, f"the last answer is written after {text[low:first][-60:]!r}")
        # The turns before are written otherwise when others follow: what is put before an answer is the same.
        before = self._before(number) if prompt is not None else None
        opening = prompt[len(before) :] if prompt and before is not None and prompt.startswith(before) else ""
        if prompt and not opening:  # an answer that goes on where a tool's result ends
            controls = self._writer.control.finditer(prompt)
            opening = prompt[max((found.start() for found in controls), default=len(prompt)) :]
        # The whole opening, or as much of it as there is: Qwen 3.5 opens <think> for the model, and writes earlier
        # answers without.
        least = next((found.end() for found in self._writer.control.finditer(opening)), len(opening))
        for size in range(len(opening), max(0, least - 1), -1):
            if (at := text.rfind(opening[:size], low, first)) >= 0:
                return at + size
        raise Unwritable(UNCLEAR, f"answer {number + 1} does not begin as the template opens answers")

    def _end(self, places: Mapping[int, Sequence[int]], number: int) -> int:
        """Where the answer ends: with the token that ends a turn, where there is one behind what is said last."""
        text = self._text
        if number == len(self._turns) - 1:
            return len(text.removesuffix(self._writer.closing))
        # As it is written when nothing follows. A template may say a call's name again, beside its result.
        alone, of_alone = self._places(number + 1)
        here, there = _of_turn(places, number), _of_turn(of_alone, number)
        seen = [(here[what][: len(there[what])][-1], there[what][-1]) for what in here if what in there]
        last, end = max(seen, default=(len(text), len(alone)))
        tail, closed = text[last:], alone[end:].removesuffix(self._writer.closing)
        shared = shared_by(tail, closed)
        if self._writer.control.search(shared):
            return last + self._writer.last_control(shared)
        # gpt-oss ends the last answer with another token than those before; GLM ends none, and the header of the next
        # turn is what the model says to stop.
        following = self._writer.control.search(tail)
        return last + (following.end() if following and following.start() <= len(shared) else len(shared))

    def _by_prefix(self, answering: Sequence[int]) -> Iterator[Answer]:
        """The answers, where a template's logic minds the marks: what is rendered with the turn after what without."""
        for number in answering:
            prompt, whole = self._prompt(number), self._before(number + 1)
            if prompt is None or whole is None or not self._text.startswith(prompt) or not whole.startswith(prompt):
                raise Unwritable(UNCLEAR, f"answer {number + 1} does not follow on its prompt")
            whole = whole.removesuffix(self._writer.closing)
            if not self._text.startswith(whole):
                raise Unwritable(UNCLEAR, f"answer {number + 1} is written otherwise when turns follow")
            yield Answer(len(prompt), len(whole), number == answering[-1])

    def _prompt(self, number: int) -> str | None:
        """What the model is given to write turn `number`."""
        return self._writer.tried(self._turns[:number], self._tools, prompt=True)

    def _before(self, number: int) -> str | None:
        """What is written of the first `number` turns."""
        return self._writer.tried(self._turns[:number], self._tools)


def shared_by(one: str, other: str) -> str:
    """What both begin with."""
    size = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:size]


def _of_turn(places: Mapping[int, Sequence[int]], number: int) -> dict[int, Sequence[int]]:
    """The places of what a turn says: of its content, its reasoning and its calls."""
    return {what: places[3 * number + what] for what in (CONTENT, REASONING, CALLS) if 3 * number + what in places}


def _bracketed(turn: Turn, number: int) -> Turn:
    """An answer with marks around all that it says, a call's name for the call."""
    if turn["role"] != "assistant":
        return turn
    out = dict(turn)
    for name, what in (("content", CONTENT), ("reasoning_content", REASONING), ("thinking", REASONING)):
        if isinstance(out.get(name), str):
            out[name] = marks.bracket(3 * number + what)(out[name])
    if out.get("tool_calls"):
        edit = marks.bracket(3 * number + CALLS)
        out["tool_calls"] = [
            {**call, "function": {**call["function"], "name": edit(call["function"]["name"])}}
            for call in out["tool_calls"]
        ]
    return out
