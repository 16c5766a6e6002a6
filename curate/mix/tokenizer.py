"""Text to tokens: a tokenizer.json is trained or loaded, and what occurs in text is text, never a special token."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from curate.mix.settings import MixRefused
from curate.stage import Asset

END, TURN, TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"

# What is cut before merging, in the manner of GPT-4's expression: contractions; words with the character before them;
# digits in threes; runs of punctuation with their newlines; white space. Han characters are runs of their own, so that
# 'DNA检测' does not make tokens of two scripts. `tokenizers` and tiktoken's engine both read it.
PIECES = (
    r"'(?i:[sdmt]|ll|ve|re)|\p{Han}+|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}&&[^\p{Han}]]+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

ENDS = (END, "<|end_of_text|>", "<｜end▁of▁sentence｜>", "</s>", "<eos>", "<|eot_id|>", TURN_END)

BATCH = 1 << 18  # characters encoded at once: `tokenizers` holds about 380 bytes a token, so at most 100 MB
CONTEXT = 256  # characters on either side that a cut in a long text is tried with
TRIES = 100  # newlines that are tried for a cut: where none of them will do, the tokenizer looks further than a line


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> bytes:
    """A byte-level BPE tokenizer.json: every text decodes to itself, and equal texts give equal bytes.

    It has at most `vocab_size` tokens, `END`, `TURN` and `TURN_END` and the 256 bytes among them; fewer where the texts
    hold no more pairs to merge.
    """
    if vocab_size < 259:
        raise ValueError(f"vocab_size is {vocab_size}, expected at least 259: 256 bytes and 3 special tokens")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=[AddedToken(name, special=True, normalized=False) for name in (END, TURN, TURN_END)],
    )
    tokenizer.train_from_iterator(texts, trainer)
    return str(tokenizer.to_str(pretty=True)).encode() + b"\n"


class Encoder:
    """A loaded tokenizer.json. Special tokens that occur in text are plain text; nothing is added, cut or padded."""

    def __init__(self, json: bytes, end: str | None = None) -> None:
        tokenizer: Any = Tokenizer.from_str(json.decode())
        tokenizer.encode_special_tokens = True
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self.vocabulary = 1 + max(tokenizer.get_vocab(with_added_tokens=True).values())
        self.dtype = np.dtype("<u2" if self.vocabulary <= 1 << 16 else "<u4")
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

    def encode(self, texts: Sequence[str]) -> list[NDArray[Any]]:
        """The tokens of each text, as `dtype`."""
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


@lru_cache(maxsize=2)
def encoder(asset: Asset, end: str | None) -> Encoder:
    """The encoder of a verified tokenizer.json, loaded once in a process."""
    return Encoder(asset.verified(), end)
