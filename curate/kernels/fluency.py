"""How well a text reads, by a small model of n-grams: what each token costs, in its place and in another one.

A CJK character is a token and so is a word (`kernels.tokens`). All n-grams stand in one open hash table of 16-bit
cells: 11 bits tell n-grams apart (one lookup in 200 of an n-gram that is not there finds one), 5 bits are the cost in
steps of half a nat. A word that the model does not know costs what its spelling costs, letter by letter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import fold, utf8
from curate.kernels.compiled import frozen, kernel
from curate.kernels.tokens import Tokens, tokens

MAGIC = b"curate fluency 1\n"  # what the file of a model begins with; the cells follow, little endian
STEP = 0.5  # nats
LEVELS = 32
PROBES = 24
FLOOR = LEVELS * STEP  # what a character costs that was never seen: 16 nats, one in nine millions

NUMBER = np.uint64(0x1B873593CC9E2D51)  # stands for every run of digits
UNKNOWN = np.uint64(0x52DCE729E6546B64)  # stands for every word that the model does not know
_SALT = np.array(
    [0, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5, 0x85EBCA77C2B2AE63,
     0xD6E8FEB86659FD93, 0xA0761D6478BD642F], np.uint64)  # fmt: skip
ONE, TWO, THREE, BACK, LETTERS = 1, 2, 3, 4, 5  # salts: n-grams of tokens, weight of backing off, and 1-3+ of letters
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)
_32, _33 = np.uint64(32), np.uint64(33)
_CODE = np.uint32((1 << fold.CLASS_SHIFT) - 1)
AWAY = 0.7  # nats for leaving a pair of tokens that was seen for the last of them
APART = 7  # tokens: how far away the other place is
FEW = 128  # tokens: in shorter texts each is tried in three other places, for chance weighs more there
SPELLED = 30.0  # nats: what the spelling of a word costs at most

WIDE = 64
"""Tokens of a window; half of it is between the beginnings of two windows."""


class Fluency(NamedTuple):
    """Of n texts, f64[n] each; NaN for a text without tokens."""

    cost: NDArray[np.float64]
    """Nats for each token behind those that stand before it."""
    gain: NDArray[np.float64]
    """Nats that a token costs more in another place of the same text: near 0 where the order says nothing."""
    worst: NDArray[np.float64]
    """The highest cost of a window."""
    least: NDArray[np.float64]
    """The lowest gain of a window."""
    unknown: NDArray[np.float64]
    """Of the tokens, the share that the model does not know."""
    spelling: NDArray[np.float64]
    """Nats for each letter of the words that the model does not know; 0 where there is none."""
    cjk_cost: NDArray[np.float64]
    """As `cost`, of CJK characters alone; 0 where there is none."""
    cjk_gain: NDArray[np.float64]
    """As `gain`, of CJK characters alone; 0 where there is none."""
    tokens: NDArray[np.int64]
    """i64[n]: how many there are."""


class NotAFluencyModel(ValueError):
    """The file is no model of fluency."""


def unpacked(data: bytes, origin: str) -> NDArray[np.uint16]:
    """u16[cells] of a model's file; `origin` names it for the message. Raises `NotAFluencyModel`."""
    if not data.startswith(MAGIC) or len(data) - len(MAGIC) < 2 * (PROBES + 1) or (len(data) - len(MAGIC)) % 2:
        raise NotAFluencyModel(
            f"{origin}: begins with {data[:18]!r}; expected a file that `curate fluency train` wrote"
        )
    return frozen(np.frombuffer(data, "<u2", offset=len(MAGIC)).astype(np.uint16))


COST, GAIN, WORST, LEAST, STRANGE, SPELLING, CJK_COST, CJK_GAIN = range(8)


def fluency(texts: pl.Series, cells: NDArray[np.uint16]) -> Fluency:
    """What `texts` cost by the model in `cells`; NaN for a null and for a text without a token."""
    found = np.full((len(texts), 8), np.nan)
    counts = np.zeros(len(texts), np.int64)
    for first, block in utf8.blocks(texts):
        data, offsets = utf8.of(block)
        stream = tokens(block)
        part = slice(first, first + len(block))
        counts[part] = np.diff(stream.starts)
        keys = keyed(stream, data, offsets)
        _fluency(data, offsets, fold.table(), keys, stream.starts, stream.spans, cells, found[part])
    cost, gain, worst, least, unknown, spelling, cjk_cost, cjk_gain = found.T
    return Fluency(cost, gain, worst, least, unknown, spelling, cjk_cost, cjk_gain, counts)


