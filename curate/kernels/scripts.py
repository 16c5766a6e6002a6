"""The scripts of a text: letters of each, Latin words, English function words, simplified and traditional Han."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple
from unicodedata import category, name

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import utf8
from curate.kernels.compiled import kernel
from curate.kernels.fold import simplifications

HAN, SIMPLIFIED, TRADITIONAL, KANA, HANGUL, LATIN, CYRILLIC, ARABIC, DEVANAGARI, OTHER = range(1, 11)
"""What a letter is, a column each of `Scripts.letters`; behind them the scripts of `ALONE`, and column 0 is everything
else. SIMPLIFIED and TRADITIONAL are Han characters that only one way of writing Chinese has, HAN those of both."""

ALONE = {
    "GREEK": "el", "HEBREW": "he", "ARMENIAN": "hy", "GEORGIAN": "ka", "THAI": "th", "LAO": "lo", "KHMER": "km",
    "MYANMAR": "my", "TAMIL": "ta", "TELUGU": "te", "KANNADA": "kn", "MALAYALAM": "ml", "GUJARATI": "gu",
    "GURMUKHI": "pa", "BENGALI": "bn", "ORIYA": "or", "SINHALA": "si", "ETHIOPIC": "am", "TIBETAN": "bo",
}  # fmt: skip
"""Scripts in which nearly all text is in one language, as their characters' names begin in Unicode; ISO 639-1."""

_WIDTH = OTHER + 1 + len(ALONE)
_JOINED = 64  # a mark or an apostrophe inside a word
_BASIS, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)  # FNV-1a, 64 bits
_SLOTS = 1024  # of the table of function words, a power of two

# Words that are English alone among the languages in Latin script.
_ENGLISH = (
    "the and that this with from which have has are were been they you your would their its will not what when there "
    "these those than then how who should could can may must does his her she our about because between through"
)


class Scripts(NamedTuple):
    """Counts over n texts; a null has none."""

    letters: NDArray[np.int64]
    """i64[n, scripts]: letters of each script, by the columns named above."""
    words: NDArray[np.int64]
    """i64[n]: words in Latin script; with apostrophes and hyphens inside they are one."""
    english: NDArray[np.int64]
    """i64[n]: of these, English function words."""


def scripts(texts: pl.Series) -> Scripts:
    """What the letters of a String column are, whole texts, without a sample."""
    data, offsets = utf8.of(texts)
    count = len(offsets) - 1
    found = Scripts(np.zeros((count, _WIDTH), np.int64), np.zeros(count, np.int64), np.zeros(count, np.int64))
    _scripts(data, offsets, classes(), _function_words(), *found)
    return found


@cache
def classes() -> NDArray[np.uint8]:
    """u8[0x110000]: the column that a code point counts in."""
    classes = np.zeros(0x110000, np.uint8)
    for first, last in ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFD), (0x3005, 0x3007)):
        classes[first : last + 1] = HAN
    classes[0x3006] = 0
    alone = {script: column for column, script in enumerate(ALONE, OTHER + 1)}
    named = {"LATIN": LATIN, "CYRILLIC": CYRILLIC, "ARABIC": ARABIC, "DEVANAGARI": DEVANAGARI, "HANGUL": HANGUL}
    named |= {"HIRAGANA": KANA, "KATAKANA": KANA} | alone
    for code in range(0x20, 0x20000):
        if 0x3400 <= code < 0xA000 or 0xAC00 <= code < 0xD7A4 or 0xD800 <= code < 0xFB00:
            continue
        kind = category(chr(code))
        if kind[0] in "LM" and not classes[code]:
            called = name(chr(code), "").replace("FULLWIDTH ", "").replace("HALFWIDTH ", "").split(" ")[0]
            classes[code] = _JOINED if kind[0] == "M" else named.get(called, OTHER)
    classes[0xAC00:0xD7A4] = HANGUL
    classes[[0x30FC, 0xFF70]] = 0  # the long vowel mark stands in Chinese names of goods, too
    classes[[0x27, 0x2D, 0x2019]] = _JOINED
    for traditional, simplified in simplifications():
        if traditional != simplified:
            # What the other way's standard has too is a word of its own there: 后 and 里 are in Big5, 乾 in GB 2312.
            if not _is_in("gb2312", traditional):
                classes[traditional] = TRADITIONAL
            if not _is_in("big5", simplified):
                classes[simplified] = SIMPLIFIED
    return classes


def _is_in(encoding: str, code: int) -> bool:
    try:
        chr(code).encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@cache
def _function_words() -> NDArray[np.uint64]:
    """u64[_SLOTS]: an open hash table of the words' hashes."""
    table = np.zeros(_SLOTS, np.uint64)
    for word in _ENGLISH.split():
        state = int(_BASIS)
        for byte in word.encode():
            state = (state ^ byte) * int(_PRIME) % 2**64
        slot = state % _SLOTS
        while table[slot]:
            slot = (slot + 1) % _SLOTS
        table[slot] = state
    return table


@kernel
def _is_function_word(state: np.uint64, table: NDArray[np.uint64]) -> bool:
    slot = np.int64(state & np.uint64(_SLOTS - 1))
    while table[slot]:
        if table[slot] == state:
            return True
        slot = (slot + 1) & (_SLOTS - 1)
    return False


@kernel
def _scripts(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    classes: NDArray[np.uint8],
    table: NDArray[np.uint64],
    letters: NDArray[np.int64],
    words: NDArray[np.int64],
    english: NDArray[np.int64],
) -> None:
    for text in range(len(offsets) - 1):
        at, end = offsets[text], offsets[text + 1]
        inside = False  # a word in Latin script
        state, length = _BASIS, 0  # of the ASCII letters since its begin, or since an apostrophe or hyphen
        while at < end:
            byte = np.int64(data[at])
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
            column = classes[code]
            if column == LATIN:
                letters[text, LATIN] += 1
                if not inside:
                    words[text] += 1
                    inside = True
                    state, length = _BASIS, 0
                state = (state ^ np.uint64(code | 0x20)) * _PRIME
                length += 1
            elif column == _JOINED and inside:
                english[text] += 2 < length < 8 and _is_function_word(state, table)
                state, length = _BASIS, 0
            else:
                if inside:
                    english[text] += 2 < length < 8 and _is_function_word(state, table)
                    inside = False
                if column != _JOINED:
                    letters[text, column] += 1
        if inside:
            english[text] += 2 < length < 8 and _is_function_word(state, table)
