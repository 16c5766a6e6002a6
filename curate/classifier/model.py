"""A fastText classifier as a file says it is: read here, field by field, and never handed to fastText's own loader.

fastText's loader (0.9.2, C++) believes each length that a file names: one that lies makes it read and write past its
memory, in the process of the worker. Here a length is believed only where the file is that long, and a number only
where it is one that the model can have; what does not fit is a `NotAJudge`. No child has to try the file first.
tests/classifier/test_model.py compares with fastText's own answers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import bag
from curate.kernels.compiled import frozen
from curate.stage import Asset

PREFIX = "__label__"

MAGIC, VERSION = 793712314, 12
SOFTMAX, _OVA = 3, 4  # args.h: loss_name
SUPERVISED = 3
_CENTROIDS = 256  # a code is a byte
_MOST = {"dim": 4096, "bucket": 1 << 24, "ngrams": 5, "labels": 4096, "words": 1 << 26}
_PICKLES = (b"\x80", b"PK\x03\x04", b"(", b"c")  # pickle protocols 2 and up, torch's zip, protocols 0 and 1


class NotAJudge(ValueError):
    """The file is no classifier that Curate can read, or not the one that was asked for."""


@dataclass(frozen=True, eq=False)
class Model:
    """A classifier whose rows stand multiplied by its output layer."""

    labels: tuple[str, ...]
    """Without fastText's prefix, in the order of the columns."""
    bag: bag.Bag
    softmax: bool
    """Otherwise each label is judged by itself (one against all)."""

    def probabilities(self, lines: pl.Series) -> NDArray[np.float64]:
        """f64[n, labels], for lines of tokens (`tokens.spaced`). For a null or an empty line: what the end of a line
        alone gives."""
        summed, found = bag.sums(lines, self.bag)
        logits = summed / np.maximum(found, 1)[:, None]
        if not self.softmax:
            step = np.clip(np.floor((logits + 8) * 32), 0, 512)  # fastText has a table of 512 steps from -8 to 8
            return np.asarray(np.where(np.abs(logits) > 8, logits > 8, 1 / (1 + np.exp(8 - step / 32))))
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))


@lru_cache(maxsize=8)
def loaded(model: Asset) -> Model:
    """The model, its digest verified, once per process. Raises `AssetChanged`, `NotAJudge`."""
    return parsed(model.verified(), str(model.path))


def parsed(data: bytes, origin: str) -> Model:
    """The classifier that the bytes of a .ftz or .bin file are. `origin` names it in messages. Raises `NotAJudge`."""
    cursor = _Cursor(data, origin)
    if data[:4] != struct.pack("<i", MAGIC):
        if data.startswith(_PICKLES):
            raise NotAJudge(
                f"{origin}: looks like a pickle, which can run any code when it is read; "
                "expected a fastText model (.ftz), as `curate classifier train` writes it"
            )
        raise NotAJudge(f"{origin}: no fastText model; expected a .ftz, as `curate classifier train` writes it")
    cursor.skip(4)
    if (version := cursor.int32("version")) != VERSION:
        raise cursor.refusal(f"version {version}, expected {VERSION}")
    arguments = _arguments(cursor)
    words, labels, kept = _dictionary(cursor, arguments)
    known = len(words.offsets) - 1
    rows, quantised = _matrix(cursor, "input")
    if len(kept) and not quantised:
        raise cursor.refusal("pruned, but not quantised")
    there = int(kept.max(initial=-1)) + 1 if len(kept) else arguments.buckets
    if rows.shape != (known + there, arguments.dim):
        raise cursor.refusal(f"input matrix of {rows.shape}, expected {(known + there, arguments.dim)}")
    output, _ = _matrix(cursor, "output")
    if output.shape != (len(labels), arguments.dim):
        raise cursor.refusal(f"output matrix of {output.shape}, expected {(len(labels), arguments.dim)}")
    cursor.ended()
    with np.errstate(over="ignore", invalid="ignore"):  # in doubles, so that no order of summing shows in a float
        table = (rows.astype(np.float64) @ output.T.astype(np.float64)).astype(np.float32)
    if not np.isfinite(table).all():
        raise cursor.refusal("the weights hold NaN or infinity; train it again")
    return Model(
        labels,
        bag.Bag(words, frozen(table), arguments.buckets if arguments.ngrams > 1 else 0, frozen(kept),
                arguments.ngrams, b"</s>"),
        arguments.softmax,
    )  # fmt: skip


