"""Alignment: how much of a piece of text stands in a place of another one, in its order, edits allowed.

A piece is a run of tokens with what each is worth. What is counted is the worth of those that stand in the place in the
same order, less `INSERTED` for what stands between them, so that words strewn over a page count for nothing. Long
pieces are pinned where `SEED` of their tokens stand together, and only the gaps between the pins are worked out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.kernels.compiled import kernel

INSERTED = 8  # what a CJK character between two that match costs, of 64 that it would be worth; a word twice as much
SEED = 3
CELLS = 1 << 14  # up to as many cells, piece times place, are worked out without pins
MOST = 1 << 18  # a gap of more is left out

BOTH = 24  # bits: what is found is its worth above them, and INSERTED times what it weighs below
LOW = (1 << BOTH) - 1

_MIX = np.uint64(0x9E3779B97F4A7C15)
_NONE = np.int64(-1)


class Pieces(NamedTuple):
    """What is aligned: unit u has the pieces unit_begins[u] to unit_begins[u + 1], piece p the tokens token_begins[p]
    to token_begins[p + 1]."""

    unit_begins: NDArray[np.uint32]
    token_begins: NDArray[np.uint32]
    tokens: NDArray[np.uint16]
    """The low bits of each token's hash."""
    worths: NDArray[np.uint16]
    sizes: NDArray[np.uint32]
    """What the tokens of each piece weigh, a CJK character or a number 1, a word 2."""


def aligned(
    hashes: NDArray[np.uint64],
    weights: NDArray[np.uint8],
    pieces: Pieces,
    units: NDArray[np.int64],
    places: NDArray[np.int64],
) -> NDArray[np.int64]:
    """i64[n, 3]: for each of n units the worth found, and the first and the end token of it.

    `hashes` and `weights` are the tokens of all texts, `places` i64[n, 2] between which of them each unit is looked
    for. Of a piece no greater share of its worth is found than of its tokens: neither the words of a template nor those
    that tell the piece apart are it. Three fifths are found, or nothing; where nothing is, the worth is 0.
    """
    out = np.zeros((len(units), 3), np.int64)
    _aligned(hashes, weights, pieces, units, places, out)
    return out


