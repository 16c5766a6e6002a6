"""A file's bytes, decompressed block by block, and the end of a damaged stream told from the end of a whole one.

gzip is a row of members and zstd a row of frames, each with its own end; a stream that stops before the end of the last
one is cut, which most libraries pass over in silence.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Generator, Iterator
from typing import BinaryIO, NamedTuple, TypeAlias

import zstandard

from curate import files
from curate.files import FileInfo
from curate.read.record import Unfit

BLOCK = 1 << 18  # bytes read, and about as many given out, at once
GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
SUFFIXES = {".gz": GZIP, ".zst": ZSTD}
# A zstd block of 4 bytes can stand for 128 KB, and the library gives out all that its input holds: with 1 KB of input
# at a time that is 33 MB at most, and ordinary data still pass at 1.7 GB/s.
ZSTD_INPUT = 1 << 10
GZIP_PART = re.compile(re.escape(GZIP) + rb"\x08[\x00-\x1f]")
ZSTD_PART = re.compile(re.escape(ZSTD))
SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18", re.DOTALL)
# What must decode of a part behind damage, unless it ends before; and where the file ends first.
PROOF = 1 << 20
LEAST = 512
HOLD = 1 << 20  # decoded bytes of a member or frame up to which nothing of it is given out before its checksum is right
CANDIDATES = 1000  # beginnings that are tried behind damage


class Damaged(Unfit):
    """Some of the stream is lost here, cut off (`truncated`) or corrupt (`undecodable`); what came before is good."""

    def __init__(self, reason: str, found: str, began: int, resumed: int | None) -> None:
        """`began` is the byte of the file where the damaged part does, `resumed` where the next whole one does."""
        last = "to the end of the file" if resumed is None else f"up to byte {resumed:,}, where reading goes on"
        super().__init__(reason, f"{found}; lost from the part that begins at byte {began:,} {last}")
        self.resumed = resumed


Stream: TypeAlias = Iterator[bytes | Damaged]
"""Blocks of bytes. Behind a `Damaged` they begin anew: not with what the block before it left unfinished."""


def blocks(file: FileInfo) -> Stream:
    """The decompressed bytes, in blocks of about `BLOCK` (zstd: 33 MB at most), and a `Damaged` where some are lost.

    The compression is told by the first bytes; a name that promises one which they don't show is damage. Behind it
    reading goes on at the next member or frame that can be decoded.
    """
    with files.open_read(file.path) as stream:
        magic = stream.read(4)
        promised = next((start for suffix, start in SUFFIXES.items() if file.relative.lower().endswith(suffix)), b"")
        if magic.startswith(GZIP):
            yield from _parts(stream, 0, _gzip, GZIP_PART)
        elif magic.startswith(ZSTD) or SKIPPABLE.match(magic):
            yield from _together(_parts(stream, 0, _zstd, ZSTD_PART))
        elif promised:
            reason = "truncated" if promised.startswith(magic) else "undecodable"
            found = f"the name ends like a compressed file's, the content begins with {magic!r}, expected {promised!r}"
            packed = (_gzip, GZIP_PART) if promised == GZIP else (_zstd, ZSTD_PART)
            start = _following(stream, 1, *packed)
            yield Damaged(reason, found, 0, start)
            if start is not None:
                yield from _together(_parts(stream, start, *packed))
        else:
            stream.seek(0)
            while block := stream.read(BLOCK):
                yield block


def whole(file: FileInfo, cap: int) -> bytes:
    """All of it. Raises `Unfit` beyond `cap` bytes, or where the stream is damaged."""
    held, size = [], 0
    for block in blocks(file):
        if isinstance(block, Damaged):
            raise block
        held.append(block)
        size += len(block)
        if size > cap:
            raise Unfit("too_large", f"more than the {cap:,} bytes that one record may have")
    return b"".join(held)


class Ahead:
    """A stream of which the first blocks can be looked at before they are taken."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._held: list[bytes | Damaged] = []

    def look(self, enough: Callable[[bytes], bool], most: int) -> bytes:
        """The first blocks, up to damage or to one that is `enough`, of about `most` bytes in all."""
        begin = [block for block in self._held if isinstance(block, bytes)]
        size = sum(map(len, begin))
        while len(begin) == len(self._held) and size < most and not (begin and enough(begin[-1])):
            block = next(self._stream, None)
            if block is None:
                break
            self._held.append(block)
            if isinstance(block, bytes):
                begin.append(block)
                size += len(block)
        return b"".join(begin)

    def __iter__(self) -> Stream:
        while self._held:
            yield self._held.pop(0)
        yield from self._stream


def member_end(stream: BinaryIO, start: int) -> int | None:
    """Where the gzip member that begins at `start` ends; None if the file ends first. Raises `zlib.error`."""
    stream.seek(start)
    at = start
    inflate = zlib.decompressobj(31)
    while data := stream.read(BLOCK):
        at += len(data)
        while data and not inflate.eof:
            inflate.decompress(data, BLOCK)
            data = inflate.unconsumed_tail
        if inflate.eof:
            return at - len(inflate.unused_data)
    return None


def padding(stream: BinaryIO, start: int) -> bool:
    """Whether the file holds nothing but zeros from `start` on: what tapes and block devices fill up with."""
    stream.seek(start)
    while data := stream.read(BLOCK):
        if data.strip(b"\0"):
            return False
    return True


def overlapping(stream: BinaryIO, start: int, length: int) -> Iterator[tuple[int, bytes]]:
    """(offset, block) of the stream from `start`; blocks overlap, so that none cuts a pattern of `length` bytes."""
    at = start
    while True:
        stream.seek(at)
        data = stream.read(BLOCK)
        yield at, data
        if len(data) < BLOCK:
            return
        at += len(data) - length + 1


