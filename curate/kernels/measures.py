"""What the rule sets of the literature count in a text, all of it in one pass over the bytes of a column.

A second pass runs over hashes of the text's tokens, lines and paragraphs, to find what repeats. A token is a word or a
CJK character. A word is what stands between white space, CJK characters and marks that are not ASCII (dashes, quotes),
and holds a letter or a digit: don't, 1,234.5 and 7-1205(a) are one each, and what is punctuation alone is none. Of its
characters only letters and digits count. `PER_WORD` CJK characters are as much as a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple
from unicodedata import category

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import fold, utf8
from curate.kernels.compiled import frozen, kernel
from curate.kernels.fold import CLASS_SHIFT, IGNORED, SINGLE, WORD

PER_WORD = 1.8
"""Chinese characters in a word of running text: jieba 0.42 finds 1.6 in old novels, 1.7 to 1.9 in articles, news and
consultations, 2.1 in statutes."""

WIDTH = 3
"""Latin letters that a CJK character counts for where a line is called short: it says as much as three or four."""

WINDOW = 1 << 20
"""Tokens, lines or paragraphs (some 6 MB of English, 3 MB of Chinese) among which repetition is looked for; a longer
text is taken in several windows, so that memory stays bounded."""

LONGEST = 32  # tokens of an n-gram

(
    WORDS, CJK, WORD_CHARS, ALPHABETIC, HASHES, ELLIPSES, LINES, BULLETS, TRAILING, PUNCTUATED, SHORT, NEWLINES, STOPS,
    SENTENCES, BRACKETS, LOREM, LINE_CHARS, AGAIN_LINES, AGAIN_LINE_CHARS, PARAGRAPHS, PARAGRAPH_CHARS,
    AGAIN_PARAGRAPHS, AGAIN_PARAGRAPH_CHARS, CHARS, COUNTS,
) = range(25)  # fmt: skip
"""Columns of `Measures.counts`.

