"""Byte-level BPE over UTF-8 bytes: pieces by an automaton, then in each the pair that stands first in the list.

A character of three bytes (Han, kana, hangul) is three parts to begin with, and most of the work on Chinese is to make
one of them again. Where that comes first it is done at once: where the last merge that makes the character of its bytes
stands, in the list, before every merge of a part of it with the byte that stands next to it in the text, and before
every merge of the whole with anything. Until it is whole, one of its own pairs is then merged before any that touches
it from outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import utf8
from curate.kernels.compiled import frozen, kernel

LONGEST = 1024  # bytes of a piece: merging takes their square
NONE = np.uint64(0xFFFFFFFFFFFFFFFF)
NEVER = 1 << 30  # the rank of a merge that there is none of
WIDE = 0x10000  # code points of at most three bytes


class Model(NamedTuple):
    """What `encode` needs of a tokenizer, made by `model`."""

    classes: NDArray[np.uint8]
    table: NDArray[np.int32]
    dropping: bool
    singles: NDArray[np.uint32]
    wholes: NDArray[np.uint32]  # of each code point of three bytes the token
    last: NDArray[np.int32]  # and the rank of the last merge that makes it; NEVER where it can't be whole at once
    before: NDArray[np.int32]  # of (byte before a character, its first byte) the first merge over its beginning
    behind: NDArray[np.int32]  # of (last byte of a character, byte behind it) the first merge over its end
    pairs: NDArray[np.uint64]
    merged: NDArray[np.uint64]
    words: NDArray[np.int64]
    letters: NDArray[np.uint8]
    starts: NDArray[np.int64]
    ids: NDArray[np.uint32]


def model(
    classes: NDArray[np.uint8],
    table: NDArray[np.int32],
    dropping: bool,
    tokens: list[tuple[bytes, int]],
    merges: NDArray[np.uint32],
    spelled: Mapping[int, bytes],
) -> Model:
    """`classes` and `table` find the pieces (curate/mix/automaton.py); what lies between matches is a piece of its own,
    or dropped. `tokens` are (bytes, id): a piece that is one of them is that token; the first 256 are the bytes.
    `merges` (n, 3) are pairs of ids and what they become, the first first; `spelled` are the bytes of their ids."""
    size = 1 << max(4, (2 * len(merges)).bit_length())
    pairs, merged = np.full(size, NONE, np.uint64), np.zeros(size, np.uint64)
    _table(merges, pairs, merged)
    letters = frozen(np.frombuffer(b"".join(token for token, _ in tokens), np.uint8))
    starts = frozen(np.cumsum([0, *(len(token) for token, _ in tokens)]).astype(np.int64))
    words = np.full(1 << max(4, (2 * len(tokens)).bit_length()), -1, np.int64)
    _dictionary(letters, starts, words)
    ids = np.array([identity for _, identity in tokens], np.uint32)
    singles = np.zeros(256, np.uint32)
    for token, identity in tokens[:256]:
        singles[token[0]] = identity
    wholes, last, before, behind = map(frozen, _wholes(singles, pairs, merged, merges, spelled))
    return Model(
        frozen(classes), frozen(table), dropping, frozen(singles), wholes, last, before, behind, frozen(pairs),
        frozen(merged), frozen(words), letters, starts, frozen(ids),
    )  # fmt: skip


def encode(texts: pl.Series, model: Model) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.bool_]]:
    """(ids of all texts, where each text's begin (n + 1), whether a text was left: it has a piece of more than
    `LONGEST` bytes, and no ids)."""
    data, offsets = utf8.of(texts)
    out = np.empty(int(offsets[-1] - offsets[0]) + 1, np.uint32)
    bounds, left = np.zeros(len(offsets), np.int64), np.zeros(len(texts), np.bool_)
    filled = _encode(data, offsets, *model, out, bounds, left)
    return out[:filled], bounds, left


def _wholes(
    singles: NDArray[np.uint32], pairs: NDArray[np.uint64], merged: NDArray[np.uint64], merges: NDArray[np.uint32],
    spelled: Mapping[int, bytes],
) -> tuple[NDArray[np.uint32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:  # fmt: skip
    """`wholes`, `last`, `before` and `behind` of a model."""
    wholes, last = np.zeros(WIDE, np.uint32), np.full(WIDE, NEVER, np.int32)
    _characters(singles, pairs, merged, wholes, last)
    before, behind = np.full((256, 256), NEVER, np.int32), np.full((256, 256), NEVER, np.int32)
    for rank, (left, right, _) in enumerate(merges.tolist()):
        for one in (spelled[left], spelled[right]):
            if len(one) == 3 and 0xE0 <= one[0] < 0xF0 and (code := _code(one)) is not None and rank <= last[code]:
                last[code] = NEVER  # the whole is merged with something before it could be made
        token = spelled[left] + spelled[right]
        end = next((at for at, byte in enumerate(token) if byte & 0xC0 != 0x80), 0)
        if end:  # the end of a character, and the byte behind it
            behind[token[end - 1], token[end]] = min(rank, behind[token[end - 1], token[end]])
        start = next((at for at in range(len(token) - 1, 0, -1) if token[at] & 0xC0 != 0x80), 0)
        if start and len(token) - start < _size(token[start]):  # the byte before a character, and its beginning
            before[token[start - 1], token[start]] = min(rank, before[token[start - 1], token[start]])
    return wholes, last, before, behind


def _size(lead: int) -> int:
    """How many bytes a character with this first byte has."""
    return 1 if lead < 0x80 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4


def _code(one: bytes) -> int | None:
    try:
        return ord(one.decode())
    except UnicodeDecodeError:
        return None


@kernel
def _characters(
    singles: NDArray[np.uint32], pairs: NDArray[np.uint64], merged: NDArray[np.uint64],
    wholes: NDArray[np.uint32], last: NDArray[np.int32],
) -> None:  # fmt: skip
    """For code points of three bytes that merge to one token, this token, and the rank of the last of the merges."""
    for code in range(0x800, WIDE):
        if 0xD800 <= code < 0xE000:
            continue
        first = singles[0xE0 | (code >> 12)]
        second = singles[0x80 | ((code >> 6) & 0x3F)]
        third = singles[0x80 | (code & 0x3F)]
        one, other = _find(first, second, pairs, merged), _find(second, third, pairs, merged)
        if one == NONE and other == NONE:
            continue
        if one <= other:
            after = _find(np.uint32(one & np.uint64(0xFFFFFFFF)), third, pairs, merged)
        else:
            after = _find(first, np.uint32(other & np.uint64(0xFFFFFFFF)), pairs, merged)
        if after != NONE:
            wholes[code] = np.uint32(after & np.uint64(0xFFFFFFFF))
            last[code] = max(np.int64(min(one, other) >> np.uint64(32)), np.int64(after >> np.uint64(32)))


@kernel
def _slot(key: np.uint64, size: int) -> np.int64:
    mixed = (key ^ (key >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15)
    return np.int64((mixed >> np.uint64(20)) & np.uint64(size - 1))


@kernel
def _table(merges: NDArray[np.uint32], pairs: NDArray[np.uint64], merged: NDArray[np.uint64]) -> None:
    size = len(pairs)
    for rank in range(len(merges)):
        key = (np.uint64(merges[rank, 0]) << np.uint64(32)) | np.uint64(merges[rank, 1])
        slot = _slot(key, size)
        while pairs[slot] != NONE and pairs[slot] != key:
            slot = (slot + 1) & (size - 1)
        pairs[slot] = key
        merged[slot] = (np.uint64(rank) << np.uint64(32)) | np.uint64(merges[rank, 2])


@kernel
def _find(left: np.uint32, right: np.uint32, pairs: NDArray[np.uint64], merged: NDArray[np.uint64]) -> np.uint64:
    """Rank and result of a pair, `NONE` if it is not merged."""
    key = (np.uint64(left) << np.uint64(32)) | np.uint64(right)
    size = len(pairs)
    slot = _slot(key, size)
    while True:
        found = pairs[slot]
        if found == key:
            return merged[slot]
        if found == NONE:
            return NONE
        slot = (slot + 1) & (size - 1)


@kernel
def _hash(data: NDArray[np.uint8], start: int, end: int) -> np.uint64:
    value = np.uint64(0xCBF29CE484222325)
    for at in range(start, end):
        value = (value ^ np.uint64(data[at])) * np.uint64(0x100000001B3)
    return value


@kernel
def _dictionary(letters: NDArray[np.uint8], starts: NDArray[np.int64], words: NDArray[np.int64]) -> None:
    size = len(words)
    for word in range(len(starts) - 1):
        slot = _slot(_hash(letters, starts[word], starts[word + 1]), size)
        while words[slot] >= 0:
            slot = (slot + 1) & (size - 1)
        words[slot] = word


@kernel
def _word(
    data: NDArray[np.uint8], start: int, end: int,
    words: NDArray[np.int64], letters: NDArray[np.uint8], starts: NDArray[np.int64],
) -> int:  # fmt: skip
    """The ordinal of the token that the bytes are, -1 for none."""
    size, length = len(words), end - start
    slot = _slot(_hash(data, start, end), size)
    while words[slot] >= 0:
        word = words[slot]
        first = starts[word]
        if starts[word + 1] - first == length:
            same = True
            for at in range(length):
                if letters[first + at] != data[start + at]:
                    same = False
                    break
            if same:
                return word
        slot = (slot + 1) & (size - 1)
    return -1


@kernel
def _merge(
    data: NDArray[np.uint8], start: int, end: int, singles: NDArray[np.uint32], wholes: NDArray[np.uint32],
    last: NDArray[np.int32], before: NDArray[np.int32], behind: NDArray[np.int32],
    pairs: NDArray[np.uint64], merged: NDArray[np.uint64],
    parts: NDArray[np.uint32], joints: NDArray[np.uint64], out: NDArray[np.uint32], filled: int,
) -> int:  # fmt: skip
    """The tokens of a piece to `out`; `joints[i]` is what parts i and i + 1 would become."""
    count, byte = 0, start
    while byte < end:
        lead = np.int64(data[byte])
        if 0xE0 <= lead < 0xF0:
            code = ((lead & 0x0F) << 12) | ((np.int64(data[byte + 1]) & 0x3F) << 6) | (data[byte + 2] & 0x3F)
            rank = last[code]
            if (
                rank < NEVER
                and (byte == start or rank < before[data[byte - 1], lead])
                and (byte + 3 == end or rank < behind[data[byte + 2], data[byte + 3]])
            ):
                parts[count] = wholes[code]
                count += 1
                byte += 3
                continue
        parts[count] = singles[lead]
        count += 1
        byte += 1
    for at in range(count - 1):
        joints[at] = _find(parts[at], parts[at + 1], pairs, merged)
    while count > 1:
        best, place = NONE, -1
        for at in range(count - 1):
            if joints[at] < best:  # of equal pairs the first
                best, place = joints[at], at
        if place < 0:
            break
        parts[place] = np.uint32(best & np.uint64(0xFFFFFFFF))
        for at in range(place + 1, count - 1):
            parts[at] = parts[at + 1]
            joints[at - 1] = joints[at]
        count -= 1
        if place > 0:
            joints[place - 1] = _find(parts[place - 1], parts[place], pairs, merged)
        if place < count - 1:
            joints[place] = _find(parts[place], parts[place + 1], pairs, merged)
    for at in range(count):
        out[filled + at] = parts[at]
    return filled + count


@kernel
def _matched(
    data: NDArray[np.uint8], start: int, end: int, classes: NDArray[np.uint8], table: NDArray[np.int32]
) -> int:
    """The end of the match that begins at `start`; `start` if there is none."""
    state, at, found = 0, start, start
    last = table.shape[1] - 1
    while True:
        if at < end:
            byte = np.int64(data[at])
            if byte < 0x80:
                code, size = byte, 1
            elif byte < 0xE0:
                code, size = ((byte & 0x1F) << 6) | (data[at + 1] & 0x3F), 2
            elif byte < 0xF0:
                code = ((byte & 0x0F) << 12) | ((np.int64(data[at + 1]) & 0x3F) << 6) | (data[at + 2] & 0x3F)
                size = 3
            else:
                code = ((byte & 0x07) << 18) | ((np.int64(data[at + 1]) & 0x3F) << 12)
                code |= ((np.int64(data[at + 2]) & 0x3F) << 6) | (data[at + 3] & 0x3F)
                size = 4
            entry = table[state, classes[code]]
        else:
            entry, size = table[state, last], 0
        if entry >= 0x10000:
            found = at
        state = int(entry & 0xFFFF)
        if state == 0xFFFF or size == 0:
            return found
        at += size


@kernel
def _encode(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], classes: NDArray[np.uint8], table: NDArray[np.int32],
    dropping: bool, singles: NDArray[np.uint32], wholes: NDArray[np.uint32], last: NDArray[np.int32],
    before: NDArray[np.int32], behind: NDArray[np.int32], pairs: NDArray[np.uint64], merged: NDArray[np.uint64],
    words: NDArray[np.int64], letters: NDArray[np.uint8], starts: NDArray[np.int64],
    ids: NDArray[np.uint32], out: NDArray[np.uint32], bounds: NDArray[np.int64], left: NDArray[np.bool_],
) -> int:  # fmt: skip
    parts, joints = np.empty(LONGEST, np.uint32), np.empty(LONGEST, np.uint64)
    filled = 0
    for text in range(len(offsets) - 1):
        at, end, began = offsets[text], offsets[text + 1], filled
        while at < end:
            stop = _matched(data, at, end, classes, table)
            drop = False
            if stop == at:  # what lies before the next match, or the end
                drop = dropping
                while stop < end and _matched(data, stop, end, classes, table) == stop:
                    stop += 1
                    while stop < end and data[stop] & 0xC0 == 0x80:
                        stop += 1
            if stop - at > LONGEST:
                left[text] = True
                filled = began
                break
            if not drop:
                word = _word(data, at, stop, words, letters, starts)
                if word >= 0:
                    out[filled] = ids[word]
                    filled += 1
                else:
                    filled = _merge(
                        data, at, stop, singles, wholes, last, before, behind, pairs, merged, parts, joints, out, filled
                    )
            at = stop
        bounds[text + 1] = filled
    return filled
