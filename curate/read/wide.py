"""UTF-16 and UTF-32 as UTF-8, block by block: with their mark, and without it where the zeros leave no doubt.

What Excel and Windows call Unicode text. Readers of lines look for single bytes, which these encodings don't have.
"""

from __future__ import annotations

import codecs
import re

from curate.read.stream import Ahead, Damaged, Stream

LOOK = 1 << 16  # bytes by which the encoding is told
MARKS = {  # that of UTF-32-LE begins like that of UTF-16-LE
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
LEAST = 3  # characters below U+0100, each with a zero byte on the same side, that an unmarked text must have
ASCII = 0.4  # share of them from which zeros alone decide; below it the bytes must also be no UTF-8
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
    return next((name for name in MARKS.values() if _certain(begin, name)), None)


def utf8(stream: Stream) -> Ahead:
    """The stream, decoded where it is wide. A character that is broken becomes bytes that no UTF-8 has: it costs its
    record.
    """
    ahead = Ahead(stream)
    encoding = encoding_of(ahead.look(lambda _: False, LOOK))
    return ahead if encoding is None else Ahead(_decoded(iter(ahead), encoding))


def _certain(begin: bytes, name: str) -> bool:
    """Whether `begin` is text in this encoding, although no mark says so."""
    width = 4 if "32" in name else 2
    whole = begin[: len(begin) // width * width]
    low = 0 if name.endswith("le") else width - 1
    zeros = [whole[place::width] for place in range(width) if place != low]
    single = sum(not any(pair) for pair in zip(*zeros, strict=True))
    characters = len(whole) // width
    if single < LEAST:
        return False
    if width == 4:
        # No character is beyond U+10FFFF: a third byte of at most 16 and no fourth, in each of them.
        high = whole[3 if low == 0 else 0 :: 4]
        return not any(high) and _reads(whole, name)
    return (single >= ASCII * characters or not _is_utf8(begin)) and _reads(whole, name)


def _reads(whole: bytes, name: str) -> bool:
    text = whole.decode(name, "replace")
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
