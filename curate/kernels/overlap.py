"""Overlap: which n-grams of a fixed set occur in texts, and how much of their origin lies close together.

An n-gram here is as many tokens as weigh `GRAM`: a CJK character or a number weighs `CHARACTER`, a word `WORD`, so that
a stream of both scripts has n-grams of like information everywhere, and a table of numbers longer ones.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import fold, utf8
from curate.kernels.compiled import kernel
from curate.kernels.fold import CLASS_SHIFT, SINGLE
from curate.kernels.tokens import Tokens, tokens

GRAM, CHARACTER, WORD = 8, 1, 2

_BASE = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)
_33 = np.uint64(33)
_6 = np.uint64(6)
_12 = np.uint64(12)
_63 = np.uint64(63)
_1 = np.uint64(1)
_0 = np.uint64(0)
_MIDDLE = np.uint64(24)  # bits of a key that neither the filter nor the prefixes are made of


class Stream(NamedTuple):
    """The tokens of n texts with what each weighs."""

    tokens: Tokens
    weights: NDArray[np.uint8]


def stream(texts: pl.Series) -> Stream:
    """The tokens of a String column, with places, and their weights."""
    found = tokens(texts)
    data, offsets = utf8.of(texts)
    weights = np.empty(len(found.hashes), np.uint8)
    _weigh(data, offsets, fold.table(), found.starts, found.spans, weights)
    return Stream(found, weights)


def grams(texts: Stream, most: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """(keys u64, ordinal of the text i64) of the n-grams, in their order.

    Of a text with more than `most`, between half as many and as many are given, chosen by their keys.
    """
    keys = np.empty(len(texts.weights), np.uint64)
    owners = np.empty(len(texts.weights), np.int64)
    count = _grams(texts.tokens.hashes, texts.weights, texts.tokens.starts, most, keys, owners)
    return keys[:count], owners[:count]


def wholes(texts: Stream) -> NDArray[np.uint64]:
    """u64[n]: the key of all of each text's tokens; equal to an n-gram's where it is as long."""
    out = np.empty(len(texts.tokens.starts) - 1, np.uint64)
    _wholes(texts.tokens.hashes, texts.tokens.starts, out)
    return out


@kernel
def _weigh(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    table: NDArray[np.uint32],
    starts: NDArray[np.int64],
    spans: NDArray[np.int64],
    weights: NDArray[np.uint8],
) -> None:
    for text in range(len(starts) - 1):
        for token in range(starts[text], starts[text + 1]):
            at = offsets[text] + spans[token, 0]
            first = np.int64(data[at])
            code = first
            if first >= 0xF0:
                code = (first & 0x07) << 18 | (np.int64(data[at + 1]) & 0x3F) << 12
                code = code | (np.int64(data[at + 2]) & 0x3F) << 6 | np.int64(data[at + 3]) & 0x3F
            elif first >= 0xE0:
                code = (first & 0x0F) << 12 | (np.int64(data[at + 1]) & 0x3F) << 6 | np.int64(data[at + 2]) & 0x3F
            elif first >= 0xC0:
                code = (first & 0x1F) << 6 | np.int64(data[at + 1]) & 0x3F
            entry = table[code]
            folded = entry & ((1 << CLASS_SHIFT) - 1)
            single = entry >> CLASS_SHIFT == SINGLE
            weights[token] = CHARACTER if single or 0x30 <= folded <= 0x39 else WORD


@kernel
def _finish(state: np.uint64) -> np.uint64:
    state = (state ^ (state >> _33)) * _MIX_1
    state = (state ^ (state >> _33)) * _MIX_2
    return state ^ (state >> _33)


@kernel
def _key(hashes: NDArray[np.uint64], first: int, end: int) -> np.uint64:
    state = _0
    for token in range(first, end):
        state = state * _BASE + hashes[token]
    return _finish(state)


@kernel
def _wholes(hashes: NDArray[np.uint64], starts: NDArray[np.int64], out: NDArray[np.uint64]) -> None:
    for text in range(len(starts) - 1):
        out[text] = _key(hashes, starts[text], starts[text + 1])


@kernel
def _grams(
    hashes: NDArray[np.uint64],
    weights: NDArray[np.uint8],
    starts: NDArray[np.int64],
    most: int,
    keys: NDArray[np.uint64],
    owners: NDArray[np.int64],
) -> int:
    count = 0
    for text in range(len(starts) - 1):
        step = np.uint64(1)
        while (starts[text + 1] - starts[text]) // np.int64(step) > most:
            step += step  # powers of two, so that what a longer text keeps is among what a shorter one does
        end = starts[text]
        weight = 0
        for token in range(starts[text], starts[text + 1]):
            while end < starts[text + 1] and weight < GRAM:
                weight += weights[end]
                end += 1
            if weight < GRAM:
                break
            key = _key(hashes, token, end)
            if (key >> _MIDDLE) % step == 0:
                keys[count], owners[count] = key, text
                count += 1
            weight -= weights[token]
    return count


def runs(hashes: NDArray[np.uint64], size: int) -> NDArray[np.uint64]:
    """The keys of the runs of `size` tokens, in their order; none of size 0."""
    if not 0 < size <= len(hashes):
        return np.empty(0, np.uint64)
    keys = np.zeros(len(hashes) - size + 1, np.uint64)
    for at in range(size):
        keys = keys * _BASE + hashes[at : len(hashes) - size + 1 + at]
    return keys


@kernel
def elsewhere(hashes: NDArray[np.uint64], first: int, begin: int, end: int, last: int) -> int:
    """How many of the pairs of tokens from `begin` to `end` stand between `first` and `begin` or `end` and `last`."""
    own = end - begin - 1
    size = 16
    while size < 2 * own:
        size *= 2
    mask = np.uint64(size - 1)
    keys = np.zeros(size, np.uint64)
    counts = np.zeros(size, np.int64)
    for token in range(begin, end - 1):
        key = _finish(hashes[token] * _BASE + hashes[token + 1])
        slot = key & mask
        while counts[slot] and keys[slot] != key:
            slot = (slot + _1) & mask
        keys[slot] = key
        counts[slot] += 1
    found = 0
    for token in range(first, last - 1):
        if begin - 1 <= token < end:
            continue
        key = _finish(hashes[token] * _BASE + hashes[token + 1])
        slot = key & mask
        while counts[slot] and keys[slot] != key:
            slot = (slot + _1) & mask
        if counts[slot] > 0:
            found += counts[slot]
            counts[slot] = -1  # found, and still there for those that were put behind it
            if found == own:
                break
    return found


def covers(texts: Stream, keys: NDArray[np.uint64], worths: NDArray[np.float32]) -> NDArray[np.float32]:
    """f32[tokens]: the least worth, 0 to 1, of the n-grams that hold each token, of those among the sorted `keys`.

    A token that none of them holds is worth as much as its text's others on the whole, or 1. The least and not the
    mean: a token at the end of a phrase that many share is shared as well.
    """
    out = np.empty(len(texts.weights), np.float32)
    _covers(texts.tokens.hashes, texts.weights, texts.tokens.starts, keys, worths, out)
    return out


@kernel
def _covers(
    hashes: NDArray[np.uint64],
    weights: NDArray[np.uint8],
    starts: NDArray[np.int64],
    keys: NDArray[np.uint64],
    worths: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    for text in range(len(starts) - 1):
        first, last = starts[text], starts[text + 1]
        out[first:last] = 2.0
        end, weight = first, 0
        for token in range(first, last):
            while end < last and weight < GRAM:
                weight += weights[end]
                end += 1
            if weight < GRAM:
                break
            key = _key(hashes, token, end)
            place = np.searchsorted(keys, key)
            if place < len(keys) and keys[place] == key:
                for held in range(token, end):
                    out[held] = min(out[held], worths[place])
            weight -= weights[token]
        covered, total = 0, 0.0
        for token in range(first, last):
            if out[token] <= 1.0:
                covered += 1
                total += out[token]
        for token in range(first, last):
            if out[token] > 1.0:
                out[token] = total / covered if covered else 1.0


class Lookup(NamedTuple):
    """Which units have which n-grams, made quick to ask: a posting for each n-gram of each unit, sorted by its key.

    A Bloom filter stands before them, and where each prefix of the keys begins; so the keys' low halves will do: of
    those that the filter lets through one in four thousand million is taken for another.
    """

    keys: NDArray[np.uint32]
    postings: NDArray[np.uint32]
    """Of each: its unit above `UNIT` bits, and its weight, as an ordinal in `WEIGHTS`."""
    bloom: NDArray[np.uint64]
    begins: NDArray[np.uint32]


UNIT = 8
WEIGHTS = np.concatenate([np.arange(17), np.rint(16 * 1.05 ** np.arange(1, 240))]).astype(np.int64)
"""What an n-gram of a unit may weigh: up to 16 as it is, and then in steps of a twentieth, to 1.8 million."""
_CODES = np.uint32((1 << UNIT) - 1)
_LOW = np.uint64(0xFFFFFFFF)


def rounded(weights: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The nearest weights of `WEIGHTS`."""
    return WEIGHTS[_codes(weights)].astype(np.uint32)


