"""Where personal data may stand: chains of digits, '@', groups of hexadecimal digits, plates, words for chat ids.

A look at each byte, so that the expressions that decide are tried on a few characters only. What has no anchor has no
personal data of a kind that is found by its form.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels import utf8
from curate.kernels.compiled import kernel

NUMBER, MAIL, HEXADECIMAL, PLATE, CHAT = 1, 2, 3, 4, 5
"""What an anchor is: a chain of digits, an at sign, colons among hexadecimal digits, a province and a letter, a word
for a chat account."""

LONG = 7  # digits of a chain that may be a number of a person without a label before it
LABELLED = 4  # and with one

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_LABEL_ENDS = "号號码碼为為是卡证證：＃"  # what stands before a labelled number, beside ASCII : # = and letters


_LABEL_TAILS = tuple(first << 8 | second for first, second in (b"qq", b"rn", b"sn", b"id", b"no", b"er", b"cy"))


class Anchors(NamedTuple):
    """Of n texts, one after another, in the order of where they begin."""

    rows: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    spans: NDArray[np.int64]
    """i64[anchors, 2]: begin and end in bytes of the whole column; only chains and colons have a length."""


def anchors(texts: pl.Series) -> tuple[Anchors, utf8.Utf8]:
    """The anchors in a String column, and its bytes, which the spans are of. A null has none."""
    data, offsets = utf8.of(texts)
    size = 1024
    while True:
        rows, kinds, spans = np.empty(size, np.int64), np.empty(size, np.uint8), np.empty((size, 2), np.int64)
        count = _anchors(data, offsets, _roles(), rows, kinds, spans)
        if count <= size:
            return Anchors(rows[:count], kinds[:count], spans[:count]), utf8.Utf8(data, offsets)
        size = count


_PROVINCE, _LABEL_END, _CHAT_WORD = 1, 2, 3


@cache
def _roles() -> NDArray[np.uint8]:
    """u8[0x10000]: what a character beyond ASCII does."""
    roles = np.zeros(0x10000, np.uint8)
    roles[[ord(char) for char in _PROVINCES]] = _PROVINCE
    roles[[ord(char) for char in _LABEL_ENDS]] = _LABEL_END
    roles[[ord(char) for char in "微薇威"]] = _CHAT_WORD  # 微信 and how it is written past filters
    return roles


@kernel
def _digit(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Bytes of the digit at `at`, ASCII or full width; 0 where there is none."""
    byte = data[at]
    if 0x30 <= byte <= 0x39:
        return 1
    if byte == 0xEF and at + 2 < end and data[at + 1] == 0xBC and 0x90 <= data[at + 2] <= 0x99:
        return 3
    return 0


