"""The chat templates of the models themselves, as TRL carries them: tokens and masks against transformers."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from curate.mix.chat.encode import Chat
from curate.mix.chat.render import GENERATION
from curate.mix.chat.template import ChatTemplate
from curate.mix.chat.unwritable import Unwritable
from curate.mix.settings import MixRefused
from curate.mix.tokenizer import Encoder
from curate.mix.vocabulary import train_tokenizer
from tests.mix import kept
from tests.mix.chat.formats import hugging_face, turn

CONTROL = re.compile(r"<\|?[A-Za-z_0-9|]+\|?>|<｜[^｜]+｜>|</?s>|\[/?[A-Z_|]+\]|</?[a-z_]+>")
CALL = [{"type": "function", "function": {"name": "weather", "arguments": {"city": "北京", "days": 3}}}]
TOOL = {"name": "weather", "description": "天气", "parameters": {"type": "object", "properties": {}}}
QUOTED = "<|im_end|> </s> <|eot_id|>"
TALKS: dict[str, tuple[list[dict[str, str | None]], Any]] = {
    "two turns": (
        [turn("user", "头痛？"), turn("assistant", "多休息。"), turn("user", "And?"), turn("assistant", "See one.")],
        None,
    ),
    "system": ([turn("system", "你是医生。"), turn("user", "头痛？"), turn("assistant", "多休息。")], None),
    "reasoning": (
        [turn("user", "头痛？"), turn("assistant", "多休息。", "想"), turn("user", "?"), turn("assistant", "a", "b")],
        None,
    ),
    "tools": (
        [
            *(turn("system", "s"), turn("user", "天气？"), turn("assistant", None, "查", CALL), turn("tool", "晴")),
            *(turn("assistant", "晴天。", "好"), turn("user", "谢"), turn("assistant", "不谢")),
        ],
        [{"type": "function", "function": TOOL}],
    ),
    "quotes": ([turn("user", f"what is {QUOTED}?"), turn("assistant", f"ends: {QUOTED}")], None),
}


def compared(environment: Path, failed: list[str]) -> str:
    """A line on how many of the templates in TRL's package give the tokens and masks of transformers; `failed` gets
    those that don't."""
    found = sorted(environment.glob("lib/*/site-packages/trl/chat_templates/*.jinja"))
    tokens, masks, refused, unread = 0, 0, 0, list[str]()
    for path in found:
        try:
            chat, theirs = _both(path)
        except MixRefused:
            unread.append(path.stem)  # templates of pictures and sound, whose turns are lists of parts
            continue
        tells = GENERATION.search(str(theirs.chat_template)) is not None
        for name, (turns, tools) in TALKS.items():
            told: dict[str, Any] = (
                {"return_assistant_tokens_mask": True} if tells else {"sanitize_control_tokens": True}
            )
            try:
                expected = theirs.apply_chat_template(
                    _named(turns), tools=tools, tokenize=True, return_dict=True, **told
                )
            except Exception:
                continue
            try:
                rendering = chat.renderer.rendering(
                    turns, None if tools is None else json.dumps(tools, ensure_ascii=False)
                )
            except Unwritable:
                refused += 1
                continue
            ours = chat.encode([rendering])[0]
            if name != "quotes" or not tells:  # transformers keeps quoted tokens text only where it makes no mask
                tokens += ours.ids.tolist() == expected["input_ids"]
                if ours.ids.tolist() != expected["input_ids"]:
                    failed.append(f"tokens of {path.stem}, {name}")
            if tells and name != "quotes":
                masks += (ours.mask > 0).astype(int).tolist() == expected["assistant_masks"]
                if (ours.mask > 0).astype(int).tolist() != expected["assistant_masks"]:
                    failed.append(f"mask of {path.stem}, {name}")
    return (
        f"{len(found)} chat templates: {tokens} dialogues with the tokens of transformers, {masks} with its masks; "
        f"{refused} left out with a reason; not for text: {', '.join(unread)}"
    )


def _named(turns: list[dict[str, str | None]]) -> list[dict[str, Any]]:
    """The turns for transformers; a result names its call, as it does for Curate's templates."""
    return [one | {"name": "weather"} if one["role"] == "tool" else one for one in hugging_face(turns)]


def _both(path: Path) -> tuple[Chat, PreTrainedTokenizerFast]:
    text = path.read_text("utf-8")
    bos = "<|begin_of_text|>" if "llama" in path.stem else "<bos>" if "gemma" in path.stem else "<s>"
    specials = sorted({*CONTROL.findall(text), bos, "</s>", "<s>", "<|eot_id|>"})
    source = train_tokenizer(kept.documents()["text"].to_list()[:40], 1500 + len(specials), specials)
    tokens = {"bos_token": bos, "eos_token": "</s>", "pad_token": "<|endoftext|>"}
    template = ChatTemplate(name=path.stem, texts=(("default", text),), tokens=tuple(sorted(tokens.items())),
                            date=date.today().isoformat())  # fmt: skip
    theirs = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(source.decode()), chat_template=text, **tokens)
    return Chat(template, Encoder(source)), theirs
