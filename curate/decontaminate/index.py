"""The index of benchmark items: which n-grams belong to which part of which item, and what each of them is worth.

An item is looked for in parts. Its question decides whether a document goes; where the question alone is too short or
too common to tell anything, the question with its choices does (with its answer, where there are no choices); and where
these are too, the question beside its context or answer. Answer and context are looked for as well, and reported only:
a law, a poem or an article that an item quotes belongs to the corpus. `building` makes one.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import polars as pl
import xxhash
from numpy.typing import NDArray

from curate.decontaminate import storing
from curate.decontaminate.background import Background, default
from curate.decontaminate.items import Item
from curate.decontaminate.storing import IndexRefused, Names, Texts
from curate.kernels.alignment import Pieces
from curate.kernels.overlap import Lookup, Units
from curate.stage import Asset

__all__ = ["Index", "IndexRefused", "digest", "load", "unpack"]

QUESTION, ANSWER, CONTEXT = "question", "answer", "context"
WITH_CHOICES, WITH_ANSWER, WITH_CONTEXT = "question+choices", "question+answer", "question+context"
QUOTATION = "quotation"  # a question of which a law holds what it quotes
MENTION = "mention"  # a question of which prose says the words, and does not ask
PARTS = (QUESTION, WITH_CHOICES, WITH_ANSWER, WITH_CONTEXT, ANSWER, CONTEXT, QUOTATION, MENTION)
DECIDING = frozenset({QUESTION, WITH_CHOICES, WITH_ANSWER, WITH_CONTEXT})
"""The parts whose presence makes a document a contaminated one."""

ENOUGH = 16
"""What must be found for full evidence, in CJK characters (a word counts two): a score falls in proportion below it.

