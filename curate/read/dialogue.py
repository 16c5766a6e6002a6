"""Dialogues in the shapes that training data come in: messages, ShareGPT conversations, Alpaca instructions."""

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


class Dialogue(NamedTuple):
    """The turns, the tools (JSON) that they may call, and the fields of the record that these came from."""

    turns: Sequence[Turn]
    tools: str | None
    used: frozenset[str]


def dialogue(record: Mapping[str, Any]) -> Dialogue | None:
    """The dialogue that a record holds, None if it has none of the known shapes. Raises `Unfit` if one is broken."""
    for field in TURNS:
        if is_turns(record.get(field)):
            return _with_system(record, [turn(one, number) for number, one in enumerate(record[field], 1)], {field})
    if isinstance(record.get("instruction"), str) and isinstance(record.get("output"), str):
        return _alpaca(record)
    return None


def holds_dialogue(names: Collection[str]) -> bool:
    """Whether records with fields of these names may hold a dialogue."""
    return any(field in names for field in TURNS) or {"instruction", "output"} <= set(names)


def is_turns(value: Any) -> bool:
    """Whether `value` is a list of turns, by its first one."""
    return (
        isinstance(value, list)
        and bool(value)
        and isinstance(value[0], dict)
        and ({"role", "content"} <= value[0].keys() or {"from", "value"} <= value[0].keys())
    )


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
    if said == "function_call":
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


def _alpaca(record: Mapping[str, Any]) -> Dialogue:
    turns: list[Turn] = []
    used = {"instruction", "output"}
    history = record.get("history")
    if isinstance(history, list):
        for number, pair in enumerate(history, 1):
            if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)):
                raise Unfit("malformed", f"history {number} is not a pair of question and answer: {str(pair)[:60]}")
            turns += [_plain("user", pair[0]), _plain("assistant", pair[1])]
        used.add("history")
    asked = record["instruction"]
    if isinstance(record.get("input"), str):
        used.add("input")
        asked = "\n".join(part for part in (asked, record["input"]) if part)
    turns += [_plain("user", asked), _plain("assistant", record["output"])]
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
