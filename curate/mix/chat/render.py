"""A dialogue as the template writes it: the text, what of it the assistant says, and which control tokens are its own.

The text is what transformers renders, to the character. What is learned is what {% generation %} blocks hold, where
the template has them. Else it is found: marks are put around what each answer says (curate/mix/chat/marks.py), the
answer begins where the prompt of inference ends before them, and ends with the token that ends a turn. A text that the
marks changed, or a last answer that does not begin where its prompt ends, is refused, never guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curate.mix.chat import marks
from curate.mix.chat.conversation import Conversation, Malformed, Told, Turn, conversation, numbered, split_reasoning
from curate.mix.chat.environment import BEGUN, ENDED, Failed, compiled
from curate.mix.chat.template import ChatTemplate

REFUSED, MALFORMED = "template_refuses", "malformed_calls"
DROPS, UNCLEAR, OTHERWISE = "template_drops", "answer_unclear", "prompt_differs"
LEFT_OUT = {
    REFUSED: "is refused by the chat template (roles that must alternate, a system turn that it does not know)",
    MALFORMED: "has tools or calls that are not the JSON that chat templates expect",
    DROPS: "says something (a turn, a call) that the chat template leaves out",
    UNCLEAR: "is written by the chat template so that its answers can't be told from the rest",
    OTHERWISE: "ends with an answer that the chat template begins otherwise than its generation prompt: give a "
    "template made for training, or variables with which both agree",
}
"""Why a dialogue can't be written by a template; each has a row in docs/ with this as its split."""

GENERATION = re.compile(r"\{%[-+]?\s*generation\s*[-+]?%\}")
CONTENT, REASONING, CALLS = range(3)  # what a mark's number says, beside the turn


