"""A byte-level BPE tokenizer.json run by faster engines than its own, where they provably give the same tokens.

Our kernel (curate/kernels/merges.py) merges the pair that stands first in the list, as `tokenizers` does; it takes the
expressions that an automaton has a table for. tiktoken's engine takes the others, and texts that the kernel leaves.
tiktoken merges the pair whose bytes together are the token of the lowest rank. That is the same where every token that
a text can give is made of its own bytes alone:

    Until a stretch of text has become one token, no merge has crossed its ends; so inside it the same merges were made
    as would be made of the stretch by itself. A token thus comes about in a text if and only if the model makes it of
    its own bytes, and always by the same last pair.

So each token of the vocabulary is given to the model by itself. Those that it makes are ranked by the place of their
last merge; those that it does not make never occur, and are left out. Nothing is downloaded: tiktoken gets these ranks,
no name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
import tiktoken
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers

from curate.kernels import merges
from curate.mix.automaton import EVERY, automaton
from curate.mix.patterns import Pieces, Untranslatable, classes, pattern, total

BYTES = 256
BLOCK = 1 << 22  # characters encoded at once: four bytes a byte of text are taken for the ids


class Ranks:
    """The engines for one tokenizer.json: `encode` gives what `tokenizers` gives for text without special tokens."""

    def __init__(self, source: Mapping[str, Any], tokenizer: Tokenizer, dtype: np.dtype[Any]) -> None:
        """`tokenizer` is loaded from `source`. Raises `Untranslatable` where tiktoken would differ."""
        pieces = pattern(source.get("pre_tokenizer"))
        self._form = _form(source.get("normalizer"))
        self._normalizer = tokenizer.normalizer
        self._dtype = dtype
        tokens, by_itself = _ranked(source["model"], tokenizer)
        ranks = {token: rank for rank, (token, _) in enumerate(tokens)}
        for token, _ in tokens[len(tokens) - by_itself :]:
            if _merged(token, ranks) == [token]:
                raise Untranslatable(
                    f"its model knows {token!r} only as a whole piece; tiktoken would also merge to it"
                )
        self._ids: NDArray[Any] = np.array([identity for _, identity in tokens], dtype)
        self._encoding = tiktoken.Encoding("own", pat_str=total(pieces), mergeable_ranks=ranks, special_tokens={})
        self._apart = _any_of(
            {char for name in classes(pieces.expression) for char in _differing(name)} | _renormalised(self._form),
            _matched(source.get("added_tokens") or [], self._form),
        )
        self._model, self.because = _tabled(pieces, source["model"], tokens)
        self.engine = "tiktoken" if self._model is None else "kernel"

    def encode(self, texts: Sequence[str]) -> list[NDArray[Any] | None]:
        """The tokens of each text; None where it must be left to `tokenizers`: it holds an added token that is matched
        in texts, characters that the engines class differently (of Unicode versions that one of them does not know),
        or white space without end, on which tiktoken's expression gives up."""
        out: list[NDArray[Any] | None] = [None] * len(texts)
        block: list[int] = []
        size = 0
        for row, (text, apart) in enumerate(zip(texts, self._set_apart(texts), strict=True)):
            if not apart:
                block.append(row)
                size += len(text)
            if block and (size >= BLOCK or row + 1 == len(texts)):
                for at, ids in zip(block, self._block([texts[at] for at in block]), strict=True):
                    out[at] = ids
                block, size = [], 0
        return out

    def _set_apart(self, texts: Sequence[str]) -> list[bool]:
        if self._apart is None:
            return [False] * len(texts)
        return list(pl.Series(texts, dtype=pl.String).str.contains(self._apart))

    def _block(self, texts: list[str]) -> list[NDArray[Any] | None]:
        if self._form is not None:
            texts = [self._normalised(text) for text in texts]
        if self._model is None:
            return [self._by_tiktoken(text) for text in texts]
        ids, bounds, left = merges.encode(pl.Series(texts, dtype=pl.String), self._model)
        ids = ids.astype(self._dtype)
        return [
            self._by_tiktoken(text) if other else ids[start:end]
            for text, other, start, end in zip(texts, left.tolist(), bounds.tolist(), bounds[1:].tolist(), strict=False)
        ]

    def _normalised(self, text: str) -> str:
        return text if unicodedata.is_normalized(self._form, text) else self._normalizer.normalize_str(text)

    def _by_tiktoken(self, text: str) -> NDArray[Any] | None:
        try:
            found = self._encoding.encode_to_numpy(text, disallowed_special=())
        except ValueError:  # its stack for backtracking is full: 300,000 spaces and more in a row
            return None
        return self._ids[found]


