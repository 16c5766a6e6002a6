"""UTF-16 and UTF-32 as UTF-8, block by block: with their mark, and without it where the zeros leave no doubt.

What Excel and Windows call Unicode text. Readers of lines look for single bytes, which these encodings don't have.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from curate.read.stream import Ahead, Damaged, Stream

LOOK = 1 << 16  # bytes by which the encoding is told ...
FIRST = 1 << 12  # ... if it can't be by so many
MARKS = {  # that of UTF-32-LE begins like that of UTF-16-LE
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
LEAST = 6  # bytes of characters below U+0100, with zeros at the same places, that an unmarked text must have
ASCII = 0.4  # share of them from which the zeros alone decide; below it the bytes must also be no UTF-8
NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffd-\uffff]")
BROKEN_SHARE = 0.02  # of the characters of an unmarked text that may be none; what is broken costs its record


def encoding_of(begin: bytes) -> str | None:
    """utf-16-le, utf-16-be, utf-32-le or utf-32-be, if what a file begins with is so written; else None."""
    begin = begin[:LOOK]
    for mark, name in MARKS.items():
        if begin.startswith(mark):
            return name
    if b"\0" not in begin:
        return None
    # By its first lines, since damage further on is no reason to doubt them; by more where these have too few letters.
    for look in (begin[:FIRST], begin):
        name, single = max(((name, _single(look, name)) for name in MARKS.values()), key=lambda pair: pair[1])
        if single >= LEAST and _certain(look, name, single):
            return name
    return None


def utf8(stream: Stream) -> Ahead:
    """The stream, decoded where it is wide. A character that is broken becomes bytes that no UTF-8 has: it costs its
    record.
    """
    ahead = Ahead(stream)
    encoding = encoding_of(ahead.look(lambda _: False, LOOK))
    return ahead if encoding is None else Ahead(_decoded(iter(ahead), encoding))


def _characters(look: bytes, name: str) -> Iterator[tuple[int, ...]]:
    """(the lowest byte, the others) of each character of at most U+FFFF."""
    width = 4 if "32" in name else 2
    places = range(width) if name.endswith("le") else range(width - 1, -1, -1)
    whole = look[: len(look) // width * width]
    return zip(*(whole[place::width] for place in places), strict=True)


def _single(look: bytes, name: str) -> int:
    """Characters of U+0001 to U+00FF, by bytes: the letters of mark-up and of English, line ends, digits."""
    width = 4 if "32" in name else 2
    return width * sum(bool(low) and not any(high) for low, *high in _characters(look, name))


def _certain(look: bytes, name: str, single: int) -> bool:
    """Whether `look` is text in this encoding, although no mark says so."""
    zeros = sum(not any(character) for character in _characters(look, name))
    if zeros > BROKEN_SHARE * single:
        return False
    return (single >= ASCII * len(look) or not _is_utf8(look)) and _reads(look, name)


def _reads(look: bytes, name: str) -> bool:
    text = look.decode(name, "replace")
    return len(NO_TEXT.findall(text)) <= 1 + BROKEN_SHARE * len(text)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.end == len(data) and error.start > len(data) - 4
    return True


def _decoded(stream: Stream, encoding: str) -> Stream:
    decoder = codecs.getincrementaldecoder(encoding)(BROKEN)
    for block in stream:
        if isinstance(block, Damaged):
            decoder.reset()
            yield block
        elif text := decoder.decode(block):
            yield text.encode("utf-8", "surrogatepass")
    if text := decoder.decode(b"", True):
        yield text.encode("utf-8", "surrogatepass")


def _broken(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "\udcff", error.end


BROKEN = "curate-broken"
codecs.register_error(BROKEN, _broken)