class Unwritable(ValueError):
    """The template can't write this dialogue; `reason` is one of `LEFT_OUT`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True)
class Answer:
    """A stretch of the text that the assistant says; `last` where it is of the last answer."""

    start: int
    end: int
    last: bool


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
        self._closing = self._closed([user, answer], user)

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
        answers = self._told(turns, functions, written) if self._tells else self._found(turns, functions, text)
        return Rendering(text, tuple(answers), self._quoted(turns, functions, text))

    def prompt(self, messages: Sequence[Told], tools: str | None) -> str:
        """What the model is given to answer a dialogue that ends before the answer."""
        turns, functions = self._prepared(conversation(messages, tools))
        return _unmarked(self._write(turns, functions, prompt=True))

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
                return way, self._write(way, tools)
            except Failed as error:
                first = first or error
        assert first is not None
        raise Unwritable(REFUSED, str(first)) from first

    def _write(self, turns: Sequence[Turn], tools: list[Any] | None, prompt: bool = False) -> str:
        template = compiled(self.template.text(bool(tools)), self.template.date)
        return template.render(messages=list(turns), tools=tools, documents=None,
                               add_generation_prompt=prompt, **self._variables)  # fmt: skip

    def tried(self, turns: Sequence[Turn], tools: list[Any] | None = None, prompt: bool = False) -> str | None:
        """What is written of these turns, in the template's own words; None where it refuses them."""
        try:
            return _unmarked(self._write(turns, tools, prompt))
        except Failed:
            return None

    def _closed(self, turns: list[Turn], following: Turn) -> str:
        """What the template writes after the end of a last answer that it writes after no other."""
        alone, within = self.tried(turns), self.tried([*turns, following])
        said = str(turns[-1]["content"])
        if alone is None or within is None or said not in alone or said not in within:
            return ""
        tail = alone[alone.rindex(said) + len(said) :]
        shared = _shared(tail, within[within.rindex(said) + len(said) :])
        if self.control.search(tail) and not self.control.search(shared):
            return ""  # the last answer ends with a token of its own
        return tail[self._last_control(shared) :]

    def _last_control(self, text: str) -> int:
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

    def _found(self, turns: Sequence[Turn], tools: list[Any] | None, text: str) -> list[Answer]:
        """The answers of a template that does not mark them."""
        answering = [number for number, turn in enumerate(turns) if turn["role"] == "assistant"]
        bare, places = self._places(turns, tools)
        if bare != text:
            return list(self._by_prefix(turns, tools, text, answering))
        out: list[Answer] = []
        for number in answering:
            turn = turns[number]
            for what, said in ((CONTENT, turn.get("content")), (CALLS, turn.get("tool_calls"))):
                if said and str(said).strip() and 3 * number + what not in places:
                    raise Unwritable(DROPS, f"answer {number + 1} has what the template does not write")
            first = min((at[0] for at in _of_turn(places, number).values()), default=None)
            if first is None:
                continue  # it says nothing
            start = self._start(turns, tools, text, number, out[-1].end if out else 0, first)
            end = self._end(turns, tools, text, places, number)
            out.append(Answer(start, end, number == answering[-1]))
        return out

    def _places(self, turns: Sequence[Turn], tools: list[Any] | None) -> tuple[str, dict[int, list[int]]]:
        """What is written of the turns with the answers marked, without the marks; and where the marks were."""
        try:
            return marks.marked(self._write([_bracketed(turn, at) for at, turn in enumerate(turns)], tools))
        except Failed:
            return "", {}

    def _start(
        self, turns: Sequence[Turn], tools: list[Any] | None, text: str, number: int, low: int, first: int
    ) -> int:
        """Where the answer begins: after what the model is given to answer, which is `low` at least, before `first`."""
        prompt = self.tried(turns[:number], tools, prompt=True)
        if prompt is not None and text.startswith(prompt) and low <= len(prompt) <= first:
            return len(prompt)
        if number == len(turns) - 1:
            raise Unwritable(OTHERWISE, f"the last answer is written after {text[low:first][-60:]!r}")
        # The turns before are written otherwise when others follow: what is put before an answer is the same.
        before = self.tried(turns[:number], tools) if prompt is not None else None
        opening = prompt[len(before) :] if prompt and before is not None and prompt.startswith(before) else ""
        if prompt and not opening:  # an answer that goes on where a tool's result ends
            opening = prompt[max((found.start() for found in self.control.finditer(prompt)), default=len(prompt)) :]
        # The whole opening, or as much of it as there is: Qwen 3.5 opens <think> for the model, and writes earlier
        # answers without.
        least = next((found.end() for found in self.control.finditer(opening)), len(opening))
        for size in range(len(opening), max(0, least - 1), -1):
            if (at := text.rfind(opening[:size], low, first)) >= 0:
                return at + size
        raise Unwritable(UNCLEAR, f"answer {number + 1} does not begin as the template opens answers")

    def _end(
        self,
        turns: Sequence[Turn],
        tools: list[Any] | None,
        text: str,
        places: Mapping[int, Sequence[int]],
        number: int,
    ) -> int:
        """Where the answer ends: with the token that ends a turn, where there is one behind what is said last."""
        if number == len(turns) - 1:
            return len(text.removesuffix(self._closing))
        # As it is written when nothing follows. A template may say a call's name again, beside its result.
        alone, of_alone = self._places(turns[: number + 1], tools)
        here, there = _of_turn(places, number), _of_turn(of_alone, number)
        seen = [(here[what][: len(there[what])][-1], there[what][-1]) for what in here if what in there]
        last, end = max(seen, default=(len(text), len(alone)))
        tail, closed = text[last:], alone[end:].removesuffix(self._closing)
        shared = _shared(tail, closed)
        if self.control.search(shared):
            return last + self._last_control(shared)
        # gpt-oss ends the last answer with another token than those before; GLM ends none, and the header of the next
        # turn is what the model says to stop.
        following = self.control.search(tail)
        return last + (following.end() if following and following.start() <= len(shared) else len(shared))

    def _by_prefix(
        self, turns: Sequence[Turn], tools: list[Any] | None, text: str, answering: Sequence[int]
    ) -> Iterator[Answer]:
        """The answers, where a template's logic minds the marks: what is rendered with the turn after what without."""
        for number in answering:
            prompt, whole = self.tried(turns[:number], tools, True), self.tried(turns[: number + 1], tools)
            if prompt is None or whole is None or not text.startswith(prompt) or not whole.startswith(prompt):
                raise Unwritable(UNCLEAR, f"answer {number + 1} does not follow on its prompt")
            whole = whole.removesuffix(self._closing)
            if not text.startswith(whole):
                raise Unwritable(UNCLEAR, f"answer {number + 1} is written otherwise when turns follow")
            yield Answer(len(prompt), len(whole), number == answering[-1])

    def _quoted(self, turns: Sequence[Turn], tools: list[Any] | None, text: str) -> frozenset[int]:
        """Where control tokens begin in the text that were given to the template, in a turn or a tool."""
        given = [[{**turn, "role": ""} for turn in turns], tools]
        if not any(self.control.search(one) for one in marks.strings(given)):
            return frozenset()
        for edit, before, after in marks.quotes(self.control):
            told = [{**marks.edited(turn, edit), "role": turn["role"]} for turn in turns]
            try:
                written = _unmarked(self._write(told, marks.edited(tools, edit)))
            except Failed:
                continue
            bare, found = marks.quoted(written, self.control, before, after)
            if bare == text:
                return found
        raise Unwritable(UNCLEAR, "a turn holds a control token that the template's own logic reads")


def _shared(one: str, other: str) -> str:
    """What both begin with."""
    size = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:size]


def _unmarked(text: str) -> str:
    return text.replace(BEGUN, "").replace(ENDED, "")


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