The shortest question that passes the default limit of .65, all of it found, then has 11 characters or 6 words. Shorter
ones are phrases: 'The Federal Open Market Committee' is a question of MMLU.
"""

SHORT = 24  # a question that weighs less is looked for with its choices too: a word changed may hide it alone
LEAST = 11  # a part that weighs less is not looked for
TELLING = 3  # nor one whose n-grams, each divided by the items that share it, weigh less: a phrase of its benchmark
QUOTED = 32  # an answer that weighs less is a phrase, of which nothing would be learnt
COMMON = 100  # an n-gram that stands in more items of one benchmark than this tells nothing
QUOTABLE = 0.25  # what an n-gram of a question is still worth that some item's answer or context holds: a law's, say
QUOTE = 0.1  # and what an article is that the question itself quotes as one
SAMPLE = 512  # of a longer piece as many n-grams are kept, chosen by hash: its share is then right to about .02
CHUNK = 1 << 20  # bytes of a file that are read at a time to verify it
UNIT = 64  # the weight of one CJK character in the index, so that shares are sums of integers


@dataclass(frozen=True)
class Index:
    """An index in memory. The kernel reads `known` and `units`; unit u is part `parts[u]` of item `owners[u]`."""

    items: Names
    unchecked: tuple[tuple[int, str], ...]  # ordinals of items whose question can't be looked for, and why
    owners: NDArray[np.uint32]
    parts: NDArray[np.uint8]  # ordinals in PARTS
    known: Lookup
    units: Units
    pieces: Pieces
    """What of the parts is aligned: those with n-grams that decide."""
    texts: Texts

    @cached_property
    def alignable(self) -> NDArray[np.bool_]:
        """bool[units]: which are aligned."""
        return np.diff(self.pieces.unit_begins) > 0

    @cached_property
    def beside(self) -> NDArray[np.bool_]:
        """bool[units]: which are looked for beside a passage alone."""
        out = np.zeros(len(self.units.companions), np.bool_)
        out[self.units.companions[self.units.companions >= 0]] = True
        return out

    def grams(self) -> int:
        """How many distinct n-grams are looked for."""
        keys = self.known.keys
        return len(keys) and 1 + int((keys[1:] != keys[:-1]).sum())

    def item(self, ordinal: int) -> Item:
        """The item as it was indexed: to show what matched, and never to match."""
        benchmark, split, name = self.items[ordinal]
        question, choices, answer, context, lang = self.texts.row(ordinal)
        return Item(
            benchmark=benchmark, split=split, id=name, question=question, choices=tuple(choices), answer=answer,
            context=context, lang=lang,
        )  # fmt: skip

    def not_checkable(self) -> pl.DataFrame:
        """benchmark, split, item, why: the items whose presence in a document would not be noticed."""
        rows = [(*self.items[ordinal], why) for ordinal, why in self.unchecked]
        return pl.DataFrame(rows, dict.fromkeys(("benchmark", "split", "item", "why"), pl.String), orient="row")


def unpack(data: bytes | mmap.mmap, name: str, behind: bytes | None = None) -> Index:
    """The index that `data` holds, as `storing.unpack` reads it. Raises `IndexRefused`."""
    arrays, told = storing.unpack(data, name, behind)
    try:
        _agree(arrays)
        return Index(
            Names(
                tuple((benchmark, split) for benchmark, split in told["sets"]),
                arrays["name_places"], arrays["name_ids"], arrays["name_begins"],
            ),
            tuple((ordinal, why) for ordinal, why in told["unchecked"]),
            arrays["owners"],
            arrays["parts"],
            Lookup(arrays["keys"], arrays["postings"], arrays["bloom"], arrays["begins"]),
            Units(**{field: arrays[field] for field in Units._fields}),
            Pieces(
                arrays["unit_begins"], arrays["token_begins"], arrays["tokens"], arrays["worths"], arrays["piece_sizes"]
            ),
            Texts(arrays["texts"], arrays["text_begins"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise IndexRefused(f"{name}: an index that is damaged ({error!r}); make it anew") from error


def _agree(arrays: Mapping[str, NDArray[Any]]) -> None:
    """Raises `ValueError` where arrays are not as long as the kernels, which don't look, take them to be."""
    units, postings, pieces = len(arrays["owners"]), len(arrays["keys"]), len(arrays["piece_keys"])
    parts, tokens, items = len(arrays["piece_sizes"]), len(arrays["tokens"]), len(arrays["name_places"])
    prefixes, words = len(arrays["begins"]) - 1, len(arrays["bloom"])
    sizes = {
        "keys": (np.uint32, postings), "postings": (np.uint32, postings), "bloom": (np.uint64, words),
        "begins": (np.uint32, 1 << max(0, prefixes.bit_length() - 1)), "owners": (np.uint32, units),
        "parts": (np.uint8, units), "totals": (np.uint32, units), "lengths": (np.uint32, units),
        "companions": (np.int64, units), "piece_begins": (np.uint32, units), "piece_keys": (np.uint64, pieces),
        "piece_lengths": (np.uint32, pieces), "piece_weights": (np.uint32, pieces), "unit_begins": (np.uint32, units),
        "piece_sizes": (np.uint32, parts), "token_begins": (np.uint32, parts), "tokens": (np.uint16, tokens),
        "worths": (np.uint16, tokens), "name_places": (np.uint32, items), "name_begins": (np.uint32, items),
        "name_ids": (np.uint8, len(arrays["name_ids"])), "texts": (np.uint8, len(arrays["texts"])),
    }  # fmt: skip
    ends = {
        "begins": postings, "piece_begins": pieces, "unit_begins": parts, "token_begins": tokens,
        "name_begins": len(arrays["name_ids"]),
    }  # fmt: skip
    for field, (kind, size) in sizes.items():
        array = arrays[field]
        if array.dtype != kind or len(array) != size + (field in ends) or (field in ends and array[-1] != ends[field]):
            raise ValueError(f"{field}: {len(array)} of {array.dtype}, expected {size} of {np.dtype(kind)}")
    if words & (words - 1):
        raise ValueError(f"bloom: {words} words, expected a power of two")


@lru_cache(maxsize=4)
def load(asset: Asset) -> Index:
    """The index at `asset`, verified, once per process. Raises `AssetChanged` or `IndexRefused`.

    It is mapped and not read: the workers of a machine share its pages, and what no text asks for stays on disk.
    """
    with open(asset.path, "rb") as file:
        head = file.read(storing.HEAD)
        whole, behind = hashlib.sha256(head), xxhash.xxh3_128()
        while chunk := file.read(CHUNK):
            whole.update(chunk)
            behind.update(chunk)
        if whole.hexdigest() != asset.sha256:
            asset.verified()
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if head else b""
        return unpack(data, str(asset.path), behind.digest())


def digest(items: Sequence[Item], background: Background | None = None) -> str:
    """What the index of `items` depends on, 32 hex digits: it names an index that was made before."""
    counted = (default() if background is None else background).digest()
    made = [
        storing.VERSION,
        storing.tokens_made(),
        LEAST,
        SHORT,
        TELLING,
        QUOTED,
        QUOTABLE,
        QUOTE,
        COMMON,
        SAMPLE,
        UNIT,
    ]
    state = hashlib.blake2b(json.dumps([*made, counted]).encode(), digest_size=16)
    for item in items:
        state.update(repr(item).encode())
    return state.hexdigest()
