"""Which chat template: the model's own, read from its folder, or Curate's ChatML. Recipes name it: no Jinja here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from curate.mix.chat.chatml import CHATML_TEXT
from curate.mix.refused import MixRefused

FORMAT = 1  # raised when the same template gives other text, ids or masks than before

TEMPLATE, CONFIG = "chat_template.jinja", "tokenizer_config.json"
NAMED = "additional_chat_templates"
DATE = "2024-07-26"
"""What `strftime_now` says: the day that Llama 3.1's template writes where it is given none. A mix made tomorrow is the
same mix."""


@dataclass(frozen=True, kw_only=True)
class ChatTemplate:
    """A chat template in Jinja as Hugging Face's models carry it, by value: a recipe's fingerprint holds its text.

    `texts` are (name, text) pairs; most models have one, named default, some another for dialogues with tools, named
    tool_use. `tokens` are the special tokens that the tokenizer's configuration names, `variables` what else the
    template is told: ("enable_thinking", "false") as JSON, say.
    """

    name: str
    texts: tuple[tuple[str, str], ...]
    tokens: tuple[tuple[str, str], ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    date: str = DATE

    @classmethod
    def of(cls, path: str | Path, *, date: str = DATE, **variables: Any) -> ChatTemplate:
        """The template at `path`: a Hugging Face folder (chat_template.jinja, else tokenizer_config.json), either file
        of one, or any other .jinja file. `variables` are given to the template. Raises `MixRefused`.
        """
        place = Path(path)
        folder = place if place.is_dir() else place.parent
        if not place.exists():
            raise MixRefused(
                f"{place} is not there; expected a Hugging Face folder, a {CONFIG} or a template in Jinja. Nothing is "
                "downloaded: fetch the model's folder first (hf download MODEL --include '*token*' '*.jinja')"
            )
        config = _config(folder / CONFIG)
        texts = _texts(place, config)
        if not texts:
            raise MixRefused(
                f"{place} names no chat template: neither {TEMPLATE} nor 'chat_template' in {CONFIG}. A base model has "
                "often none: take its instruct model's, or leave template out for ChatML"
            )
        for name, value in variables.items():
            if name in ("messages", "tools", "add_generation_prompt"):
                raise MixRefused(f"the template is given {name} by Curate; {name}={value!r} can't be set")
        return cls(
            name=(folder if place.name in (folder.name, TEMPLATE, CONFIG) else place).resolve().name,
            texts=tuple(sorted(texts.items())),
            tokens=tuple(sorted(_tokens(config).items())),
            variables=tuple((name, json.dumps(value, ensure_ascii=False)) for name, value in sorted(variables.items())),
            date=date,
        )

    def digest(self) -> str:
        """SHA-256 of everything that decides what is written for a dialogue; the name and the place are not of it."""
        said = {name: value for name, value in asdict(self).items() if name != "name"}
        return hashlib.sha256(json.dumps({"format": FORMAT, **said}, sort_keys=True).encode()).hexdigest()

    def text(self, tools: bool) -> str:
        """The template for a dialogue with or without tools, chosen as transformers does."""
        named = dict(self.texts)
        if tools and "tool_use" in named:
            return named["tool_use"]
        return named["default"]


CHATML = ChatTemplate(name="chatml", texts=(("default", CHATML_TEXT),))
"""What a mix uses where it names none: ChatML with reasoning in <think> and calls in <tool_call>, as Qwen has them."""


def _texts(place: Path, config: Mapping[str, Any]) -> dict[str, str]:
    """The named templates. The file stands before the configuration, as transformers reads them."""
    if place.is_file() and place.name != CONFIG:
        return {"default": place.read_text("utf-8")}
    folder, out = place if place.is_dir() else place.parent, {}
    said = config.get("chat_template")
    if isinstance(said, str):
        out["default"] = said
    elif isinstance(said, list):
        out = {one["name"]: one["template"] for one in said}
    if place.is_dir() and (folder / TEMPLATE).is_file():
        out["default"] = (folder / TEMPLATE).read_text("utf-8")
        out |= {file.stem: file.read_text("utf-8") for file in sorted((folder / NAMED).glob("*.jinja"))}
    if out and "default" not in out:
        raise MixRefused(f"{place} has chat templates named {', '.join(sorted(out))}, none is default: name a file")
    return out


def _config(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    try:
        said = json.loads(path.read_bytes())
    except ValueError as error:
        raise MixRefused(f"{path} is not JSON ({error}); fetch it again") from error
    if not isinstance(said, dict):
        raise MixRefused(f"{path} holds {type(said).__name__}, expected an object")
    return said


def _tokens(config: Mapping[str, Any]) -> dict[str, str]:
    """bos_token, eos_token and the others that the configuration names, by name."""
    out = {}
    for name, value in config.items():
        said = value.get("content") if isinstance(value, dict) else value
        if name.endswith("_token") and isinstance(said, str):
            out[name] = said
    return out