@dataclass(frozen=True)
class _Arguments:
    dim: int
    ngrams: int
    buckets: int
    softmax: bool


class _Cursor:
    """Goes through the bytes; never past their end."""

    def __init__(self, data: bytes, origin: str) -> None:
        self._data, self._at, self._origin = data, 0, origin

    def refusal(self, found: str) -> NotAJudge:
        return NotAJudge(f"{self._origin}: {found}; this is no model that `curate classifier train` wrote")

    def skip(self, size: int) -> None:
        if size < 0 or size > len(self._data) - self._at:
            raise self.refusal(f"says that {size:,} bytes follow byte {self._at:,}, and has {len(self._data):,}")
        self._at += size

    def number(self, form: str) -> int:
        at = self._at
        self.skip(struct.calcsize(form))
        return int(struct.unpack_from(form, self._data, at)[0])

    def int32(self, name: str, low: int = -(1 << 31), high: int = (1 << 31) - 1) -> int:
        return self._within(name, self.number("<i"), low, high)

    def int64(self, name: str, low: int, high: int) -> int:
        return self._within(name, self.number("<q"), low, high)

    def _within(self, name: str, value: int, low: int, high: int) -> int:
        if not low <= value <= high:
            raise self.refusal(f"{name} is {value}, expected {low} to {high}")
        return value

    def flag(self, name: str) -> bool:
        return bool(self._within(name, self.number("<B"), 0, 1))

    def array(self, dtype: str, count: int) -> NDArray[np.generic]:
        at = self._at
        self.skip(count * np.dtype(dtype).itemsize)
        return np.frombuffer(self._data, dtype, count, at)

    def word(self) -> bytes:
        end = self._data.find(b"\0", self._at)
        if end < 0:
            raise self.refusal("a word of the dictionary has no end")
        found = self._data[self._at : end]
        self._at = end + 1
        return found

    def ended(self) -> None:
        if self._at != len(self._data):
            raise self.refusal(f"{len(self._data) - self._at:,} bytes behind its end")


def _arguments(cursor: _Cursor) -> _Arguments:
    dim = cursor.int32("dim", 1, _MOST["dim"])
    for name in ("ws", "epoch", "minCount", "neg"):
        cursor.int32(name)
    ngrams = cursor.int32("wordNgrams", 1, _MOST["ngrams"])
    loss, kind = cursor.int32("loss"), cursor.int32("model")
    if kind != SUPERVISED or loss not in (SOFTMAX, _OVA):
        raise cursor.refusal(
            f"model {kind} with loss {loss}, expected a supervised one (3) with softmax (3) or ova (4)"
        )
    buckets = cursor.int32("bucket", 0, _MOST["bucket"])
    cursor.int32("minn")
    if (longest := cursor.int32("maxn")) > 0:
        raise cursor.refusal(f"reads parts of words, up to {longest} letters")
    cursor.int32("lrUpdateRate")
    cursor.skip(8)
    return _Arguments(dim, ngrams, buckets, loss == SOFTMAX)


