"""Folding: one table that says for each code point what it becomes and what part it plays in a token.

NFKC and case folding of whole strings run at 26 MB/s in Python; a table per code point runs at the speed of decoding,
keeps byte offsets meaningful, and differs only where one code point becomes several (ligatures, fractions, the German
sharp s): these stay what they are.

Traditional Chinese characters fold to simplified ones, so that a text and its conversion are copies of each other: the
first candidate of OpenCC's TSCharacters (opencc/NOTICE.txt). What is one character in simplified Chinese was sometimes
several words before, and these are then one here too: 乾 (dry; the trigram Qian) and 幹 (to do) with 干, 後 (after)
with 后 (queen), 髮 (hair) with 發 (to send), 裡 (inside) with 里 (mile), 麵 (flour) with 面 (face), 穀 (grain) with 谷
(valley), 鬥 (to fight) with 斗 (a measure). Only what is compared is folded, never the text itself. Not folded is what
OpenCC decides by phrases (著 and 着, 藉 and 借, 瞭 and 了), and what has no simplified form in common fonts (㑮). Kanji
and hanja fold like the Chinese characters that they are.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from unicodedata import category, normalize

import numpy as np
from numpy.typing import NDArray

SEPARATOR, WORD, SINGLE, IGNORED = 0, 1, 2, 3
"""What a code point does: ends a token; is part of a run; is a token by itself (CJK); is as if it were not there."""

CLASS_SHIFT = 21  # code points need 21 bits, the class stands above them

_SINGLES = (
    (0x3005, 0x3005), (0x3007, 0x3007), (0x3021, 0x3029), (0x3038, 0x303B),  # marks and numerals used as Han
    (0x3041, 0x309F), (0x30A1, 0x30FA), (0x30FC, 0x30FF), (0x31F0, 0x31FF), (0x1AFF0, 0x1B16F),  # kana
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFD),  # Han
    (0xAC00, 0xD7A3),  # Hangul syllables
)  # fmt: skip

_IGNORED = (
    (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x20DD, 0x20E4), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0000, 0xE0FFF),
)  # fmt: skip
"""Default-ignorable code points and enclosing marks; format characters (Cf) come by their category."""

_UNCHANGED = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xD800, 0xF8FF), (0x17000, 0x1AFFF))
_LAST = 0x1FFFF  # above it only Han (classed by range; the compatibility block aside), and what is ignored
_HAN_COMPATIBILITY = (0x2F800, 0x2FA1F)
_TRADITIONAL = Path(__file__).with_name("opencc") / "TSCharacters.txt"


@cache
def table() -> NDArray[np.uint32]:
    """u32[0x110000]: for each code point the one it folds to, and its class above `CLASS_SHIFT`.

    Built from Python's Unicode database in under 0.1 s. A later Unicode version only adds code points; those without a
    category yet count as letters, so that a new script does not change what is stored about old text.
    """
    codes = [*_outside(_UNCHANGED, _LAST), *range(_HAN_COMPATIBILITY[0], _HAN_COMPATIBILITY[1] + 1)]
    folded = np.arange(0x110000, dtype=np.uint32)
    # One call for all code points: a line break between them keeps them from composing or being reordered.
    text = "\n".join(map(chr, codes))
    whole = normalize("NFKC", normalize("NFKC", text).casefold()).split("\n")
    lower = normalize("NFKC", text.lower()).split("\n")
    folded[codes] = [
        ord(a) if len(a) == 1 else ord(b) if len(b) == 1 else code
        for code, a, b in zip(codes, whole, lower, strict=True)
    ]
    for traditional, simplified in simplifications():
        folded[traditional] = simplified
    # Compatibility ideographs became traditional characters above; 薴 becomes 苧, which is a traditional form of 苎.
    folded = folded[folded[folded]]
    roles = np.zeros(0x110000, np.uint32)
    kinds = {"L": WORD, "N": WORD, "M": WORD, "Cn": WORD, "Cf": IGNORED}
    codes = list(_outside(_UNCHANGED[:-1], _LAST))
    roles[codes] = [kinds.get(c) or kinds.get(c[0], SEPARATOR) for c in map(category, map(chr, codes))]
    for ranges, role in ((_SINGLES, SINGLE), (_IGNORED, IGNORED)):
        for first, last in ranges:
            roles[first : last + 1] = role
    # The class is that of the folded form (full-width letters, compatibility Han), unless the original is ignored.
    roles = np.where(roles == IGNORED, roles, roles[folded])
    return np.asarray(folded | roles << np.uint32(CLASS_SHIFT))


def simplifications() -> list[tuple[int, int]]:
    """(traditional, simplified) code points, as OpenCC's table has them: the first candidate of each line."""
    lines = _TRADITIONAL.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return [(ord(one), ord(others.split(" ")[0])) for one, others in rows]


def _outside(ranges: tuple[tuple[int, int], ...], last: int) -> list[int]:
    """Code points from 1 to `last` that lie in none of `ranges`; the line break is left out too."""
    wanted = np.ones(last + 1, np.bool_)
    wanted[[0, 0x0A]] = False
    for first, end in ranges:
        wanted[first : end + 1] = False
    return [int(code) for code in np.flatnonzero(wanted)]
