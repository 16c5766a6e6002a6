"""A rendered dialogue to tokens and the mask of what is learned."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.mix.chat.render import Renderer, Rendering
from curate.mix.chat.template import ChatTemplate
from curate.mix.refused import MixRefused
from curate.mix.tokenizer import Encoder, encoder
from curate.stage import Asset

ANSWER, LAST_ANSWER = 1, 2  # what a mask says of a supervised token; 0 of the others
BRACKETED = re.compile(r"<\|[^|<>\s]{1,40}\|>|<｜[^｜<>\s]{1,40}｜>|<(?:start|end)_of_turn>")
"""What a template writes for a token of its model's; Llama 2's [INST] is none, it is text."""
NEWLINE = "\n"


@dataclass(frozen=True)
class Encoded:
    """The tokens of a dialogue and their mask (uint8, `ANSWER` and `LAST_ANSWER`); how many are control tokens."""

    ids: NDArray[Any]
    mask: NDArray[np.uint8]
    control: int


@dataclass(frozen=True)
class _Piece:
    """A control token (`id`), or text between two of them, cut at `cuts` where what is learned begins or ends."""

    values: tuple[int, ...]  # of the mask, one for each part between the cuts
    text: str = ""
    cuts: tuple[int, ...] = ()
    id: int | None = None
    first: bool = False


class Chat:
    """A template with the tokenizer that reads what it writes. Raises `MixRefused` where the two don't belong."""

    def __init__(self, template: ChatTemplate, encode: Encoder) -> None:
        self._encode = encode
        self._controls = {token.content: token for token in encode.controls()}
        names = sorted(self._controls, key=lambda name: (-len(name), name))
        words = (_pattern(name, self._controls[name].single_word) for name in names)
        self.control = re.compile("|".join(words) or "(?!)")
        self.renderer = Renderer(template, self.control)
        self._glue = self._glued()
        self._belongs(template)

    def encode(self, renderings: Sequence[Rendering]) -> list[Encoded]:
        """The tokens of each dialogue: those of transformers for the same text, but that a turn that holds a control
        token holds plain text, and that no token spans what is given to the model and what it says."""
        pieces = [list(self._pieces(rendering)) for rendering in renderings]
        flat = [piece for of_one in pieces for piece in of_one if piece.id is None]
        heads = [(piece, piece.text[:cut]) for piece in flat for cut in piece.cuts]
        known = self._texts([(piece.text, piece.first) for piece in flat]
                            + [(text, piece.first) for piece, text in heads])  # fmt: skip
        torn = [piece for piece in flat if self._bounds(piece, known) is None]
        known |= self._texts([part for piece in torn for part in _parts(piece)])
        return [self._together(of_one, known) for of_one in pieces]

    def _pieces(self, rendering: Rendering) -> Iterable[_Piece]:
        text = rendering.text
        edges = sorted({edge for answer in rendering.answers for edge in (answer.start, answer.end)})
        begin, first = 0, True
        found = [one for one in self.control.finditer(text) if one.start() not in rendering.plain]
        for one in [*found, None]:
            end = len(text) if one is None else one.start()
            start = begin
            if one is not None and self._controls[one[0]].lstrip:
                end = start + len(text[start:end].rstrip())
            if start < end:
                cuts = tuple(edge - start for edge in edges if start < edge < end)
                bounds = [start, *(start + cut for cut in cuts)]
                values = tuple(_value(rendering, at) for at in bounds)
                yield _Piece(values, text[start:end], cuts, first=first)
            first = False
            if one is not None:
                yield _Piece((_value(rendering, one.start()),), id=self._encode.special(one[0]))
                begin = one.end()
                if self._controls[one[0]].rstrip:
                    begin += len(text[begin:]) - len(text[begin:].lstrip())

    def _texts(self, wanted: Iterable[tuple[str, bool]]) -> dict[tuple[str, bool], NDArray[Any]]:
        """The tokens of texts, each once; a text that is not the `first` of its dialogue may begin another way."""
        keys = list(dict.fromkeys(wanted))
        glue = self._glue
        given = [text if first or not glue else glue + text for text, first in keys]
        out = dict(zip(keys, self._encode.encode(given), strict=True))
        if glue:
            (lead,) = self._encode.encode([glue])
            out = {key: ids if key[1] else ids[len(lead) :] for key, ids in out.items()}
        return out

    def _bounds(self, piece: _Piece, known: dict[tuple[str, bool], NDArray[Any]]) -> list[int] | None:
        """How many tokens stand before each cut; None where a token spans one."""
        whole = known[piece.text, piece.first]
        heads = [known[piece.text[:cut], piece.first] for cut in piece.cuts]
        if all(np.array_equal(whole[: len(head)], head) for head in heads):
            return [len(head) for head in heads]
        return None

    def _together(self, pieces: Sequence[_Piece], known: dict[tuple[str, bool], NDArray[Any]]) -> Encoded:
        dtype = self._encode.dtype
        ids: list[NDArray[Any]] = [np.empty(0, dtype)]
        mask: list[NDArray[np.uint8]] = [np.empty(0, np.uint8)]
        for piece in pieces:
            if piece.id is not None:
                parts = [np.array([piece.id], dtype)]
            elif (bounds := self._bounds(piece, known)) is not None:
                whole = known[piece.text, piece.first]
                parts = [whole[a:b] for a, b in pairwise([0, *bounds, len(whole)])]
            else:
                parts = [known[part] for part in _parts(piece)]
            ids.extend(parts)
            mask.extend(np.full(len(part), value, np.uint8) for part, value in zip(parts, piece.values, strict=True))
        control = sum(piece.id is not None for piece in pieces)
        return Encoded(np.concatenate(ids), np.concatenate(mask), control)

    def _glued(self) -> str:
        """What is put before a text that does not begin a dialogue, so that it is encoded as it is behind a control
        token: nothing, for most; a newline where the tokenizer begins a text with a space of its own."""
        if not self._controls:
            return ""
        name, token = min(self._controls.items(), key=lambda item: item[1].rstrip)
        plain = self._encode.with_controls()
        texts = ["a", "问 a", "7", *([] if token.rstrip else [" a b", "\na"])]
        expected = [plain.encode(name + text, add_special_tokens=False).ids[1:] for text in texts]
        if [ids.tolist() for ids in self._encode.encode(texts)] == expected:
            return ""
        (lead,) = self._encode.encode([NEWLINE])
        glued = self._encode.encode([NEWLINE + text for text in texts])
        if [ids[len(lead) :].tolist() for ids in glued] == expected:
            return NEWLINE
        raise MixRefused(
            "the tokenizer encodes text behind a control token otherwise than at the beginning, in a way that Curate "
            "does not know: a dialogue can't be encoded with it. Convert it with transformers (legacy=False)"
        )

    def _belongs(self, template: ChatTemplate) -> None:
        """The template writes tokens that the tokenizer has, and is a template that writes a dialogue at all."""
        ask, say = {"role": "user", "content": "q0"}, {"role": "assistant", "content": "a0"}
        tried = self.renderer.tried([ask, say]) or self.renderer.tried([{**ask, "role": "system"}, ask, say])
        if tried is None:
            raise MixRefused(
                f"the chat template {template.name} refuses a question and its answer: "
                f"{self.renderer.refusal([ask, say])}. What is undefined stands in the model's tokenizer_config.json: "
                "give the model's folder, or name it behind the template (ChatTemplate.of(PATH, eos_token='</s>'))"
            )
        if "a0" not in tried:
            raise MixRefused(
                f"the chat template {template.name} does not write a question and its answer ({tried!r}): is it one "
                "for pictures, whose turns are lists of parts? A mix has text"
            )
        for found in BRACKETED.finditer(tried):
            if found[0] not in self._controls:
                raise MixRefused(
                    f"the chat template {template.name} writes {found[0]}, which is no token of the tokenizer: they "
                    "are of two models. Give the tokenizer.json and the template of one folder"
                )
            self._encode.special(found[0])


def _parts(piece: _Piece) -> list[tuple[str, bool]]:
    return [(piece.text[a:b], piece.first and not a) for a, b in pairwise([0, *piece.cuts, len(piece.text)])]


def _value(rendering: Rendering, at: int) -> int:
    for answer in rendering.answers:
        if answer.start <= at < answer.end:
            return LAST_ANSWER if answer.last else ANSWER
    return 0


def _pattern(name: str, single_word: bool) -> str:
    return rf"(?<!\w){re.escape(name)}(?!\w)" if single_word else re.escape(name)


@lru_cache(maxsize=2)
def chat(template: ChatTemplate, asset: Asset, end: str | None) -> Chat:
    """A template with a verified tokenizer.json, loaded once in a process."""
    return Chat(template, encoder(asset, end))