def _tabled(
    pieces: Pieces, model: Mapping[str, Any], tokens: list[tuple[bytes, int]]
) -> tuple[merges.Model | None, str | None]:
    """What the kernel needs, or None and the reason why there is no table of the expression."""
    try:
        finds = automaton(pieces.expression)
    except Untranslatable as reason:
        return None, str(reason)
    letters = {letter: byte for byte, letter in enumerate(alphabet())}
    vocabulary = model["vocab"]
    pairs = [(vocabulary[left], vocabulary[right], vocabulary[left + right]) for left, right in _pairs(model)]
    spelled = {
        identity: bytes(letters[letter] for letter in token)
        for token, identity in vocabulary.items()
        if set(token) <= letters.keys()
    }
    table = np.array(pairs, np.uint32).reshape(-1, 3)
    return merges.model(finds.classes, finds.table, pieces.dropped, tokens, table, spelled), None


def _pairs(model: Mapping[str, Any]) -> list[list[str]]:
    """The merges, which are written in two ways."""
    return [pair.split(" ") if isinstance(pair, str) else pair for pair in model["merges"]]


def _form(normalizer: Mapping[str, Any] | None) -> Any:
    """NFC or NFKC, or None where nothing is normalised."""
    steps = [normalizer] if normalizer else []
    while any(step["type"] == "Sequence" for step in steps):
        steps = [inner for step in steps for inner in (step["normalizers"] if step["type"] == "Sequence" else [step])]
    names = [step["type"] for step in steps]
    if not names:
        return None
    if names not in (["NFC"], ["NFKC"]):
        raise Untranslatable(f"its normaliser is {', '.join(names)}; known are NFC and NFKC")
    return names[0]


def _ranked(model: Mapping[str, Any], tokenizer: Tokenizer) -> tuple[list[tuple[bytes, int]], int]:
    """(bytes, id) of the tokens in the order of their merges, the 256 bytes first; and how many at the end are made by
    no merge and are only known as whole pieces (`ignore_merges`)."""
    if model.get("type") != "BPE" or model.get("dropout") or model.get("byte_fallback"):
        raise Untranslatable(
            f"its model is {model.get('type')}, without or beside merges of bytes; known is byte-level BPE"
        )
    if model.get("continuing_subword_prefix") or model.get("end_of_word_suffix"):
        raise Untranslatable("its model marks the beginnings or ends of words")
    letters = {letter: byte for byte, letter in enumerate(alphabet())}
    vocabulary: Mapping[str, int] = model["vocab"]
    missing = [letter for letter in letters if letter not in vocabulary]
    if missing:
        raise Untranslatable(f"{len(missing)} of the 256 bytes are not in its vocabulary")
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for place, (left, right) in enumerate(_pairs(model)):
        first.setdefault(left + right, place)
        last[left + right] = place
    if not set().union(*first) <= letters.keys():
        raise Untranslatable("its merges are of letters that stand for no bytes")
    whole = bool(model.get("ignore_merges"))
    made = _made_of_themselves(first, vocabulary, tokenizer, whole)
    _unmixed(made, first, last)
    known = {*made, *letters}
    alone = [token for token in vocabulary if whole and token not in known and set(token) <= letters.keys()]
    order = [*letters, *made, *alone]
    return [(bytes(letters[letter] for letter in token), vocabulary[token]) for token in order], len(alone)