def keyed(stream: Tokens, data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """u64[tokens]: the tokens of `stream` by their hashes, runs of digits all alike."""
    keys = stream.hashes.copy()
    _fold_numbers(data, offsets, stream.starts, stream.spans, keys)
    return keys


@kernel
def _fold_numbers(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    starts: NDArray[np.int64],
    spans: NDArray[np.int64],
    keys: NDArray[np.uint64],
) -> None:
    for text in range(len(starts) - 1):
        for token in range(starts[text], starts[text + 1]):
            at, end = offsets[text] + spans[token, 0], offsets[text] + spans[token, 1]
            digits = True
            for place in range(at, end):
                if not 48 <= data[place] <= 57:
                    digits = False
                    break
            if digits:
                keys[token] = NUMBER


@kernel
def _mixed(salt: int, first: np.uint64, second: np.uint64, third: np.uint64) -> np.uint64:
    """The key of an n-gram; those that it is shorter by are 0."""
    state = (first * _MIX_1 + second) * _MIX_2 + third + _SALT[salt]
    state = (state ^ (state >> _33)) * _MIX_1
    state = (state ^ (state >> _33)) * _MIX_2
    return state ^ (state >> _33)


@kernel
def _home(key: np.uint64, size: int) -> np.int64:
    return np.int64(((key >> _32) * np.uint64(size - PROBES)) >> _32)


@kernel
def _mark(key: np.uint64) -> np.int64:
    """What tells the n-gram of `key` from others in its cell: 1 to 2047."""
    mark = np.int64(key & np.uint64(2047))
    return mark if mark else np.int64(1)


@kernel
def _found(cells: NDArray[np.uint16], key: np.uint64) -> float:
    """The cost of the n-gram of `key` in nats; -1 where the model does not hold it."""
    mark = _mark(key)
    at = _home(key, len(cells))
    for probe in range(PROBES):
        cell = np.int64(cells[at + probe])
        if cell == 0:
            return -1.0
        if cell >> 5 == mark:
            return STEP * (cell & 31)
    return -1.0


_EDGE = np.uint64(29)  # of a word


@kernel
def _letter(data: NDArray[np.uint8], at: int, table: NDArray[np.uint32]) -> tuple[np.uint64, int]:
    """(letter, where the next one begins): a to z are 1 to 26, all digits 27, all others 28."""
    code, size = np.int64(data[at]), 1
    if code >= 0xE0:
        return np.uint64(28), at + (4 if code >= 0xF0 else 3)
    if code >= 0xC0:
        code, size = (code & 0x1F) << 6 | np.int64(data[at + 1]) & 0x3F, 2
    code = np.int64(table[code] & _CODE)
    if 97 <= code <= 122:
        return np.uint64(code - 96), at + size
    return np.uint64(27 if 48 <= code <= 57 else 28), at + size


@kernel
def _spelling(
    data: NDArray[np.uint8], at: int, end: int, table: NDArray[np.uint32], cells: NDArray[np.uint16]
) -> tuple[float, int]:
    """(nats, letters) of a word by its letters, each behind the three before it."""
    one, two, three = _EDGE, _EDGE, _EDGE
    total, count = 0.0, 0
    done = False
    while not done:
        this = _EDGE
        if at < end:
            this, at = _letter(data, at, table)
            count += 1
        else:
            done = True
        cost = _found(cells, _mixed(LETTERS, three << np.uint64(16) | two << np.uint64(8) | one, this, np.uint64(3)))
        if cost < 0:
            cost = _found(cells, _mixed(LETTERS, two << np.uint64(8) | one, this, np.uint64(2)))
            if cost < 0:
                cost = _found(cells, _mixed(LETTERS, one, this, np.uint64(1)))
                cost = 5.0 if cost < 0 else cost + 1.0
            cost += 1.0
        total += min(cost, 7.0)
        three, two, one = two, one, this
    return total, count


@kernel
def _behind(
    cells: NDArray[np.uint16],
    first: np.uint64,
    second: np.uint64,
    this: np.uint64,
    seen: bool,
    alone: float,
    away: float,
) -> tuple[float, bool]:
    """(what `this` costs behind two tokens, whether the model holds it behind the second); a token that is not there
    is 0. `seen`: whether it holds the second behind the first. `alone` is the cost behind nothing, `away` that of
    backing off."""
    if second == 0:
        return alone, False
    pair = _found(cells, _mixed(TWO, second, this, np.uint64(0)))
    if seen:
        more = _found(cells, _mixed(THREE, first, second, this))
        if more >= 0:
            return more, True
        if pair >= 0:
            return pair + AWAY, True
    return (pair, True) if pair >= 0 else (alone + away, False)


@kernel
def _windows(sums: NDArray[np.float64], total: int) -> tuple[float, float]:
    """(least, most) of the windows' means, from the sums up to each token."""
    low = high = sums[total] / total
    at = 0
    while at < total and total > WIDE:
        first = min(at, total - WIDE)
        mean = (sums[first + WIDE] - sums[first]) / WIDE
        low, high = min(low, mean), max(high, mean)
        at += WIDE // 2
    return low, high


@kernel
def _elsewhere(
    cells: NDArray[np.uint16],
    words: NDArray[np.uint64],
    alone: NDArray[np.float64],
    away: NDArray[np.float64],
    held: NDArray[np.bool_],
    spelling: NDArray[np.float64],
    costs: NDArray[np.float64],
    total: int,
    data: NDArray[np.uint8],
    origin: int,
    spans: NDArray[np.int64],
    gains: NDArray[np.float64],
) -> tuple[float, float]:
    """(cost, gain) of CJK characters alone; fills `gains` with the sums up to each token."""
    apart, others = min(APART, (total - 1) // 2), 3 if total < FEW else 1
    cjk, cjk_cost, cjk_gain = 0, 0.0, 0.0
    for token in range(total):
        here = costs[token + 1] - costs[token] - spelling[token]
        there, tried = 0.0, 0
        for other in range(others):
            place = (token + apart + other * total // 4 + token % 3) % total
            if place > 1 and place != token:
                prior, before = words[place - 2], words[place - 1]
                nats, _ = _behind(cells, prior, before, words[token], held[place - 1], alone[token], away[place - 1])
                there += nats
                tried += 1
        gain = there / tried - here if tried else 0.0
        gains[token + 1] = gains[token] + gain
        if data[origin + spans[token, 0]] >= 0xE0:
            cjk += 1
            cjk_cost += here
            cjk_gain += gain
    return cjk_cost / max(1, cjk), cjk_gain / max(1, cjk)


@kernel
def _fluency(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    table: NDArray[np.uint32],
    keys: NDArray[np.uint64],
    starts: NDArray[np.int64],
    spans: NDArray[np.int64],
    cells: NDArray[np.uint16],
    out: NDArray[np.float64],
) -> None:
    """Fills `out`, f64[n, 8], in the order of `Fluency`."""
    longest = 0
    for text in range(len(starts) - 1):
        longest = max(longest, starts[text + 1] - starts[text])
    words = np.zeros(longest + 1, np.uint64)  # the key, UNKNOWN for a word that is not known
    alone = np.zeros(longest + 1, np.float64)
    away = np.zeros(longest + 1, np.float64)
    held = np.zeros(longest + 1, np.bool_)  # whether the model holds a token behind the one before it
    costs = np.zeros(longest + 2, np.float64)  # sums up to each token
    gains = np.zeros(longest + 2, np.float64)
    spelling = np.zeros(longest + 1, np.float64)
    rare = max(_found(cells, _mixed(ONE, UNKNOWN, np.uint64(0), np.uint64(0))), 0.0)
    for text in range(len(starts) - 1):
        begin, total = starts[text], starts[text + 1] - starts[text]
        if total == 0:
            continue
        strange, letters, spelled = 0, 0, 0.0
        for token in range(total):
            key = keys[begin + token]
            at, end = offsets[text] + spans[begin + token, 0], offsets[text] + spans[begin + token, 1]
            own, extra = _found(cells, _mixed(ONE, key, np.uint64(0), np.uint64(0))), 0.0
            if own < 0:
                strange += 1
                if data[at] >= 0xE0:  # a character, or a word in a script that no letter of the model is from
                    own = FLOOR
                else:
                    nats, length = _spelling(data, at, end, table, cells)
                    letters += length
                    spelled += nats
                    own, extra, key = rare, min(nats, SPELLED), UNKNOWN
            alone[token], words[token], spelling[token] = own, key, extra
            away[token] = max(_found(cells, _mixed(BACK, key, np.uint64(0), np.uint64(0))), 0.0)
        for token in range(total):
            before = words[token - 1] if token > 0 else np.uint64(0)
            prior = words[token - 2] if token > 1 else np.uint64(0)
            weight = away[token - 1] if token > 0 else 0.0
            seen = token > 1 and held[token - 1]
            here, held[token] = _behind(cells, prior, before, words[token], seen, alone[token], weight)
            costs[token + 1] = costs[token] + here + spelling[token]
        out[text, CJK_COST], out[text, CJK_GAIN] = _elsewhere(
            cells,
            words,
            alone,
            away,
            held,
            spelling,
            costs,
            total,
            data,
            offsets[text],
            spans[begin : begin + total],
            gains,
        )
        out[text, COST], out[text, GAIN] = costs[total] / total, gains[total] / total
        _, out[text, WORST] = _windows(costs, total)
        out[text, LEAST], _ = _windows(gains, total)
        out[text, STRANGE] = strange / total
        out[text, SPELLING] = spelled / letters if letters else 0.0


def keys(
    salt: int, first: NDArray[np.uint64], second: NDArray[np.uint64], third: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """u64[n]: the keys of n-grams, as `fluency` looks for them."""
    out = np.empty(len(first), np.uint64)
    _keys(salt, first, second, third, out)
    return out


@kernel
def _keys(
    salt: int,
    first: NDArray[np.uint64],
    second: NDArray[np.uint64],
    third: NDArray[np.uint64],
    out: NDArray[np.uint64],
) -> None:
    for row in range(len(out)):
        out[row] = _mixed(salt, first[row], second[row], third[row])


@kernel
def put(cells: NDArray[np.uint16], grams: NDArray[np.uint64], levels: NDArray[np.int64]) -> int:
    """Stores n-grams with their costs in steps, those before first; how many new cells that took.

    One that looks like another in its place, or for which there is no room, is left out.
    """
    stored = 0
    for row in range(len(grams)):
        mark = _mark(grams[row])
        at = _home(grams[row], len(cells))
        for probe in range(PROBES):
            cell = np.int64(cells[at + probe])
            if cell == 0:
                cells[at + probe] = mark << 5 | levels[row]
                stored += 1
                break
            if cell >> 5 == mark:
                break
    return stored


def spellings(
    data: NDArray[np.uint8], spans: NDArray[np.int64], weights: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """i64[letters], twice: three letters and the one behind them, a byte each, and the weight of the word that they are
    of. `spans` are the words' places in `data`."""
    size = int((spans[:, 1] - spans[:, 0]).sum()) + len(spans)
    grams, weight = np.empty(size, np.int64), np.empty(size, np.int64)
    filled = _spellings(data, spans, weights, fold.table(), grams, weight)
    return grams[:filled], weight[:filled]


@kernel
def _spellings(
    data: NDArray[np.uint8],
    spans: NDArray[np.int64],
    weights: NDArray[np.int64],
    table: NDArray[np.uint32],
    grams: NDArray[np.int64],
    weight: NDArray[np.int64],
) -> int:
    filled = 0
    for row in range(len(spans)):
        at, end = spans[row, 0], spans[row, 1]
        state = np.int64(_EDGE) << 16 | np.int64(_EDGE) << 8 | np.int64(_EDGE)
        going = True
        while going:
            this = np.int64(_EDGE)
            if at < end:
                code, at = _letter(data, at, table)
                this = np.int64(code)
            else:
                going = False
            state = (state << 8 | this) & 0xFFFFFFFF
            grams[filled], weight[filled] = state, weights[row]
            filled += 1
    return filled
