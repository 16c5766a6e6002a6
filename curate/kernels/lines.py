"""Lines: where each begins and ends, a hash of what it says, and which phrases it holds, by the bytes of a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import utf8
from curate.kernels.compiled import kernel
from curate.kernels.tokens import tokens

WHOLE, PART, HINT, LABEL = 1, 2, 3, 4
"""What a phrase makes of a line. WHOLE marks it wherever it stands. PART marks it if phrases make up enough of it, and
so do two HINTs. A LABEL marks it where it stands first and a colon or nothing follows, and the line is then known by
the phrase alone ('Next: ...'); elsewhere it is a hint."""

_BASE = np.uint64(0x9FB21C651E98DF25)  # odd, as for the fingerprints of whole texts
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)  # MurmurHash3's 64-bit finaliser
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)
_33, _48, _63 = np.uint64(33), np.uint64(48), np.uint64(63)


class Phrases(NamedTuple):
    """Phrases by their folded tokens, sorted by the first one."""

    hashes: NDArray[np.uint64]
    """u64: the tokens of all phrases, one phrase after another."""
    starts: NDArray[np.int64]
    """i64[n + 1]"""
    roles: NDArray[np.uint8]
    """u8[n]: WHOLE, PART, HINT or LABEL."""
    filter: NDArray[np.bool_]
    """bool[65536]: whether a phrase begins with a token of these leading bits."""


class Lines(NamedTuple):
    """The lines of n texts, one after another. A line ends behind its line feed; an empty text has none."""

    starts: NDArray[np.int64]
    """i64[n + 1]: the lines of text i are starts[i] to starts[i + 1]."""
    spans: NDArray[np.uint32]
    """u32[lines, 2]: where each begins, and where the next one does, in characters of its text."""
    hashes: NDArray[np.uint64]
    """u64[lines]: of the folded tokens in their order; 0 for a line without tokens."""
    sizes: NDArray[np.uint32]
    """u32[lines]: how many tokens each has."""
    blank: NDArray[np.bool_]
    """bool[lines]: nothing but white space."""
    empty: NDArray[np.bool_]
    """bool[lines]: nothing but white space and what rules are drawn with (- _ = * ~ + #, dashes, box drawings)."""
    marks: NDArray[np.uint8]
    """u8[lines]: 2 where a phrase marks it by itself (WHOLE, LABEL), 1 where phrases do by their share, else 0."""


def phrases(known: Sequence[tuple[str, int]]) -> Phrases:
    """Phrases of (text, role), folded as texts are. Of two that begin alike the longer one is found."""
    found = tokens(pl.Series([text for text, _ in known], dtype=pl.String), spans=False)
    some = [found.hashes[found.starts[at] : found.starts[at + 1]] for at in range(len(known))]
    order = sorted(range(len(known)), key=lambda at: (int(some[at][0]), -len(some[at]), at))
    starts = np.concatenate([[0], np.cumsum([len(some[at]) for at in order])]).astype(np.int64)
    begins = np.zeros(1 << 16, np.bool_)
    for one in some:
        begins[int(one[0] >> _48)] = True
    hashes = np.concatenate([some[at] for at in order])
    return Phrases(hashes, starts, np.array([known[at][1] for at in order], np.uint8), begins)


def lines(texts: pl.Series, known: Phrases, share: float, most: int) -> Lines:
    """The lines of a String column; a null has none.

    `share` is how much of a line's tokens must lie in phrases for PART and HINT, which do not mark the row of a table
    (a line that begins with |). A line of more than `most` tokens is not marked.
    """
    data, offsets = utf8.of(texts)
    found = tokens(texts)
    first, last = int(offsets[0]), int(offsets[-1])
    count = int(np.count_nonzero(data[first:last] == 0x0A)) + len(texts)
    starts = np.empty(len(texts) + 1, np.int64)
    places = np.empty((count, 2), np.uint32)
    said, sizes = np.empty(count, np.uint64), np.empty(count, np.uint32)
    blank, empty, marks = np.empty(count, np.bool_), np.empty(count, np.bool_), np.empty(count, np.uint8)
    arrays = (
        data,
        offsets,
        found.hashes,
        found.starts,
        found.spans,
        *known,
        share,
        most,
        starts,
        places,
        said,
        sizes,
        blank,
        empty,
        marks,
    )
    size = _lines(*arrays)
    return Lines(starts, places[:size], said[:size], sizes[:size], blank[:size], empty[:size], marks[:size])


def candidates(found: Lines, depth: int, short: int) -> NDArray[np.bool_]:
    """bool[lines]: the marked lines, and those between the beginning or the end of a text and one of them.

    The latter are looked for among the first and the last `depth` lines with tokens, and up to a line that is not
    marked and has more than `short` tokens. Lines that are marked by a share of theirs count there only: in the middle
    of a text 'copyright' may be an item of a list.
    """
    out = np.empty(len(found.marks), np.bool_)
    _candidates(found.starts, found.sizes, found.marks, depth, short, out)
    return out


def leaving(found: Lines, recur: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """bool[lines]: the marked lines among those that `recur`, and what recurs without a break from the beginning or the
    end of a text up to one of them.

    Of a text in which no other line with tokens would be left, all of them.
    """
    out = np.empty(len(found.marks), np.bool_)
    _leaving(found.starts, found.sizes, found.marks, recur, out)
    return out


class Ranges(NamedTuple):
    """Ranges of characters, those of one text after another's."""

    starts: NDArray[np.int64]
    """i64[n + 1]: the ranges of text i are starts[i] to starts[i + 1]."""
    spans: NDArray[np.uint32]
    """u32[ranges, 2]: where each begins and ends, rising and apart."""


def ranges(found: Lines, gone: NDArray[np.bool_]) -> Ranges:
    """The characters that go with the lines `gone`.

    Lines without tokens (rules, blank lines) go along between two of them, and between one and the beginning or the end
    of the text; where blank lines would meet, those behind go. At the end the line feed before goes too. What ends the
    text that stays is no rule and stays: the ``` of a fence, a bracket, a table's dashes, the dots of a poem.
    """
    starts = np.empty(len(found.starts), np.int64)
    spans = np.empty((int(np.count_nonzero(gone)), 2), np.uint32)
    count = _ranges(found.starts, found.spans, found.sizes, found.blank, found.empty, gone, starts, spans)
    return Ranges(starts, spans[:count])


@kernel
def _finish(state: np.uint64) -> np.uint64:
    state = (state ^ (state >> _33)) * _MIX_1
    state = (state ^ (state >> _33)) * _MIX_2
    return state ^ (state >> _33)


@kernel
def _hash(hashes: NDArray[np.uint64], begin: int, end: int) -> np.uint64:
    """Of tokens in their order; never 0."""
    state = np.uint64(0)
    for token in range(begin, end):
        state = (state + hashes[token]) * _BASE
    return _finish(state) | np.uint64(1)


@kernel
def _phrase(
    hashes: NDArray[np.uint64],
    at: int,
    end: int,
    words: NDArray[np.uint64],
    bounds: NDArray[np.int64],
) -> int:
    """The longest phrase that begins at token `at`, or -1."""
    low, high = 0, len(bounds) - 1
    while low < high:
        middle = (low + high) // 2
        if words[bounds[middle]] < hashes[at]:
            low = middle + 1
        else:
            high = middle
    while low < len(bounds) - 1 and words[bounds[low]] == hashes[at]:
        size = bounds[low + 1] - bounds[low]
        if at + size <= end:
            same = 1
            while same < size and words[bounds[low] + same] == hashes[at + same]:
                same += 1
            if same == size:
                return low
        low += 1
    return -1


@kernel
def _labels(data: NDArray[np.uint8], at: int, end: int) -> bool:
    """Whether from `at` on, white space aside, a colon follows, or nothing: then what stands before is a label."""
    while at < end and data[at] in (0x20, 0x09, 0x0D):
        at += 1
    if at == end or data[at] == 0x3A:
        return True
    return at + 2 < end and data[at] == 0xEF and data[at + 1] == 0xBC and data[at + 2] == 0x9A  # the full-width colon


@kernel
def _mark(
    data: NDArray[np.uint8],
    origin: int,
    stop: int,
    hashes: NDArray[np.uint64],
    spans: NDArray[np.int64],
    first: int,
    last: int,
    words: NDArray[np.uint64],
    bounds: NDArray[np.int64],
    roles: NDArray[np.uint8],
    begins: NDArray[np.bool_],
    share: float,
) -> tuple[int, int]:
    """(what phrases make of the line of these tokens, how many tokens of it are a label)."""
    covered, hits, label, mark = 0, 0, 0, 0
    at = first
    while at < last:
        found = -1
        if begins[hashes[at] >> _48]:
            found = _phrase(hashes, at, last, words, bounds)
        if found < 0:
            at += 1
            continue
        length = bounds[found + 1] - bounds[found]
        role = roles[found]
        covered += length
        hits += 2 if role == PART else 1
        if role == WHOLE:
            mark = 2
        elif role == LABEL and at == first and _labels(data, origin + spans[at + length - 1, 1], stop):
            mark, label = 2, length
        at += length
    if mark == 0 and hits >= 2 and covered >= share * (last - first):
        mark = 1
    return mark, label


@kernel
def _rules(data: NDArray[np.uint8], at: int, end: int) -> bool:
    """Whether the byte at `at` may be of a character that rules are drawn with: what its first byte says holds."""
    byte = data[at]
    if byte < 0x80:
        return byte in (0x2D, 0x5F, 0x3D, 0x2A, 0x7E, 0x2B, 0x23)  # - _ = * ~ + #
    if byte < 0xC0:
        return True
    if byte != 0xE2 or at + 2 >= end:
        return False
    second, third = data[at + 1], data[at + 2]
    return second in (0x94, 0x95) or (second == 0x80 and 0x93 <= third <= 0x95)  # U+2500 to U+257F; dashes


@kernel
def _lines(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    bounds: NDArray[np.int64],
    spans: NDArray[np.int64],
    words: NDArray[np.uint64],
    phrases: NDArray[np.int64],
    roles: NDArray[np.uint8],
    begins: NDArray[np.bool_],
    share: float,
    most: int,
    starts: NDArray[np.int64],
    places: NDArray[np.uint32],
    said: NDArray[np.uint64],
    sizes: NDArray[np.uint32],
    blank: NDArray[np.bool_],
    empty: NDArray[np.bool_],
    marks: NDArray[np.uint8],
) -> int:
    count = 0
    for text in range(len(offsets) - 1):
        starts[text] = count
        origin, end = offsets[text], offsets[text + 1]
        at, chars, token = origin, 0, bounds[text]
        while at < end:
            begin, before, white, ruled = at, chars, True, True
            while at < end and data[at] != 0x0A:
                byte = data[at]
                chars += (byte & 0xC0) != 0x80
                if byte > 0x20:
                    white = False
                    ruled = ruled and _rules(data, at, end)
                at += 1
            stop = at
            if at < end:
                at += 1
                chars += 1
            first = token
            while token < bounds[text + 1] and spans[token, 0] < stop - origin:
                token += 1
            size = token - first
            places[count, 0], places[count, 1] = before, chars
            sizes[count] = size
            blank[count], empty[count] = white, ruled
            said[count] = _hash(hashes, first, token) if size else np.uint64(0)
            marks[count] = 0
            if 0 < size <= most:
                row = begin
                while data[row] in (0x20, 0x09):
                    row += 1
                least = share if data[row] != 0x7C else 2.0  # of a table's row all tokens are not enough
                marks[count], label = _mark(
                    data, origin, stop, hashes, spans, first, token, words, phrases, roles, begins, least
                )
                if label:
                    said[count] = _hash(hashes, first, first + label)
            count += 1
    starts[len(offsets) - 1] = count
    return count


@kernel
def _candidates(
    starts: NDArray[np.int64],
    sizes: NDArray[np.uint32],
    marks: NDArray[np.uint8],
    depth: int,
    short: int,
    out: NDArray[np.bool_],
) -> None:
    for text in range(len(starts) - 1):
        first, last = starts[text], starts[text + 1]
        for line in range(first, last):
            out[line] = marks[line] == 2
        for step in (1, -1):
            line, seen, inner, reaching = (first if step == 1 else last - 1), 0, -1, True
            while first <= line < last and seen < depth:
                if marks[line]:
                    out[line] = True
                    inner = line if reaching else inner
                elif sizes[line] > short:
                    reaching = False
                seen += sizes[line] > 0
                line += step
            line = first if step == 1 else last - 1
            while inner >= 0 and line != inner:
                out[line] = sizes[line] > 0
                line += step


@kernel
def _leaving(
    starts: NDArray[np.int64],
    sizes: NDArray[np.uint32],
    marks: NDArray[np.uint8],
    recur: NDArray[np.bool_],
    out: NDArray[np.bool_],
) -> None:
    for text in range(len(starts) - 1):
        first, last = starts[text], starts[text + 1]
        for line in range(first, last):
            out[line] = marks[line] > 0 and recur[line]
        for step in (1, -1):
            line, inner = (first if step == 1 else last - 1), -1
            while first <= line < last and (recur[line] or sizes[line] == 0):
                if out[line] and marks[line]:
                    inner = line
                line += step
            line = first if step == 1 else last - 1
            while inner >= 0 and line != inner:
                out[line] = sizes[line] > 0
                line += step


@kernel
def _ranges(
    starts: NDArray[np.int64],
    places: NDArray[np.uint32],
    sizes: NDArray[np.uint32],
    blank: NDArray[np.bool_],
    empty: NDArray[np.bool_],
    gone: NDArray[np.bool_],
    bounds: NDArray[np.int64],
    out: NDArray[np.uint32],
) -> int:
    count = 0
    away = gone.copy()
    for text in range(len(starts) - 1):
        bounds[text] = count
        first, last = starts[text], starts[text + 1]
        head, tail, any_gone = last, first, False  # the first line with tokens that stays, and the one behind the last
        for line in range(first, last):
            any_gone |= gone[line]
            if sizes[line] > 0 and not gone[line]:
                head, tail = min(head, line), line + 1
        if not any_gone:
            continue
        line = first
        while line < last:
            if sizes[line] > 0:
                line += 1
                continue
            begin = line
            while line < last and sizes[line] == 0:
                line += 1
            if begin == tail:
                for ending in range(begin, line):
                    begin = begin if empty[ending] else ending + 1
            after_cut = begin > first and gone[begin - 1]
            between = (after_cut or begin == first) and (line == last or gone[line])
            if between or (begin >= tail and gone[tail:last].any()):
                away[begin:line] = True
            elif after_cut:
                before = begin - 1
                while before >= first and away[before]:
                    before -= 1
                at = begin
                while at < line and blank[at] and (before < first or blank[before]):
                    away[at] = True
                    at += 1
        line = first
        while line < last:
            begin = line
            while line < last and away[line]:
                line += 1
            if line > begin:
                # A cut that reaches the end takes the line feed before it along: the text ends as it would have.
                out[count, 0] = places[begin, 0] - (1 if line == last and begin > first else 0)
                out[count, 1] = places[line - 1, 1]
                count += 1
            else:
                line += 1
    bounds[len(starts) - 1] = count
    return count