WORDS in scripts with spaces, and their WORD_CHARS; those with a letter are ALPHABETIC; CJK characters. HASHES: #.
ELLIPSES: three dots, spaces between them or not, or one or two of the character. LINES that are not blank; of these
BULLETS begin with one, TRAILING end in an ellipsis, PUNCTUATED end a sentence or hold a Chinese mark between clauses,
SHORT are at most `short` wide. NEWLINES. STOPS: the stop words that occur, a bit each. SENTENCES. BRACKETS: {. LOREM:
'lorem ipsum'. LINE_CHARS of lines without the white space around them; AGAIN those of lines with a word that the
window held before. PARAGRAPHS stand between blank lines. CHARS: all characters."""

CODE = np.uint32((1 << CLASS_SHIFT) - 1)
ROLE = np.uint32(3)
LETTER, WHITE, STOP, FULL_STOP, CLOSER, _BULLET, _DASH, JOINS, CLAUSE = (np.uint32(1 << bit) for bit in range(23, 32))
"""What `traits` says of a code point: the code point that it folds to and its role in a token stand below bit 23."""

_SEED = np.uint64(0x9E3779B97F4A7C15)
_STEP = np.uint64(0xD6E8FEB86659FD93)  # odd, so that each step is a bijection of the state
_MIX = np.uint64(0xFF51AFD7ED558CCD)
_29, _32 = np.uint64(29), np.uint64(32)

_SENTENCE_ENDS = ".!?…‼⁇⁈⁉؟۔।॥։"  # they end one where white space or the text's end follows
_FULL_ENDS = "。！？．｡︒﹒﹖﹗"  # they end one wherever they stand
_CLAUSES = "，；。！？"  # a line with one is no headline
_CLOSERS = "\"'”’»›)]}）］｝」』】〉》〕〗〞＂＇"
_BULLETS = "•‣⁃◦●○■□▪▫◆◇▶▷►▸➢➤➔✓✔★☆∙·・※"
_DASHES = "-*+–"  # bullets where white space follows
_JOINERS = "".join(mark for mark in map(chr, range(0x21, 0x7F)) if not mark.isalnum()) + "’\u2010\u2011"  # in a word


class Grams(NamedTuple):
    """Which n-grams are measured: a share in the most frequent one for each of `tops`, in repeated ones for `again`.

    Numbers of tokens from 2 to `LONGEST`; `cjk` for texts in which CJK characters make up most words.
    """

    tops: tuple[int, ...] = ()
    again: tuple[int, ...] = ()
    cjk_tops: tuple[int, ...] = ()
    cjk_again: tuple[int, ...] = ()


class Measures(NamedTuple):
    """Of n texts; a null has none."""

    counts: NDArray[np.int64]
    """i64[n, COUNTS]: the columns named above."""
    tops: NDArray[np.int64]
    """i64[n, tops]: characters of tokens in the most frequent n-gram, each counted once; 0 where none occurs twice. Of
    equally frequent ones it is that which came to its number first."""
    again: NDArray[np.int64]
    """i64[n, again]: characters of tokens in n-grams that the text held before, each counted once."""


def measures(
    texts: pl.Series, grams: Grams | None = None, *, stop_words: Sequence[str] = (), short: int = 30
) -> Measures:
    """The counts of a String column, and what of it repeats. Without `grams` nothing is compared but lines.

    `stop_words` (folded, at most 63) are looked for among the words with spaces. `short` is the width of a short line.
    """
    stops, bits, lorem, ipsum = _stop_table(tuple(stop_words))
    which, widths = _which(grams or Grams())
    out = Measures(*(np.zeros((len(texts), width), np.int64) for width in (COUNTS, *widths)))
    for first, block in utf8.blocks(texts):
        data, offsets = utf8.of(block)
        most = int(np.diff(offsets).max()) // 2 + 2
        tokens = min(most, WINDOW) if grams else 1
        lines = min(most, WINDOW)
        slots = _slots(max(tokens, lines))
        last = first + len(block)
        _measures(
            data, offsets, traits(), stops, bits, lorem, ipsum, short, which,
            np.empty(tokens, np.uint64), np.empty(tokens + 1, np.int32), np.empty(tokens, np.uint64),
            np.empty(tokens, np.int32), np.empty(tokens, np.int32),
            np.empty((2, lines), np.uint64), np.empty((2, lines), np.int32),
            np.empty(slots, np.uint64), np.empty(slots, np.int32),
            out.counts[first:last], out.tops[first:last], out.again[first:last],
        )  # fmt: skip
    return out


@cache
def traits() -> NDArray[np.uint32]:
    """u32[0x110000]: what a code point folds to, its role in a token, and what else it is: a letter, white space ..."""
    table = fold.table().copy()
    for code in range(0x20000):
        if not (0x3400 <= code < 0x4DC0 or 0x4E00 <= code < 0xA000 or 0xAC00 <= code < 0xE000):
            kind = category(chr(code))
            if kind[0] == "L":
                table[code] |= LETTER
            elif chr(code).isspace():
                table[code] |= WHITE
    marks: Mapping[np.uint32, str] = {
        STOP: _SENTENCE_ENDS, FULL_STOP: _FULL_ENDS, CLOSER: _CLOSERS, _BULLET: _BULLETS, _DASH: _DASHES,
        JOINS: _JOINERS, CLAUSE: _CLAUSES,
    }  # fmt: skip
    for trait, characters in marks.items():
        table[[ord(character) for character in characters]] |= trait
    return frozen(table)


@cache
def _stop_table(words: tuple[str, ...]) -> tuple[NDArray[np.uint64], NDArray[np.int64], np.uint64, np.uint64]:
    """An open hash table of the words' hashes, the bit of each, and the hashes of lorem and ipsum."""
    if len(words) > 63:
        raise ValueError(f"there are {len(words)} stop words; expected at most 63, a bit of 64 each")
    table, bits = np.zeros(256, np.uint64), np.zeros(256, np.int64)
    for number, word in enumerate(words):
        slot = int(_hash(word)) % 256
        while table[slot]:
            slot = (slot + 1) % 256
        table[slot], bits[slot] = _hash(word), 1 << number
    return frozen(table), frozen(bits), _hash("lorem"), _hash("ipsum")


def _hash(word: str) -> np.uint64:
    """What the kernel makes of a folded word."""
    state = int(_SEED)
    for character in word:
        state = (state ^ ord(character)) * int(_STEP) % 2**64
    return np.uint64(state)


@cache
def _which(grams: Grams) -> tuple[NDArray[np.int64], tuple[int, int]]:
    """i64[2, 2, LONGEST + 1]: for texts with spaces and CJK ones, the column of each n among tops and again, or -1."""
    which = np.full((2, 2, LONGEST + 1), -1, np.int64)
    for style, chosen in enumerate(((grams.tops, grams.again), (grams.cjk_tops, grams.cjk_again))):
        for kind, sizes in enumerate(chosen):
            for column, n in enumerate(sizes):
                if not 2 <= n <= LONGEST or n in sizes[:column]:
                    raise ValueError(f"n-grams of {sizes} tokens; expected different numbers from 2 to {LONGEST}")
                which[style, kind, n] = column
    if (len(grams.tops), len(grams.again)) != (len(grams.cjk_tops), len(grams.cjk_again)):
        raise ValueError(f"as many n-grams for CJK as for other texts are expected, found {grams}")
    return frozen(which), (len(grams.tops), len(grams.again))


@kernel
def _slots(entries: int) -> int:
    size = 16
    while size < 2 * entries:
        size *= 2
    return size


@kernel
def _again(
    states: NDArray[np.uint64], sizes: NDArray[np.int32], count: int, keys: NDArray[np.uint64]
) -> tuple[int, int]:
    """(of `count` lines those that came before, their characters)."""
    slots = _slots(count)
    mask = np.uint64(slots - 1)
    keys[:slots] = 0
    again, chars = 0, 0
    for line in range(count):
        state = states[line] * _MIX
        state = (state ^ (state >> _32)) | np.uint64(1)
        slot = state & mask
        while keys[slot] not in (np.uint64(0), state):
            slot = (slot + np.uint64(1)) & mask
        if keys[slot] == state:
            again += 1
            chars += sizes[line]
        keys[slot] = state
    return again, chars


@kernel
def _grams(
    hashes: NDArray[np.uint64],
    ends: NDArray[np.int32],
    count: int,
    which: NDArray[np.int64],
    states: NDArray[np.uint64],
    places: NDArray[np.int32],
    found: NDArray[np.int32],
    keys: NDArray[np.uint64],
    tallies: NDArray[np.int32],
    tops: NDArray[np.int64],
    again: NDArray[np.int64],
) -> None:
    """Add the characters in n-grams of `count` tokens to `tops` and `again`; ends[i] of them stand before token i.

    An n-gram occurs twice only where the (n-1)-gram that it begins with does: from level to level only such places are
    looked at, and of ordinary text few are left after the first.
    """
    left = count
    for place in range(count):
        states[place] = hashes[place] * _MIX  # or a pair would be the same either way round
        places[place] = place
    for n in range(2, which.shape[1]):
        slots = _slots(left)
        mask = slots - 1
        keys[:slots] = 0
        top, repeated = which[0, n], which[1, n]
        filled, reach, most, best = 0, 0, 1, -1
        for entry in range(left):
            place = int(places[entry])
            if place + n > count:
                break
            state = (states[entry] ^ hashes[place + n - 1]) * _STEP
            state ^= state >> _29
            key = state | np.uint64(1)  # 0 marks a free slot
            slot = int(np.int64(key)) & mask
            while keys[slot] != key and keys[slot] != 0:
                slot = (slot + 1) & mask
            if keys[slot] == 0:
                keys[slot] = key
                tallies[slot] = 1
            else:
                tallies[slot] += 1
                if tallies[slot] > most:
                    most, best = int(tallies[slot]), slot
                if repeated >= 0:
                    again[repeated] += ends[place + n] - ends[max(place, reach)]
                    reach = place + n
            states[filled] = state
            places[filled] = place
            found[filled] = slot
            filled += 1
        left, reach = 0, 0
        for entry in range(filled):
            slot = int(found[entry])
            if tallies[slot] > 1:
                place = int(places[entry])
                if top >= 0 and slot == best:
                    tops[top] += ends[place + n] - ends[max(place, reach)]
                    reach = place + n
                states[left] = states[entry]
                places[left] = places[entry]
                left += 1
        if left == 0:
            break


@kernel
def _measures(  # noqa: PLR0915
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    traits: NDArray[np.uint32],
    stops: NDArray[np.uint64],
    bits: NDArray[np.int64],
    lorem: np.uint64,
    ipsum: np.uint64,
    short: int,
    which: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    ends: NDArray[np.int32],
    states: NDArray[np.uint64],
    places: NDArray[np.int32],
    found: NDArray[np.int32],
    said: NDArray[np.uint64],
    sizes: NDArray[np.int32],
    keys: NDArray[np.uint64],
    tallies: NDArray[np.int32],
    counts: NDArray[np.int64],
    tops: NDArray[np.int64],
    again: NDArray[np.int64],
) -> None:
    wanted = tops.shape[1] + again.shape[1] > 0
    for text in range(len(offsets) - 1):
        at, end = offsets[text], offsets[text + 1]
        row = counts[text]
        words, cjk, word_chars, alphabetic = 0, 0, 0, 0
        inside, state, length, lettered = False, _SEED, 0, np.uint32(0)
        before = np.uint64(0)  # the word before
        tokens, chars, seen = 0, 0, 0  # of the window, of its tokens; of the text
        run = 0  # letters since a mark
        before_cjk, before_words = 0, 0
        lines, paragraphs = 0, 0  # of the window
        begun, line, held, size, held_size, wide = False, _SEED, _SEED, 0, 0, 0
        paragraph, paragraph_size = _SEED, 0
        ended, trailing, dots, several, clauses = False, False, 0, 0, False
        worded, pending, worded_line = False, False, False
        while at <= end:
            if at < end:
                first = np.int64(data[at])
                if first < 0x80:
                    code, step = first, 1
                elif first < 0xE0:
                    code, step = (first & 0x1F) << 6 | np.int64(data[at + 1]) & 0x3F, 2
                elif first < 0xF0:
                    code = (first & 0x0F) << 12 | (np.int64(data[at + 1]) & 0x3F) << 6
                    code, step = code | np.int64(data[at + 2]) & 0x3F, 3
                else:
                    code = (first & 0x07) << 18 | (np.int64(data[at + 1]) & 0x3F) << 12
                    code, step = code | (np.int64(data[at + 2]) & 0x3F) << 6 | np.int64(data[at + 3]) & 0x3F, 4
            else:
                code, step = np.int64(10), 1  # the text's end ends its word, line and paragraph
            at += step
            seen += 1
            entry = traits[code]
            role = (entry >> CLASS_SHIFT) & ROLE
            if role == IGNORED:
                continue
            if role == WORD:
                if not inside:
                    inside, state, length, lettered = True, _SEED, 0, np.uint32(0)
                state = (state ^ np.uint64(entry & CODE)) * _STEP
                length += 1
                lettered |= entry & LETTER
                run += 1
                worded = True
            elif not entry & JOINS:
                if inside:
                    inside = False
                    words += 1
                    word_chars += length
                    alphabetic += lettered != 0
                    slot = np.int64(state & np.uint64(255))
                    while stops[slot] != 0:
                        if stops[slot] == state:
                            row[STOPS] |= bits[slot]
                            break
                        slot = (slot + 1) & 255
                    if state == ipsum and before == lorem:
                        row[LOREM] += 1
                    before = state
                    if wanted:
                        hashes[tokens] = state ^ (state >> _29)
                        ends[tokens] = chars
                        tokens += 1
                        chars += length
                if role == SINGLE:
                    row[SENTENCES] += pending  # Chinese goes on without a space behind an ASCII mark
                    pending = False
                    cjk += 1
                    wide += 1
                    run, worded = 2, True
                    if wanted:
                        single = (_SEED ^ np.uint64(entry & CODE)) * _STEP
                        hashes[tokens] = single ^ (single >> _29)
                        ends[tokens] = chars
                        tokens += 1
                        chars += 1
                if wanted and (tokens == len(hashes) or at > end) and tokens > 0:
                    ends[tokens] = chars
                    style = 1 if cjk - before_cjk > PER_WORD * (words - before_words) else 0
                    _grams(
                        hashes, ends, tokens, which[style], states, places, found, keys, tallies, tops[text],
                        again[text],
                    )  # fmt: skip
                    tokens, chars, before_cjk, before_words = 0, 0, cjk, words
            if entry & WHITE:
                run = 0
                if pending:
                    row[SENTENCES] += 1
                    pending, worded = False, False
                if code != 10:
                    if begun:
                        line = (line ^ np.uint64(code)) * _STEP
                        size += 1
                    continue
                row[NEWLINES] += at <= end
                if clauses and worded:
                    row[SENTENCES] += 1  # the last mark of a Chinese line is often left out
                worded = worded and not clauses
                if begun:
                    row[LINES] += 1
                    row[LINE_CHARS] += held_size
                    row[PUNCTUATED] += ended or clauses
                    row[TRAILING] += trailing
                    row[SHORT] += held_size + (WIDTH - 1) * wide <= short
                    if worded_line:  # a fence, a rule or a lone bracket repeats nothing
                        said[0, lines], sizes[0, lines] = held, held_size
                        lines += 1
                    paragraph = (paragraph ^ held) * _STEP
                    paragraph_size += held_size
                if paragraph_size > 0 and (not begun or at > end):
                    row[PARAGRAPHS] += 1
                    row[PARAGRAPH_CHARS] += paragraph_size
                    said[1, paragraphs], sizes[1, paragraphs] = paragraph ^ (paragraph >> _29), paragraph_size
                    paragraphs += 1
                    paragraph, paragraph_size = _SEED, 0
                if lines == said.shape[1] or at > end:
                    repeated, size_again = _again(said[0], sizes[0], lines, keys)
                    row[AGAIN_LINES] += repeated
                    row[AGAIN_LINE_CHARS] += size_again
                    repeated, size_again = _again(said[1], sizes[1], paragraphs, keys)
                    row[AGAIN_PARAGRAPHS] += repeated
                    row[AGAIN_PARAGRAPH_CHARS] += size_again
                    lines, paragraphs = 0, 0
                worded_line = False
                begun, line, size, held_size, wide, ended, trailing, dots, several, clauses = (
                    False, _SEED, 0, 0, 0, False, False, 0, 0, False,
                )  # fmt: skip
                continue
            # A character that is seen.
            if not begun:
                begun = True
                if entry & _BULLET or (entry & _DASH and (at >= end or data[at] <= 32)):
                    row[BULLETS] += 1
            line = (line ^ np.uint64(code)) * _STEP
            size += 1
            held, held_size = line, size
            if role in (WORD, SINGLE):
                worded_line = True
                ended, trailing, pending, dots, several = False, False, False, 0, 0
                continue
            if entry & STOP:
                trailing = False
                if code == 0x2E:
                    dots += 1
                    if dots % 3 == 0:
                        row[ELLIPSES] += 1
                    trailing = dots >= 3
                    several = 0
                elif code == 0x2026:
                    row[ELLIPSES] += several % 2 == 0
                    several += 1
                    dots, trailing = 0, True
                else:
                    dots, several = 0, 0
                ended = True
                if worded and (run != 1 or code != 0x2E):
                    pending = True
                run = 0
                continue
            trailing, dots, several = False, 0, 0
            clauses |= entry & CLAUSE != 0
            if entry & FULL_STOP:
                ended = True
                if worded:
                    row[SENTENCES] += 1
                worded, pending = False, False
            elif not entry & CLOSER:
                ended, pending = False, False
            if code not in (0x27, 0x2D, 0x2019):  # isn't
                run = 0
            if code == 0x23:
                row[HASHES] += 1
            elif code == 0x7B:
                row[BRACKETS] += 1
        row[WORDS], row[CJK], row[WORD_CHARS], row[ALPHABETIC], row[CHARS] = (
            words,
            cjk,
            word_chars,
            alphabetic,
            seen - 1,
        )
