"""Mixes to export: of text, with a source that is read more than once; of dialogues, some with calls and reasoning."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from curate.document import render
from curate.engine import Inline
from curate.mix.build import build
from curate.mix.chat.template import ChatTemplate
from curate.mix.settings import Mix
from tests.mix import kept
from tests.mix.chat.formats import FORMATS, text_of, tokenizer_of

TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}]
CALL = [{"type": "function", "function": {"name": "weather", "arguments": {"city": "北京"}}}]
TURN = {"role": "user", "content": None, "reasoning": None, "tool_calls": None}
CALLING = [
    {**TURN, "role": "system", "content": "你是助手。"},
    {**TURN, "content": "北京天气？"},
    {**TURN, "role": "assistant", "reasoning": "要查", "tool_calls": json.dumps(CALL, ensure_ascii=False)},
    {**TURN, "role": "tool", "content": "晴"},
    {**TURN, "role": "assistant", "content": "晴天。", "reasoning": "查到了"},
]
TALKING = [
    {**TURN, "content": "天气？"},
    {**TURN, "role": "assistant", "content": "我查查。", "tool_calls": json.dumps(CALL, ensure_ascii=False)},
]


def run_of(folder: Path, stage: str) -> Path:
    """The folder of a run with a mix of text (the domain read twice) or of dialogues (by Qwen 3's format)."""
    (folder / "tokenizer").mkdir(parents=True)
    (folder / "tokenizer" / "tokenizer.json").write_text(tokenizer_of("qwen3"))
    (folder / "tokenizer" / "tokenizer_config.json").write_text(
        json.dumps({"chat_template": text_of("qwen3"), **FORMATS["qwen3"][1]})
    )
    docs = kept.documents("prose" if stage == "pt" else "dialogue")
    if stage == "sft":
        docs = with_calls(docs)
    shards = kept.shards(folder / "kept", docs, [40])
    weights = {"medquad": 3, "toyhom": 2} if stage == "pt" else {}
    mix = Mix(
        tokenizer=folder / "tokenizer",  # type: ignore[arg-type]
        template=ChatTemplate.of(folder / "tokenizer"),
        stage=stage,
        row_length=1024,
        held_out=0.1,
        weights=weights,
    )
    build(mix, shards, str(folder / "mix"), Inline())
    return folder


def with_calls(docs: pl.DataFrame) -> pl.DataFrame:
    """The first two dialogues of the domain and of the general sources have calls."""
    messages, tools = docs["messages"].to_list(), docs["tools"].to_list()
    for role in ("domain", "general"):
        first, second = [number for number, one in enumerate(docs["role"]) if one == role][:2]
        messages[first], messages[second] = CALLING, TALKING
        tools[first] = tools[second] = json.dumps(TOOLS)
    return docs.with_columns(
        pl.Series("messages", messages, docs.schema["messages"]),
        pl.Series("tools", tools, pl.String),
        pl.Series("text", [render(one) for one in messages], pl.String),
    )
