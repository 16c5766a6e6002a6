"""JSON lines: one object a line, lines ended by \\n alone (U+2028 and its like are text), strictly UTF-8."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from curate.read.fields import record_of
from curate.read.record import Item, Reading, Unfit
from curate.read.stream import Damaged, blocks

BOM = b"\xef\xbb\xbf"
ARRAY = "the file is one JSON array, Curate reads an object a line; `jq -c '.[]' FILE` makes it so"
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def read(reading: Reading) -> Iterator[Item]:
    """A record for each line that is not blank; the locator is the line's number, from 1."""
    number = 0
    try:
        for number, line in lines(blocks(reading.file), reading.cap):
            locator = reading.locator(number)
            try:
                if isinstance(line, int):
                    raise Unfit("too_large", f"the line has {line:,} bytes, one record may have {reading.cap:,}")
                content = line.removeprefix(BOM) if number == 1 else line
                if number == 1 and content.strip() == b"[":
                    yield Unfit("malformed", ARRAY).problem(locator)
                    return
                if content and not content.isspace():
                    yield record_of(parse(content), reading.source, locator)
            except Unfit as unfit:
                yield unfit.problem(locator)
    except Damaged as damage:
        yield damage.problem(reading.locator(number + 1))


def lines(stream: Iterable[bytes], cap: int) -> Iterator[tuple[int, bytes | int]]:
    """(number from 1, the line without its \\n); a line beyond `cap` bytes is not held, and its size stands for it."""
    number, size = 1, 0
    held: list[bytes] = []
    for block in stream:
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
        value = DECODER.decode(text)
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
    if SURROGATE.search(line):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise Unfit("undecodable", f"half of a surrogate pair, \\u{ord(error.object[error.start]):04x}") from None
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unfit("malformed", f"the field '{twice}' occurs twice; which one counts is not said")
    return out


# NaN and Infinity, which pandas writes for what is missing, are read as null: JSON has no words for them.
DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=lambda _: None)
