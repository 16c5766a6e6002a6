"""Templates of the formats that models publish, written here, each with a tokenizer that has its control tokens."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from curate.mix.chat.chatml import CHATML_TEXT
from curate.mix.chat.encode import Chat, Encoded
from curate.mix.chat.render import Rendering
from curate.mix.chat.template import ChatTemplate
from curate.mix.tokenizer import Encoder
from curate.mix.vocabulary import train_tokenizer
from tests.mix import kept

HERE = Path(__file__).parent / "templates"
QWEN = ("<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>")
LLAMA = ("<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|python_tag|>")
DEEPSEEK = tuple(
    f"<｜{name}｜>"
    for name in (
        *("begin▁of▁sentence", "end▁of▁sentence", "User", "Assistant", "tool▁call▁begin", "tool▁call▁end"),
        *("tool▁sep", "tool▁output▁begin", "tool▁output▁end"),
    )
)
FORMATS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "chatml": (QWEN, {"eos_token": "<|im_end|>"}),
    "tagged": ((), {"eos_token": "<|im_end|>"}),
    "qwen3": (QWEN, {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}),
    "llama3": (LLAMA, {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"}),
    "llama3_1": (LLAMA, {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"}),
    "mistral": (("<s>", "</s>", "[INST]", "[/INST]"), {"bos_token": "<s>", "eos_token": "</s>"}),
    "gemma": (("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"), {"bos_token": "<bos>", "eos_token": "<eos>"}),
    "deepseek": (DEEPSEEK, {"bos_token": DEEPSEEK[0], "eos_token": DEEPSEEK[1]}),
}
TODAY = date.today().isoformat()  # transformers' strftime_now knows no other day


def text_of(name: str) -> str:
    return CHATML_TEXT if name == "chatml" else (HERE / f"{name}.jinja").read_text("utf-8")


@cache
def tokenizer_of(name: str) -> str:
    return train_tokenizer(kept.documents()["text"].to_list()[:60], 1500, FORMATS[name][0]).decode()


@cache
def chat_of(name: str, **variables: Any) -> Chat:
    texts = (("default", text_of(name)),)
    said = tuple((key, json.dumps(value)) for key, value in sorted(variables.items()))
    tokens = tuple(sorted(FORMATS[name][1].items()))
    template = ChatTemplate(name=name, texts=texts, tokens=tokens, variables=said, date=TODAY)
    return Chat(template, Encoder(tokenizer_of(name).encode()))


@cache
def transformers_of(name: str) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer.from_str(tokenizer_of(name))
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, chat_template=text_of(name), **FORMATS[name][1])


Turn = dict[str, str | None]


def turn(role: str, content: str | None = None, reasoning: str | None = None, calls: Any = None) -> Turn:
    said = None if calls is None else json.dumps(calls, ensure_ascii=False)
    return {"role": role, "content": content, "reasoning": reasoning, "tool_calls": said}


def hugging_face(turns: list[Turn]) -> list[dict[str, Any]]:
    """The turns as a user of transformers would write them."""
    out = []
    for one in turns:
        calls = None if one["tool_calls"] is None else json.loads(one["tool_calls"])
        said = {"content": one["content"], "reasoning_content": one["reasoning"], "tool_calls": calls}
        out.append({"role": one["role"]} | {name: value for name, value in said.items() if value is not None})
    return out


def written(name: str, turns: list[Turn], tools: Any = None, **variables: Any) -> tuple[Rendering, Encoded]:
    chat = chat_of(name, **variables)
    rendering = chat.renderer.rendering(turns, None if tools is None else json.dumps(tools, ensure_ascii=False))
    return rendering, chat.encode([rendering])[0]


def learned(name: str, encoded: Encoded, least: int = 1) -> str:
    """What of a dialogue is supervised; with `least` 2 of the last answer alone."""
    return str(Tokenizer.from_str(tokenizer_of(name)).decode(encoded.ids[encoded.mask >= least].tolist(), False))
