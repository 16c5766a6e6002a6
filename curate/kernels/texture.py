"""The texture of a text, whatever it says: how it repeats itself, how it is punctuated, what it is made of.

Taken in one pass over the tokens of `kernels.tokens` and one over the bytes. Repetition is looked for within a stretch
of tokens, so that the measures mean the same for short and long texts.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import utf8
from curate.kernels.compiled import kernel
from curate.kernels.tokens import tokens

NAMES = (
    "again_1", "again_2", "again_3", "again_5", "twice", "content_again", "function", "numbers", "stops", "commas",
    "signs", "breaks", "part_size", "part_even", "part_like", "part_begins", "part_ends", "digits", "capitals", "latin",
    "han", "foreign", "spaces", "word_size", "run", "top", "lines_like", "turns",
)  # fmt: skip
"""What `texture` measures, a column each.

Of the tokens, the share: again_1, again_2, again_3, that stand among the 50 before as well, pairs among 100, threes
among 300; again_5, fives anywhere before; twice, equal to the one before; function, function words of English,
grammatical characters of Chinese; numbers, runs of digits. content_again: of what is no function word, tokens that
stand among the 200 before (of Chinese: pairs). top: of the tokens, those that are the most frequent one of content.

For each token: stops, commas, signs (other punctuation), breaks (line ends).

Parts stand between line ends, commas, bars and other signs. part_size: their tokens; part_even: the deviation of that
over its mean; part_like: of the tokens, those in parts that share half of their tokens with the part before
(lines_like: the same of lines); part_begins, part_ends: of the parts, those that begin or end as one of the last 20.