def _dictionary(cursor: _Cursor, arguments: _Arguments) -> tuple[bag.Words, tuple[str, ...], NDArray[np.int32]]:
    """The words, the labels, and the row of each bucket (empty where none was pruned)."""
    size = cursor.int32("dictionary", 1, _MOST["words"])
    known = cursor.int32("words", 0, size)
    labels = cursor.int32("labels", 2, _MOST["labels"])
    if known + labels != size:
        raise cursor.refusal(f"{known} words and {labels} labels are not {size}")
    cursor.skip(8)  # how many tokens it was trained on
    pruned = cursor.int64("pruned buckets", -1, arguments.buckets)
    entries = []
    for number in range(size):
        entries.append(cursor.word())
        cursor.skip(8)  # how often it occurred
        if cursor.number("<b") != (number >= known):
            raise cursor.refusal("words and labels are mixed up in the dictionary")
    if len(set(entries)) != size:
        raise cursor.refusal("the dictionary has a word twice")
    kept = np.zeros(0, np.int32)
    if pruned >= 0:
        pairs = cursor.array("<i4", 2 * pruned).reshape(-1, 2).astype(np.int64)
        if not pruned or pairs.min() < 0 or pairs[:, 0].max() >= arguments.buckets or pairs[:, 1].max() >= pruned:
            raise cursor.refusal("the list of pruned n-grams names what is not there")
        kept = np.full(arguments.buckets, -1, np.int32)
        kept[pairs[:, 0]] = pairs[:, 1]
    names = []
    for entry in entries[known:]:
        name = entry.decode("utf-8", "replace")
        if not name.startswith(PREFIX) or not name.isprintable():
            raise cursor.refusal(f"label {name!r}, expected it to begin with {PREFIX}")
        names.append(name.removeprefix(PREFIX))
    offsets = np.cumsum([0, *map(len, entries[:known])]).astype(np.int64)
    data = np.frombuffer(b"".join(entries[:known]), np.uint8)
    return bag.words_of(data, offsets), tuple(names), kept


def _matrix(cursor: _Cursor, name: str) -> tuple[NDArray[np.float32], bool]:
    """A dense or quantised matrix as f32[m, n], and whether it is quantised."""
    quantised = cursor.flag(f"whether the {name} is quantised")
    if not quantised:
        rows, width = _shape(cursor, name)
        return np.asarray(cursor.array("<f4", rows * width), np.float32).reshape(rows, width), False
    normed = cursor.flag("whether norms are apart")
    rows, width = _shape(cursor, name)
    size = cursor.int32("codes", 0)
    codes = cursor.array("u1", size)
    centroids = _centroids(cursor, width)
    if size != rows * len(centroids):
        raise cursor.refusal(f"{size} codes for {rows} rows of {len(centroids)} parts")
    code = codes.reshape(rows, len(centroids))
    found = np.hstack([part[code[:, number]] for number, part in enumerate(centroids)])
    if normed:
        norm = cursor.array("u1", rows)
        found = found * _centroids(cursor, 1)[0][norm]
    return np.asarray(found, np.float32), True


def _shape(cursor: _Cursor, name: str) -> tuple[int, int]:
    return (
        cursor.int64(f"rows of the {name}", 0, _MOST["words"] + _MOST["bucket"]),
        cursor.int64(f"width of the {name}", 1, _MOST["dim"]),
    )


def _centroids(cursor: _Cursor, width: int) -> list[NDArray[np.float32]]:
    """Of each part of a vector, f32[256, its dimensions]."""
    dim, parts = cursor.int32("dim of the centroids", 1, _MOST["dim"]), cursor.int32("parts", 1, _MOST["dim"])
    each, last = cursor.int32("dimensions of a part", 1, _MOST["dim"]), cursor.int32("of the last", 1, _MOST["dim"])
    if dim != width or (parts - 1) * each + last != dim or last > each:
        raise cursor.refusal(f"{parts} parts of {each} dimensions, the last of {last}, for {width}")
    flat = np.asarray(cursor.array("<f4", dim * _CENTROIDS), np.float32)
    whole = (parts - 1) * each * _CENTROIDS
    found = [flat[:whole].reshape(parts - 1, _CENTROIDS, each)[number] for number in range(parts - 1)]
    return [*found, flat[whole:].reshape(_CENTROIDS, last)]