@kernel
def _aligned(
    hashes: NDArray[np.uint64],
    weights: NDArray[np.uint8],
    pieces: Pieces,
    units: NDArray[np.int64],
    places: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    for row in range(len(units)):
        low, high = places[row, 0], places[row, 1]
        place = np.empty(high - low, np.uint16)
        costs = np.empty(high - low, np.int64)
        for token in range(high - low):
            place[token] = np.uint16(hashes[low + token] & np.uint64(0xFFFF))
            costs[token] = INSERTED * np.int64(weights[low + token])
        first, end = high, low
        for piece in range(pieces.unit_begins[units[row]], pieces.unit_begins[units[row] + 1]):
            a, b = int(pieces.token_begins[piece]), int(pieces.token_begins[piece + 1])
            both, begin, stop = _one(pieces.tokens[a:b], pieces.worths[a:b], place, costs)
            whole = int(pieces.worths[a:b].sum())
            found = min(both >> BOTH, whole * (both & LOW) // (INSERTED * int(pieces.sizes[piece])))
            if 5 * found > 3 * whole:  # of less, the words may as well be there by chance
                out[row, 0] += found
                first, end = min(first, low + begin), max(end, low + stop)
        out[row, 1], out[row, 2] = first, end


@kernel
def _one(
    piece: NDArray[np.uint16], worths: NDArray[np.uint16], place: NDArray[np.uint16], costs: NDArray[np.int64]
) -> tuple[int, int, int]:
    """(worth and weight, first token, end token) of a piece in a place."""
    if len(piece) * len(place) <= CELLS:
        return _gap(piece, worths, place, costs, True, True)
    pins = _pins(piece, place)
    if len(pins) == 0:
        return 0, 0, 0
    at, to = pins[0, 0], pins[0, 1]  # how far both are done
    total, first, end = _gap(piece[:at], worths[:at], place[:to], costs[:to], True, False)
    if total == 0:
        first = to
    for pin in range(len(pins)):
        if pins[pin, 0] < at or pins[pin, 1] < to:
            if pins[pin, 1] - pins[pin, 0] != to - at:
                continue  # it overlaps what was done, and not in step with it
        else:
            found, _, _ = _gap(
                piece[at : pins[pin, 0]], worths[at : pins[pin, 0]], place[to : pins[pin, 1]],
                costs[to : pins[pin, 1]], False, False,
            )  # fmt: skip
            total += found
            at, to = pins[pin, 0], pins[pin, 1]
        while at < pins[pin, 0] + SEED:
            total += int(worths[at]) * (1 << BOTH) + int(costs[to])
            at += 1
            to += 1
    found, _, stop = _gap(piece[at:], worths[at:], place[to:], costs[to:], False, True)
    total += found
    end = to + stop if found > 0 else to
    return total, first, end


@kernel
def _gap(
    piece: NDArray[np.uint16],
    worths: NDArray[np.uint16],
    place: NDArray[np.uint16],
    costs: NDArray[np.int64],
    free_begin: bool,
    free_end: bool,
) -> tuple[int, int, int]:
    """(worth and weight, first token, end token) of the best alignment.

    What stands before it or behind it in the place costs nothing where that end is free.
    """
    m, n = len(piece), len(place)
    if m == 0 or n == 0:
        return 0, 0, 0
    if free_begin and not free_end:  # no further back than the piece could reach
        skipped = max(0, n - 2 * m - 16)
        place, costs, n = place[skipped:], costs[skipped:], n - skipped
    else:
        skipped = 0
        if free_end and not free_begin:
            n = min(n, 2 * m + 16)
    if m * n > MOST:
        return 0, 0, 0
    score = np.zeros(n + 1, np.int64)
    begins = np.full(n + 1, _NONE)
    for j in range(1, n + 1):
        score[j] = 0 if free_begin else score[j - 1] - (costs[j - 1] << BOTH)
    for i in range(m):
        token, worth = piece[i], np.int64(worths[i]) << BOTH
        diagonal, origin = score[0], begins[0]
        for j in range(1, n + 1):
            above, above_origin = score[j], begins[j]
            best, start = above, above_origin
            if place[j - 1] == token and diagonal + worth + costs[j - 1] > best:
                best = diagonal + worth + costs[j - 1]
                start = j - 1 if free_begin and diagonal == 0 else origin
            left = score[j - 1] - (costs[j - 1] << BOTH)
            if left > best:
                best, start = left, begins[j - 1]
            score[j], begins[j] = best, start
            diagonal, origin = above, above_origin
    if not free_end:
        return max(0, score[n]), skipped + max(0, begins[n]), skipped + n
    top = 0
    for j in range(1, n + 1):
        if score[j] > score[top]:
            top = j
    return max(0, score[top]), max(0, begins[top]), top


@kernel
def _seed(tokens: NDArray[np.uint16], at: int) -> np.uint64:
    key = np.uint64(0)
    for token in range(at, at + SEED):
        key = (key << np.uint64(16)) | np.uint64(tokens[token])
    return key


@kernel
def _pins(piece: NDArray[np.uint16], place: NDArray[np.uint16]) -> NDArray[np.int64]:
    """i64[n, 2]: places in both, ascending in both, from which on `SEED` tokens are equal; as many as there can be."""
    size = 16
    while size < 2 * len(piece):
        size *= 2
    keys = np.zeros(size, np.uint64)
    slots = np.full(size, _NONE)
    mask = np.uint64(size - 1)
    for at in range(len(piece) - SEED + 1):
        key = _seed(piece, at)
        slot = (key * _MIX >> np.uint64(32)) & mask
        while slots[slot] != _NONE and keys[slot] != key:
            slot = (slot + np.uint64(1)) & mask
        keys[slot] = key
        slots[slot] = at if slots[slot] == _NONE else np.int64(-2)  # what stands there twice pins nothing
    pins = np.empty((max(0, len(place)), 2), np.int64)
    count = 0
    for at in range(len(place) - SEED + 1):
        key = _seed(place, at)
        slot = (key * _MIX >> np.uint64(32)) & mask
        while slots[slot] != _NONE and keys[slot] != key:
            slot = (slot + np.uint64(1)) & mask
        if slots[slot] >= 0:
            pins[count, 0], pins[count, 1] = slots[slot], at
            count += 1
    return _ascending(pins[:count])


@kernel
def _ascending(pins: NDArray[np.int64]) -> NDArray[np.int64]:
    """The longest run of `pins`, in the order of their second places, whose first places ascend too."""
    last = np.empty(len(pins), np.int64)  # of the runs of each length, the pin at the lowest place that ends one
    before = np.empty(len(pins), np.int64)
    length = 0
    for pin in range(len(pins)):
        low, high = 0, length
        while low < high:
            middle = (low + high) // 2
            if pins[last[middle], 0] < pins[pin, 0]:
                low = middle + 1
            else:
                high = middle
        before[pin] = last[low - 1] if low > 0 else _NONE
        last[low] = pin
        length = max(length, low + 1)
    out = np.empty((length, 2), np.int64)
    pin = int(last[length - 1]) if length else -1
    for row in range(length - 1, -1, -1):
        out[row, 0], out[row, 1] = pins[pin, 0], pins[pin, 1]
        pin = int(before[pin])
    return out
