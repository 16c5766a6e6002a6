"""What Chinese prose is measured by: characters, marks, lines, sentences, words that sell. One pass over the bytes."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import kind_words, utf8
from curate.kernels.chinese_phrases import PHRASES
from curate.kernels.compiled import kernel
from curate.kernels.fold import simplifications
from curate.kernels.scripts import SIMPLIFIED as ONLY_SIMPLIFIED
from curate.kernels.scripts import TRADITIONAL as ONLY_TRADITIONAL
from curate.kernels.scripts import classes as scripts_of

(
    CHARS, HAN, MARKS, DIGITS, LATIN, FUNCTION, LINES, ENDED, SHORT, SENTENCES, UNIQUE, WINDOWED, SIMPLIFIED,
    TRADITIONAL, ADVERTS, CONTACTS, BARE, RUNS, RARE, COLUMNS,
) = range(20)  # fmt: skip
"""The columns of `chinese`. Characters that are no white space; of them Han, marks (punctuation and symbols), digits,
Latin letters, and function words of modern or classical Chinese. Lines with something in them; characters in lines that
end as a sentence does; and in short lines that end with no mark, are no verse, and have next to no function words.
Sentences. Different Han characters in each window of `WINDOW`, and the Han characters in these windows. Han that only
one way of writing has. Characters in phrases that sell; numbers of telephones, QQ and WeChat; Han in stretches of
`BARE_RUN` and more that nothing interrupts; words of Latin letters and numbers; Han that
are not among the 3,755 common ones of GB 2312."""

WINDOW = 100
SHORT_LINE = 20
BARE_RUN = 80

_OTHER, _BLANK, _HAN, _WORD, _MARK, _END, _PAUSE, _CLOSE, _DIGIT, _LATIN = range(10)
_SLOTS = 4096  # of the table of phrases' first two characters, a power of two
_LONGEST = 8  # characters of a phrase
_COMMON = 128  # a flag beside the script of a character


class _Phrases(NamedTuple):
    """Phrases by their first two characters: an open hash table of `heads` (0 is free), and to each in `firsts` the row
    of its first phrase. Rows of `signs` are folded code points, filled up with 0; those of one head stand together,
    longest first."""

    heads: NDArray[np.int64]
    firsts: NDArray[np.int64]
    signs: NDArray[np.int64]


def chinese(texts: pl.Series) -> NDArray[np.int64]:
    """i64[n, COLUMNS] of a String column; a null has none of it."""
    data, offsets = utf8.of(texts)
    counts = np.zeros((len(offsets) - 1, COLUMNS), np.int64)
    _chinese(data, offsets, *_tables(), *_phrases(), counts)
    return counts


@cache
def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint32]]:
    """What each code point is; its script, by the columns of `scripts`, and whether it is common; what it folds
    to."""
    classes = np.zeros(0x110000, np.uint8)
    classes[:0x21] = _BLANK
    classes[0x21:0x7F] = _MARK
    classes[0x30:0x3A] = _DIGIT
    classes[0x41:0x5B] = classes[0x61:0x7B] = _LATIN
    classes[0xA1:0xC0] = classes[0x2010:0x2060] = classes[0x2100:0x2400] = classes[0x2460:0x2800] = _MARK
    classes[0xC0:0x250] = _LATIN
    classes[0x3001:0x3030] = classes[0xFF01:0xFF65] = classes[0xFE30:0xFE6C] = classes[0x1F000:0x1FB00] = _MARK
    classes[0xFF10:0xFF1A] = _DIGIT
    classes[0xFF21:0xFF3B] = classes[0xFF41:0xFF5B] = _LATIN
    classes[[0xA0, *range(0x2000, 0x2010), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF]] = _BLANK
    for first, last in ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFD)):
        classes[first : last + 1] = _HAN
    classes[[ord(sign) for sign in "。！？!?…；;"]] = _END
    classes[[ord(sign) for sign in "，、：,:"]] = _PAUSE
    classes[[ord(sign) for sign in "”’」』）)】》\"'"]] = _CLOSE
    folded = np.arange(0x110000, dtype=np.uint32)
    folded[0x41:0x5B] += 32
    for traditional, simplified in simplifications():
        folded[traditional] = simplified
    common = np.zeros(0x110000, np.bool_)
    for code in range(0x4E00, 0xA000):
        common[code] = 0xB0 <= (chr(code).encode("gb2312", "ignore") or b"\0")[0] < 0xD8
    words = kind_words.ANCIENT + kind_words.OLDER + kind_words.MODERN + kind_words.NEWER
    classes[[ord(word) for word in words]] = _WORD
    for traditional, simplified in simplifications():
        if classes[simplified] == _WORD:
            classes[traditional] = _WORD
    return classes, scripts_of() | np.where(common[folded], _COMMON, 0).astype(np.uint8), folded


@cache
def _phrases() -> _Phrases:
    folded = _tables()[2]
    phrases = sorted(({tuple(int(folded[ord(sign)]) for sign in phrase) for phrase in PHRASES.split()}), reverse=True)
    heads, firsts = np.zeros(_SLOTS, np.int64), np.zeros(_SLOTS, np.int64)
    signs = np.zeros((len(phrases) + 1, _LONGEST), np.int64)
    for row, phrase in enumerate(phrases):
        signs[row, : len(phrase)] = phrase
        head = phrase[0] << 21 | phrase[1]
        slot = _slot(head)
        while heads[slot] and heads[slot] != head:
            slot = (slot + 1) % _SLOTS
        if not heads[slot]:
            heads[slot], firsts[slot] = head, row
    return _Phrases(heads, firsts, signs)


@kernel
def _slot(head: int) -> int:
    return (head * 0x9E3779B1 >> 16) & (_SLOTS - 1)


@kernel
def _labelled(data: NDArray[np.uint8], begin: int, start: int) -> bool:
    """Whether the number at `begin` has a name of what is dialled shortly before it, or an area code and a hyphen."""
    if begin > start + 3 and data[begin - 1] == 45 and 48 <= data[begin - 2] <= 57 and 48 <= data[begin - 4] <= 57:
        return True
    for at in range(max(start, begin - 15), begin - 1):
        one, two = np.int64(data[at]) | 32, np.int64(data[at + 1]) | 32
        if (one == 113 and two == 113) or (one == 118 and two == 120) or (one == 119 and two == 120):
            return True  # QQ, VX, WX
        if at + 6 <= begin and data[at] >= 0xE5:
            first = np.int64(data[at]) << 16 | np.int64(data[at + 1]) << 8 | np.int64(data[at + 2])
            second = np.int64(data[at + 3]) << 16 | np.int64(data[at + 4]) << 8 | np.int64(data[at + 5])
            if first == 0xE5BEAE and second == 0xE4BFA1:
                return True  # 微信
            if first in (0xE794B5, 0xE99BBB) and second in (0xE8AF9D, 0xE8A9B1):
                return True  # 电话 電話
            if first in (0xE783AD, 0xE786B1) and second in (0xE7BABF, 0xE7B79A):
                return True  # 热线 熱線
    return False


@kernel
def _phrase(
    data: NDArray[np.uint8],
    at: int,
    end: int,
    row: int,
    head: np.int64,
    folded: NDArray[np.uint32],
    signs: NDArray[np.int64],
) -> int:
    """Characters of the phrase of which two stand before `at`, the longest first; 0 where there is none."""
    while (signs[row, 0] << 21 | signs[row, 1]) == head:
        place, sign = at, 2
        while sign < _LONGEST and signs[row, sign] and place < end:
            byte = np.int64(data[place])
            code, size = byte, 1
            if byte >= 0xF0:
                size = 4
            elif byte >= 0xE0:
                code = (byte & 0x0F) << 12 | (np.int64(data[place + 1]) & 0x3F) << 6 | np.int64(data[place + 2]) & 0x3F
                size = 3
            elif byte >= 0xC0:
                size = 2
            if folded[code] != signs[row, sign]:
                break
            place += size
            sign += 1
        if sign == _LONGEST or signs[row, sign] == 0:
            return sign
        row += 1
    return 0


@kernel
def _chinese(  # noqa: PLR0915
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    classes: NDArray[np.uint8],
    scripts: NDArray[np.uint8],
    folded: NDArray[np.uint32],
    heads: NDArray[np.int64],
    firsts: NDArray[np.int64],
    signs: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> None:
    seen = np.zeros(0x30000, np.int64)  # the window in which each character was seen last
    window = 0
    for text in range(len(offsets) - 1):
        at, end = offsets[text], offsets[text + 1]
        start = at
        out = counts[text]
        window += 1
        filled, different = 0, 0  # Han characters of this window
        width, grammar, han, ended, paused, latin = 0, 0, 0, False, False, False  # of the line
        run, sentence = 0, 0  # Han characters
        digits, first = 0, np.int64(0)  # in a row, and the first of them
        previous, sold = np.int64(0), at  # the character before, and where the last phrase that sells ends
        while at <= end:
            byte = np.int64(data[at]) if at < end else np.int64(10)
            code, size = byte, 1
            if byte >= 0xF0:
                code = (byte & 0x07) << 18 | (np.int64(data[at + 1]) & 0x3F) << 12
                code, size = code | (np.int64(data[at + 2]) & 0x3F) << 6 | np.int64(data[at + 3]) & 0x3F, 4
            elif byte >= 0xE0:
                code = (byte & 0x0F) << 12 | (np.int64(data[at + 1]) & 0x3F) << 6 | np.int64(data[at + 2]) & 0x3F
                size = 3
            elif byte >= 0xC0:
                code, size = (byte & 0x1F) << 6 | np.int64(data[at + 1]) & 0x3F, 2
            at += size
            kind = classes[code]
            if kind != _DIGIT and digits:
                begin = at - size - digits
                out[CONTACTS] += (digits == 11 and first == 49) or (5 <= digits <= 12 and _labelled(data, begin, start))
                digits = 0
            if kind in (_HAN, _WORD):
                latin = False
                grammar += kind == _WORD
                han += 1
                out[HAN] += 1
                out[FUNCTION] += kind == _WORD
                width += 1
                ended, paused = False, False
                run += 1
                sentence += 1
                script = scripts[code] & (_COMMON - 1)
                out[RARE] += scripts[code] < _COMMON
                out[SIMPLIFIED] += script == ONLY_SIMPLIFIED
                out[TRADITIONAL] += script == ONLY_TRADITIONAL
                if filled == WINDOW:
                    out[UNIQUE] += different
                    out[WINDOWED] += filled
                    filled, different = 0, 0
                    window += 1
                filled += 1
                one = np.int64(folded[code])
                if one < 0x30000 and seen[one] != window:
                    seen[one] = window
                    different += 1
                if previous:
                    head = previous << 21 | one
                    slot = (head * 0x9E3779B1 >> 16) & (_SLOTS - 1)
                    while heads[slot] and heads[slot] != head:
                        slot = (slot + 1) & (_SLOTS - 1)
                    if heads[slot] and at - 2 * size >= sold:
                        length = _phrase(data, at, end, firsts[slot], head, folded, signs)
                        if length:
                            out[ADVERTS] += length
                            sold = at + 3 * (length - 2)
                previous = one
                continue
            previous = np.int64(0)
            if run >= BARE_RUN:
                out[BARE] += run
            run = 0
            if byte == 10 and size == 1:
                if width:
                    out[LINES] += 1
                    out[CHARS] += width
                    if ended:
                        out[ENDED] += width
                    elif not paused and width <= SHORT_LINE and (grammar < 2 or grammar * 4 < han or han < 5):
                        out[SHORT] += 0 if width == han and han in (5, 7) else width
                    out[SENTENCES] += sentence > 0
                    width, ended, sentence, grammar, han = 0, False, 0, 0, 0
                continue
            if kind == _BLANK:
                latin = False
                continue
            width += 1
            if kind in (_MARK, _END, _PAUSE, _CLOSE):
                out[MARKS] += 1
                latin = False
                if kind == _END:
                    out[SENTENCES] += sentence > 0
                    sentence = 0
                if kind != _CLOSE:
                    ended, paused = kind == _END, kind == _PAUSE
                continue
            ended, paused = False, False
            if kind == _DIGIT:
                out[DIGITS] += 1
                out[RUNS] += digits == 0
                first = byte if digits == 0 else first
                digits += size
                latin = False
            elif kind == _LATIN:
                out[LATIN] += 1
                out[RUNS] += not latin
                latin = True
        out[UNIQUE] += different
        out[WINDOWED] += filled
        window += 1
