"""The background: how many documents of general text hold each n-gram and each token: what is common tells little.

It is fixed, and its digest is part of an index's name: counted from the corpus at hand, a benchmark that leaked a
thousand times would look common and harmless. It is itself looked through for items: documents that hold an item with
its answer are left out of the count.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl
import zstandard
from numpy.typing import NDArray

from curate.kernels import overlap
from curate.kernels.utf8 import blocks
from curate.shipped import shipped

SHIPPED = "classifiers/background/table.bin"
FORMAT = 1
FLOOR = 0.1  # of an n-gram's worth stays, however common it is
KEPT = 1 << 22  # rows of n-grams that are sorted at a time


class BackgroundRefused(ValueError):
    """A file is no background that this version reads."""


@dataclass(frozen=True)
class Background:
    """Keys ascending, and in how many documents each stands."""

    documents: int
    grams: NDArray[np.uint64]
    gram_counts: NDArray[np.uint32]
    tokens: NDArray[np.uint64]
    token_counts: NDArray[np.uint32]

    def digest(self) -> str:
        return hashlib.blake2b(self.packed(), digest_size=16).hexdigest()

    def worths(self, keys: NDArray[np.uint64]) -> NDArray[np.float64]:
        """What n-grams are worth: 1 over 1 and the documents that hold them, `FLOOR` at least."""
        return np.maximum(FLOOR, 1 / (1.0 + _counts(self.grams, self.gram_counts, keys)))

    def telling(self, tokens: NDArray[np.uint64]) -> NDArray[np.float64]:
        """What tokens tell, by the documents that hold them: 1 for one that is in none of them, .1 or so for 'the'."""
        counts = _counts(self.tokens, self.token_counts, tokens)
        return 0.1 + 0.9 * np.log((1 + self.documents) / (1 + counts)) / np.log(1.0 + max(1, self.documents))

    def plus(self, other: Background) -> Background:
        """Both as one."""
        grams, gram_counts = _sums([(self.grams, self.gram_counts), (other.grams, other.gram_counts)])
        tokens, token_counts = _sums([(self.tokens, self.token_counts), (other.tokens, other.token_counts)])
        return Background(self.documents + other.documents, grams, gram_counts, tokens, token_counts)

    def common(self, grams: int, tokens: int) -> Background:
        """Only what stands in at least so many documents."""
        kept, words = self.gram_counts >= grams, self.token_counts >= tokens
        return Background(
            self.documents, self.grams[kept], self.gram_counts[kept], self.tokens[words], self.token_counts[words]
        )

    def packed(self) -> bytes:
        header = {"format": FORMAT, "documents": self.documents, "grams": len(self.grams), "tokens": len(self.tokens)}
        arrays = (
            (self.grams, "<u8"), (self.gram_counts, "<u4"), (self.tokens, "<u8"), (self.token_counts, "<u4")
        )  # fmt: skip
        data = b"".join(array.astype(kind).tobytes() for array, kind in arrays)
        return zstandard.ZstdCompressor(level=12).compress(json.dumps(header).encode() + b"\n" + data)


def unpack(data: bytes, name: str) -> Background:
    """The background that `data` holds. Raises `BackgroundRefused`; `name` is for the message."""
    try:
        head, _, body = zstandard.ZstdDecompressor().decompress(data).partition(b"\n")
        header = json.loads(head)
        if header["format"] != FORMAT:
            raise BackgroundRefused(f"{name}: a background of format {header['format']}, expected {FORMAT}")
        grams, tokens = int(header["grams"]), int(header["tokens"])
        at, arrays = 0, []
        for count, kind in ((grams, "<u8"), (grams, "<u4"), (tokens, "<u8"), (tokens, "<u4")):
            array = np.frombuffer(body, kind, count, at)
            at += array.nbytes
            arrays.append(array.astype(kind[1:]))
    except (zstandard.ZstdError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, BackgroundRefused):
            raise
        raise BackgroundRefused(f"{name}: no background, or a damaged one ({error})") from error
    return Background(int(header["documents"]), *arrays)


@cache
def default() -> Background:
    """The one that comes with Curate: what is common in public domain and freely licensed text, zh and en."""
    path = shipped(SHIPPED)
    return unpack(path.read_bytes(), str(path))


def count(texts: Iterable[pl.Series]) -> Background:
    """The background of documents, String columns a piece. A document counts once for what it holds twice."""
    documents = 0
    held: dict[str, list[tuple[NDArray[np.uint64], NDArray[np.uint32]]]] = {"grams": [], "tokens": []}
    waiting: dict[str, list[NDArray[np.uint64]]] = {"grams": [], "tokens": []}

    def settle(kind: str, at_least: int) -> None:
        if sum(map(len, waiting[kind])) >= at_least:
            keys, counts = np.unique(np.concatenate([np.empty(0, np.uint64), *waiting[kind]]), return_counts=True)
            held[kind] = [_sums([*held[kind], (keys, counts.astype(np.uint32))])]
            waiting[kind] = []

    for column in texts:
        documents += len(column)
        for _, block in blocks(column):
            read = overlap.stream(block)
            owners = np.repeat(np.arange(len(block)), np.diff(read.tokens.starts))
            waiting["tokens"].append(_once(read.tokens.hashes, owners))
            waiting["grams"].append(_once(*overlap.grams(read, len(read.weights) + 1)))
            settle("tokens", KEPT)
            settle("grams", KEPT)
    settle("tokens", 0)
    settle("grams", 0)
    return Background(documents, *held["grams"][0], *held["tokens"][0])


def _once(keys: NDArray[np.uint64], owners: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The keys, each as often as it has owners."""
    order = np.lexsort((owners, keys))
    keys, owners = keys[order], owners[order]
    new = np.append(True, (keys[1:] != keys[:-1]) | (owners[1:] != owners[:-1])) if len(keys) else np.zeros(0, bool)
    return keys[new]


def _sums(
    tables: Iterable[tuple[NDArray[np.uint64], NDArray[np.uint32]]],
) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    tables = list(tables)
    keys, places = np.unique(np.concatenate([keys for keys, _ in tables]), return_inverse=True)
    counts = np.bincount(places, np.concatenate([counts for _, counts in tables]), len(keys))
    return keys, counts.astype(np.uint32)


def _counts(keys: NDArray[np.uint64], counts: NDArray[np.uint32], asked: NDArray[np.uint64]) -> NDArray[np.float64]:
    if not len(keys):
        return np.zeros(len(asked))
    places = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[places] == asked, counts[places], 0).astype(np.float64)


EMPTY = Background(0, np.zeros(0, np.uint64), np.zeros(0, np.uint32), np.zeros(0, np.uint64), np.zeros(0, np.uint32))
"""No background: all n-grams and tokens tell alike."""