@kernel
def _joint(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Bytes of what may stand between the digits of one number: a space, dash, dot, bracket; 0 where there is none."""
    byte = data[at]
    if byte in (0x20, 0x2D, 0x2E, 0x28, 0x29):
        return 1
    if byte == 0xC2 and at + 1 < end and data[at + 1] == 0xA0:  # no-break space
        return 2
    if at + 2 >= end:
        return 0
    middle, last = data[at + 1], data[at + 2]
    if byte == 0xE2 and middle == 0x80 and (0x90 <= last <= 0x95 or last == 0x91 or 0x80 <= last <= 0x8A):
        return 3  # dashes, and spaces of other widths
    if byte == 0xE3 and middle == 0x80 and last == 0x80:  # ideographic space
        return 3
    if byte == 0xEF and middle == 0xBC and last in (0x88, 0x89, 0x8D, 0x8E):  # full-width brackets, hyphen, stop
        return 3
    return 0


@kernel
def _letter(byte: int) -> bool:
    return 0x41 <= byte <= 0x5A or 0x61 <= byte <= 0x7A


@kernel
def _hexadecimal(byte: int) -> bool:
    return 0x30 <= byte <= 0x39 or 0x41 <= byte <= 0x46 or 0x61 <= byte <= 0x66


@kernel
def _wide(data: NDArray[np.uint8], at: int) -> int:
    """The code point of the three bytes at `at`."""
    return (int(data[at]) & 0x0F) << 12 | (int(data[at + 1]) & 0x3F) << 6 | int(data[at + 2]) & 0x3F


@kernel
def _is_labelled(data: NDArray[np.uint8], origin: int, at: int, few: bool, roles: NDArray[np.uint8]) -> bool:
    """Whether what ends a label stands before `at`.

    Letters do where they end as QQ, MRN, SSN, ID, no, number and policy do, and where there are not too `few` digits.
    """
    last, letters = 0, 0
    for _ in range(10):
        at -= 1
        if at < origin:
            return False
        byte = data[at]
        if byte in (0x3A, 0x23, 0x3D):  # : # =
            return True
        if _letter(byte):
            letters += 1
            lower = byte | 0x20
            if letters == 1:
                last = lower
            elif letters == 2 and not few and lower << 8 | last in _LABEL_TAILS:
                return True
        elif byte >= 0x80:
            return at - 2 >= origin and data[at - 2] >= 0xE0 and roles[_wide(data, at - 2)] == 2
        elif byte == 0x20:  # what stood behind it began the value: A-774512
            letters = 0
        elif byte not in (0x2D, 0x2E, 0x28, 0x5B):
            return False
    return False


@kernel
def _is_inside(data: NDArray[np.uint8], origin: int, begin: int, stop: int, end: int) -> bool:
    """Whether the chain is part of a name, a hash, a longer code: more than 2 letters behind it, or 5 before it."""
    at = stop
    while at < end and at < stop + 3 and _letter(data[at]):
        at += 1
    if at == stop + 3 or (at < end and (data[at] == 0x5F or (at > stop and 0x30 <= data[at] <= 0x39))):
        return True
    at = begin - 1
    while at >= origin and begin - at <= 6 and _letter(data[at]):
        at -= 1
    if at < origin or at == begin - 1:
        return False
    return begin - at > 6 or data[at] == 0x5F or 0x30 <= data[at] <= 0x39


@kernel
def _is_chat(data: NDArray[np.uint8], origin: int, at: int, end: int) -> bool:
    """Whether wechat, weixin, wx or vx, in any case, begins a word at `at`."""
    if at > origin and _letter(data[at - 1]):
        return False
    if at + 2 >= end:
        return False
    first, second = data[at] | 0x20, data[at + 1] | 0x20
    if second == 0x78:  # x
        return not _letter(data[at + 2]) or data[at + 2] | 0x20 == 0x69
    if first != 0x77 or second != 0x65 or at + 3 >= end:
        return False
    third, fourth = data[at + 2] | 0x20, data[at + 3] | 0x20
    return (third == 0x63 and fourth == 0x68) or (third == 0x69 and fourth == 0x78)


@kernel
def _chain(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int, bool]:
    """(its end, its digits, whether it may be an IPv4 address) of the chain of digits that begins at `at`."""
    digits, dots, groups = 0, 0, 1
    size = _digit(data, at, end)
    while True:
        while size:
            digits += 1
            at += size
            size = _digit(data, at, end) if at < end else 0
        stop = at
        dot = False
        for _ in range(3):
            joint = _joint(data, at, end) if at < end else 0
            if not joint:
                break
            dot = data[at] == 0x2E and at == stop
            at += joint
        size = _digit(data, at, end) if stop < at < end else 0
        if not size:
            return stop, digits, dots == 3 and groups >= 4
        dots += dot and at == stop + 1
        groups += 1


@kernel
def _colons(data: NDArray[np.uint8], origin: int, at: int, end: int) -> tuple[int, int]:
    """(begin, end) of the hexadecimal digits and colons around the colon at `at`, the same twice if no IPv6 address."""
    begin, stop = at, at
    colons, double, figure = 0, False, False
    while begin > origin and begin > at - 5 and _hexadecimal(data[begin - 1]):
        begin -= 1
        figure = figure or data[begin] <= 0x39
    while stop < end and stop < at + 48 and (data[stop] == 0x3A or _hexadecimal(data[stop])):
        if data[stop] == 0x3A:
            colons += 1
            double = double or (stop + 1 < end and data[stop + 1] == 0x3A)
        else:
            figure = figure or data[stop] <= 0x39
        stop += 1
    return (begin, stop) if figure and ((double and colons > 2) or colons == 7) else (at, at)


@kernel
def _anchors(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    roles: NDArray[np.uint8],
    rows: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    spans: NDArray[np.int64],
) -> int:
    """Their number; what does not fit is counted and not written."""
    count = 0
    for text in range(len(offsets) - 1):
        origin, end = offsets[text], offsets[text + 1]
        at = origin
        while at < end:
            byte = data[at]
            kind, begin, stop = 0, at, at
            step = 1
            size = _digit(data, at, end) if byte == 0xEF or 0x30 <= byte <= 0x39 else 0
            if size:
                stop, digits, address = _chain(data, at, end)
                step = stop - at
                inside = _is_inside(data, origin, begin, stop, end)
                if not inside and (digits >= LONG or address):
                    kind = NUMBER
                elif digits >= LABELLED:
                    few = inside or digits == LABELLED
                    kind = NUMBER if _is_labelled(data, origin, begin, few, roles) else 0
            elif byte == 0x40:
                kind = MAIL
            elif byte == 0x3A and at + 1 < end and (data[at + 1] == 0x3A or _hexadecimal(data[at + 1])):
                first, last = _colons(data, origin, at, end)
                if first < last:
                    kind, begin, stop = HEXADECIMAL, first, last
                    step = stop - at
            elif byte | 0x20 in (0x76, 0x77) and _is_chat(data, origin, at, end):
                kind = CHAT
            elif byte >= 0xE0 and byte < 0xF0:
                step = 3
                role = roles[_wide(data, at)]
                if role == 1:
                    if at + 3 < end and (0x41 <= data[at + 3] <= 0x5A or data[at + 3] == 0xEF):
                        kind = PLATE
                elif role == 3:
                    if at + 5 < end and _wide(data, at + 3) == 0x4FE1:  # 信
                        kind = CHAT
                elif byte == 0xEF and _wide(data, at) == 0xFF20:  # full-width at sign
                    kind = MAIL
            if kind:
                if count < len(rows):
                    rows[count], kinds[count] = text, kind
                    spans[count, 0], spans[count, 1] = begin, stop
                count += 1
            at += step
    return count