def _made_of_themselves(
    first: Mapping[str, int], vocabulary: Mapping[str, int], tokenizer: Tokenizer, whole: bool
) -> list[str]:
    """The tokens that the model makes of their own bytes, in the order of their merges."""
    bpe: Any = tokenizer.model
    bpe.ignore_merges = False
    try:
        return [
            token
            for token, _ in sorted(first.items(), key=lambda item: item[1])
            if len(found := bpe.tokenize(token)) == 1 and found[0].id == vocabulary[token]
        ]
    finally:
        bpe.ignore_merges = whole


def _unmixed(made: Sequence[str], first: Mapping[str, int], last: Mapping[str, int]) -> None:
    """Where several pairs give one token (Llama 3 lists them all), which of them is the last merge does not matter as
    long as no other token's pair stands between them."""
    before = -1
    for token in made:
        if first[token] < before:
            raise Untranslatable(
                "its merges to one token stand between those to another: their order is not one of tokens"
            )
        before = last[token]


def _merged(token: bytes, ranks: Mapping[bytes, int]) -> list[bytes]:
    """What tiktoken's merges make of a token's bytes, were it not looked up as a whole."""
    parts = [token[at : at + 1] for at in range(len(token))]
    while len(parts) > 1:
        rank, at = min((ranks.get(parts[at] + parts[at + 1], len(ranks)), at) for at in range(len(parts) - 1))
        if rank == len(ranks):
            break
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts


@lru_cache(maxsize=1)
def alphabet() -> list[str]:
    """The letter that stands for each byte in a byte-level vocabulary (GPT-2's table): printable bytes for themselves,
    the others from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    letters = [chr(byte if byte in printable else next(others)) for byte in range(BYTES)]
    assert set(letters) == set(pre_tokenizers.ByteLevel.alphabet())
    return letters


@lru_cache(maxsize=64)
def _differing(name: str) -> frozenset[str]:
    """The characters that are in the class `name` (`\\p{L}`) for one engine and not for the other."""
    of_tokenizers = normalizers.Replace(Regex(f"[^{name}]+"), "").normalize_str(EVERY)
    byte = {bytes([value]): value for value in range(BYTES)}
    finds = tiktoken.Encoding("class", pat_str=f"[{name}]+", mergeable_ranks=byte, special_tokens={})
    of_tiktoken = bytes(finds.encode_ordinary(EVERY)).decode()
    return frozenset() if of_tokenizers == of_tiktoken else frozenset(of_tokenizers) ^ frozenset(of_tiktoken)


@lru_cache(maxsize=2)
def _renormalised(form: Any) -> frozenset[str]:
    """Characters that Python takes for normalised and `tokenizers` does not: a text of them would be let through."""
    if form is None:
        return frozenset()
    normalize = getattr(normalizers, form)().normalize_str
    return frozenset(char for char in EVERY if unicodedata.is_normalized(form, char) and normalize(char) != char)


def _matched(added: Sequence[Mapping[str, Any]], form: Any) -> list[str]:
    """The added tokens that are looked for in texts: those that are not special."""
    tokens = [token for token in added if not token["special"]]
    if form is not None and any(token.get("normalized") for token in tokens):
        raise Untranslatable("it looks for added tokens in texts after they are normalised")
    return [token["content"] for token in tokens]


def _any_of(characters: Iterable[str], words: Iterable[str]) -> str | None:
    """An expression (of Rust's engine) for one of `characters` or `words`; None for none."""
    parts = [re.escape(word) for word in words]
    if codes := sorted(map(ord, characters)):
        parts.append("[" + "".join(f"\\x{{{code:x}}}" for code in codes) + "]")
    return "|".join(parts) or None
