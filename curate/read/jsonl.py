"""JSON: lines of one object each, an array of objects, or one object.

Lines are ended by \\n alone (U+2028 and its like are text). Strictly UTF-8, or UTF-16 and UTF-32 as a whole; what is
wrong costs its record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from curate.read.array import OUTSIDE, elements
from curate.read.fields import record_of
from curate.read.record import Item, Reading, Unfit
from curate.read.said import Repeated, parsed
from curate.read.stream import Damaged, Stream, blocks
from curate.read.wide import utf8

BOM = b"\xef\xbb\xbf"
ARRAY = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*(?:[{\]]|\Z)")  # of objects; a line that is a list is a bad line
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def read(reading: Reading) -> Iterator[Item]:
    """A record for each line that is not blank, or for each element of the array; the locator is its number, from 1.

    A file named .json may also hold one object over many lines.
    """
    for number, content in numbered(reading):
        try:
            if isinstance(content, Unfit):
                raise content
            if isinstance(content, int):
                raise Unfit("too_large", f"it has {content:,} bytes, one record may have {reading.cap:,}")
            line = content.removeprefix(BOM) if number == 1 else content
            if line and not line.isspace():
                record = record_of(parse(line), reading.source, reading.locator(number))
                del line, content  # a line may be as large as all the rest
                yield record
                del record
        except Unfit as unfit:
            yield unfit.problem(reading.locator(number))


def numbered(reading: Reading) -> Iterator[tuple[int, bytes | int | Unfit]]:
    """Each record's number and bytes; its size instead where that is beyond the cap, or what is wrong with it."""
    stream = utf8(blocks(reading.file))
    begin = stream.look(lambda block: bool(block.strip()), 1 << 20)
    if ARRAY.match(begin):
        return elements(iter(stream), reading.cap)
    if _named_json(reading.file.relative) and _spread(stream.look(lambda block: b"\n" in block, reading.cap)):
        return _one(iter(stream), reading.cap)
    return lines(iter(stream), reading.cap)


def _named_json(name: str) -> bool:
    return name.lower().removesuffix(".gz").removesuffix(".zst").endswith(".json")


def _spread(begin: bytes) -> bool:
    """Whether the first line opens an object and does not close it."""
    line = begin.removeprefix(BOM).lstrip().partition(b"\n")[0]
    depth = 0
    for sign in OUTSIDE.finditer(line):
        depth += (sign[0] == b"{") - (sign[0] == b"}")
        if sign[1] == b"":
            return False  # a string that does not end
    return line.startswith(b"{") and depth > 0


def _one(stream: Stream, cap: int) -> Iterator[tuple[int, bytes | int | Unfit]]:
    """All of it as one record."""
    held, size = [], 0
    for block in stream:
        if isinstance(block, Damaged):
            yield 1, block
            return
        size += len(block)
        if size <= cap:
            held.append(block)
    yield 1, size if size > cap else b"".join(held)


def lines(stream: Iterable[bytes | Damaged], cap: int) -> Iterator[tuple[int, bytes | int | Damaged]]:
    """(number from 1, the line without its \\n); a line beyond `cap` bytes is not held, and its size stands for it.

    Damage has a number of its own, and stands for the line that it cut too; lines behind it are numbered on.
    """
    number, size = 1, 0
    held: list[bytes] = []
    for block in stream:
        if isinstance(block, Damaged):
            held.clear()
            yield number, block
            number, size = number + 1, 0
            continue
        *ends, rest = block.split(b"\n")
        for end in ends:
            size += len(end)
            yield number, size if size > cap else b"".join((*held, end))
            number, size = number + 1, 0
            held.clear()
        size += len(rest)
        if size > cap:
            held.clear()
        elif rest:
            held.append(rest)
    if size:
        yield number, size if size > cap else b"".join(held)


def parse(line: bytes) -> dict[str, Any]:
    """The object of one line. Raises `Unfit`: bytes that are not UTF-8, half of a surrogate pair, or not one object."""
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise Unfit("undecodable", f"not UTF-8: {error.reason} at byte {error.start} of the line") from None
    try:
        value = parsed(text)
    except json.JSONDecodeError as error:
        raise Unfit(
            "malformed", f"not JSON: {error.msg} at character {error.pos}: {text[error.pos :][:40]!r}"
        ) from None
    except RecursionError:
        raise Unfit("malformed", "nested too deep to be a record") from None
    except ValueError as error:  # an integer of thousands of digits
        raise Unfit("malformed", f"not JSON as Curate reads it: {error}") from None
    if not isinstance(value, dict):
        raise Unfit(
            "malformed", f"the line is a JSON {type(value).__name__}, expected an object; it begins {text[:40]!r}"
        )
    if isinstance(value, Repeated):
        raise Unfit("malformed", f"the field '{value.twice()}' occurs twice; which one counts is not said")
    if SURROGATE.search(line):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise Unfit("undecodable", f"half of a surrogate pair, \\u{ord(error.object[error.start]):04x}") from None
    return value
