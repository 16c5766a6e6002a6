"""ARC (Internet Archive, 1996), plain or gzipped: what crawls were kept in before WARC; FastWARC does not read it.

A record is a line (address, IP, 14 digits of time, type, length; version 2 has five more fields before the length), a
block of so many bytes, and a line break. Addresses may hold spaces, so the line is taken apart from its end.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Generator, Iterator
from datetime import datetime
from typing import BinaryIO

from curate import files
from curate.read.http import response
from curate.read.page import Skip, page_of
from curate.read.record import Item, Problem, Reading, Record, Unfit
from curate.read.stream import BLOCK, GZIP, overlapping, padding

LINE = 1 << 16  # bytes of a record's own line
HEAD = re.compile(
    rb"(?P<url>[a-z][a-z0-9+.-]*:[^\r\n]*?) (?P<ip>[0-9a-fA-F.:]+|-) (?P<time>\d{14}) (?P<type>[^ \r\n]*)"
    rb"(?: (?:\d{3}|-) \S+ \S+ \d+ \S+)? (?P<length>\d{1,12})\r?\n",
    re.IGNORECASE,
)
BEGINS = re.compile(rb"\n(?=" + HEAD.pattern + rb")", re.IGNORECASE)
MEMBER = re.compile(re.escape(GZIP) + b"\x08")
OTHER = ("filedesc:", "dns:", "warcinfo:", "metadata:")  # addresses of what is no page


def read(reading: Reading) -> Iterator[Item]:
    """An item for each record, and one for each stretch of the file in which none can be read.

    The locator is the byte of the file at which the record begins (its gzip member; after a dot its ordinal there).
    """
    file = reading.file
    with files.open_read(file.path) as stream:
        magic = stream.read(2)
        if file.relative.lower().endswith(".gz") and magic != GZIP:
            reason = "truncated" if GZIP.startswith(magic) else "undecodable"
            yield Problem(reading.locator(0), "quarantined", reason, f"named as gzip, but it begins with {magic!r}")
            return
        packed = magic == GZIP
        at: int | None = 0
        while at is not None and at < file.size and not padding(stream, at):
            content = _Content(_inflated(stream, at) if packed else _plain(stream, at), at)
            damage = yield from _records(content, packed, reading)
            at = content.end if damage is None else _following(stream, damage + 1, packed)


class _Content:
    """The content of a plain file from some byte on, or of one gzip member, taken piece by piece."""

    def __init__(self, blocks: Generator[bytes, None, int], start: int) -> None:
        self._blocks = blocks
        self._ahead = b""
        self.start, self.taken = start, 0
        self.end = 0  # where in the file it ended

    def peek(self, size: int) -> bytes:
        """The next bytes, at least so many unless the content ends. Raises `zlib.error`, and `EOFError` in a member
        that the file's end cuts off.
        """
        while len(self._ahead) < size:
            try:
                self._ahead += next(self._blocks)
            except StopIteration as stop:
                self.end = self.end or stop.value
                break
        return self._ahead

    def take(self, size: int, keep: bool = False) -> tuple[bytes, int]:
        """The next `size` bytes (nothing of them where they are not to be kept), and how many there were."""
        held, found = [], 0
        while found < size and self.peek(1):
            piece, self._ahead = self._ahead[: size - found], self._ahead[size - found :]
            found += len(piece)
            if keep:
                held.append(piece)
        self.taken += found
        return b"".join(held), found


def _plain(stream: BinaryIO, start: int) -> Generator[bytes, None, int]:
    stream.seek(start)
    while data := stream.read(BLOCK):
        yield data
    return stream.tell()


def _inflated(stream: BinaryIO, start: int) -> Generator[bytes, None, int]:
    """The content of one gzip member; returns where it ends."""
    stream.seek(start)
    inflate = zlib.decompressobj(31)
    while not inflate.eof:
        data = inflate.unconsumed_tail or stream.read(BLOCK)
        if not data:
            raise EOFError
        if out := inflate.decompress(data, BLOCK):
            yield out
    return stream.tell() - len(inflate.unused_data)


def _records(content: _Content, packed: bool, reading: Reading) -> Generator[Item, None, int | None]:
    """The items of `content`; returns None at its end, or where what can't be read begins."""
    ordinal = 0
    place, locator, address = content.start, reading.locator(content.start), None
    try:
        while content.peek(1):
            if content.peek(1)[:1] in b"\r\n":
                content.take(1)
                continue
            place = content.start if packed else content.start + content.taken
            locator = reading.locator(f"{place}.{ordinal}" if packed and ordinal else place)
            ordinal, address = ordinal + 1, None
            head = HEAD.match(content.peek(LINE))
            if head is None:
                while (ahead := content.peek(LINE)) and not ahead.strip(b"\0"):
                    content.take(len(ahead))
                if not ahead:
                    return None  # padding
                line, ended, _ = content.peek(LINE)[:LINE].partition(b"\n")
                cut = not ended and len(line) < LINE and not packed
                raise Unfit("truncated" if cut else "malformed", f"{line[:60]!r} is no line that begins an ARC record")
            address = head["url"].decode("utf-8", "backslashreplace")
            length = int(head["length"])
            content.take(head.end())
            page = not address.startswith(OTHER) and length <= reading.cap + LINE
            block, size = content.take(length, keep=page)
            if size < length:
                # The file's end cuts it off, or its length is wrong: then the records that it swallowed are found.
                whole = _complete(block)
                if whole is None:
                    reason = "malformed" if packed else "truncated"
                    raise Unfit(reason, f"the record should have {length:,} bytes, {size:,} are there")
                block = whole
            if content.peek(1)[:1] not in b"\r\n":
                raise Unfit("malformed", f"its length of {length:,} bytes does not lead to its end")
            yield _item(head, address, block if page else None, locator, reading)
    except (Unfit, zlib.error, EOFError) as error:
        if isinstance(error, EOFError):
            unfit = Unfit("truncated", "the file ends inside a gzip member")
        elif isinstance(error, zlib.error):
            unfit = Unfit("undecodable", f"the gzip data are corrupt: {error}")
        else:
            unfit = error
        yield unfit.problem(locator, url=address)
        return place
    return None


