"""A linear model over words and n-grams of words, as fastText looks them up: sums of rows by the bytes of a column.

The lines are what `tokens.spaced` gives: words parted by single spaces. fastText averages the vectors of a line's
words, of the end of the line, and of its hashed n-grams, and multiplies the average by its output layer; both are
linear, so here each row already stands multiplied, and only as many numbers as there are labels are added up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import utf8
from curate.kernels.compiled import frozen, kernel

_OFFSET = np.uint64(2166136261)  # FNV-1a of 32 bits, in 64: numba would widen a product of 32-bit numbers anyway
_PRIME = np.uint64(16777619)
_LOW = np.uint64(0xFFFFFFFF)
STEP = np.uint64(116049371)  # of fastText's hash of an n-gram (dictionary.cc, addWordNgrams)
_NOTHING = np.int32(-1)


class Words(NamedTuple):
    """The words of a model, found by FNV-1a: `slots` has a power of two of places, each a word's number or -1."""

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    slots: NDArray[np.int32]


class Bag(NamedTuple):
    """What the sums are made of. Rows of `table`: the words, then the n-grams."""

    words: Words
    table: NDArray[np.float32]
    """f32[rows, labels]"""
    buckets: int
    """Of n-grams; 0 where the model has none."""
    kept: NDArray[np.int32]
    """i32[buckets]: the row of each bucket behind the words, or -1; empty where every bucket has its own row."""
    ngrams: int
    end: bytes
    """The word that fastText adds to each line."""


def words_of(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Words:
    """The table by which words are found; of equal words the first is."""
    count = len(offsets) - 1
    slots = np.full(1 << (2 * max(count, 1)).bit_length(), _NOTHING, np.int32)
    hashes = np.empty(count, np.uint64)
    data, offsets = frozen(data), frozen(offsets)
    _fill(data, offsets, hashes, slots)
    return Words(data, offsets, hashes, slots)


def sums(lines: pl.Series, bag: Bag) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(f64[n, labels], i64[n]): the summed rows of each line, and how many they are, the line's end among them.

    Words and n-grams that the model does not know count for nothing, as in fastText. A null is an empty line.
    """
    data, offsets = utf8.of(lines)
    out = np.zeros((len(lines), bag.table.shape[1]), np.float64)
    found = np.zeros(len(lines), np.int64)
    end = np.frombuffer(bag.end, np.uint8)
    _sums(
        data, offsets, frozen(end), bag.words.data, bag.words.offsets, bag.words.hashes, bag.words.slots, bag.table,
        bag.buckets, bag.kept, bag.ngrams, out, found,
    )  # fmt: skip
    return out, found


@kernel
def _hash(data: NDArray[np.uint8], at: int, end: int) -> np.uint64:
    """FNV-1a as fastText has it: a byte is a signed char, widened with its sign."""
    state = _OFFSET
    for place in range(at, end):
        state = ((state ^ np.uint64(np.int64(np.int8(data[place])))) & _LOW) * _PRIME & _LOW
    return state


@kernel
def _find(
    data: NDArray[np.uint8],
    at: int,
    end: int,
    value: np.uint64,
    words: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    slots: NDArray[np.int32],
) -> np.int64:
    """The number of the word at `at`, or -1."""
    mask = len(slots) - 1
    slot = np.int64(value) & mask
    while slots[slot] >= 0:
        word = np.int64(slots[slot])
        if hashes[word] == value and bounds[word + 1] - bounds[word] == end - at:
            same = True
            for offset in range(end - at):
                if words[bounds[word] + offset] != data[at + offset]:
                    same = False
                    break
            if same:
                return word
        slot = (slot + 1) & mask
    return np.int64(-1)


@kernel
def _fill(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], hashes: NDArray[np.uint64], slots: NDArray[np.int32]
) -> None:
    mask = len(slots) - 1
    for word in range(len(offsets) - 1):
        hashes[word] = _hash(data, offsets[word], offsets[word + 1])
        slot = np.int64(hashes[word]) & mask
        if _find(data, offsets[word], offsets[word + 1], hashes[word], data, offsets, hashes, slots) >= 0:
            continue
        while slots[slot] >= 0:
            slot = (slot + 1) & mask
        slots[slot] = word


@kernel
def _sums(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    close: NDArray[np.uint8],
    words: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    slots: NDArray[np.int32],
    table: NDArray[np.float32],
    buckets: int,
    kept: NDArray[np.int32],
    ngrams: int,
    out: NDArray[np.float64],
    found: NDArray[np.int64],
) -> None:
    labels = table.shape[1]
    known = len(bounds) - 1
    closing = _hash(close, 0, len(close))
    last = _find(close, 0, len(close), closing, words, bounds, hashes, slots)
    # The hashes of the n-grams that the next word continues: running[k] began k + 1 words ago.
    running = np.zeros(max(ngrams - 1, 1), np.uint64)
    for line in range(len(offsets) - 1):
        at, end = offsets[line], offsets[line + 1]
        count, seen, more = np.int64(0), 0, True
        while more:
            more = at < end
            if more:
                value, stop = _OFFSET, at
                while stop < end and data[stop] != 0x20:
                    value = ((value ^ np.uint64(np.int64(np.int8(data[stop])))) & _LOW) * _PRIME & _LOW
                    stop += 1
                row = _find(data, at, stop, value, words, bounds, hashes, slots)
                at = stop + 1
            else:
                value, row = closing, last
            if row >= 0:
                count += 1
                for label in range(labels):
                    out[line, label] += table[row, label]
            own = np.uint64(np.int64(np.int32(value)))  # a signed number there, widened with its sign
            if ngrams > 1 and buckets > 0:
                for back in range(min(seen, ngrams - 1) - 1, -1, -1):
                    value64 = running[back] * STEP + own
                    if back + 1 < ngrams - 1:
                        running[back + 1] = value64
                    bucket = np.int64(value64 % np.uint64(buckets))
                    if len(kept) > 0:
                        bucket = np.int64(kept[bucket])
                    if bucket >= 0:
                        count += 1
                        for label in range(labels):
                            out[line, label] += table[known + bucket, label]
                running[0] = own
                seen += 1
        found[line] = count
