"""What a text is made of: how much of it stands in lines of code, formulas, table rows, list items, turns of talk.

One pass over the bytes. Each line is told by what it holds (operators, braces, keywords; TeX, signs of mathematics,
numbers beside operators; pipes, tabs, columns; bullets and short lines without an end; a speaker and a colon), and by
the line before it where it could be two things. Lines count by their width: a character of Chinese, Japanese or Korean
is two wide, any other one, so that Chinese beside Latin letters weighs what it says.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple
from unicodedata import category

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import kind_words, utf8
from curate.kernels.compiled import kernel
from curate.kernels.fold import simplifications

PROSE, CODE, MATHS, TABLE, LIST, DIALOGUE = range(6)
"""The columns of `Kinds.widths`."""
_COMMENT, _LABEL, _RULER, _UNSURE = range(6, 10)  # lines that are told by their neighbours

OLD, NEW, HAN, ASCII = range(4)
"""The columns of `Kinds.words`: marks of classical Chinese, marks of the modern language, Han characters, ASCII
letters and digits."""

# What a character is, beyond ASCII.
_OTHER, _BLANK, _LETTER, _WIDE, _IDEOGRAPH, _ANCIENT, _OLDER, _MODERN, _NEWER, _ENDING, _PAUSING, _SIGN, _BAR = range(
    13
)

_SLOTS = 1024  # of the table of words, a power of two
_STRONG, _WEAK, _COMMON, _SPEAKER, _NOBODY, _FUNCTIONAL, _QUERY, _IMPORT = 1, 2, 4, 8, 16, 32, 64, 128
_UNBROKEN = 100  # characters without a space, a long word among them, beyond which they do not count
_LABELS = 32  # speakers of one text that are told apart
_BASIS, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)  # FNV-1a, 64 bits

# What is counted in a line.
(
    _WIDTH, _HAN, _LETTERS, _WORDS, _FUNCTION, _MARKS, _BRACES, _TEX, _STRONGS, _FORMULA, _NUMERIC, _NUMBERS, _PIPES,
    _TABS, _GAPS, _COMMAS, _LEADING, _GRAMMAR, _QUOTES, _SEMICOLONS, _DIGITS, _COUNTS,
) = range(22)  # fmt: skip


class Kinds(NamedTuple):
    """Of n texts; a null is an empty text."""

    widths: NDArray[np.int64]
    """i64[n, 6]: the width of the lines of each sort, by the columns named above; blank lines and rulers have none."""
    words: NDArray[np.int64]
    """i64[n, 4]: points for classical and for modern Chinese function words (two for what only the one has, one for the
    others); all Han characters; ASCII letters and digits."""


def kinds(texts: pl.Series) -> Kinds:
    """What the lines of a String column are."""
    data, offsets = utf8.of(texts)
    count = len(offsets) - 1
    found = Kinds(np.zeros((count, 6), np.int64), np.zeros((count, 4), np.int64))
    _kinds(data, offsets, _classes(), *_vocabulary(), *found)
    return found


@cache
def _classes() -> NDArray[np.uint8]:
    """u8[0x110000]: what each character is."""
    classes = np.zeros(0x110000, np.uint8)
    for code in range(0x80, 0x3000):
        kind = category(chr(code))
        if kind[0] == "L":
            classes[code] = _LETTER
        elif kind == "Sm" or 0x2190 <= code < 0x2400:
            classes[code] = _SIGN
        elif kind[0] == "Z" or kind == "Cf":
            classes[code] = _BLANK
    classes[0x391:0x3CA] = _SIGN  # Greek letters: neither language is written in them
    classes[0x2500:0x2580] = _BAR
    classes[0x1D400:0x1D800] = _SIGN
    classes[[0xB2, 0xB3, 0xB9, 0xB0, 0x2070, *range(0x2074, 0x208F)]] = _SIGN
    for first, last in ((0x3041, 0x30FF), (0xAC00, 0xD7A3), (0x3100, 0x312F), (0xFF00, 0xFFEF), (0x3000, 0x303F)):
        classes[first : last + 1] = _WIDE
    for first, last in ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFD)):
        classes[first : last + 1] = _IDEOGRAPH
    for words, role in (
        (kind_words.ANCIENT, _ANCIENT),
        (kind_words.OLDER, _OLDER),
        (kind_words.MODERN, _MODERN),
        (kind_words.NEWER, _NEWER),
    ):
        classes[[ord(word) for word in words]] = role
    for traditional, simplified in simplifications():
        if classes[simplified] in (_ANCIENT, _OLDER, _MODERN, _NEWER):
            classes[traditional] = classes[simplified]
    classes[[ord(sign) for sign in "。！？…⋯"]] = _ENDING
    classes[[ord(sign) for sign in "，、；：“”‘’「」『』（）《》—·"]] = _PAUSING
    classes[[ord(sign) for sign in "＋－×÷＝＜＞±"]] = _SIGN
    classes[ord("｜")] = _BAR
    classes[[0x3000, 0xA0]] = _BLANK
    return classes


@cache
def _vocabulary() -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    """(u64, u8)[_SLOTS]: an open hash table of words, and what each of them is, as a sum of flags."""
    keys, flags = np.zeros(_SLOTS, np.uint64), np.zeros(_SLOTS, np.uint8)
    lists = (
        *(
            (kind_words.KEYWORDS, _STRONG),
            (kind_words.CAUTIOUS, _WEAK),
            (kind_words.ENGLISH, _COMMON),
            (kind_words.SPEAKERS, _SPEAKER),
        ),
        *(
            (kind_words.NOBODY, _NOBODY),
            (kind_words.FUNCTIONS, _FUNCTIONAL),
            (kind_words.QUERIES, _QUERY),
            ("import cimport", _IMPORT),
        ),
    )
    for words, flag in lists:
        for word in words.split():
            state = int(_BASIS)
            for byte in word.encode():
                state = (state ^ byte) * int(_PRIME) % 2**64
            slot = state % _SLOTS
            while keys[slot] and keys[slot] != state:
                slot = (slot + 1) % _SLOTS
            keys[slot] = state
            flags[slot] |= flag
    return keys, flags


@kernel
def _flags(state: np.uint64, keys: NDArray[np.uint64], flags: NDArray[np.uint8]) -> int:
    slot = np.int64(state & np.uint64(_SLOTS - 1))
    while keys[slot]:
        if keys[slot] == state:
            return int(flags[slot])
        slot = (slot + 1) & (_SLOTS - 1)
    return 0


@kernel
def _read_line(  # noqa: PLR0915
    data: NDArray[np.uint8],
    first: int,
    last: int,
    classes: NDArray[np.uint8],
    keys: NDArray[np.uint64],
    flags: NDArray[np.uint8],
    words: NDArray[np.int64],
    line: NDArray[np.int64],
) -> None:
    """Counts what stands in data[first:last], a line without the white space around it."""
    line[:] = 0
    at = first
    state, length = _BASIS, 0  # of the word that is being read
    previous, before = np.int64(32), np.int64(32)  # the byte before, and the one before it
    width, size, digits, operators, strong, longest = 0, 0, 0, 0, 0, 0  # of the chunk between spaces
    blanks, held, marks = 0, 0, 0  # held: the longest word of the chunk before this one; marks: those before the chunk
    dollar = -1  # the width at which a formula between dollar signs began
    while at <= last:
        byte = np.int64(data[at]) if at < last else np.int64(32)
        kind, step, code = 0, 1, byte
        if byte >= 0x80:
            if byte >= 0xF0:
                code = (byte & 0x07) << 18 | (np.int64(data[at + 1]) & 0x3F) << 12
                code, step = code | (np.int64(data[at + 2]) & 0x3F) << 6 | np.int64(data[at + 3]) & 0x3F, 4
            elif byte >= 0xE0:
                code = (byte & 0x0F) << 12 | (np.int64(data[at + 1]) & 0x3F) << 6 | np.int64(data[at + 2]) & 0x3F
                step = 3
            else:
                code, step = (byte & 0x1F) << 6 | np.int64(data[at + 1]) & 0x3F, 2
            kind = classes[code]
        letter = 97 <= (byte | 32) <= 122
        if letter or (length and (byte == 95 or 48 <= byte <= 57)):
            if length == 0:
                state, held = _BASIS, longest
            elif 97 <= previous <= 122 and byte <= 90 and letter:
                line[_MARKS] += 1
            elif byte == 95 and length > 1 and at + 1 < last and 97 <= (data[at + 1] | 32) <= 122:
                line[_MARKS] += 2
            state = (state ^ np.uint64(byte | 32 if letter else byte)) * _PRIME
            length += 1
            if letter:
                line[_LETTERS] += 1
            else:
                digits += 1
                line[_DIGITS] += 1
            size += 1
            width += 1
            longest = max(longest, length)
            line[_WIDTH] += 1
            before, previous = previous, byte
            at += 1
            continue
        if length:  # a word has ended
            what = _flags(state, keys, flags) if length <= 16 else 0
            line[_WORDS] += 1
            if what & _COMMON:
                line[_FUNCTION] += 1
            if line[_WORDS] == 1 and line[_WIDTH] == length:
                line[_LEADING] = what
            if what & _IMPORT and line[_LEADING] & _WEAK and line[_WORDS] > 1:
                line[_MARKS] += 4  # from here import that
            if what & _FUNCTIONAL:
                longest = held
            elif length > 1 and byte in (40, 91):
                line[_MARKS] += 2
            length = 0
        if byte <= 32 or kind >= _WIDE or kind == _BLANK:  # a chunk has ended
            if size:
                if strong or (operators and digits and longest <= 4) or (operators and size == operators):
                    line[_FORMULA] += width
                    line[_STRONGS] += strong
                elif digits and longest == 0:
                    line[_NUMERIC] += width
                    line[_NUMBERS] += 1
                elif (
                    size == 1 and longest == 1 and byte != 39 and (before | 32) != 97 and previous | 32 not in (97, 105)
                ):
                    line[_NUMERIC] += 1
            if longest > 30 and size > _UNBROKEN:  # an image in base64: no more than a word
                line[_WIDTH] -= width - _UNBROKEN
                line[_MARKS] = marks
            marks = line[_MARKS]
            width, size, digits, operators, strong, longest = 0, 0, 0, 0, 0, 0
        if byte <= 32 or kind == _BLANK:
            blanks = 0 if previous > 32 else blanks
            blanks += 1 if step == 1 else 2
            if byte == 9 and at < last:
                line[_TABS] += 1
            if (previous <= 32 and blanks == 2 and at < last) or (step == 3 and blanks == 2):
                line[_GAPS] += 1
            line[_WIDTH] += 1 if at < last else 0
            before, previous = previous, np.int64(32)
            at += step
            continue
        blanks = 0
        line[_WIDTH] += 1
        if byte >= 0x80:
            if _IDEOGRAPH <= kind <= _NEWER:
                line[_WIDTH] += 1
                line[_HAN] += 1
                words[HAN] += 1
                if kind == _ANCIENT:
                    words[OLD] += 2
                elif kind == _OLDER:
                    words[OLD] += 1
                elif kind == _MODERN:
                    words[NEW] += 2
                elif kind == _NEWER:
                    words[NEW] += 1
                line[_GRAMMAR] += kind != _IDEOGRAPH
            elif kind == _SIGN:
                strong += 1
                size += 1
                width += 1
            elif kind == _BAR:
                line[_PIPES] += 1
            elif kind in (_ENDING, _PAUSING, _WIDE):
                line[_WIDTH] += 1
            else:
                size += 1
                width += 1
                longest = max(longest, 5)  # letters of other alphabets are no variables
            before, previous = previous, np.int64(128 + kind)
            at += step
            continue
        size += 1
        width += 1
        if 48 <= byte <= 57:
            digits += 1
            line[_DIGITS] += 1
        elif byte == 61:  # =
            operators += 1
            if previous in (61, 33, 60, 62, 43, 45, 42, 58, 124, 38) and at + 1 < last:
                line[_MARKS] += 2
            elif previous != 61:
                strong += size < 3 or longest <= 4
                line[_MARKS] += 1
        elif byte in (43, 42, 45, 47, 60, 62):  # + * - / < >
            operators += 1
            if (
                (byte == 62 and previous in (45, 61, 47))
                or (byte == 47 and previous in (60, 42))
                or (byte == 42 and previous == 47)
            ):
                line[_MARKS] += 2
            if byte == 47 and previous == 47 and before != 58:
                line[_MARKS] += 2
            if (byte == 43 and longest <= 2) or (
                byte == 42 and digits and previous != 42 and data[at + 1 if at + 1 < last else at] != 42
            ):
                strong += digits > 0
        elif byte == 94:  # ^
            strong += longest <= 4
        elif byte == 92:  # \
            if at + 2 < last and 97 <= (data[at + 1] | 32) <= 122 and 97 <= (data[at + 2] | 32) <= 122:
                line[_TEX] += 1
                strong += 1
        elif byte == 36:  # $
            if dollar >= 0:
                if previous > 32:
                    line[_FORMULA] += max(0, line[_WIDTH] - dollar - width)
                    strong += 1
                dollar = -1
                line[_TEX] += previous == 36
            elif at + 1 < last and not 48 <= data[at + 1] <= 57 and data[at + 1] > 32:
                dollar = int(line[_WIDTH])
        elif byte in (123, 125):  # { }
            line[_BRACES] += 1
            line[_TEX] += previous in (94, 95)
        elif byte == 59:  # ;
            line[_MARKS] += 2 if at + 1 == last else 0
            line[_SEMICOLONS] += at + 1 < last and data[at + 1] > 32 and data[at + 1] < 128
        elif byte == 58 and at + 1 < last and 97 <= previous <= 122 and line[_BRACES] and 32 < data[at + 1] < 128:
            line[_MARKS] += 1
        elif (byte == 58 and previous == 58 and at + 1 < last) or (byte == 38 and previous == 38):  # :: &&
            line[_MARKS] += 2
        elif byte == 124:  # |
            line[_PIPES] += 1
            if previous == 124 and before <= 32:
                line[_MARKS] += 2
        elif byte == 44 and at + 1 < last and data[at + 1] > 32 and not line[_QUOTES] & 1:  # a comma without a space
            line[_COMMAS] += 1
        elif byte == 41 and previous == 40:  # ()
            line[_MARKS] += 2
        elif byte == 34:
            line[_QUOTES] += 1
        before, previous = previous, byte
        at += 1


@kernel
def _ending(data: NDArray[np.uint8], first: int, last: int) -> int:
    """How a line ends: 2 as a sentence does, 1 with a pause, 0 otherwise; before closing quotes and brackets."""
    at = last
    while at > first:
        if data[at - 1] in (34, 39, 41, 42, 93, 95):
            at -= 1
        elif at - 3 >= first and data[at - 3] == 0xE2 and data[at - 2] == 0x80 and data[at - 1] in (0x99, 0x9D):
            at -= 3  # ’ ”
        elif at - 3 >= first and data[at - 3] == 0xE3 and data[at - 2] == 0x80 and data[at - 1] in (0x8D, 0x8F):
            at -= 3  # 」 』
        elif at - 3 >= first and data[at - 3] == 0xEF and data[at - 2] == 0xBC and data[at - 1] == 0x89:
            at -= 3  # ）
        else:
            break
    if at == first:
        return 0
    byte = data[at - 1]
    if byte in (46, 33, 63):
        return 2
    if byte in (44, 59, 58):
        return 1
    if at - 3 < first:
        return 0
    one, two, three = data[at - 3], data[at - 2], data[at - 1]
    if (one == 0xE3 and two == 0x80 and three == 0x82) or (one == 0xEF and two == 0xBC and three in (0x81, 0x9F)):
        return 2  # 。 ！ ？
    if one == 0xE2 and two == 0x80 and three == 0xA6:
        return 2  # …
    if (one == 0xEF and two == 0xBC and three in (0x8C, 0x9A, 0x9B)) or (one == 0xE3 and two == 0x80 and three == 0x81):
        return 1  # ， ： ； 、
    if one == 0xE2 and two == 0x80 and three == 0x94:
        return 1  # —
    return 0


@kernel
def _marker(data: NDArray[np.uint8], first: int, last: int) -> int:
    """What an item begins with: 2 a bullet, 1 a number, 0 nothing of the sort."""
    byte = np.int64(data[first])
    behind = np.int64(data[first + 1]) if first + 1 < last else 32
    if byte in (42, 43, 45):  # * + -
        return 2 if behind <= 32 and first + 1 < last else 0
    if byte == 0xE2 and first + 2 < last:
        two, three = data[first + 1], data[first + 2]
        if (
            (two == 0x80 and three in (0xA2, 0xA3))
            or (two == 0x97 and three >= 0x80)
            or (two == 0x96 and three >= 0xA0)
        ):
            return 2  # • ‣ ● ○ ◆ ■ ▪ ...
        if two in (0x9C, 0x9E) or (two == 0x98 and three in (0x85, 0x86)):
            return 2  # ✓ ➢ ★ ☆
        if (two == 0x91 and three >= 0xA0) or two == 0x92:
            return 1  # ① ⑴
    if byte == 0xC2 and behind == 0xB7:
        return 2  # ·
    if byte == 0xE3 and behind == 0x83 and data[first + 2] == 0xBB:
        return 2  # ・
    at = first
    opened = byte == 40 or (byte == 0xEF and last - first > 3 and behind == 0xBC and data[first + 2] == 0x88)
    if opened:
        at += 1 if byte == 40 else 3
    start = at
    while at < last and at < start + 3 and 48 <= data[at] <= 57:
        at += 1
    if at == start and opened and at < last and 97 <= (data[at] | 32) <= 122:
        at += 1
    while at + 2 < last and at < start + 9 and _is_numeral(data, at):
        at += 3
    if at == start or at >= last:
        return 0
    if data[at] in (41, 93):
        return 1
    if at + 2 < last and data[at] == 0xEF and data[at + 1] == 0xBC and data[at + 2] in (0x89, 0x8E):
        return 1
    if at + 2 < last and data[at] == 0xE3 and data[at + 1] == 0x80 and data[at + 2] == 0x81:
        return 1
    if data[at] == 46 and not opened:
        return 0 if at + 1 < last and (48 <= data[at + 1] <= 57) else 1
    return 0


@kernel
def _is_numeral(data: NDArray[np.uint8], at: int) -> bool:
    """Whether one of 一二三四五六七八九十 stands at `at`."""
    code = np.int64(data[at]) << 16 | np.int64(data[at + 1]) << 8 | np.int64(data[at + 2])
    return code in (
        *(0xE4B880, 0xE4BA8C, 0xE4B889, 0xE59B9B, 0xE4BA94, 0xE585AD, 0xE4B883, 0xE585AB, 0xE4B99D, 0xE58D81),
    )


@kernel
def _says(data: NDArray[np.uint8], at: int) -> bool:
    """Whether 说, 說, 道, 曰 or 云 stands before `at`: a story tells who says it."""
    code = np.int64(data[at - 3]) << 16 | np.int64(data[at - 2]) << 8 | np.int64(data[at - 1])
    return code in (0xE8AFB4, 0xE8AAAA, 0xE98193, 0xE69BB0, 0xE4BA91)


@kernel
def _label(
    data: NDArray[np.uint8], first: int, last: int, keys: NDArray[np.uint64], flags: NDArray[np.uint8]
) -> tuple[np.uint64, int, bool]:
    """(hash of the speaker, where what is said begins, whether the speaker is one by profession); hash 0 for none.

    A label is up to 30 bytes before a colon, without the marks of a sentence; digits and emphasis do not count.
    """
    nobody = (np.uint64(0), first, False)
    state = _BASIS
    letters, capital, spaces = 0, False, 0
    at = first
    while at < last and at < first + 31:
        byte = np.int64(data[at])
        if byte == 58 or (byte == 0xEF and at + 2 < last and data[at + 1] == 0xBC and data[at + 2] == 0x9A):
            break
        if 97 <= (byte | 32) <= 122:
            if letters == 0:
                capital = bool(byte <= 90)
            state = (state ^ np.uint64(byte | 32)) * _PRIME
            letters += 1
        elif byte >= 0x80:
            if byte in (0xEF, 0xE2, 0xE3):
                return nobody  # punctuation
            state = (state ^ np.uint64(byte)) * _PRIME
            letters += 1
            capital = True
        elif byte == 32:
            spaces += 1
        elif not (48 <= byte <= 57 or byte in (42, 95, 91, 93, 35, 46, 40, 41, 39, 45, 58)):
            return nobody
        at += 1
    if at >= last or at >= first + 31 or letters == 0 or spaces > 4:
        return nobody
    behind = at + (1 if data[at] == 58 else 3)
    if (
        data[at] == 58
        and behind < last
        and not (data[behind] <= 32 or data[behind] in (34, 42) or data[behind] >= 0x80)
    ):
        return nobody
    what = _flags(state, keys, flags)
    if what & _NOBODY or not (what & _SPEAKER or capital) or (at - first >= 6 and _says(data, at)):
        return nobody
    while behind < last and (data[behind] <= 32 or data[behind] == 42):
        behind += 1
    return state | np.uint64(1), behind, what & _SPEAKER > 0


@kernel
def _sort(  # noqa: PLR0915
    data: NDArray[np.uint8], first: int, last: int, indent: int, line: NDArray[np.int64], ending: int, marker: int
) -> int:
    """What one line is by itself."""
    width, han = line[_WIDTH], 2 * line[_HAN]
    one, two, three = np.int64(data[first]), np.int64(32), np.int64(32)
    if first + 1 < last:
        two = np.int64(data[first + 1])
    if first + 2 < last:
        three = np.int64(data[first + 2])
    if line[_WORDS] == 0 and line[_HAN] == 0 and line[_NUMBERS] == 0 and line[_MARKS] == 0 and line[_TEX] == 0:
        same = True
        for at in range(first, last):
            same &= data[at] in (45, 61, 42, 95, 126, 43, 124, 58, 32, 35, 46, 94, 34, 96) or data[at] >= 0x80
        if same and line[_STRONGS] == 0 and line[_BRACES] == 0:
            return _RULER
    if (
        one == 60
        and width > 3
        and ((two | 32 == 116 and three | 32 in (97, 98, 100, 104, 114)) or (two == 47 and three | 32 == 116))
    ):
        return TABLE  # <table <tbody <td <th <tr </td
    cells = line[_PIPES] >= 2 and (one == 124 or 45 * (line[_PIPES] + 1) >= width)
    if cells and line[_MARKS] < 2 * line[_PIPES]:
        return TABLE
    if line[_TABS] >= 2 or (line[_TABS] and line[_NUMBERS]):
        return TABLE
    prose = (line[_FUNCTION] * 4 >= line[_WORDS] and line[_FUNCTION] >= 2) or han * 2 > width
    tex = line[_TEX] > 0 and 60 * line[_TEX] >= width and line[_SEMICOLONS] * 60 < width
    marks = line[_MARKS] + (0 if tex else 2 * line[_BRACES] + line[_SEMICOLONS])
    if line[_BRACES] and not tex:
        marks += line[_COMMAS]
    leading = line[_LEADING]
    if one == 35 and two != 33 and (two <= 32 or two in (35, 58)):
        return _COMMENT  # or a heading of Markdown
    if (one == 47 and two in (47, 42)) or (one == 42 and two == 47) or (one == 45 and two == 45 and three <= 32):
        return _COMMENT
    if one == 64 and 97 <= (two | 32) <= 122 and width < 80 and ending != 2:
        marks += 3  # a decorator
    if one == 35 and (two == 33 or 97 <= two <= 122):
        marks += 4 if leading else 2  # #!  #include
    small = 97 <= one <= 122
    if leading & _STRONG and small and ending != 2 and not prose:
        marks += 3
    if leading & _QUERY and 65 <= one <= 90 and 65 <= two <= 90 and ending != 2:
        for at in range(first, last):
            if 97 <= data[at] <= 122 or data[at] in (40, 44, 59):  # not all of it is in capitals
                marks += 4
                break
    if leading & _WEAK and small and ending != 2 and not (prose and line[_WORDS] > 8):
        marks += 1
        if data[last - 1] in (58, 123, 40) or line[_WORDS] <= 2:
            marks += 2
    if data[last - 1] in (123, 125, 40, 91) or (data[last - 1] == 41 and indent):
        marks += 1
    if data[last - 1] == 44 and (line[_QUOTES] > 1 or indent >= 4):
        marks += 1
    if one in (125, 41, 93) and width <= 4:
        return CODE
    if indent >= 4 and marks:
        marks += 1
    if prose:
        marks -= 2 if ending == 2 else 1
    # Numbers count beside formulas, and formulas in a line of many words must be more: p values are no mathematics.
    formula = line[_FORMULA] + min(line[_NUMERIC], line[_FORMULA])
    if line[_HAN] >= 50:
        formula *= 3
    elif line[_WORDS] >= 32 and line[_FUNCTION] * 6 >= line[_WORDS]:
        formula *= 4
    else:
        formula *= 8 if line[_STRONGS] > 2 else 6 if line[_STRONGS] > 1 else 4
    formal = line[_STRONGS] > 0 and formula >= width and (tex or marks * 6 < width or line[_LETTERS] * 2 < width)
    if formal and (tex or not (indent and leading & _STRONG)):
        return MATHS if tex or marks < 4 else CODE
    if tex and not prose and line[_BRACES] >= 2:
        return MATHS
    if marks * 6 >= width and marks > 1 and han * 2 <= width:
        return CODE
    columns = (
        line[_GAPS] >= 2 and 40 * line[_GAPS] >= width and line[_FUNCTION] < 3 and line[_GRAMMAR] * 5 <= line[_HAN]
    )
    if columns and marks * 10 < width and ending == 0:
        return TABLE
    if line[_NUMBERS] >= 3 and line[_NUMERIC] * 5 >= width * 2 and line[_STRONGS] == 0:
        return TABLE
    if (marker == 2 and width <= (160 if ending == 2 else 240)) or (marker == 1 and width <= 80 and ending == 0):
        return LIST
    if (
        (marks * 14 >= width and han * 2 <= width)
        or line[_PIPES]
        or line[_TABS]
        or (line[_GAPS] and indent)
        or line[_COMMAS] >= 2
    ):
        return _UNSURE
    if indent >= 2 and marks > 0:
        return _UNSURE
    return PROSE


@kernel
def _kinds(  # noqa: PLR0915
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    classes: NDArray[np.uint8],
    keys: NDArray[np.uint64],
    flags: NDArray[np.uint8],
    widths: NDArray[np.int64],
    words: NDArray[np.int64],
) -> None:
    line = np.zeros(_COUNTS, np.int64)
    labels = np.zeros(_LABELS, np.uint64)
    said = np.zeros((_LABELS, 5), np.int64)  # turns, width, a speaker by profession, width of short lines, sentences
    for text in range(len(offsets) - 1):
        at, end = offsets[text], offsets[text + 1]
        out = widths[text]
        pending = 0  # width of comments, headings and rulers that go with the next line
        before, before_width = PROSE, 0  # what the last line is, and its width
        pipes, tabs, commas, gaps = 0, 0, 0, 0  # of the last line
        short, short_width, metre = 0, 0, 0  # short lines without an end, one after another
        fenced, quoted, commented, literal, depth = False, False, False, False, 0
        since = 100  # lines since the last one of code
        labels[:] = 0
        said[:, :] = 0
        speaker, previous_speaker, tail, tail_lines, turns, returns = -1, -1, 0, 0, 0, 0
        bares = 0  # width of the short lines in the tail
        heads = 0  # a label that stands alone on its line: what follows is said
        while at < end:
            stop = at
            while stop < end and data[stop] != 10:
                stop += 1
            first, last, indent = at, stop, 0
            at = stop + 1
            while first < last:
                if data[first] <= 32:
                    indent += 4 if data[first] == 9 else 1
                    first += 1
                elif last - first >= 3 and data[first] == 0xE3 and data[first + 1] == 0x80 and data[first + 2] == 0x80:
                    first += 3  # an ideographic space
                elif last - first >= 2 and data[first] == 0xC2 and data[first + 1] == 0xA0:
                    first += 2
                else:
                    break
            while first < last and data[last - 1] <= 32:
                last -= 1
            if first == last:
                continue
            _read_line(data, first, last, classes, keys, flags, words[text], line)
            words[text, ASCII] += line[_LETTERS] + line[_DIGITS]
            width = line[_WIDTH]
            fence = last - first >= 3 and data[first] in (96, 126) and data[first + 1] == data[first] == data[first + 2]
            if fence and data[first] == 126 and last - first > 3 and data[first + 3] == 126:
                fence = False  # the line below a heading
            if fence:
                fenced = not fenced
                out[CODE] += width
                before, since, short = CODE, 0, 0
                continue
            triple = 0
            if line[_QUOTES] >= 3:
                for place in range(first, last - 2):
                    if data[place] == 34 and data[place + 1] == 34 and data[place + 2] == 34:
                        triple += 1
            ending = _ending(data, first, last)
            marker = _marker(data, first, last)
            if fenced or quoted or commented or (literal and indent):
                sort = TABLE if line[_PIPES] > 1 and data[first] == 124 else CODE
            else:
                sort = _sort(data, first, last, indent, line, ending, marker)
                if triple and ending == 2 and line[_FUNCTION] > 2 and data[first] != 34:
                    triple = 0  # prose that speaks of them
                elif triple:
                    sort = CODE
                if sort == _COMMENT and data[first] == 47 and data[first + 1] == 42:
                    commented = True
                    sort = CODE
            if triple & 1:
                quoted, depth = not quoted, indent
            elif quoted and indent < depth:
                quoted = False
            if commented:
                for place in range(first, last - 1):
                    if data[place] == 42 and data[place + 1] == 47:
                        commented = False
            if indent == 0 and not fenced:
                literal = False
            # reStructuredText: what stands below .. code:: is code, below .. note:: and .. math:: it is not.
            directive = last - first > 4 and data[first] == 46 == data[first + 1] and data[first + 3] != 99
            if last - first >= 2 and data[last - 1] == 58 and data[last - 2] == 58 and sort != CODE and not directive:
                literal = True  # what is indented below is as it is
            if sort == _RULER:
                if line[_PIPES] or pipes:
                    sort = TABLE
                elif before == TABLE:
                    continue
                else:
                    short = 0
                    continue
            if sort == _COMMENT:
                if before == CODE and since <= 2:
                    sort = CODE
                else:
                    pending += width
                    short = 0
                    continue
            # What could be two things is what the line before it is.
            columns = (line[_PIPES] > 0 and pipes > 0) or (line[_TABS] > 0 and tabs == line[_TABS])
            columns |= (
                line[_COMMAS] >= 2 and commas == line[_COMMAS] and ending != 2 and line[_GRAMMAR] * 8 <= line[_HAN]
            )
            columns |= line[_GAPS] > 0 and gaps > 0 and line[_NUMBERS] > 0
            if sort == _UNSURE:
                if since <= 2 and not columns:
                    sort = CODE
                elif columns:
                    sort = TABLE
                    if before != TABLE and before_width:
                        out[before] -= before_width
                        out[TABLE] += before_width
                else:
                    sort = PROSE
            elif (
                sort in (PROSE, MATHS, LIST)
                and before == CODE
                and since <= 1
                and indent >= 2
                and ending != 2
                and line[_FUNCTION] < 6
            ):
                sort = CODE
            pipes, tabs, commas, gaps = line[_PIPES], line[_TABS], line[_COMMAS], line[_GAPS]
            if sort == CODE:
                since = 0
            else:
                since += 1
            # Short lines without an end, three of them together, are a list: but for verse, and for what has grammar.
            bare = sort == PROSE and ending == 0 and width <= 64 and marker == 0
            if bare and ((line[_FUNCTION] * 2 >= line[_WORDS] and line[_WORDS] >= 4) or 97 <= data[first] <= 122):
                bare = False
            if bare and line[_GRAMMAR] * 4 >= line[_HAN] and line[_GRAMMAR] >= 2:
                bare = False
            if bare and 2 * line[_HAN] == width and line[_HAN] in (5, 7) and (short == 0 or line[_HAN] == metre):
                metre = line[_HAN]  # all lines of one length: verse, until another one comes
            elif bare:
                metre = -1
            label, begin, known = np.uint64(0), first, False
            if sort == PROSE or (sort == LIST and marker == 0):
                label, begin, known = _label(data, first, last, keys, flags)
            if label:
                slot = 0
                while slot < _LABELS and labels[slot] not in (np.uint64(0), label):
                    slot += 1
                if slot < _LABELS:
                    if speaker >= 0:
                        said[speaker, 1] += tail
                        said[speaker, 3] += bares
                        tail, bares = 0, 0
                    labels[slot] = label
                    said[slot, 0] += 1
                    said[slot, 1] += width
                    said[slot, 2] = known
                    said[slot, 4] += ending == 2 or line[_FUNCTION] > 1 or line[_GRAMMAR] > 0
                    said[slot, 3] += width if bare else 0
                    turns += 1
                    returns += slot == previous_speaker and slot != speaker
                    previous_speaker, speaker = speaker, slot
                    tail_lines = 0
                    heads = begin >= last
                    out[PROSE] += pending
                    pending, short = 0, 0
                    before, before_width = PROSE, 0
                    continue
            if speaker >= 0 and sort in (PROSE, LIST) and tail_lines < 20:
                tail_lines += 1
                if heads:
                    said[speaker, 1] += width
                    said[speaker, 4] += ending == 2 or line[_FUNCTION] > 1 or line[_GRAMMAR] > 0
                    heads = 0
                else:
                    tail += width
                    bares += width if bare else 0
                short = 0
                continue
            if tail:
                out[LIST] += bares
                out[PROSE] += tail - bares
                tail, bares = 0, 0
            speaker = -1
            out[sort] += pending
            pending = 0
            if bare:
                short += 1
                short_width += width
                if short == 1:
                    short_width = width
                if short == 3 and metre < 0:
                    out[PROSE] -= short_width - width
                    out[LIST] += short_width - width
                if short >= 3 and metre < 0:
                    sort = LIST
            else:
                short, metre = 0, 0
            out[sort] += width
            before, before_width = sort, width
        if speaker >= 0 and said[speaker, 2]:  # the last word of one whose profession it is
            said[speaker, 1] += tail
            tail, bares = 0, 0
        out[LIST] += bares
        out[PROSE] += pending + tail - bares
        _turns(said, turns, returns, out)


@kernel
def _turns(said: NDArray[np.int64], turns: int, returns: int, out: NDArray[np.int64]) -> None:
    """Whether those who have a label talk with each other.

    Records have labels too, each the same ones in the same order: among three and more speakers, some answer to who
    spoke before.
    """
    speakers, known, width, rest, short, most, least = 0, 0, 0, 0, 0, 0, turns
    spoken, again = 0, 0  # turns of those who come back, and those that are sentences
    for slot in range(_LABELS):
        short += said[slot, 3]
        if said[slot, 0] > 1 or said[slot, 2]:
            speakers += 1
            known += said[slot, 2]
            again += said[slot, 0]
            spoken += min(said[slot, 4], said[slot, 0])
            width += said[slot, 1]
            most, least = max(most, said[slot, 0]), min(least, said[slot, 0])
        else:
            rest += said[slot, 1]
    answered = (speakers == 2 and most <= least + 1) or (speakers >= 2 and 4 * returns >= turns - 2 > 0)
    if known >= 2 or (answered and 2 * spoken >= again):
        out[DIALOGUE] += width + rest
        return
    if turns < 3:
        short = 0
    out[LIST] += short
    out[PROSE] += width + rest - short
