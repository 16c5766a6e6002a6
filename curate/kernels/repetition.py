"""How much of a text repeats itself: lines, n-grams of tokens, one pair of tokens over and over."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import utf8
from curate.kernels.compiled import kernel
from curate.kernels.tokens import tokens

_STEP = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)
_OFFSET = np.uint64(0xCBF29CE484222325)  # FNV-1a, 64 bits
_PRIME = np.uint64(0x100000001B3)


class Repetition(NamedTuple):
    """Shares of n texts in [0, 1], f64[n] each."""

    lines: NDArray[np.float64]
    """Of the bytes of non-blank lines, those in lines that the text held before (trimmed of ASCII white space)."""
    grams: NDArray[np.float64]
    """Of the tokens, those in n-grams that the text held before."""
    top: NDArray[np.float64]
    """Of the tokens, those that the most frequent pair of tokens covers; 0 where no pair occurs twice."""


def repetition(texts: pl.Series, n: int) -> Repetition:
    """What `texts` repeat of themselves; 0 for a null, an empty text, one with fewer than n tokens.

    As in Rae et al. 2021 (Gopher), appendix A.1.1, but for tokens in place of characters, so that one measure serves
    Chinese and English: n-grams are counted from left to right, and one that repeats is passed over whole.
    """
    stream = tokens(texts, spans=False)
    data, offsets = utf8.of(texts)
    found = Repetition(np.zeros(len(texts)), np.zeros(len(texts)), np.zeros(len(texts)))
    _lines(data, offsets, found.lines)
    _repeated(stream.hashes, stream.starts, n, found.grams)
    _top(stream.hashes, stream.starts, 2, found.top)
    return found


@kernel
def _gram(hashes: NDArray[np.uint64], at: int, n: int) -> np.uint64:
    state = np.uint64(n)
    for k in range(n):
        state = (state ^ hashes[at + k]) * _STEP
        state ^= state >> _SHIFT
    return state | np.uint64(1)  # 0 marks a free slot


@kernel
def _slots(tokens_of_text: int) -> int:
    size = 16
    while size < 2 * tokens_of_text:
        size *= 2
    return size


@kernel
def _lines(data: NDArray[np.uint8], offsets: NDArray[np.int64], out: NDArray[np.float64]) -> None:
    for text in range(len(offsets) - 1):
        at, end = offsets[text], offsets[text + 1]
        count = 1
        for place in range(at, end):
            count += data[place] == 10
        mask = np.uint64(_slots(count) - 1)
        seen = np.zeros(_slots(count), np.uint64)
        total, again = 0, 0
        while at < end:
            stop = at
            while stop < end and data[stop] != 10:
                stop += 1
            first, last = at, stop
            while first < last and data[first] <= 32:
                first += 1
            while first < last and data[last - 1] <= 32:
                last -= 1
            at = stop + 1
            if first == last:
                continue
            state = _OFFSET
            for place in range(first, last):
                state = (state ^ np.uint64(data[place])) * _PRIME
            state = (state ^ (state >> _SHIFT)) | np.uint64(1)
            slot = state & mask
            while seen[slot] not in (np.uint64(0), state):
                slot = (slot + np.uint64(1)) & mask
            if seen[slot] == state:
                again += last - first
            seen[slot] = state
            total += last - first
        out[text] = again / total if total else 0.0


@kernel
def _repeated(hashes: NDArray[np.uint64], starts: NDArray[np.int64], n: int, out: NDArray[np.float64]) -> None:
    for text in range(len(starts) - 1):
        at, end = starts[text], starts[text + 1]
        total = end - at
        if total < n:
            continue
        mask = np.uint64(_slots(total) - 1)
        seen = np.zeros(_slots(total), np.uint64)
        covered = 0
        while at + n <= end:
            gram = _gram(hashes, at, n)
            slot = gram & mask
            while seen[slot] not in (np.uint64(0), gram):
                slot = (slot + np.uint64(1)) & mask
            if seen[slot] == gram:
                covered += n
                at += n
            else:
                seen[slot] = gram
                at += 1
        out[text] = covered / total


@kernel
def _top(hashes: NDArray[np.uint64], starts: NDArray[np.int64], n: int, out: NDArray[np.float64]) -> None:
    for text in range(len(starts) - 1):
        begin, end = starts[text], starts[text + 1]
        total = end - begin
        if total < n:
            continue
        mask = np.uint64(_slots(total) - 1)
        seen = np.zeros(_slots(total), np.uint64)
        covers = np.zeros(_slots(total), np.int64)  # tokens that a gram's occurrences cover
        last = np.zeros(_slots(total), np.int64)  # where its last occurrence ended
        most = 0
        for at in range(begin, end - n + 1):
            gram = _gram(hashes, at, n)
            slot = gram & mask
            while seen[slot] not in (np.uint64(0), gram):
                slot = (slot + np.uint64(1)) & mask
            fresh = seen[slot] != gram
            seen[slot] = gram
            covers[slot] += n if fresh else min(n, at + n - last[slot])
            last[slot] = at + n
            if not fresh and covers[slot] > most:
                most = covers[slot]
        out[text] = most / total
