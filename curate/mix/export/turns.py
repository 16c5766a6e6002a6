"""A dialogue in the words of each trainer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from curate.mix.chat.conversation import Malformed, Told, Turn, conversation, split_reasoning


class Unsayable(ValueError):
    """A trainer's format has no words for this dialogue; `args[0]` is the reason, for the counts."""


def messages(told: Sequence[Told], tools: str | None) -> tuple[list[Turn], list[Any] | None]:
    """Messages as Hugging Face has them, and TRL: reasoning_content, tool_calls with objects. Raises `Unsayable`."""
    try:
        talk = conversation(told, tools)
    except Malformed as error:
        raise Unsayable("malformed_calls") from error
    turns = [
        {name: value for name, value in turn.items() if name != "thinking"} for turn in split_reasoning(talk.messages)
    ]
    return [{"content": "", **turn} for turn in turns], talk.tools


def sharegpt(told: Sequence[Told], tools: str | None) -> dict[str, Any]:
    """LLaMA-Factory's ShareGPT: human and observation take turns with gpt and function_call, the system's words and the
    tools beside them. Reasoning stands in <think> before the answer or the call. Raises `Unsayable`."""
    turns, functions = messages(told, tools)
    system = ""
    if turns and turns[0]["role"] in ("system", "developer"):
        system = str(turns[0]["content"])
        turns = turns[1:]
    out: list[dict[str, str]] = []
    for turn in turns:
        if turn["role"] == "tool" and out and out[-1]["from"] == "observation":
            out[-1]["value"] += f"\n</tool_response>\n<tool_response>\n{turn['content']}"  # as its converter joins them
            continue
        out.append(_said(turn))
    for number, one in enumerate(out):
        if one["from"] not in (("human", "observation"), ("gpt", "function_call"))[number % 2]:
            raise Unsayable("turns_do_not_alternate")
    if len(out) % 2:
        raise Unsayable("ends_without_an_answer")
    functions_told = (
        json.dumps([one.get("function", one) for one in functions], ensure_ascii=False) if functions else ""
    )
    return {"conversations": out, "system": system, "tools": functions_told}


def _said(turn: Turn) -> dict[str, str]:
    role, content = str(turn["role"]), str(turn["content"])
    if role == "assistant" and turn.get("tool_calls"):
        if content:
            raise Unsayable("speaks_and_calls_in_one_turn")
        calls = [dict(call["function"]) for call in turn["tool_calls"]]
        told = json.dumps(calls if len(calls) > 1 else calls[0], ensure_ascii=False)
        return {"from": "function_call", "value": _thought(turn) + told}
    if role == "assistant":
        return {"from": "gpt", "value": _thought(turn) + content}
    if role not in ("user", "tool"):
        raise Unsayable("system_between_turns")
    return {"from": "observation" if role == "tool" else "human", "value": content}


def alpaca(told: Sequence[Told], tools: str | None) -> dict[str, Any]:
    """LLaMA-Factory's Alpaca: the last question and answer, with those before as history. Raises `Unsayable`."""
    talk = sharegpt(told, tools)
    turns = talk["conversations"]
    if talk["tools"] or {turn["from"] for turn in turns} - {"human", "gpt"}:
        raise Unsayable("tools_have_no_place_in_alpaca")
    pairs = [[ask["value"], say["value"]] for ask, say in zip(turns[::2], turns[1::2], strict=True)]
    return {
        "instruction": pairs[-1][0],
        "input": "",
        "output": pairs[-1][1],
        "system": talk["system"],
        "history": pairs[:-1],
    }


def swift(told: Sequence[Told], tools: str | None) -> dict[str, Any]:
    """ms-swift's messages: a call is a turn of its own (tool_call), a result too (tool_response); tools as JSON."""
    turns, functions = messages(told, tools)
    out: list[dict[str, str]] = []
    for turn in turns:
        role = {"tool": "tool_response", "developer": "system"}.get(str(turn["role"]), str(turn["role"]))
        said = (_thought(turn) if role == "assistant" else "") + str(turn["content"])
        calls = turn.get("tool_calls", [])
        if said or not calls:
            out.append({"role": role, "content": said})
        out += [{"role": "tool_call", "content": json.dumps(call["function"], ensure_ascii=False)} for call in calls]
    return {"messages": out} | ({"tools": json.dumps(functions, ensure_ascii=False)} if functions else {})


def flat(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """Messages for a table, in which arguments can't be objects of any shape: they are JSON."""
    return [
        {
            "role": turn["role"],
            "content": turn["content"],
            "reasoning_content": turn.get("reasoning_content"),
            "tool_calls": [_flat_call(call) for call in turn["tool_calls"]] if turn.get("tool_calls") else None,
        }
        for turn in turns
    ]


def _flat_call(call: Mapping[str, Any]) -> dict[str, Any]:
    said = call["function"]["arguments"]
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    return {"type": "function", "function": {"name": call["function"]["name"], "arguments": text}}


def _thought(turn: Turn) -> str:
    return f"<think>\n{turn['reasoning_content']}\n</think>\n\n" if turn.get("reasoning_content") else ""
