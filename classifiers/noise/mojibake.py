"""Real text whose bytes were read with the wrong encoding, once or twice, or replaced where they could not be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from random import Random

from gibberish import Maker, passage

_FANCY = {"'": "’", '"': "“", "-": "—", "e": "é", "u": "ü", "n": "ñ", "c": "ç"}


def with_signs(text: str, random: Random) -> str:
    """English with the quotes, dashes and accents that are damaged in it, a tenth to a half of those."""
    share = random.uniform(0.1, 0.5)
    return "".join(_FANCY[char] if char in _FANCY and random.random() < share else char for char in text)


def turned(written: str, read: str, lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Written in one encoding, read in another."""
    text = passage(clean, size, random)
    text = with_signs(text, random) if lang == "en" else text
    return text.encode(written, "replace").decode(read, "replace")


def latin(written: str, lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """Read as windows-1252, what it does not have as Latin-1, as browsers do."""
    text = passage(clean, size, random)
    text = with_signs(text, random) if lang == "en" else text
    bytes_ = text.encode(written, "replace")
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in bytes_)


def replaced(sign: str, lang: str, size: int, clean: Sequence[str], random: Random) -> str:
    """With a sign for each character that is not ASCII; in English, for some letters."""
    text = passage(clean, size, random)
    if lang == "en":
        share = random.uniform(0.05, 0.3)
        return "".join(sign if random.random() < share else char for char in text)
    return "".join(sign * random.choice((1, 2)) if ord(char) > 127 and random.random() < 0.9 else char for char in text)


MOJIBAKE: Mapping[str, Maker] = {
    "utf-8 as latin-1": partial(turned, "utf-8", "latin-1"),
    "utf-8 as cp1252": partial(latin, "utf-8"),
    "utf-8 as gbk": partial(turned, "utf-8", "gb18030"),
    "gbk as latin-1": partial(turned, "gb18030", "latin-1"),
    "replacement signs": partial(replaced, "\ufffd"),
    "question marks": partial(replaced, "?"),
}
