"""Keywords: where entries of a list stand in texts, folded, and written past a filter.

Both are read as folded characters (`fold`). An entry of CJK characters is found anywhere, one of letters as whole
words; what separates may be put between the characters of either, and what is invisible anywhere. A look at each
token (a CJK character, a word) says whether it ends the head of an entry: its first word or two, its first two or three
CJK characters, each head a bit. Only there the entries are walked, as a trie in a hash table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import fold, utf8
from curate.kernels.compiled import frozen, kernel
from curate.kernels.fold import CLASS_SHIFT, IGNORED, SEPARATOR, SINGLE, WORD

UNITS = 64
"""Characters of an entry at most."""

SPELLED = 3
"""Characters of an entry from which it is found with a separator at each place, wherever that stands."""

_CODE = (1 << CLASS_SHIFT) - 1
_ROLE = 3
_LEAD = 1 << 23  # of the table: an entry of two characters or more begins with this CJK character
_ALONE = 1 << 24  # this CJK character is an entry
_PLAIN, _TWINS, _SPELLED, _BARE = range(4)  # how an entry is looked for at a place; bare: one CJK character
_BREAK = 0  # in the trie: here one word ends and the next begins
_MOST = 64  # separators and invisible characters at one place, however few they count as

_SEED = np.uint64(0x9E3779B97F4A7C15)
_STEP = np.uint64(0xD6E8FEB86659FD93)
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)
_33 = np.uint64(33)
_6 = np.uint64(6)
_63 = np.uint64(63)
_1 = np.uint64(1)
_2, _3, _4, _7, _12, _15, _18, _31 = (np.uint64(number) for number in (2, 3, 4, 7, 12, 15, 18, 31))
_NONE = np.uint64(1 << CLASS_SHIFT)  # no character
_21 = np.uint64(CLASS_SHIFT)

Array = NDArray[np.uint64]


class TooLong(ValueError):
    """An entry has more characters than `UNITS`, or none at all."""


class Trie(NamedTuple):
    """A list of entries made quick to ask. `nodes`: how many."""

    table: NDArray[np.uint32]
    glyphs: NDArray[np.uint16]
    heads: Array
    keys: Array
    children: NDArray[np.int32]
    first: NDArray[np.int32]
    """i32[nodes + 1]: the entries that end at node i are ends[first[i]] to ends[first[i + 1]]."""
    ends: NDArray[np.int32]


class Hits(NamedTuple):
    """Of n texts, in the order of texts, then of where they begin, then the longest first."""

    rows: NDArray[np.int64]
    entries: NDArray[np.int64]
    spans: NDArray[np.int64]
    """i64[hits, 2]: begin and end in bytes of the text."""


def units(entry: str) -> list[int]:
    """The folded characters of an entry, and `0` where one word ends and the next begins. Raises `TooLong`."""
    table = fold.table()
    out: list[int] = []
    before, parted = SEPARATOR, False
    for char in entry:
        code, role = int(table[ord(char)]) & _CODE, int(table[ord(char)]) >> CLASS_SHIFT
        if role == SEPARATOR:
            parted = True
        elif role != IGNORED:
            if parted and before == role == WORD:
                out.append(_BREAK)
            out.append(code)
            before, parted = role, False
    if not 0 < len(out) <= UNITS:
        raise TooLong(f"the entry {entry[:80]!r} has {len(out)} letters, digits and characters; expected 1 to {UNITS}")
    return out


def trie(entries: Sequence[str], glyphs: Mapping[str, str] | None = None) -> Trie:
    """The entries, known by their ordinals. `glyphs` are letters of the Basic Multilingual Plane that look like others.

    A letter of `glyphs` is read as its twin in words that have letters of both kinds.
    """
    plain = fold.table()
    edges: dict[int, int] = {}  # node and unit in one number -> node: half the memory of pairs
    ending: dict[int, list[int]] = {}
    heads: dict[tuple[tuple[int, ...], ...], None] = {}
    leads: set[int] = set()
    alone: set[int] = set()
    for ordinal, entry in enumerate(entries):
        read = units(entry)
        node = 0
        for unit in read:
            node = edges.setdefault(node << CLASS_SHIFT | unit, len(edges) + 1)
        ending.setdefault(node, []).append(ordinal)
        head = _head(read)
        if int(plain[read[0]]) >> CLASS_SHIFT == WORD or len(head) > 1:
            heads[head] = None
        (leads if len(head) > 1 else alone).add(read[0])
    table = plain.copy()
    codes = plain & np.uint32(_CODE)
    for codes_of, flag in ((leads, _LEAD), (alone, _ALONE)):
        flags = np.zeros(0x110000, np.uint32)
        flags[list(codes_of)] = flag
        table |= flags[codes]
    first = np.zeros(len(edges) + 2, np.int32)
    for node, ordinals in ending.items():
        first[node + 1] = len(ordinals)
    ends = np.array([ordinal for node in sorted(ending) for ordinal in ending[node]], np.int32)
    size = 1 << max(4, (2 * len(edges)).bit_length())
    keys, children = np.zeros(size, np.uint64), np.zeros(size, np.int32)
    froms = np.fromiter(edges, np.uint64, len(edges)) + _1
    _insert(froms, np.fromiter(edges.values(), np.int32, len(edges)), keys, children)
    marks = np.zeros((1 << max(20, (64 * len(heads)).bit_length())) // 64, np.uint64)
    tokens = [token for head in heads for token in head]
    spans = [np.cumsum([0, *map(len, some)], dtype=np.int64) for some in (tokens, heads)]
    _mark(marks, np.array([unit for token in tokens for unit in token], np.int64), *spans)
    twins = np.zeros(0x10000, np.uint16)
    for char, twin in (glyphs or {}).items():
        twins[int(codes[ord(char)])] = codes[ord(twin)]
    arrays: tuple[NDArray[Any], ...] = (table, twins, marks, keys, children, np.cumsum(first, dtype=np.int32), ends)
    return Trie(*map(frozen, arrays))


def _head(read: list[int]) -> tuple[tuple[int, ...], ...]:
    """The first tokens of an entry: three where they are CJK characters, else two, or what there is."""
    plain = fold.table()
    tokens: list[tuple[int, ...]] = []
    inside = False
    for unit in read:
        word = int(plain[unit]) >> CLASS_SHIFT == WORD
        if word and inside:
            tokens[-1] += (unit,)
        elif unit != _BREAK:
            tokens.append((unit,))
        inside = word
    three = len(tokens) > 2 and all(int(plain[token[0]]) >> CLASS_SHIFT == SINGLE for token in tokens[:3])
    return tuple(tokens[: 3 if three else 2])


def find(texts: pl.Series, entries: Trie, gap: int = 3) -> Hits:
    """Where `entries` stand in a String column; those within others too. A null has none.

    `gap`: how many separators may stand at one place between two characters; a run of white space counts as one, and
    one between two words is no gap.
    """
    found, spans = [], []
    for first, block in utf8.blocks(texts):
        data, offsets = utf8.of(block)
        t = entries
        size = len(data) // 16 + 64
        while True:
            places = np.empty((size, 3), np.int64)
            count = _candidates(data, offsets, t.table, t.glyphs, t.heads, places)
            if count <= size:
                break
            size = count
        candidates = places[:count]
        size = count + 16
        while True:
            hits, places = np.empty((size, 2), np.int64), np.empty((size, 2), np.int64)
            count = _find(data, offsets, candidates, t.table, t.glyphs, t.keys, t.children, t.first, t.ends, gap,
                          hits, places)  # fmt: skip
            if count <= size:
                break
            size = count
        hits[:count, 0] += first
        found.append(hits[:count])
        spans.append(places[:count])
    hits = np.concatenate([np.empty((0, 2), np.int64), *found])
    places = np.concatenate([np.empty((0, 2), np.int64), *spans])
    order = np.lexsort((hits[:, 1], -places[:, 1], places[:, 0], hits[:, 0]))
    hits, places = hits[order], places[order]
    new = np.ones(len(order), np.bool_)  # one that two heads led to stands there twice
    new[1:] = (hits[1:] != hits[:-1]).any(1) | (places[1:] != places[:-1]).any(1)
    return Hits(hits[new, 0], hits[new, 1], places[new])


def settled(hits: Hits, allowed: NDArray[np.bool_]) -> Hits:
    """Those that count: of some that overlap the first, of those that begin together the longest.

    `allowed`, of each hit: it is a phrase that excuses what lies within it, and is no hit itself.
    """
    order = np.lexsort((~allowed, -hits.spans[:, 1], hits.spans[:, 0], hits.rows))
    keep = np.zeros(len(order), np.bool_)
    rows, spans = np.ascontiguousarray(hits.rows[order]), np.ascontiguousarray(hits.spans[order])
    _settle(rows, spans, np.ascontiguousarray(allowed[order]), keep)
    kept = order[keep]
    return Hits(hits.rows[kept], hits.entries[kept], hits.spans[kept])


def characters(texts: pl.Series, hits: Hits) -> NDArray[np.int64]:
    """i64[hits, 2]: begin and end of each hit in characters of its text; hits in the order of texts and places."""
    out = np.empty((len(hits.rows), 2), np.int64)
    wanted = np.unique(hits.rows)
    data, offsets = utf8.of(texts[wanted])
    _characters(data, offsets, np.searchsorted(wanted, hits.rows), np.ascontiguousarray(hits.spans), out)
    return out


@kernel
def _mixed(state: np.uint64) -> np.uint64:
    state = (state ^ (state >> _33)) * _MIX_1
    state = (state ^ (state >> _33)) * _MIX_2
    return state ^ (state >> _33)


@kernel
def _mark(bits: Array, codes: NDArray[np.int64], tokens: NDArray[np.int64], heads: NDArray[np.int64]) -> None:
    """Set the bit of each head: the tokens from one bound to the next, the codes of each likewise."""
    for head in range(len(heads) - 1):
        whole = _SEED
        for token in range(heads[head], heads[head + 1]):
            state = _SEED
            for at in range(tokens[token], tokens[token + 1]):
                state = (state ^ np.uint64(codes[at])) * _STEP
            whole = _joined(whole, _mixed(state))
        place = whole & np.uint64(64 * len(bits) - 1)
        bits[place >> _6] |= _1 << (place & _63)


@kernel
def _joined(head: np.uint64, token: np.uint64) -> np.uint64:
    """The hash of a head with one more token."""
    return _mixed((head ^ token) * _STEP)


@kernel
def _marked(bits: Array, key: np.uint64) -> bool:
    at = key & np.uint64(64 * len(bits) - 1)
    return bits[at >> _6] >> (at & _63) & _1 != 0


@kernel
def _insert(froms: Array, to: NDArray[np.int32], keys: Array, children: NDArray[np.int32]) -> None:
    mask = np.uint64(len(keys) - 1)
    for number in range(len(froms)):
        at = _mixed(froms[number]) & mask
        while keys[at] != 0:
            at = (at + _1) & mask
        keys[at], children[at] = froms[number], to[number]


@kernel
def _child(node: int, unit: int, keys: Array, children: NDArray[np.int32]) -> int:
    """The node behind `unit`; -1 where there is none."""
    mask = np.uint64(len(keys) - 1)
    key = (np.uint64(node) << _21 | np.uint64(unit)) + _1
    at = _mixed(key) & mask
    while keys[at] != 0:
        if keys[at] == key:
            return int(children[at])
        at = (at + _1) & mask
    return -1


@kernel
def _decode(data: NDArray[np.uint8], at: np.uint64) -> tuple[np.uint64, np.uint64]:
    """(code point, bytes it takes) at `at`. Unsigned: no index counts from the end, and none is checked for it."""
    first = np.uint64(data[at])
    if first < 0x80:
        return first, _1
    second = np.uint64(data[at + _1]) & _63
    if first < 0xE0:
        return (first & _31) << _6 | second, _2
    third = np.uint64(data[at + _2]) & _63
    if first < 0xF0:
        return (first & _15) << _12 | second << _6 | third, _3
    return (first & _7) << _18 | second << _12 | third << _6 | np.uint64(data[at + _3]) & _63, _4


@kernel
def _before(data: NDArray[np.uint8], origin: int, at: int, table: NDArray[np.uint32]) -> int:
    """The role of the visible character before `at`; a separator where the text begins."""
    while at > origin:
        at -= 1
        while at > origin and data[at] & 0xC0 == 0x80:
            at -= 1
        role = int(table[_decode(data, np.uint64(at))[0]]) >> CLASS_SHIFT & _ROLE
        if role != IGNORED:
            return role
    return SEPARATOR


@kernel
def _behind(data: NDArray[np.uint8], at: int, end: int, table: NDArray[np.uint32]) -> int:
    """The role of the visible character at or behind `at`; a separator where the text ends."""
    while at < end:
        code, size = _decode(data, np.uint64(at))
        role = int(table[code]) >> CLASS_SHIFT & _ROLE
        if role != IGNORED:
            return role
        at += int(size)
    return SEPARATOR


@kernel
def _is_stop(code: int) -> bool:
    return (
        code in (0xFF0C, 0x3002, 0xFF01, 0xFF1F, 0xFF1B, 0xFF1A, 0x3001)
        or code in (0x2C, 0x2E, 0x21, 0x3F, 0x3B, 0x3A, 0x0A)
    )  # fmt: skip


@kernel
def _is_space(code: int) -> bool:
    return code in (0x20, 0x09, 0x0A, 0x0D, 0xA0, 0x3000)


@kernel
def _step(node: int, unit: int, parted: bool, spelled: bool, keys: Array, children: NDArray[np.int32]) -> int:
    """The node behind `unit`; behind a break too where it is `parted` from the letter before; -1 where there is none.

    In a word that is spelled, what parts two letters may be the break of the entry or not.
    """
    if spelled:
        after = _child(node, unit, keys, children)
        if after >= 0:
            return after
    if parted:
        node = _child(node, _BREAK, keys, children)
    return _child(node, unit, keys, children) if node >= 0 else -1


@kernel
def _walk(  # noqa: PLR0915 - one pass over the bytes, in one kernel
    data: NDArray[np.uint8],
    origin: int,
    begin: int,
    end: int,
    text: int,
    least: int,
    most: int,
    twins: bool,
    spelled: bool,
    table: NDArray[np.uint32],
    glyphs: NDArray[np.uint16],
    keys: Array,
    children: NDArray[np.int32],
    first: NDArray[np.int32],
    ends: NDArray[np.int32],
    gap: int,
    hits: NDArray[np.int64],
    spans: NDArray[np.int64],
    count: int,
) -> int:
    """The number of hits, `count` and those that begin at `begin` with `least` to `most` characters."""
    node, at, length, last = 0, begin, 0, SEPARATOR
    parted, between, space, stop = 0, 0, False, False  # of this place: separators, characters, ...
    places, gaps, stops = 0, 0, False  # of the entry so far, between CJK characters
    while at < end and length < most:
        point, size = _decode(data, np.uint64(at))
        code, step = int(point), int(size)
        entry = int(table[code])
        role = entry >> CLASS_SHIFT & _ROLE
        if role in (SEPARATOR, IGNORED):
            between += 1
            if role == SEPARATOR:
                white = _is_space(code)
                parted += not (white and space)
                space = white
                stop = stop or _is_stop(code)
            if parted > max(gap, 1) or between > _MOST:
                break
            at += step
            continue
        unit = entry & _CODE
        if twins and unit < 0x10000 and glyphs[unit] != 0:
            unit = int(glyphs[unit])
        if spelled and length and (not parted or role != WORD):
            break
        words = role == WORD and last == WORD
        if parted > gap and (spelled or (role == last and not words)):
            break  # a space between words, or between a word and a character, is none that was put in
        if role == last and not words:
            places += 1
            gaps += parted > 0
            stops = stops or stop
        node = _step(node, unit, words and parted > 0, spelled, keys, children)
        if node < 0:
            break
        length, last, at = length + 1, role, at + step
        parted, between, space, stop = 0, 0, False, False
        if length < least or first[node] == first[node + 1]:
            continue
        behind = _behind(data, at, end, table)
        if role == WORD and behind == WORD:
            continue
        if spelled and length < SPELLED:
            continue
        if gaps and not (gaps == places and length >= SPELLED):
            apart = behind == SEPARATOR and _before(data, origin, begin, table) == SEPARATOR
            if not apart or stops:
                continue
        for number in range(first[node], first[node + 1]):
            if count < len(hits):
                hits[count, 0], hits[count, 1] = text, ends[number]
                spans[count, 0], spans[count, 1] = begin - origin, at - origin
            count += 1
    return count


@kernel
def _candidates(  # noqa: PLR0915
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    table: NDArray[np.uint32],
    glyphs: NDArray[np.uint16],
    heads: Array,
    places: NDArray[np.int64],
) -> int:
    """Where entries may begin, as (text, byte, mode); their number: what does not fit is counted and not written."""
    count = int(np.int64(0))
    for text in range(len(offsets) - 1):
        at, end = np.uint64(offsets[text]), np.uint64(offsets[text + 1])
        inside, begin, letters, state = False, at, 0, _SEED
        odd, other = False, _SEED  # whether the word has a letter of `glyphs`, and its hash with their twins
        # The heads of one token that begin before: of the last token and of two; as they are, and with twins.
        one, twin_one, two = _NONE, _NONE, _NONE
        place, place_two, short = at, at, False
        while at <= end:
            entry, size = np.uint32(0), _1
            if at < end:
                code, size = _decode(data, at)
                entry = table[code]
            role = entry >> CLASS_SHIFT & _ROLE
            if role == IGNORED:
                at += size
                continue
            unit = np.uint64(entry & _CODE)
            if role == WORD:
                if not inside:
                    inside, begin, letters, state, odd = True, at, 0, _SEED, False
                if unit >= 0x80 and unit < 0x10000:
                    twin = np.uint64(glyphs[unit])
                    if twin and not odd:
                        odd, other = True, state
                    if odd:
                        other = (other ^ (twin if twin else unit)) * _STEP
                elif odd:
                    other = (other ^ unit) * _STEP
                state = (state ^ unit) * _STEP
                letters += 1
                at += size
                continue
            if inside:
                inside = False
                word = _mixed(state)
                alone = _joined(_SEED, word)
                if _marked(heads, alone):
                    count = _note(places, count, text, begin, _PLAIN)
                if one != _NONE and _marked(heads, _joined(one, word)):
                    count = _note(places, count, text, place, _PLAIN)
                twin_alone = alone
                if odd:
                    word = _mixed(other)
                    twin_alone = _joined(_SEED, word)
                    if _marked(heads, twin_alone):
                        count = _note(places, count, text, begin, _TWINS)
                if one != _NONE and (odd or twin_one != one) and _marked(heads, _joined(twin_one, word)):
                    count = _note(places, count, text, place, _TWINS)
                if short and letters == 1:
                    count = _note(places, count, text, place, _SPELLED)
                one, twin_one, two, place, short = alone, twin_alone, _NONE, begin, letters == 1
            if role == SINGLE:
                token = _mixed((_SEED ^ unit) * _STEP)
                if two != _NONE and _marked(heads, _joined(two, token)):
                    count = _note(places, count, text, place_two, _PLAIN)
                two = _NONE
                if one != _NONE:
                    two, place_two = _joined(one, token), place
                    if _marked(heads, two):
                        count = _note(places, count, text, place, _PLAIN)
                    if twin_one != one and _marked(heads, _joined(twin_one, token)):
                        count = _note(places, count, text, place, _TWINS)
                one = _NONE
                if entry & _ALONE:
                    count = _note(places, count, text, at, _BARE)
                if entry & _LEAD:
                    one, place = _joined(_SEED, token), at
                twin_one, short = one, False
            at += size
    return count


@kernel
def _note(places: NDArray[np.int64], count: int, text: int, at: np.uint64, mode: int) -> int:
    if count < len(places):
        places[count, 0], places[count, 1], places[count, 2] = text, at, mode
    return count + 1


@kernel
def _find(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    candidates: NDArray[np.int64],
    table: NDArray[np.uint32],
    glyphs: NDArray[np.uint16],
    keys: Array,
    children: NDArray[np.int32],
    first: NDArray[np.int32],
    ends: NDArray[np.int32],
    gap: int,
    hits: NDArray[np.int64],
    spans: NDArray[np.int64],
) -> int:
    """The number of hits; what does not fit is counted and not written."""
    count = int(np.int64(0))
    for number in range(len(candidates)):
        text, begin, mode = candidates[number]
        least, most = (1, 1) if mode == _BARE else (1, UNITS)
        if mode == _PLAIN and int(table[_decode(data, np.uint64(begin))[0]]) >> CLASS_SHIFT & _ROLE == SINGLE:
            least = 2  # the character alone is found in a mode of its own
        count = _walk(data, int(offsets[text]), begin, int(offsets[text + 1]), text, least, most,
                      mode in (_TWINS, _SPELLED), mode == _SPELLED, table, glyphs, keys, children, first, ends, gap,
                      hits, spans, count)  # fmt: skip
    return count


@kernel
def _settle(
    rows: NDArray[np.int64], spans: NDArray[np.int64], allowed: NDArray[np.bool_], keep: NDArray[np.bool_]
) -> None:
    row, excused, taken = -1, 0, 0
    for hit in range(len(rows)):
        if rows[hit] != row:
            row, excused, taken = rows[hit], 0, 0
        begin, end = spans[hit, 0], spans[hit, 1]
        if allowed[hit]:
            excused = max(excused, end)  # it began before, so what ends before its end lies within it
        elif end > excused and begin >= taken:
            keep[hit], taken = True, end


@kernel
def _characters(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    spans: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    row, at, seen = -1, 0, 0
    for hit in range(len(rows)):
        if rows[hit] != row:
            row, seen = rows[hit], 0
            at = offsets[row]
        begin, end = offsets[row] + spans[hit, 0], offsets[row] + spans[hit, 1]
        while at < begin:
            seen += data[at] & 0xC0 != 0x80
            at += 1
        out[hit, 0] = seen
        inner = at
        length = 0
        while inner < end:
            length += data[inner] & 0xC0 != 0x80
            inner += 1
        out[hit, 1] = seen + length