Of the characters, the share: digits, latin, han, foreign (other letters), spaces. capitals: of the Latin letters.
word_size: letters of a Latin word. run: the longest run of one character, of 100. turns: changes between letters,
digits and signs, for each character.
"""

_FUNCTION = (
    "the of and to in a is that for it as was with be by on not he his but at are this have had from they which or an "
    "were we their been has will would what if can all her my she so no there when one you your its do who may any "
    "more than these them then into could him out other such only some about up our me should must also shall under "
    "between after"
)
_GRAMMAR = (
    "的了是在有不和人这为之以而其于与则也者所及或等他我们你她它个对从到就要会能可被把将由向但并如若使得着过地上中下一此"
)
_BITS = 12
_NUMBER = np.uint64(0x1B873593CC9E2D51)
_STEP = np.uint64(0x9E3779B97F4A7C15)
_29 = np.uint64(29)


def texture(texts: pl.Series) -> NDArray[np.float64]:
    """f64[n, len(NAMES)]; a text without tokens has 0 in the columns of tokens."""
    out = np.zeros((len(texts), len(NAMES)))
    for first, block in utf8.blocks(texts):
        data, offsets = utf8.of(block)
        stream = tokens(block)
        _texture(
            data,
            offsets,
            stream.hashes,
            stream.starts,
            stream.spans,
            _function_tokens(),
            out[first : first + len(block)],
        )
    return out


@cache
def _function_tokens() -> NDArray[np.uint64]:
    """u64[4096]: an open hash table of the tokens that are function words."""
    table = np.zeros(1 << _BITS, np.uint64)
    for key in tokens(pl.Series([_FUNCTION + " " + _GRAMMAR]), spans=False).hashes:
        slot = int(key) >> 64 - _BITS
        while table[slot] not in (0, key):
            slot = (slot + 1) % len(table)
        table[slot] = key
    table.flags.writeable = False
    return table


@kernel
def _is_function(table: NDArray[np.uint64], key: np.uint64) -> bool:
    slot = np.int64(key >> np.uint64(64 - _BITS))
    while table[slot] != 0:
        if table[slot] == key:
            return True
        slot = (slot + 1) & ((1 << _BITS) - 1)
    return False


@kernel
def _since(seen: NDArray[np.uint64], last: NDArray[np.int64], key: np.uint64, now: int) -> int:
    """How many tokens ago `key` was seen, and a very large number where it was not; notes that it is seen `now`."""
    mask = np.uint64(len(seen) - 1)
    key |= np.uint64(1)
    slot = (key >> np.uint64(20)) & mask
    while seen[slot] != 0 and seen[slot] != key:
        slot = (slot + np.uint64(1)) & mask
    ago = now - last[slot] if seen[slot] == key else 1 << 60
    seen[slot] = key
    last[slot] = now
    return int(ago)


@kernel
def _code(data: NDArray[np.uint8], at: int) -> tuple[np.int64, int]:
    first = np.int64(data[at])
    if first < 0x80:
        return first, 1
    if first < 0xE0:
        return (first & 0x1F) << 6 | np.int64(data[at + 1]) & 0x3F, 2
    if first < 0xF0:
        return (first & 0x0F) << 12 | (np.int64(data[at + 1]) & 0x3F) << 6 | np.int64(data[at + 2]) & 0x3F, 3
    high = (first & 0x07) << 18 | (np.int64(data[at + 1]) & 0x3F) << 12
    return high | (np.int64(data[at + 2]) & 0x3F) << 6 | np.int64(data[at + 3]) & 0x3F, 4


_SPACE, _BREAK, _DIGIT, _CAPITAL, _SMALL, _HAN, _STOP, _COMMA, _SIGN, _FOREIGN, _BAR = range(11)


@kernel
def _class(code: np.int64) -> int:
    if code < 0x80:
        if code == 10:
            return _BREAK
        if code <= 32:
            return _SPACE
        if 48 <= code <= 57:
            return _DIGIT
        if 65 <= code <= 90:
            return _CAPITAL
        if 97 <= code <= 122:
            return _SMALL
        if code in (46, 33, 63):
            return _STOP
        if code in (44, 59, 58):
            return _COMMA
        if code in (124, 47, 95):
            return _BAR
        return _SIGN
    if 0x4E00 <= code <= 0x9FFF:
        return _HAN
    if code in (0x3002, 0xFF01, 0xFF1F, 0x2026):
        return _STOP
    if code in (0xFF0C, 0x3001, 0xFF1B, 0xFF1A):
        return _COMMA
    if code in (0x3000, 0xA0):
        return _SPACE
    if code in (0xFF5C, 0xB7, 0x2022):
        return _BAR
    if 0x2000 <= code <= 0x2BFF or 0x3000 <= code <= 0x303F or 0xFF00 <= code <= 0xFFEF or code < 0xC0:
        return _SIGN
    return _FOREIGN


@kernel
def _texture(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    starts: NDArray[np.int64],
    spans: NDArray[np.int64],
    table: NDArray[np.uint64],
    out: NDArray[np.float64],
) -> None:
    for text in range(len(starts) - 1):
        at, end = offsets[text], offsets[text + 1]
        total = starts[text + 1] - starts[text]
        counts = np.zeros(11, np.int64)
        chars, turns, run, longest, before, role_before, words = 0, 0, 0, 0, np.int64(-1), -1, 0
        while at < end:
            code, size = _code(data, at)
            role = _class(code)
            counts[role] += 1
            chars += 1
            run = run + 1 if code == before and role != _SPACE else 1
            longest = max(longest, run)
            letters = role in (_SMALL, _CAPITAL)
            was = role_before in (_SMALL, _CAPITAL)
            words += letters and not was
            turns += role != role_before and not (letters and was) and _SPACE not in (role, role_before)
            before, role_before = code, role
            at += size
        if chars == 0:
            continue
        row = out[text]
        row[17] = counts[_DIGIT] / chars
        row[18] = counts[_CAPITAL] / max(1, counts[_CAPITAL] + counts[_SMALL])
        row[19] = (counts[_CAPITAL] + counts[_SMALL]) / chars
        row[20] = counts[_HAN] / chars
        row[21] = counts[_FOREIGN] / chars
        row[22] = counts[_SPACE] / chars
        row[23] = (counts[_CAPITAL] + counts[_SMALL]) / max(1, words)
        row[24] = min(longest, 100) / 100
        row[27] = turns / chars
        per = max(1, total)
        row[8] = counts[_STOP] / per
        row[9] = counts[_COMMA] / per
        row[10] = (counts[_SIGN] + counts[_BAR]) / per
        row[11] = counts[_BREAK] / per
        if total:
            _repeats(data, offsets[text], hashes, starts[text], total, spans, table, row)
            _parts(data, offsets[text], hashes, starts[text], total, spans, row)


@kernel
def _repeats(
    data: NDArray[np.uint8],
    origin: int,
    hashes: NDArray[np.uint64],
    begin: int,
    total: int,
    spans: NDArray[np.int64],
    table: NDArray[np.uint64],
    row: NDArray[np.float64],
) -> None:
    size = 16
    while size < 2 * total:
        size *= 2
    seen = np.zeros((5, size), np.uint64)
    last = np.zeros((5, size), np.int64)
    times = np.zeros(size, np.int64)
    found = np.zeros(5, np.int64)
    function, numbers, twice, content, again, most = 0, 0, 0, 0, 0, 0
    for place in range(total):
        key = hashes[begin + place]
        digits = True
        for byte in range(origin + spans[begin + place, 0], origin + spans[begin + place, 1]):
            if not 48 <= data[byte] <= 57:
                digits = False
                break
        numbers += digits
        plain = _is_function(table, key)
        function += plain
        state = key
        found[0] += _since(seen[0], last[0], key * _STEP, place) <= 50
        if place >= 1:
            twice += hashes[begin + place - 1] == key
            state = (key * _STEP ^ hashes[begin + place - 1]) * _STEP
            state ^= state >> _29
            found[1] += _since(seen[1], last[1], state, place) <= 100
        if place >= 2:
            three = (state ^ hashes[begin + place - 2]) * _STEP
            three ^= three >> _29
            found[2] += _since(seen[2], last[2], three, place) <= 300
            if place >= 4:
                five = (three ^ hashes[begin + place - 3]) * _STEP
                five = (five ^ (five >> _29) ^ hashes[begin + place - 4]) * _STEP
                five ^= five >> _29
                found[3] += _since(seen[3], last[3], five, place) < 1 << 60
        if not plain and not digits:
            single = data[origin + spans[begin + place, 0]] >= 0xE0
            if not single or place >= 1:
                content += 1
                part = state if single else key * _STEP
                again += _since(seen[4], last[4], part, place) <= 200
                mask = np.uint64(size - 1)
                slot = ((part | np.uint64(1)) >> np.uint64(20)) & mask
                while seen[4, slot] != (part | np.uint64(1)):
                    slot = (slot + np.uint64(1)) & mask
                times[slot] += 1
                most = max(most, times[slot])
    for column in range(4):
        row[column] = found[column] / total
    row[4] = twice / total
    row[5] = again / max(1, content)
    row[6] = function / total
    row[7] = numbers / total
    row[25] = most / total if most > 1 else 0.0


@kernel
def _parts(
    data: NDArray[np.uint8],
    origin: int,
    hashes: NDArray[np.uint64],
    begin: int,
    total: int,
    spans: NDArray[np.int64],
    row: NDArray[np.float64],
) -> None:
    """Parts are what stands between line ends and signs, but hyphens and apostrophes; lines, between line ends."""
    for lines in range(2):
        parts, like, begins, ends = 0, 0, 0, 0
        sum_, squares = 0.0, 0.0
        first = 0
        old_first, old_last = 0, 0
        heads = np.zeros(20, np.uint64)
        tails = np.zeros(20, np.uint64)
        for place in range(1, total + 1):
            border = place == total
            if not border:
                for at in range(origin + spans[begin + place - 1, 1], origin + spans[begin + place, 0]):
                    byte = data[at]
                    if byte == 10 or (lines == 0 and byte not in (32, 39, 45)):
                        border = True
                        break
            if not border:
                continue
            size = place - first
            common = 0
            for token in range(first, min(place, first + 60)):
                for other in range(old_first, min(old_last, old_first + 60)):
                    if hashes[begin + token] == hashes[begin + other]:
                        common += 1
                        break
            like += size if size > 1 and 2 * common >= min(size, 60) else 0
            for slot in range(20):
                if heads[slot] == hashes[begin + first]:
                    begins += 1
                    break
            for slot in range(20):
                if tails[slot] == hashes[begin + place - 1]:
                    ends += 1
                    break
            heads[parts % 20] = hashes[begin + first]
            tails[parts % 20] = hashes[begin + place - 1]
            parts += 1
            sum_ += size
            squares += float(size) * size
            old_first, old_last, first = first, place, place
        mean = sum_ / parts
        if lines == 0:
            row[12] = mean
            row[13] = np.sqrt(max(0.0, squares / parts - mean * mean)) / mean
            row[14] = like / total
            row[15] = begins / parts
            row[16] = ends / parts
        else:
            row[26] = like / total