class _Fault(NamedTuple):
    """Why a member or frame, which begins at byte `began`, can't be decoded to its end."""

    reason: str
    found: str
    began: int
    altered: bool = False  # whether what was decoded of it may be another text than what was packed


Decoder: TypeAlias = Callable[[BinaryIO, int], Generator[bytes, None, _Fault | None]]
"""What members or frames from some byte of a file on hold, no bytes behind the end of each; returns what is wrong with
the one at which it ended."""


def _parts(stream: BinaryIO, start: int, decoded: Decoder, begins: re.Pattern[bytes]) -> Stream:
    """What all members or frames from byte `start` on hold, but for those that are damaged."""
    at: int | None = start
    while at is not None:
        fault = yield from _checked(decoded(stream, at))
        if fault is None:
            return
        at = _following(stream, fault.began + 1, decoded, begins)
        yield Damaged(fault.reason, fault.found, fault.began, at)


def _checked(parts: Generator[bytes, None, _Fault | None]) -> Generator[bytes, None, _Fault | None]:
    """Members or frames of up to `HOLD` bytes only when they are known to be whole, or only cut.

    In deflated text a flipped bit shows nowhere but in the checksum at the end (119 of 120 trials on real text), and
    what lies between is another text. Of larger ones the beginning is given out before: then the fault says so.
    """
    held: list[bytes] = []
    size = 0
    while True:
        try:
            out = next(parts)
        except StopIteration as stop:
            fault: _Fault | None = stop.value
            if fault is not None and fault.altered:
                what = "what was read of it may be altered" if size > HOLD else "nothing of it is kept"
                return fault._replace(found=f"{fault.found}; {what}")
            yield from held
            return fault
        size += len(out)
        held.append(out)
        if not out or size > HOLD:
            yield from filter(None, held)
            held.clear()
            size = size if out else 0


def _following(stream: BinaryIO, start: int, decoded: Decoder, begins: re.Pattern[bytes]) -> int | None:
    """Where the next member or frame at or after byte `start` begins of which `PROOF` bytes, or all, can be decoded.

    Inside of what is damaged three bytes look like a beginning once in 16 MB, and such a one fails at once.
    """
    tried = 0
    for at, data in overlapping(stream, start, 4):
        for found in begins.finditer(data):
            tried += 1
            if tried > CANDIDATES:
                return None
            if _decodes(stream, at + found.start(), decoded):
                return at + found.start()
    return None


def _decodes(stream: BinaryIO, start: int, decoded: Decoder) -> bool:
    size = 0
    parts = decoded(stream, start)
    while size < PROOF:
        try:
            size += len(next(parts))
        except StopIteration as stop:
            fault: _Fault | None = stop.value
            # A later one may be damaged in its turn, or the file end in this one.
            return fault is None or fault.began > start or (fault.reason == "truncated" and size >= LEAST)
    return True


def _gzip(stream: BinaryIO, start: int) -> Generator[bytes, None, _Fault | None]:
    stream.seek(start)
    inflate = zlib.decompressobj(31)
    began, begun, ended = start, False, False  # whether the current member holds any byte; whether one came to its end
    while data := stream.read(BLOCK):
        while data:
            if not begun:
                if ended and not (data := data.lstrip(b"\0")):
                    break  # padding
                began, begun = stream.tell() - len(data), True
            try:
                out = inflate.decompress(data, BLOCK)
            except zlib.error as error:
                where = stream.tell() - len(data)
                found = f"the gzip data are corrupt near byte {where:,}: {error}"
                return _Fault(
                    "undecodable", found, began, altered=" check" in str(error) and "header" not in str(error)
                )
            if out:
                yield out
            data = inflate.unconsumed_tail
            if inflate.eof:
                data = inflate.unused_data
                inflate = zlib.decompressobj(31)
                begun, ended = False, True
                yield b""
    while begun and (out := inflate.flush(BLOCK)):  # what the cap on output held back
        yield out
    if begun and not inflate.eof:
        return _Fault("truncated", f"the file ends at byte {stream.tell():,}, inside a gzip member", began)
    return None


def _zstd(stream: BinaryIO, start: int) -> Generator[bytes, None, _Fault | None]:
    stream.seek(start)
    frame = zstandard.ZstdDecompressor().decompressobj()
    began, begun = start, False
    while read := stream.read(BLOCK):
        at = 0
        while at < len(read):
            if not begun:
                began, begun = stream.tell() - len(read) + at, True
            data = read[at : at + ZSTD_INPUT]
            at += len(data)
            try:
                out = frame.decompress(data)
            except zstandard.ZstdError as error:
                where = stream.tell() - len(read) + at - len(data)
                found = f"the zstd data are corrupt near byte {where:,}: {error}"
                return _Fault("undecodable", found, began, altered="checksum" in str(error))
            if out:
                yield out
            if frame.eof:
                at -= len(frame.unused_data)
                frame = zstandard.ZstdDecompressor().decompressobj()
                begun = False
                yield b""
    if begun:
        return _Fault("truncated", f"the file ends at byte {stream.tell():,}, inside a zstd frame", began)
    return None


def _together(stream: Stream) -> Stream:
    """Small blocks as larger ones: a kilobyte of zstd gives a few, and each costs who cuts it into lines 3 us."""
    held: list[bytes] = []
    size = 0
    for block in stream:
        if isinstance(block, Damaged):
            if held:
                yield b"".join(held)
                held, size = [], 0
            yield block
            continue
        held.append(block)
        size += len(block)
        del block  # it may be 33 MB: none is held while the next one is made
        if size >= BLOCK:
            joined, held, size = b"".join(held), [], 0
            yield joined
            del joined
    if held:
        yield b"".join(held)
