"""Which characters go, which become others, and which stay what they are: one table per choice of options."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import chain
from unicodedata import combining, decomposition, is_normalized, normalize

import numpy as np

from curate.kernels import tidy
from curate.kernels.fold import simplifications
from curate.kernels.tidy import COMPOSES, DROP, JOINER, LOOSE, MARKED, WIDE, Table

_BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
# Control characters but tab and line feed, soft hyphens, zero-width spaces, byte-order marks, tags, notes of ruby, what
# stood for an object, fillers of Hangul that are seen as nothing, code points that are no characters.
_INVISIBLE = (
    *range(0x09), *range(0x0E, 0x20), *range(0x7F, 0x85), *range(0x86, 0xA0), 0xAD, 0x180E, 0x200B,
    *range(0x2060, 0x2065), *range(0x206A, 0x2070), 0xFEFF, *range(0xFFF9, 0xFFFD), 0x3164, 0xFFA0,
    0xE0001, *range(0xE0020, 0xE0080), *range(0xFDD0, 0xFDF0), *range(0xFFFE, 0x110000, 0x10000),
    *range(0xFFFF, 0x110000, 0x10000),
)  # fmt: skip
_LINE_ENDS = (0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029)
_BLANKS = (0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F)
# Beside these a joiner joins nothing: Latin, CJK, punctuation. Between emoji, Arabic or Indic letters it stays.
_LOOSE = (
    (0x00, 0x36F), (0x1E00, 0x1EFF), (0x2010, 0x206F), (0x2E80, 0x9FFF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF),
    (0x20000, 0x3FFFD),
)  # fmt: skip
# NFKC writes these as text that says another thing: 10² as 102, ½ as 1⁄2, ㎡ as m2, 第①项 as 第1项.
_MEANT = re.compile(r"<(?:super|sub|circle|fraction|square)>")
_ALONE = re.compile("<compat> 0020 ")  # ´ ¨ ¯ become a space with a mark on it
_KEPT = {
    0xB5, 0x2026,  # the micro sign of µg; the ellipsis, of which Chinese writes two
    *range(0x2033, 0x2038), 0x2057,  # ″ of seconds and inches
    0xE33, 0xEB3, 0xF0C, 0xF77, 0xF79,  # vowels of Thai, Lao and Tibetan that NFKC takes apart in the wrong order
    *range(0x2100, 0x214F),  # ℃ № ℃ and other letter-like signs
    *range(0x2160, 0x2189),  # Roman numerals: Ⅳ 期
    *range(0x2474, 0x249C), *range(0x3200, 0x3400),  # ⑴ ⒈ and signs of units and of companies
}  # fmt: skip
QUOTES = {
    "straight": {**dict.fromkeys("“”„‟", '"'), **dict.fromkeys("‘’‚‛", "'")},
    "mainland": {"「": "“", "」": "”", "『": "‘", "』": "’", "﹁": "“", "﹂": "”", "﹃": "‘", "﹄": "’"},
}


@cache
def table(nfkc: bool, half_width: bool, simplified: bool, quotes: str, show_bidi: bool, marked: str) -> Table:
    """What is dropped and swapped under these options; `marked` are characters that options of their own look for."""
    swaps: dict[int, str] = {}
    for code in _every():
        char = chr(code)
        if (
            nfkc
            and code not in _KEPT
            and not _MEANT.match(decomposition(char))
            and not _ALONE.match(decomposition(char))
        ):
            swaps[code] = normalize("NFKC", char)
        elif not is_normalized("NFC", char):
            swaps[code] = normalize("NFC", char)
    if half_width:
        swaps |= {code: chr(code - 0xFEE0) for code in range(0xFF10, 0xFF5B) if chr(code - 0xFEE0).isalnum()}
    swaps |= {ord(char): to for char, to in QUOTES.get(quotes, {}).items()}
    if simplified:
        swaps |= {one: chr(other) for one, other in simplifications()}
    swaps |= dict.fromkeys(_LINE_ENDS, "\n") | dict.fromkeys(_BLANKS, " ")
    roles = np.zeros(0x110000, np.uint8)
    for first, last in _LOOSE:
        roles[first : last + 1] |= LOOSE
    roles[[0x200C, 0x200D]] = JOINER
    roles[list(_INVISIBLE)] |= DROP
    if show_bidi:
        swaps |= {code: f"[U+{code:04X}]" for code in _BIDI}
    else:
        roles[list(_BIDI)] |= DROP
    roles[0x3000] |= WIDE
    swaps.pop(0x3000, None)
    roles[list(_composing())] |= COMPOSES
    roles[[ord(char) for char in marked]] |= MARKED
    gone = {code for code in map(int, np.flatnonzero(roles & DROP))}
    return tidy.table(roles, _closed(swaps, gone))


def _closed(swaps: dict[int, str], gone: set[int]) -> dict[int, str]:
    """`swaps` whose texts hold nothing that is swapped or goes itself, and without those that change nothing."""
    for _ in range(8):  # 薴 becomes 苧, which is itself a traditional form of 苎
        swaps = {
            code: "".join(swaps.get(ord(char), char) for char in text if ord(char) not in gone)
            for code, text in swaps.items()
        }
    return {code: text for code, text in swaps.items() if text != chr(code)}


@cache
def _every() -> tuple[int, ...]:
    """Code points that NFKC changes."""
    codes = chain(range(0xA0, 0x3400), range(0xA69C, 0xAC00), range(0xF900, 0x20000), range(0x2F800, 0x2FA20))
    return tuple(code for code in codes if not is_normalized("NFKC", chr(code)))


@cache
def _composing() -> frozenset[int]:
    """Code points that may combine with what stands before them, or change places with it, under NFC."""
    codes = [code for code in range(0x300, 0x20000) if not (0x3400 <= code < 0xA000 or 0xD800 <= code < 0xF900)]
    marks = {code for code in codes if combining(chr(code))}
    return frozenset(marks | set(_seconds(codes)) | set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3)))


def _seconds(codes: Iterable[int]) -> Iterable[int]:
    """The second halves of canonical decompositions."""
    for code in codes:
        parts = decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            yield int(parts[1], 16)