def _item(head: re.Match[bytes], address: str, block: bytes | None, locator: str, reading: Reading) -> Item:
    if address.startswith(OTHER):
        return Problem(locator, "skipped", "record_type", address.partition(":")[0], None, None, address)
    try:
        if block is None:
            raise Unfit("too_large", f"the record has {int(head['length']):,} bytes, a page may have {reading.cap:,}")
        content = page_of(block, head["type"].decode("latin-1"), "", reading.cap)
    except Unfit as unfit:
        return unfit.problem(locator, url=address)
    if isinstance(content, Skip):
        return Problem(locator, "skipped", content.reason, content.found, None, None, address)
    return Record(
        key=address if reading.source.key is not None else locator,
        locator=locator,
        raw=content.body,
        content_type=content.content_type,
        url=address,
        date=_iso(head["time"].decode()),
        meta=json.dumps(content.notes, sort_keys=True) if content.notes else None,
    )


def _complete(block: bytes) -> bytes | None:
    """The answer that has all the bytes that its own header states: then the record's length is what is wrong.

    Tools that turned the line ends of an ARC file have left such lengths behind.
    """
    try:
        answer = response(block)
    except Unfit:
        return None
    stated = answer.header(b"content-length")
    size = int(stated) if stated.isdecimal() else -1
    whole = 0 <= size <= len(answer.body) and not answer.body[size:].strip()
    return block[: len(block) - len(answer.body) + size] if whole else None


def _iso(time: str) -> str | None:
    """`20140216050221` in ISO 8601; None where it is no time."""
    try:
        return datetime.strptime(time, "%Y%m%d%H%M%S").strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return None


def _following(stream: BinaryIO, start: int, packed: bool) -> int | None:
    """Where the first record at or after byte `start` begins."""
    pattern = MEMBER if packed else BEGINS
    for at, data in overlapping(stream, start if packed else start - 1, 3 if packed else LINE):
        for found in pattern.finditer(data):
            place = at + found.end() if not packed else at + found.start()
            if place >= start and (not packed or _begins_record(stream, place)):
                return place
    return None


def _begins_record(stream: BinaryIO, start: int) -> bool:
    stream.seek(start)
    try:
        return HEAD.match(zlib.decompressobj(31).decompress(stream.read(1 << 12), LINE)) is not None
    except zlib.error:
        return False
