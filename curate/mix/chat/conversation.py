"""A dialogue of ours as chat templates expect one: reasoning, calls and tools under Hugging Face's names."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Turn = dict[str, Any]
Told = Mapping[str, str | None]  # a turn as `curate.document.MESSAGE` has it


class Malformed(ValueError):
    """The calls or the tools of a dialogue are not what they should be."""


class Conversation(NamedTuple):
    """`messages` and `tools` as a template is given them."""

    messages: list[Turn]
    tools: list[Any] | None


def conversation(messages: Sequence[Told], tools: str | None) -> Conversation:
    """The dialogue with its calls and tools parsed. Raises `Malformed`.

    What is null is not there, as transformers has it. Arguments that are JSON in a string are what the JSON says. A
    tool that is named without its type is a function. An answer is told what it answers: the calls before it, in
    their order.
    """
    out: list[Turn] = []
    waiting: list[Turn] = []
    for told in messages:
        turn: Turn = {"role": told.get("role") or "user"}
        if told.get("content") is not None:
            turn["content"] = told["content"]
        if turn["role"] == "assistant":
            if told.get("reasoning"):
                turn["reasoning_content"] = turn["thinking"] = told["reasoning"]
            if told.get("tool_calls"):
                turn["tool_calls"] = _calls(str(told["tool_calls"]))
            waiting = list(turn.get("tool_calls", ()))
        elif turn["role"] == "tool" and waiting:
            call = waiting.pop(0)
            turn["name"] = call["function"].get("name")
            if "id" in call:
                turn["tool_call_id"] = call["id"]
        out.append(turn)
    return Conversation(out, _tools(tools) if tools else None)


def split_reasoning(turns: Sequence[Turn]) -> list[Turn]:
    """`turns` with reasoning that stands in the content of an answer, in <think>, under its own name."""
    out = []
    for turn in turns:
        content = str(turn.get("content") or "")
        begins = content.lstrip().startswith("<think>")
        if turn["role"] == "assistant" and begins and "</think>" in content and "reasoning_content" not in turn:
            thought, _, rest = content.lstrip().removeprefix("<think>").partition("</think>")
            thought = thought.strip("\n")
            out.append({**turn, "content": rest.lstrip("\n"), "reasoning_content": thought, "thinking": thought})
        else:
            out.append(turn)
    return out


def numbered(turns: Sequence[Turn]) -> list[Turn]:
    """`turns` with an id on each call that has none, nine digits as Mistral's templates want, and on its answer."""
    out, waiting, number = [], list[str](), 0
    for turn in turns:
        if turn.get("tool_calls"):
            calls = []
            for call in turn["tool_calls"]:
                number += 1
                calls.append({"id": f"{number:09d}", **call})
            waiting = [call["id"] for call in calls]
            turn = {**turn, "tool_calls": calls}  # noqa: PLW2901
        elif turn["role"] == "tool" and waiting:
            turn = {**turn, "tool_call_id": waiting.pop(0)}  # noqa: PLW2901
        out.append(turn)
    return out


def _calls(told: str) -> list[Turn]:
    said = _parsed(told, "tool_calls")
    out = []
    for one in said if isinstance(said, list) else [said]:
        function = one.get("function", one) if isinstance(one, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise Malformed(f"a call without a name: {str(one)[:80]}; expected name and arguments")
        arguments = function.get("arguments", function.get("parameters", {}))
        if isinstance(arguments, str):
            arguments = _object(arguments)
        rest = {name: one[name] for name in ("id",) if isinstance(one.get(name), str) and one[name]}
        out.append({**rest, "type": "function", "function": {"name": function["name"], "arguments": arguments}})
    return out


def _tools(told: str) -> list[Any]:
    said = _parsed(told, "tools")
    out = []
    for one in said if isinstance(said, list) else [said]:
        if not isinstance(one, dict):
            raise Malformed(f"a tool is {type(one).__name__}, expected an object: {str(one)[:80]}")
        out.append({"type": "function", "function": one} if "name" in one and "function" not in one else one)
    return out


def _object(text: str) -> Any:
    """The object that a string of JSON says, else the string: some models call with plain text."""
    try:
        said = json.loads(text)
    except ValueError:
        return text
    return said if isinstance(said, dict) else text


def _parsed(told: str, field: str) -> Any:
    try:
        said = json.loads(told)
    except ValueError as error:
        raise Malformed(f"{field} is not JSON ({error}): {told[:80]}") from error
    if not isinstance(said, dict | list):
        raise Malformed(f"{field} is {type(said).__name__}, expected a list of objects: {told[:80]}")
    return said
