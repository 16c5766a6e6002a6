"""A dialogue as ChatML: what the model reads, and which part of it it is trained to say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.mix.tokenizer import TURN, TURN_END, Encoder

NAME = "chatml"


@dataclass(frozen=True)
class Span:
    """A stretch of a rendered dialogue: plain text, or the one special token that `text` names."""

    text: str
    special: bool = False
    supervised: bool = False


def spans(messages: Sequence[Mapping[str, str | None]], tools: str | None = None) -> list[Span]:
    """The dialogue rendered: `<|im_start|>role`, newline, content, `<|im_end|>`, newline, for each turn.

    Supervised is what an assistant says, its reasoning in `<think>` and its tool calls in `<tool_call>` as Qwen writes
    them, and the `<|im_end|>` with which it stops; its header is not, since at inference the header is given. The tools
    that may be called end the system turn, which is made where there is none.
    """
    turns = [dict(turn) for turn in messages]
    if tools:
        if not turns or turns[0].get("role") != "system":
            turns.insert(0, {"role": "system", "content": ""})
        turns[0]["content"] = f"{turns[0].get('content') or ''}\n\n# Tools\n\n<tools>\n{tools}\n</tools>".lstrip("\n")
    out: list[Span] = []
    for turn in turns:
        answer = turn.get("role") == "assistant"
        content = turn.get("content") or ""
        if turn.get("reasoning"):
            content = f"<think>\n{turn['reasoning']}\n</think>\n\n{content}"
        if turn.get("tool_calls"):
            content = f"{content}\n<tool_call>\n{turn['tool_calls']}\n</tool_call>".lstrip("\n")
        out.append(Span(TURN, special=True))
        out.append(Span(f"{turn.get('role') or 'user'}\n"))
        if content:
            out.append(Span(content, supervised=answer))
        out.append(Span(TURN_END, special=True, supervised=answer))
        out.append(Span("\n"))
    return out


def digest() -> str:
    """SHA-256 of how a fixed dialogue with every feature is rendered: it changes when the template does."""
    probe = spans(
        [
            {"role": "system", "content": "s"},
            {"role": "user", "content": "问"},
            {"role": "assistant", "content": "a", "reasoning": "r", "tool_calls": "[]"},
            {"role": "tool", "content": "t"},
            {"role": "assistant", "content": "答"},
        ],
        "[]",
    )
    rendered = json.dumps([[span.text, span.special, span.supervised] for span in probe])
    return hashlib.sha256(rendered.encode()).hexdigest()


def tokens(dialogues: Sequence[Sequence[Span]], encoder: Encoder) -> list[tuple[NDArray[Any], NDArray[np.uint8]]]:
    """For each dialogue its tokens and a mask of the same length, 1 where a token is supervised.

    Text is encoded span by span, so a turn can't merge with its header, and what looks like a special token in a turn
    stays text.
    """
    specials = {TURN: encoder.special(TURN), TURN_END: encoder.special(TURN_END)}
    texts = [span.text for dialogue in dialogues for span in dialogue if not span.special]
    distinct = list(dict.fromkeys(texts))  # headers recur in every turn
    encoded = dict(zip(distinct, encoder.encode(distinct), strict=True))
    out = []
    for dialogue in dialogues:
        parts = [
            np.array([specials[span.text]], encoder.dtype) if span.special else encoded[span.text] for span in dialogue
        ]
        mask = [np.full(len(part), span.supervised, np.uint8) for part, span in zip(parts, dialogue, strict=True)]
        out.append(
            (np.concatenate(parts), np.concatenate(mask))
            if parts
            else (np.empty(0, encoder.dtype), np.empty(0, np.uint8))
        )
    return out
