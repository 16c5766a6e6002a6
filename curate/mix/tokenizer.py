"""Text to tokens, by the faster of two engines; what occurs in text is text, never a special token."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken, Tokenizer

from curate.mix.patterns import Untranslatable
from curate.mix.probe import probe
from curate.mix.ranks import Ranks
from curate.mix.refused import MixRefused
from curate.stage import Asset

END, TURN, TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"

ENDS = (END, "<|end_of_text|>", "<｜end▁of▁sentence｜>", "</s>", "<eos>", "<|eot_id|>", TURN_END)

BATCH = 1 << 18  # characters encoded at once: `tokenizers` holds about 380 bytes a token, so at most 100 MB
CONTEXT = 256  # characters on either side that a cut in a long text is tried with
TRIES = 100  # newlines that are tried for a cut: where none of them will do, the tokenizer looks further than a line


def _parsed(source: bytes) -> dict[str, Any]:
    try:
        parts = json.loads(source)
    except ValueError as error:
        raise MixRefused(f"the tokenizer is no JSON ({error}): expected the tokenizer.json of the model") from error
    if not isinstance(parts, dict) or "model" not in parts:
        raise MixRefused(
            "the tokenizer is JSON of something else, for it has no `model`: expected the tokenizer.json of the model, "
            "beside its config.json"
        )
    return parts


class Encoder:
    """A loaded tokenizer.json. Control tokens that occur in text are plain text; nothing is added, cut or padded.

    Control tokens are the added ones that are declared special, and those written in brackets (`<think>`,
    `<tool_call>`, `<｜User｜>`), which some models declare ordinary: a page that quotes one must not be taken for what
    the assistant thinks.

    `engine` is kernel (ours) or tiktoken where the tokenizer can be run by it (curate/mix/ranks.py) and gives the same
    tokens on the texts of curate/mix/probe.py, else tokenizers; `because` says why it is no faster one. Which one it is
    never changes a token.
    """

    def __init__(self, source: bytes, end: str | None = None, *, mixes: bool = True) -> None:
        """`end` names the token that ends a document, else the first known one does. Raises `MixRefused` where there is
        none, or where text could turn into it; not where `mixes` is False: then texts are only counted."""
        parts = _parsed(source)
        for token in parts.get("added_tokens") or []:
            token["special"] = token["special"] or _is_markup(token["content"])
        tokenizer: Any = Tokenizer.from_str(json.dumps(parts, ensure_ascii=False))
        tokenizer.encode_special_tokens = True
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self.vocabulary = 1 + max(tokenizer.get_vocab(with_added_tokens=True).values())
        self.dtype = np.dtype("<u2" if self.vocabulary <= 1 << 16 else "<u4")
        self._ranks, self.because = self._fast(parts)
        self.engine = "tokenizers" if self._ranks is None else self._ranks.engine
        unknown = getattr(tokenizer.model, "unk_token", None)
        self.unknown_id: int | None = None if unknown is None else tokenizer.token_to_id(unknown)
        if not mixes:
            return
        known = [name for name in ([end] if end else ENDS) if tokenizer.token_to_id(name) is not None]
        if not known:
            raise MixRefused(
                f"the tokenizer has no token {end or 'that is known to end a document'}: name one of its own as `end`, "
                f"from {', '.join(self.specials()[:12]) or 'none that is special'}"
            )
        self.end = known[0]
        self.end_id = self.special(self.end)

    def specials(self) -> list[str]:
        """The tokens that the tokenizer declares special, in the order of their ids."""
        added = self._tokenizer.get_added_tokens_decoder()
        return [token.content for _, token in sorted(added.items()) if token.special]

    def controls(self) -> list[AddedToken]:
        """The control tokens as the tokenizer declares them: which white space beside them they take in."""
        added = self._tokenizer.get_added_tokens_decoder()
        return [token for _, token in sorted(added.items()) if token.special]

    def with_controls(self) -> Tokenizer:
        """The tokenizer itself, in a copy, which takes a control token in a text for one."""
        return Tokenizer.from_str(self._tokenizer.to_str())

    def tokens(self) -> dict[str, int]:
        """The vocabulary, special tokens among it."""
        return dict(self._tokenizer.get_vocab(with_added_tokens=True))

    def shown(self, token: str) -> str:
        """The text that a token of the vocabulary stands for; bytes that are no whole character as U+FFFD."""
        decoder = self._tokenizer.decoder
        return str(decoder.decode([token])) if decoder is not None else token

    def piece(self, identity: int) -> str:
        """The text that a token's id stands for."""
        return self.shown(str(self._tokenizer.id_to_token(identity)))

    def special(self, name: str) -> int:
        """The id of a special token. `MixRefused` if there is none, or if plain text could turn into it."""
        identity = self._tokenizer.token_to_id(name)
        if identity is None:
            raise MixRefused(f"the tokenizer has no token {name}; it has {', '.join(self.specials()[:12]) or 'none'}")
        if identity in self._tokenizer.encode(name, add_special_tokens=False).ids:
            mend = "its model makes it of text (Unigram does): take a byte-level BPE tokenizer"
            if name not in self.specials():
                mend = "mark it special in the tokenizer.json"
            raise MixRefused(f"{name} in a text would become the token itself: {mend}")
        return int(identity)

    def _fast(self, parts: Mapping[str, Any]) -> tuple[Ranks | None, str | None]:
        """The faster engines for this tokenizer, or None; and the reason why there is no faster one."""
        try:
            ranks = Ranks(parts, self._tokenizer, self.dtype)
        except Untranslatable as reason:
            return None, str(reason)
        texts = probe(self.specials())
        for text, mine, theirs in zip(texts, ranks.encode(texts), self._slowly(texts), strict=True):
            if mine is not None and not np.array_equal(mine, theirs):
                return None, f"the {ranks.engine} gives other tokens for {text[:60]!r}"
        return ranks, ranks.because

    def encode(self, texts: Sequence[str]) -> list[NDArray[Any]]:
        """The tokens of each text, as `dtype`. One thread."""
        if self._ranks is None:
            return self._slowly(texts)
        found = self._ranks.encode(texts)
        left = [row for row, ids in enumerate(found) if ids is None]
        for row, ids in zip(left, self._slowly([texts[row] for row in left]), strict=True):
            found[row] = ids
        return [ids for ids in found if ids is not None]

    def _slowly(self, texts: Sequence[str]) -> list[NDArray[Any]]:
        """The tokens of each text, by `tokenizers`."""
        parts: list[tuple[int, str]] = []
        for row, text in enumerate(texts):
            parts.extend((row, piece) for piece in self._pieces(text))
        out: list[list[NDArray[Any]]] = [[] for _ in texts]
        start = size = 0
        for at, (_, piece) in enumerate(parts):
            size += len(piece)
            if size >= BATCH or at + 1 == len(parts):
                batch = parts[start : at + 1]
                encoded = self._tokenizer.encode_batch_fast([piece for _, piece in batch], add_special_tokens=False)
                for (row, _), tokens in zip(batch, encoded, strict=True):
                    out[row].append(np.array(tokens.ids, self.dtype))
                start, size = at + 1, 0
        return [row[0] if len(row) == 1 else np.concatenate(row) for row in out]

    def _pieces(self, text: str) -> Iterator[str]:
        """A long text in pieces of about `BATCH`, cut where its tokens are the same as without the cut."""
        start = 0
        while len(text) - start > 2 * BATCH:
            cut = self._cut(text, start + BATCH)
            if cut is None:
                break
            yield text[start:cut]
            start = cut
        yield text[start:] if start else text

    def _cut(self, text: str, after: int) -> int | None:
        for _ in range(TRIES):
            cut = text.find("\n", after) + 1
            if not 0 < cut < len(text):
                break
            left, right = text[max(0, cut - CONTEXT) : cut], text[cut : cut + CONTEXT]
            if not right[0].isspace() and self._ids(left) + self._ids(right) == self._ids(left + right):
                return cut
            after = cut
        return None

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)


def _is_markup(content: str) -> bool:
    return len(content) > 2 and (content[0], content[-1]) in {("<", ">"), ("[", "]"), ("|", "|"), ("｜", "｜")}


@lru_cache(maxsize=2)
def encoder(asset: Asset, end: str | None) -> Encoder:
    """The encoder of a verified tokenizer.json, loaded once in a process."""
    return Encoder(asset.verified(), end)
