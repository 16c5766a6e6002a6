"""The framing of WARC files: where records begin and end, and where the next one is after damage.

FastWARC frames and decompresses. It passes over some damage in silence (a last record that is cut, what follows a wrong
length), so lengths are compared, the last compressed frame is walked again to its end, and after an error reading goes
on at the next record that can be found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, Protocol, cast

from fastwarc.warc import ArchiveIterator

from curate.read.frames import LOOK, Codec, Corrupt
from curate.read.stream import overlapping, padding

FRAMING = ("Invalid WARC", "Maximum header")  # how FastWARC's complaints begin that are of WARC, not of its compression
HEADERS = 1 << 20  # bytes that a record's own headers may have
START = b"WARC/1."
END_OF_RECORD = b"\r\n\r\n"


class Place(NamedTuple):
    """Where a record is."""

    start: int  # byte of the file at which it begins, or the compressed frame that holds it
    length: int  # bytes of its block, as its header says
    last: int  # start of the frame in which its block ends; 0 in plain files


class Archive(Protocol):
    """A WARC file of one kind of packing."""

    def records(self, at: int) -> Iterator[Any]:
        """FastWARC's records from byte `at` on. At damage it raises OSError without a number, unlike storage."""
        ...

    def start(self, record: Any) -> int: ...
    def last(self) -> int: ...
    def damage(self, at: int, before: Place | None) -> int | None:
        """Where what can't be read begins, after `records(at)` raised; `before` is the last record that it gave.

        None if the damage lies in that record: its length led astray, or its checksum is wrong.
        """
        ...

    def cut(self, start: int) -> bool:
        """Whether the file ends inside what begins at `start`."""
        ...

    def padded(self, start: int) -> bool:
        """Whether nothing but zeros follows."""
        ...

    def following(self, start: int) -> int | None:
        """Where the first record at or after byte `start` begins."""
        ...

    def tail(self) -> int | None:
        """After the last record: where something begins that the end of the file cuts off."""
        ...


class Plain:
    """Records one after the other."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream, self._size = stream, size

    def records(self, at: int) -> Iterator[Any]:
        return _records(_Window(self._stream, at))

    def start(self, record: Any) -> int:
        return int(record.stream_pos)

    def last(self) -> int:
        return 0

    def damage(self, at: int, before: Place | None) -> int | None:
        if before is None:
            return at
        end = self._block(before.start) + before.length
        self._stream.seek(end)
        # Right after the record, then, the next one is bad; else the record's own length is.
        return end + len(END_OF_RECORD) if self._stream.read(len(END_OF_RECORD)) == END_OF_RECORD else None

    def cut(self, start: int) -> bool:
        return self._block(start) > self._size

    def padded(self, start: int) -> bool:
        return padding(self._stream, start)

    def following(self, start: int) -> int | None:
        line = b"\n" + START
        for at, data in overlapping(self._stream, start - 1, len(line)):
            found = data.find(line)
            if found >= 0:
                return at + found + 1
        return None

    def tail(self) -> int | None:
        return None  # a record that is cut is short

    def _block(self, start: int) -> int:
        """Where the block of the record at `start` begins; beyond the file if the headers don't end in it."""
        self._stream.seek(start)
        end = self._stream.read(HEADERS).find(END_OF_RECORD)
        ending = start + HEADERS > self._size
        return start + end + len(END_OF_RECORD) if end >= 0 else self._size + 1 if ending else start


class Framed:
    """Compressed frames one after the other, a record in each, as the standard recommends (annex D), or otherwise."""

    def __init__(self, stream: BinaryIO, size: int, codec: Codec) -> None:
        self._stream, self._size, self._codec = stream, size, codec
        self._reader: Any = None

    def records(self, at: int) -> Iterator[Any]:
        self._reader = self._codec.opened(cast(BinaryIO, _Window(self._stream, at)))
        return _records(self._reader)

    def start(self, record: Any) -> int:
        return self.last()

    def last(self) -> int:
        start: int = self._reader.frame_start_position()
        return start

    def damage(self, at: int, before: Place | None) -> int | None:
        if before is None:
            return at
        # FastWARC may be further on than the trouble: it looks for the end of a line through frames of junk.
        return None if before.last == self.last() else self._end(before.last)

    def cut(self, start: int) -> bool:
        return self._end(start) is None

    def padded(self, start: int) -> bool:
        return padding(self._stream, start)

    def following(self, start: int) -> int | None:
        for at, data in overlapping(self._stream, start, 4):
            for found in self._codec.pattern.finditer(data):
                if self._begins_record(at + found.start()):
                    return at + found.start()
        return None

    def tail(self) -> int | None:
        start = self.last()
        while start < self._size:
            end = self._end(start)
            if end is None:
                return start
            start = end
        return None

    def _end(self, start: int) -> int | None:
        """Where the frame ends, or is corrupt; None if the file ends first."""
        if padding(self._stream, start):
            return self._size
        try:
            return self._codec.end(self._stream, start)
        except Corrupt:
            return self._size

    def _begins_record(self, start: int) -> bool:
        self._stream.seek(start)
        return self._codec.first(self._stream.read(LOOK)).startswith(START)


class _Window:
    """The file from `start` on, with no more than FastWARC needs: it must not close it. Storage errors pass through."""

    def __init__(self, stream: BinaryIO, start: int) -> None:
        stream.seek(start)
        self.read = stream.read
        self.tell = stream.tell


def _records(reader: Any) -> Iterator[Any]:
    try:
        yield from ArchiveIterator(reader, parse_http=False, stream_detect=False, max_header_len=HEADERS)
    except BaseException as error:
        # FastWARC 2.0.1 panics where a frame breaks behind a record's block (record.rs:458); a panic of Rust's reaches
        # Python as an exception without a public name.
        if type(error).__name__ != "PanicException":
            raise
        raise OSError(f"the compression is corrupt: {error}") from None
