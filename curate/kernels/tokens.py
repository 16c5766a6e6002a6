"""Tokens: one stream for all scripts, folded, by the bytes of a column.

A CJK character (Han, kana, Hangul syllable) is a token; elsewhere a maximal run of letters, digits and combining marks
is one; everything else separates. Scripts that write words without spaces but are not CJK (Thai, Khmer) come as runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import fold, utf8
from curate.kernels.compiled import kernel
from curate.kernels.fold import CLASS_SHIFT, IGNORED, SINGLE, WORD

_CODE = np.uint64((1 << CLASS_SHIFT) - 1)
_SEED = np.uint64(0x9E3779B97F4A7C15)
_STEP = np.uint64(0xD6E8FEB86659FD93)  # odd, so that each step is a bijection of the state
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)  # MurmurHash3's 64-bit finaliser
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)
_33 = np.uint64(33)


NEVER = 2.0  # as a share: no text has so many


class Tokens(NamedTuple):
    """The tokens of n texts, one after another."""

    hashes: NDArray[np.uint64]
    """u64[tokens]: of the folded token; the same for the same folded token in any text, run and machine."""
    starts: NDArray[np.int64]
    """i64[n + 1]: the tokens of text i are starts[i] to starts[i + 1]."""
    spans: NDArray[np.int64]
    """i64[tokens, 2]: where each token begins and ends, in bytes of its own, unfolded text; [0, 2] if not asked for."""


def tokens(texts: pl.Series, *, spans: bool = True, split: float = NEVER) -> Tokens:
    """The tokens of a String column. A null has none. Without `spans` it takes 8 bytes a token in place of 24.

    In texts of whose letters and digits at least the share `split` are CJK, each other letter and digit is a token too:
    an English name in a Chinese sentence then weighs as much as it is long, and not as one character.
    """
    data, offsets = utf8.of(texts)
    most = _most(int(offsets[-1]) - int(offsets[0]), split) + len(texts)  # the last one of each text
    hashes = np.empty(most, np.uint64)
    starts = np.empty(len(offsets), np.int64)
    places = np.empty((most if spans else 0, 2), np.int64)
    count = _tokens(data, offsets, fold.table(), split, hashes, starts, places)
    return Tokens(hashes[:count], starts, places[:count])


class Piece(NamedTuple):
    """The tokens of some texts, one after another, or of a part of one text."""

    first: int
    """The ordinal of the first of the texts."""
    tokens: Tokens
    """Without spans."""
    more: bool
    """Whether this is one text, and the next piece goes on with it."""


def pieces(texts: pl.Series, *, split: float = NEVER, size: int = utf8.BLOCK) -> Iterator[Piece]:
    """The tokens of a String column, about `size` bytes of text at a time: a longer text comes in several pieces.

    They are those that `tokens` gives: one that reaches over the end of a part is carried into the next, and the share
    of CJK is that of the whole text. A text of 100 MB, be it one word, takes no more memory than others do.
    """
    for first, block in utf8.blocks(texts, size):
        if len(block) > 1 or utf8.lengths(block)[0] <= size:
            yield Piece(first, tokens(block, spans=False, split=split), False)
        else:
            yield from _parts(first, block, split, size)


def _parts(first: int, text: pl.Series, split: float, size: int) -> Iterator[Piece]:
    data, _ = utf8.of(text)
    apart = split <= 1 and _is_apart(data, 0, len(data), fold.table(), split)
    unfinished = np.zeros(4, np.uint64)
    places = np.empty((0, 2), np.int64)
    begin = 0
    while begin < len(data):
        end = min(begin + size, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:  # a character is read to its end
            end += 1
        hashes = np.empty(_most(end - begin, split) + 2, np.uint64)  # the one that was unfinished, and the last one
        count = _read(data, begin, end, 0, fold.table(), apart, unfinished, hashes, places, 0)
        more = end < len(data)
        if not more:
            count = _end(unfinished, 0, hashes, places, count)
        yield Piece(first, Tokens(hashes[:count], np.array([0, count]), places), more)
        begin = end


def _most(size: int, split: float) -> int:
    """How many tokens end in `size` bytes, beside the last one, at most.

    Each takes two bytes at least: a letter and what separates it, or a CJK character.
    """
    return size // 2 if split > 1 else size


def spaced(texts: pl.Series) -> pl.Series:
    """The folded tokens of each text joined by single spaces: what fastText reads. A null stays null."""
    data, offsets = utf8.of(texts)
    # No code point's folded form and the space after it take more than twice its bytes.
    out = np.empty(2 * (int(offsets[-1]) - int(offsets[0])) + 1, np.uint8)
    bounds = np.empty(len(offsets), np.int64)
    count = _spaced(data, offsets, fold.table(), out, bounds)
    return utf8.series(texts.name, utf8.Utf8(out[:count], bounds), texts.is_null().to_numpy())


@kernel
def _decode(data: NDArray[np.uint8], at: int) -> tuple[np.int64, int]:
    """(code point, bytes it takes) at `at`; the text is valid UTF-8, as every String column is."""
    first = np.int64(data[at])
    if first < 0x80:
        return first, 1
    if first < 0xE0:
        return (first & 0x1F) << 6 | np.int64(data[at + 1]) & 0x3F, 2
    if first < 0xF0:
        return (first & 0x0F) << 12 | (np.int64(data[at + 1]) & 0x3F) << 6 | np.int64(data[at + 2]) & 0x3F, 3
    high = (first & 0x07) << 18 | (np.int64(data[at + 1]) & 0x3F) << 12
    return high | (np.int64(data[at + 2]) & 0x3F) << 6 | np.int64(data[at + 3]) & 0x3F, 4


@kernel
def _finish(state: np.uint64) -> np.uint64:
    state = (state ^ (state >> _33)) * _MIX_1
    state = (state ^ (state >> _33)) * _MIX_2
    return state ^ (state >> _33)


@kernel
def _is_apart(data: NDArray[np.uint8], at: int, end: int, table: NDArray[np.uint32], split: float) -> bool:
    """Whether the share of CJK characters among all that are part of a token is `split` or more; 0 where there is none.

    It is decided when what is left could not change it: after a quarter of a Chinese text where `split` is a tenth.
    """
    singles, letters = 0, 0
    while at < end:
        stop = min(at + 256, end)
        while at < stop:
            code, size = _decode(data, at)
            role = table[code] >> CLASS_SHIFT
            singles += role == SINGLE
            letters += role == WORD
            at += size
        left = max(end - at, 0)  # letters take a byte or more, CJK characters three or more
        if singles and singles / (singles + letters + left) >= split:
            return True
        most = singles + left // 3
        if letters and most / (most + letters) < split:
            return False
    return singles / (singles + letters) >= split if singles else split <= 0


# A token that may go on, as u64[4]: whether there is one, the state of its hash, and where it begins and stops so far.
_INSIDE, _STATE, _BEGIN, _STOP = 0, 1, 2, 3


@kernel
def _end(
    unfinished: NDArray[np.uint64], origin: int, hashes: NDArray[np.uint64], spans: NDArray[np.int64], count: int
) -> int:
    """The number of tokens, with that one which was unfinished."""
    if unfinished[_INSIDE]:
        hashes[count] = _finish(unfinished[_STATE])
        if len(spans) > 0:
            spans[count, 0] = np.int64(unfinished[_BEGIN]) - origin
            spans[count, 1] = np.int64(unfinished[_STOP]) - origin
        unfinished[_INSIDE] = 0
        return count + 1
    return count


@kernel
def _read(
    data: NDArray[np.uint8],
    at: int,
    end: int,
    origin: int,
    table: NDArray[np.uint32],
    apart: bool,
    unfinished: NDArray[np.uint64],
    hashes: NDArray[np.uint64],
    spans: NDArray[np.int64],
    count: int,
) -> int:
    """The number of tokens, `count` and those of the bytes from `at` to `end`; what may go on is left in `unfinished`.

    Their spans are counted from `origin`, where their text begins.
    """
    placed = len(spans) > 0
    inside, state = unfinished[_INSIDE] != 0, unfinished[_STATE]
    begin, stop = np.int64(unfinished[_BEGIN]), np.int64(unfinished[_STOP])
    while at < end:
        code, size = _decode(data, at)
        entry = table[code]
        role = entry >> CLASS_SHIFT
        if role == WORD and apart:
            role = np.uint32(SINGLE)
        if role == WORD:
            if not inside:
                inside, state, begin = True, _SEED, np.int64(at)
            state = (state ^ (np.uint64(entry) & _CODE)) * _STEP
            stop = np.int64(at + size)
        elif role != IGNORED:
            if inside:
                inside = False
                hashes[count] = _finish(state)
                if placed:
                    spans[count, 0], spans[count, 1] = begin - origin, stop - origin
                count += 1
            if role == SINGLE:
                hashes[count] = _finish((_SEED ^ (np.uint64(entry) & _CODE)) * _STEP)
                if placed:
                    spans[count, 0], spans[count, 1] = at - origin, at + size - origin
                count += 1
        at += size
    unfinished[_INSIDE], unfinished[_STATE] = np.uint64(inside), state
    unfinished[_BEGIN], unfinished[_STOP] = np.uint64(begin), np.uint64(stop)
    return count


@kernel
def _tokens(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    table: NDArray[np.uint32],
    split: float,
    hashes: NDArray[np.uint64],
    starts: NDArray[np.int64],
    spans: NDArray[np.int64],
) -> int:
    count = int(np.int64(0))  # a literal 0 would be a type of its own, and _read compiled for it too
    unfinished = np.zeros(4, np.uint64)
    for text in range(len(offsets) - 1):
        starts[text] = count
        origin, end = offsets[text], offsets[text + 1]
        apart = split <= 1 and _is_apart(data, origin, end, table, split)
        count = _read(data, origin, end, origin, table, apart, unfinished, hashes, spans, count)
        count = _end(unfinished, origin, hashes, spans, count)
    starts[len(offsets) - 1] = count
    return count


@kernel
def _encode(out: NDArray[np.uint8], at: int, code: np.int64) -> int:
    """The end of `code` written as UTF-8 at `at`."""
    if code < 0x80:
        out[at] = code
        return at + 1
    if code < 0x800:
        out[at] = 0xC0 | code >> 6
        out[at + 1] = 0x80 | code & 0x3F
        return at + 2
    if code < 0x10000:
        out[at] = 0xE0 | code >> 12
        out[at + 1] = 0x80 | code >> 6 & 0x3F
        out[at + 2] = 0x80 | code & 0x3F
        return at + 3
    out[at] = 0xF0 | code >> 18
    out[at + 1] = 0x80 | code >> 12 & 0x3F
    out[at + 2] = 0x80 | code >> 6 & 0x3F
    out[at + 3] = 0x80 | code & 0x3F
    return at + 4


@kernel
def _spaced(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    table: NDArray[np.uint32],
    out: NDArray[np.uint8],
    bounds: NDArray[np.int64],
) -> int:
    filled = 0
    for text in range(len(offsets) - 1):
        bounds[text] = filled
        at, end = offsets[text], offsets[text + 1]
        inside = False
        while at < end:
            code, size = _decode(data, at)
            entry = table[code]
            role = entry >> CLASS_SHIFT
            if role in (WORD, SINGLE):
                if filled > bounds[text] and not (inside and role == WORD):
                    out[filled] = 0x20
                    filled += 1
                filled = _encode(out, filled, np.int64(entry) & np.int64(_CODE))
                inside = role == WORD
            elif role != IGNORED:
                inside = False
            at += size
    bounds[len(offsets) - 1] = filled
    return filled
