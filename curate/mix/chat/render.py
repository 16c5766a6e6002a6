"""A dialogue as the template writes it: the text, what of it the assistant says, and which control tokens are its own.

The text is what transformers renders, to the character. What is learned is what {% generation %} blocks hold, where
the template has them; else it is found (curate/mix/chat/answers.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from curate.mix.chat import marks
from curate.mix.chat.answers import Answer, Search, shared_by
from curate.mix.chat.conversation import Conversation, Malformed, Told, Turn, conversation, numbered, split_reasoning
from curate.mix.chat.environment import BEGUN, ENDED, Failed, compiled
from curate.mix.chat.template import ChatTemplate
from curate.mix.chat.unwritable import DROPS, MALFORMED, REFUSED, UNCLEAR, Unwritable

GENERATION = re.compile(r"\{%[-+]?\s*generation\s*[-+]?%\}")


@dataclass(frozen=True)
class Rendering:
    """The text of a dialogue, its answers in order, and where control tokens begin that a turn holds: plain text."""

    text: str
    answers: tuple[Answer, ...] = ()
    plain: frozenset[int] = frozenset()


class Renderer:
    """A template, ready. `control` finds the tokenizer's control tokens in a text."""

    def __init__(self, template: ChatTemplate, control: re.Pattern[str]) -> None:
        self.template, self.control = template, control
        self._variables = dict(template.tokens) | {name: json.loads(value) for name, value in template.variables}
        for _, text in template.texts:
            compiled(text, template.date)  # refused here, where it is no Jinja at all
        text = "\0".join(text for _, text in template.texts)
        self._tells = GENERATION.search(text) is not None
        self._developer = "developer" in text
        user, answer = {"role": "user", "content": "q0"}, {"role": "assistant", "content": "a0"}
        thought = {**answer, "reasoning_content": "r0", "thinking": "r0"}
        self._reasons = "r0" in (self.tried([user, thought]) or "")
        call = {"type": "function", "function": {"name": "f0", "arguments": {"k0": "v0"}}}
        called = self.tried([user, {**answer, "tool_calls": [call]}, {"role": "tool", "content": "t0"}])
        self._objects = called is not None and "{'k0'" not in called
        self.closing = self._closed([user, answer], user)

    def rendering(self, messages: Sequence[Told], tools: str | None) -> Rendering:
        """The dialogue rendered. Raises `Unwritable`."""
        try:
            turns, functions = self._prepared(conversation(messages, tools))
        except Malformed as error:
            raise Unwritable(MALFORMED, str(error)) from error
        if any(marks.NONCHARACTER.search(text) for text in marks.strings([turns, functions])):
            raise Unwritable(UNCLEAR, "it holds noncharacters (U+FDD0 to U+FDEF), with which its parts are told apart")
        turns, written = self._first_way(turns, functions)
        text = _unmarked(written)
        self._complete(turns, text)
        answers = self._told(turns, functions, written) if self._tells else Search(self, turns, functions, text).found()
        return Rendering(text, tuple(answers), self._quoted(turns, functions, text))

    def prompt(self, messages: Sequence[Told], tools: str | None) -> str:
        """What the model is given to answer a dialogue that ends before the answer."""
        turns, functions = self._prepared(conversation(messages, tools))
        return _unmarked(self.write(turns, functions, prompt=True))

    def _prepared(self, talk: Conversation) -> Conversation:
        """The turns in the words that this template knows."""
        turns = split_reasoning(talk.messages) if self._reasons else talk.messages
        if not self._developer:
            turns = [{**turn, "role": "system"} if turn["role"] == "developer" else turn for turn in turns]
        if not self._objects:  # the template writes arguments as they are: JSON, then, not Python
            turns = [_with_text_arguments(turn) for turn in turns]
        return Conversation(turns, talk.tools)

    def _first_way(self, turns: list[Turn], tools: list[Any] | None) -> tuple[list[Turn], str]:
        """The turns in the first form that the template takes, and what it writes of them."""
        first: Exception | None = None
        for way in _ways(turns):
            try:
                return way, self.write(way, tools)
            except Failed as error:
                first = first or error
        assert first is not None
        raise Unwritable(REFUSED, str(first)) from first

    def write(self, turns: Sequence[Turn], tools: list[Any] | None, prompt: bool = False) -> str:
        """What the template writes, generation marks left in."""
        template = compiled(self.template.text(bool(tools)), self.template.date)
        return template.render(messages=list(turns), tools=tools, documents=None,
                               add_generation_prompt=prompt, **self._variables)  # fmt: skip

    def tried(self, turns: Sequence[Turn], tools: list[Any] | None = None, prompt: bool = False) -> str | None:
        """What is written of these turns, in the template's own words; None where it refuses them."""
        try:
            return _unmarked(self.write(turns, tools, prompt))
        except Failed:
            return None

    def refusal(self, turns: Sequence[Turn]) -> str:
        """Why these turns are refused, in the template's words; nothing where they are written."""
        try:
            self.write(turns, None)
        except Failed as error:
            return str(error)
        return ""

    def _closed(self, turns: list[Turn], following: Turn) -> str:
        """What the template writes after the end of a last answer that it writes after no other."""
        alone, within = self.tried(turns), self.tried([*turns, following])
        said = str(turns[-1]["content"])
        if alone is None or within is None or said not in alone or said not in within:
            return ""
        tail = alone[alone.rindex(said) + len(said) :]
        shared = shared_by(tail, within[within.rindex(said) + len(said) :])
        if self.control.search(tail) and not self.control.search(shared):
            return ""  # the last answer ends with a token of its own
        return tail[self.last_control(shared) :]

    def last_control(self, text: str) -> int:
        """Where the last control token of a text ends; where the text ends if it has none."""
        return max((found.end() for found in self.control.finditer(text)), default=len(text))

    def _complete(self, turns: Sequence[Turn], text: str) -> None:
        for number, turn in enumerate(turns, 1):
            said = str(turn.get("content") or "").strip()
            if turn["role"] in ("user", "system") and said and said not in text:
                raise Unwritable(DROPS, f"turn {number} of the {turn['role']} is not in what the template writes")

    def _told(self, turns: Sequence[Turn], tools: list[Any] | None, written: str) -> Iterator[Answer]:
        """The answers that the template itself marks."""
        spans: list[tuple[int, int]] = []
        opened, size, at = [], 0, 0
        for found in re.finditer(f"[{BEGUN}{ENDED}]", written):
            size += found.start() - at
            at = found.end()
            if found[0] == BEGUN:
                opened.append(size)
            elif opened and (start := opened.pop()) < size and not opened:
                spans.append((start, size))
        last = max((number for number, turn in enumerate(turns) if turn["role"] == "assistant"), default=0)
        prompt = self.tried(turns[:last], tools, prompt=True)
        begins = spans[-1][0] if spans else 0
        if prompt is not None and _unmarked(written).startswith(prompt):
            begins = min(begins, len(prompt))
        return (Answer(start, end, end > begins) for start, end in spans)

    def _quoted(self, turns: Sequence[Turn], tools: list[Any] | None, text: str) -> frozenset[int]:
        """Where control tokens begin in the text that were given to the template, in a turn or a tool."""
        given = [[{**turn, "role": ""} for turn in turns], tools]
        if not any(self.control.search(one) for one in marks.strings(given)):
            return frozenset()
        for edit, before, after in marks.quotes(self.control):
            told = [{**marks.edited(turn, edit), "role": turn["role"]} for turn in turns]
            try:
                written = _unmarked(self.write(told, marks.edited(tools, edit)))
            except Failed:
                continue
            bare, found = marks.quoted(written, self.control, before, after)
            if bare == text:
                return found
        raise Unwritable(UNCLEAR, "a turn holds a control token that the template's own logic reads")


def _unmarked(text: str) -> str:
    return text.replace(BEGUN, "").replace(ENDED, "")


def _with_text_arguments(turn: Turn) -> Turn:
    if not turn.get("tool_calls"):
        return turn
    calls = []
    for call in turn["tool_calls"]:
        said = call["function"]["arguments"]
        text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
        calls.append({**call, "function": {**call["function"], "arguments": text}})
    return {**turn, "tool_calls": calls}


def _ways(turns: list[Turn]) -> Iterator[list[Turn]]:
    """The forms in which templates expect what our data leave open: an answer of calls alone, calls without ids."""
    forms = [turns]
    if any("content" not in turn for turn in turns):
        forms += [[{"content": said, **turn} for turn in turns] for said in ("", None)]
    yield from forms
    if any(turn.get("tool_calls") for turn in turns):
        yield from (numbered(form) for form in forms)
