"""Dialogues in the shapes that training data come in.

Turns: `messages` (role, content), ShareGPT's `conversations` (from, value), `conversation` of pairs (human, assistant),
`data` of texts that take turns. One exchange: Alpaca's instruction, input and output with its `history`, and pairs
under two names, `prompt` and `completion` say. `system` and `tools` may stand beside any of them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from curate.read.record import Unfit

Turn = dict[str, str | None]

# What the shapes call a speaker -> the role that chat templates know.
ROLES = {
    **{role: role for role in ("system", "developer", "user", "assistant", "tool")},
    **dict.fromkeys(("human", "prompter"), "user"),
    **dict.fromkeys(("gpt", "bot", "chatgpt", "bard", "bing", "model", "function_call"), "assistant"),
    **dict.fromkeys(("observation", "function", "function_response"), "tool"),
}


TURNS = ("messages", "conversations", "conversation")  # fields that hold turns
ALTERNATING = (*TURNS, "dialogue", "dialog", "data")  # that may hold texts which take turns
PAIRS = (
    *(("prompt", "completion"), ("prompt", "response"), ("query", "response"), ("question", "answer")),
    *(
        ("question", "response"),
        ("question", "output"),
        ("ask", "answer"),
        ("问题", "回答"),
        ("问题", "答案"),
        ("问", "答"),
    ),
)


class Dialogue(NamedTuple):
    """The turns, the tools (JSON) that they may call, and the fields of the record that these came from."""

    turns: Sequence[Turn]
    tools: str | None
    used: frozenset[str]


def dialogue(record: Mapping[str, Any]) -> Dialogue | None:
    """The dialogue that a record holds, None if it has none of the known shapes. Raises `Unfit` if one is broken."""
    for field in TURNS:
        if is_turns(record.get(field)):
            return _with_system(record, _turns(record[field]), {field})
    if record.get("instruction") is not None and record.get("output") is not None:
        return _exchange(record, "instruction", "output")
    return None


def pair(record: Mapping[str, Any]) -> Dialogue | None:
    """The dialogue that a record holds under names that say less, where it has no other text. Raises `Unfit`."""
    for asked, answered in PAIRS:
        if record.get(asked) is not None and record.get(answered) is not None:
            if is_turns(record[asked]) and is_turns(record[answered]):
                return _with_system(record, _turns([*record[asked], *record[answered]]), {asked, answered})
            return _exchange(record, asked, answered)
    for field in ALTERNATING:
        if is_turns(record.get(field)) or _alternates(record.get(field)):
            return _with_system(record, _turns(record[field]), {field})
    return None


def names_dialogue(names: Collection[str]) -> bool:
    """Whether columns of these names say that rows are dialogues."""
    return holds_dialogue(names) or any(asked in names and answered in names for asked, answered in PAIRS)


def holds_dialogue(names: Collection[str]) -> bool:
    """Whether records with fields of these names may hold a dialogue."""
    return any(field in names for field in TURNS) or {"instruction", "output"} <= set(names)


def is_turns(value: Any) -> bool:
    """Whether `value` is a list of turns, by its first one."""
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return False
    return any(names <= value[0].keys() for names in ({"role", "content"}, {"from", "value"}, {"human", "assistant"}))


def _alternates(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(isinstance(one, str) for one in value)


def _turns(value: list[Any]) -> list[Turn]:
    """The turns of a list in any of the wordings. Raises `Unfit`, also where nobody answers."""
    turns: list[Turn]
    if isinstance(value[0], str):
        if len(value) % 2:
            raise Unfit("malformed", f"{len(value)} texts that take turns, expected as many answers as questions")
        turns = [_plain(("user", "assistant")[number % 2], text) for number, text in enumerate(value)]
    elif {"human", "assistant"} <= value[0].keys():
        turns = []
        for number, one in enumerate(value, 1):
            turns += [_plain("user", _text(one, "human", number)), _plain("assistant", _text(one, "assistant", number))]
    else:
        turns = [turn(one, number) for number, one in enumerate(value, 1)]
    if not any(one["role"] == "assistant" for one in turns):
        raise Unfit("malformed", f"none of the {len(turns)} turns is the assistant's: {', '.join(_roles(turns))}")
    return turns


def _roles(turns: Sequence[Turn]) -> list[str]:
    return [str(one["role"]) for one in turns[:8]]


def _text(one: Any, name: str, number: int) -> str:
    text = one.get(name) if isinstance(one, dict) else None
    if not isinstance(text, str):
        raise Unfit("malformed", f"pair {number} has no text under '{name}': {str(one)[:60]}")
    return text


def turn(one: Any, number: int) -> Turn:
    """One turn in either wording; `number` counts from 1, for the message."""
    if not isinstance(one, dict):
        raise Unfit("malformed", f"turn {number} is {type(one).__name__}, expected an object with role and content")
    said = one.get("role", one.get("from"))
    role = ROLES.get(said.lower()) if isinstance(said, str) else None
    if role is None:
        raise Unfit("malformed", f"turn {number} is spoken by {said!r}, expected one of {', '.join(sorted(ROLES))}")
    content = _content(one.get("content", one.get("value")), number)
    calls = one.get("tool_calls") or one.get("function_call")
    if said == "function_call" and not calls:
        content, calls = None, content
    if content is None and not calls:
        raise Unfit("malformed", f"turn {number} has neither content nor tool calls")
    reasoning = next((one[name] for name in ("reasoning", "reasoning_content", "thinking") if one.get(name)), None)
    return {
        "role": role,
        "content": content,
        "reasoning": reasoning if reasoning is None or isinstance(reasoning, str) else _json(reasoning),
        "tool_calls": calls if not calls or isinstance(calls, str) else _json(calls),
    }


def _content(value: Any, number: int) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(part, dict) and isinstance(part.get("text"), str) for part in value):
        return "".join(part["text"] for part in value)
    raise Unfit("wrong_type", f"turn {number} has content of type {type(value).__name__}, expected text or text parts")


def _exchange(record: Mapping[str, Any], asked: str, answered: str) -> Dialogue:
    """One question and its answer, with what was said before. Raises `Unfit`."""
    for name in (asked, answered):
        if not isinstance(record[name], str):
            raise Unfit("wrong_type", f"'{name}' is {type(record[name]).__name__}, expected text")
    turns: list[Turn] = []
    used = {asked, answered}
    history = record.get("history")
    if isinstance(history, list):
        for number, before in enumerate(history, 1):
            if not (isinstance(before, list) and len(before) == 2 and all(isinstance(part, str) for part in before)):
                raise Unfit("malformed", f"history {number} is not a pair of question and answer: {str(before)[:60]}")
            turns += [_plain("user", before[0]), _plain("assistant", before[1])]
        used.add("history")
    question = record[asked]
    if asked == "instruction" and isinstance(record.get("input"), str):
        used.add("input")
        question = "\n".join(part for part in (question, record["input"]) if part)
    turns += [_plain("user", question), _plain("assistant", record[answered])]
    return _with_system(record, turns, used)


def _with_system(record: Mapping[str, Any], turns: list[Turn], used: set[str]) -> Dialogue:
    """With the `system` and `tools` that stand beside the turns in some shapes."""
    system = record.get("system")
    if isinstance(system, str):
        used.add("system")
        if system and turns[0]["role"] != "system":
            turns.insert(0, _plain("system", system))
    tools = record.get("tools")
    if tools is not None:
        used.add("tools")
    return Dialogue(turns, (tools if isinstance(tools, str) else _json(tools)) if tools else None, frozenset(used))


def _plain(role: str, content: str) -> Turn:
    return {"role": role, "content": content, "reasoning": None, "tool_calls": None}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