def _codes(weights: NDArray[np.uint32]) -> NDArray[np.int64]:
    above = np.searchsorted(WEIGHTS, weights).clip(1, len(WEIGHTS) - 1)
    return above - (weights - WEIGHTS[above - 1] < WEIGHTS[above] - weights)


def postings(units: NDArray[np.uint32], weights: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """`Lookup.postings` of these units, below 2^24, and `rounded` weights."""
    return np.bitwise_or(np.left_shift(units.astype(np.uint32), np.uint32(UNIT)), _codes(weights).astype(np.uint32))


def lookup(keys: NDArray[np.uint64], of: NDArray[np.uint32]) -> Lookup:
    """Of ascending keys, a key for each of the postings `of`.

    The filter takes 8 to 16 bits a posting, the prefixes 1 to 2 bytes.
    """
    bits = max(6, len(keys).bit_length())
    bloom = np.zeros(1 << (bits + 3 - 6), np.uint64)
    begins = np.zeros((1 << (bits - 2)) + 1, np.uint32)
    _fill(keys, bloom, begins)
    return Lookup((keys & _LOW).astype(np.uint32), of, bloom, begins)


@kernel
def _bits(key: np.uint64) -> np.uint64:
    return (_1 << (key & _63)) | (_1 << ((key >> _6) & _63)) | (_1 << ((key >> _12) & _63))


@kernel
def _shift(size: int) -> np.uint64:
    """How far a key is shifted right to be an ordinal below `size`, a power of two."""
    shift = 64
    while size > 1:
        size >>= 1
        shift -= 1
    return np.uint64(shift)


@kernel
def _fill(keys: NDArray[np.uint64], bloom: NDArray[np.uint64], begins: NDArray[np.uint32]) -> None:
    to_word, to_begin = _shift(len(bloom)), _shift(len(begins) - 1)
    for ordinal in range(len(keys)):
        key = keys[ordinal]
        bloom[key >> to_word] |= _bits(key)
        begins[(key >> to_begin) + _1] += np.uint32(1)
    for prefix in range(1, len(begins)):
        begins[prefix] += begins[prefix - 1]


class Hits(NamedTuple):
    """Where n-grams of the set stand in one text: begin and end token, the first of its postings and the one behind
    its last. Room for one at each token."""

    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    firsts: NDArray[np.int64]
    lasts: NDArray[np.int64]


@kernel
def _scan(read: Stream, text: int, known: Lookup, hits: Hits) -> int:
    """Fills `hits` with those of the text, in order. Returns how many."""
    hashes, weights = read.tokens.hashes, read.weights
    last = read.tokens.starts[text + 1]
    to_word, to_begin = _shift(len(known.bloom)), _shift(len(known.begins) - 1)
    powers = np.empty(GRAM + 1, np.uint64)
    powers[0] = _1
    for n in range(GRAM):
        powers[n + 1] = powers[n] * _BASE
    count = 0
    end = read.tokens.starts[text]
    weight = 0
    state = _0
    for token in range(read.tokens.starts[text], last):
        while end < last and weight < GRAM:
            weight += weights[end]
            state = state * _BASE + hashes[end]
            end += 1
        if weight < GRAM:
            break
        key = _finish(state)
        bits = _bits(key)
        if known.bloom[key >> to_word] & bits == bits:
            prefix, low = key >> to_begin, key & _LOW
            for ordinal in range(known.begins[prefix], known.begins[prefix + _1]):
                if known.keys[ordinal] == low:
                    behind = ordinal + 1
                    while behind < known.begins[prefix + _1] and known.keys[behind] == low:
                        behind += 1
                    hits.begins[count], hits.ends[count] = token, end
                    hits.firsts[count], hits.lasts[count] = ordinal, behind
                    count += 1
                    break
        weight -= weights[token]
        state -= hashes[token] * powers[end - token - 1]
    return count


class Units(NamedTuple):
    """What n-grams were taken from: each unit (a question, say) with its n-grams, short pieces, length and weight.

    A short piece is no n-gram long; it counts where its tokens stand, as they are, beside the n-grams that were found.
    """

    totals: NDArray[np.uint32]
    """What all n-grams and short pieces of each unit weigh together."""
    lengths: NDArray[np.uint32]
    """Tokens of each unit."""
    piece_begins: NDArray[np.uint32]
    """u32[units + 1]: the short pieces of unit u are piece_begins[u] to piece_begins[u + 1]."""
    piece_keys: NDArray[np.uint64]
    piece_lengths: NDArray[np.uint32]
    piece_weights: NDArray[np.uint32]
    companions: NDArray[np.int64]
    """A unit without n-grams that is looked for wherever this one is found; -1 if there is none."""


class Overlaps(NamedTuple):
    """Where units were found: one row for each text and unit, by text."""

    texts: NDArray[np.int64]
    units: NDArray[np.int64]
    weights: NDArray[np.int64]
    """Of each unit's total, how much lies close together in the text."""
    alone: NDArray[np.int64]
    """How much of that are short pieces."""
    places: NDArray[np.int64]
    """i64[n, 2]: the first token of it and the one behind it, of the tokens of all texts."""


def overlaps(read: Stream, known: Lookup, units: Units, leasts: NDArray[np.uint16]) -> Overlaps:
    """Every unit of which at least its share of `leasts`, in thousandths, lies in one place of a text.

    A companion's row stands behind that of its unit; where its least is 0 there is one in any case, of the same place.

    One place is a run of tokens half as long again as the unit, or 16 tokens longer.
    """
    most, size = int(np.diff(read.tokens.starts).max(initial=0)), len(units.totals)
    work = Work(
        Hits(*(np.empty(most, np.int64) for _ in Hits._fields)),
        sums=np.zeros(size, np.int64),
        slots=np.zeros(size, np.int64),
        touched=np.empty(size, np.int64),
        out=np.empty((max(1 << 12, 2 * size), 6), np.int64),  # one text can touch all units and companions
    )
    found = [work.out[:0]]
    at = 0
    while at < len(read.tokens.starts) - 1:
        count, at = _overlaps(read, at, known, units, leasts, work)
        found.append(work.out[:count].copy())
    rows = np.concatenate(found)
    return Overlaps(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3], np.ascontiguousarray(rows[:, 4:]))


def reach(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many tokens of a text are one place for units of these lengths."""
    return lengths + np.maximum(16, lengths // 2)


@kernel
def _reach(length: int) -> int:
    """How many tokens of a text are one place for a unit of `length` tokens."""
    return length + max(16, length // 2)


class Work(NamedTuple):
    """What a scan needs beside its input: room, made once for all texts."""

    hits: Hits
    sums: NDArray[np.int64]  # i64[units] of zeros, and left so
    slots: NDArray[np.int64]  # the same
    touched: NDArray[np.int64]  # i64[units]
    out: NDArray[np.int64]  # i64[n, 6]: text, unit, weight found, that of short pieces, first token, end token


@kernel
def _overlaps(
    read: Stream, at: int, known: Lookup, units: Units, leasts: NDArray[np.uint16], work: Work
) -> tuple[int, int]:
    """Fills `work.out` with rows of the texts from `at` on. Returns how many, and the text to go on with."""
    sums, slots, touched = work.sums, work.slots, work.touched
    count = 0
    for text in range(at, len(read.tokens.starts) - 1):
        hits = _scan(read, text, known, work.hits)
        met = 0
        for hit in range(hits):
            for posting in range(work.hits.firsts[hit], work.hits.lasts[hit]):
                unit = known.postings[posting] >> UNIT
                if sums[unit] == 0:
                    touched[met] = unit
                    met += 1
                sums[unit] += WEIGHTS[known.postings[posting] & _CODES]
        # Where the hits of the whole text do not reach the share, no place in it does: nearly all units end here.
        chosen = 0
        for ordinal in range(met):
            unit = touched[ordinal]
            possible = sums[unit]
            sums[unit] = 0
            for piece in range(units.piece_begins[unit], units.piece_begins[unit + 1]):
                possible += units.piece_weights[piece]
            if possible * 1000 >= np.int64(leasts[unit]) * units.totals[unit]:
                touched[chosen] = unit
                chosen += 1
                slots[unit] = chosen
        full = count > 0 and count + 2 * chosen > len(work.out)
        if chosen and not full:
            count += _place(read, text, hits, chosen, known, units, leasts, work, work.out[count:])
        for ordinal in range(chosen):
            slots[touched[ordinal]] = 0
        if full:
            return count, text
    return count, len(read.tokens.starts) - 1


@kernel
def _place(
    read: Stream,
    text: int,
    hits: int,
    chosen: int,
    known: Lookup,
    units: Units,
    leasts: NDArray[np.uint16],
    work: Work,
    out: NDArray[np.int64],
) -> int:
    """Fills `out` with the best place of each chosen unit in one text; `work.slots` is 1 + its ordinal among them.

    Returns how many rows.
    """
    bounds = np.zeros(chosen + 1, np.int64)
    for hit in range(hits):
        for posting in range(work.hits.firsts[hit], work.hits.lasts[hit]):
            slot = work.slots[known.postings[posting] >> UNIT]
            if slot:
                bounds[slot] += 1
    for slot in range(chosen):
        bounds[slot + 1] += bounds[slot]
    filled = bounds[:-1].copy()
    found = np.empty((bounds[-1], 4), np.int64)  # first token, end token, posting, weight
    for hit in range(hits):
        for posting in range(work.hits.firsts[hit], work.hits.lasts[hit]):
            entry = known.postings[posting]
            slot = work.slots[entry >> UNIT]
            if slot:
                row = found[filled[slot - 1]]
                filled[slot - 1] += 1
                row[0], row[1] = work.hits.begins[hit], work.hits.ends[hit]
                row[2], row[3] = posting, WEIGHTS[entry & _CODES]
    hashes, first, last = read.tokens.hashes, read.tokens.starts[text], read.tokens.starts[text + 1]
    count = 0
    for slot in range(chosen):
        unit = work.touched[slot]
        reach = _reach(units.lengths[unit])
        rows = found[bounds[slot] : bounds[slot + 1]]
        size = _distinct(rows)
        weight, begin, end = _densest(rows, size, reach, False)
        extra, begin, end = _pieces(hashes, max(first, end - reach), min(last, begin + reach), unit, units, begin, end)
        if units.piece_begins[unit] < units.piece_begins[unit + 1]:
            # A context may hold the question's words before the question does: try the last of the best places too.
            _, start, stop = _densest(rows, size, reach, True)
            more, start, stop = _pieces(
                hashes, max(first, stop - reach), min(last, start + reach), unit, units, start, stop
            )
            if more > extra:
                extra, begin, end = more, start, stop
        if (weight + extra) * 1000 < np.int64(leasts[unit]) * units.totals[unit]:
            continue
        _write(out[count], text, unit, weight + extra, extra, begin, end)
        count += 1
        other = units.companions[unit]
        if other >= 0:
            reach = _reach(units.lengths[other])
            low, high = max(first, begin - reach), min(last, end + reach)
            extra, start, stop = _pieces(hashes, low, high, other, units, high, low)
            if extra > 0:
                begin, end = start, stop
            if extra * 1000 >= np.int64(leasts[other]) * units.totals[other]:
                _write(out[count], text, other, extra, extra, begin, end)
                count += 1
    return count


@kernel
def _write(row: NDArray[np.int64], text: int, unit: int, weight: int, alone: int, begin: int, end: int) -> None:
    row[0], row[1], row[2], row[3], row[4], row[5] = text, unit, weight, alone, begin, end


@kernel
def _distinct(rows: NDArray[np.int64]) -> int:
    """Numbers the postings of `rows` from 0, equal ones alike. Returns how many there are."""
    size = 16
    while size < 2 * len(rows):
        size *= 2
    mask = np.uint64(size - 1)
    numbers = np.zeros(size, np.int64)
    postings = np.empty(size, np.int64)
    count = 0
    for row in range(len(rows)):
        slot = np.uint64(rows[row, 2]) * _BASE >> _33 & mask
        while numbers[slot] and postings[slot] != rows[row, 2]:
            slot = (slot + _1) & mask
        if numbers[slot] == 0:
            count += 1
            numbers[slot], postings[slot] = count, rows[row, 2]
        rows[row, 2] = numbers[slot] - 1
    return count


@kernel
def _densest(rows: NDArray[np.int64], size: int, reach: int, latest: bool) -> tuple[int, int, int]:
    """(weight, first token, end token) of the run of at most `reach` tokens in which distinct n-grams weigh most.

    Of equal ones the first, or the `latest`.
    """
    times = np.zeros(size, np.int64)
    best, begin, end = 0, 0, 0
    weight = 0
    left = 0
    for right in range(len(rows)):
        if times[rows[right, 2]] == 0:
            weight += rows[right, 3]
        times[rows[right, 2]] += 1
        # Leave what is out of reach, and what stands further right once more: the run shall be no longer than it must.
        while rows[right, 1] - rows[left, 0] > reach or times[rows[left, 2]] > 1:
            times[rows[left, 2]] -= 1
            if times[rows[left, 2]] == 0:
                weight -= rows[left, 3]
            left += 1
        if weight > best or (latest and weight == best):
            best, begin, end = weight, rows[left, 0], rows[right, 1]
    return best, begin, end


@kernel
def _pieces(
    hashes: NDArray[np.uint64], low: int, high: int, unit: int, units: Units, begin: int, end: int
) -> tuple[int, int, int]:
    """(weight of the unit's short pieces between the tokens `low` and `high`, begin and end widened to hold them)."""
    weight = 0
    for piece in range(units.piece_begins[unit], units.piece_begins[unit + 1]):
        length = int(units.piece_lengths[piece])
        for token in range(low, high - length + 1):
            if _key(hashes, token, token + length) == units.piece_keys[piece]:
                weight += units.piece_weights[piece]
                begin, end = min(begin, token), max(end, token + length)
                break
    return weight, begin, end
