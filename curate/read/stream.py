"""A file's bytes, decompressed block by block, and the end of a damaged stream told from the end of a whole one.

gzip is a row of members and zstd a row of frames, each with its own end; a stream that stops before the end of the last
one is cut, which most libraries pass over in silence.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO

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


class Damaged(Unfit):
    """The stream is cut (`truncated`) or corrupt (`undecodable`) from here on; what came before it is good."""


def blocks(file: FileInfo) -> Iterator[bytes]:
    """The decompressed bytes, in blocks of about `BLOCK` (zstd: 33 MB at most). Raises `Damaged` after the last good.

    The compression is told by the first bytes; a name that promises one which they don't show is damage.
    """
    with files.open_read(file.path) as stream:
        magic = stream.read(4)
        stream.seek(0)
        promised = next((start for suffix, start in SUFFIXES.items() if file.relative.endswith(suffix)), b"")
        if not magic.startswith(promised):
            raise Damaged(
                "truncated" if promised.startswith(magic) else "undecodable",
                f"the name ends like a compressed file's, the content begins with {magic!r}, expected {promised!r}",
            )
        if magic.startswith(GZIP):
            yield from _gunzip(stream)
        elif magic.startswith(ZSTD):
            yield from _together(_unzstd(stream))
        else:
            while block := stream.read(BLOCK):
                yield block


def whole(file: FileInfo, cap: int) -> bytes:
    """All of it. Raises `Unfit` beyond `cap` bytes, or where the stream is damaged."""
    held, size = [], 0
    for block in blocks(file):
        held.append(block)
        size += len(block)
        if size > cap:
            raise Unfit("too_large", f"more than the {cap:,} bytes that one record may have")
    return b"".join(held)


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


def _gunzip(stream: BinaryIO) -> Iterator[bytes]:
    inflate = zlib.decompressobj(31)
    begun = ended = False  # whether the current member holds any byte of the file; whether one came to its end
    while data := stream.read(BLOCK):
        while data:
            if not begun and ended and not (data := data.lstrip(b"\0")):
                break  # padding
            begun = True
            try:
                out = inflate.decompress(data, BLOCK)
            except zlib.error as error:
                where = stream.tell() - len(data)
                raise Damaged("undecodable", f"the gzip data are corrupt near byte {where:,}: {error}") from None
            if out:
                yield out
            data = inflate.unconsumed_tail
            if inflate.eof:
                data = inflate.unused_data
                inflate = zlib.decompressobj(31)
                begun, ended = False, True
    while begun and (out := inflate.flush(BLOCK)):  # what the cap on output held back
        yield out
    if begun and not inflate.eof:
        raise Damaged("truncated", f"the file ends at byte {stream.tell():,}, inside a gzip member")


def _together(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Small blocks as larger ones: a kilobyte of zstd gives a few, and each costs who cuts it into lines 3 us."""
    held: list[bytes] = []
    size = 0
    try:
        for block in blocks:
            held.append(block)
            size += len(block)
            del block  # it may be 33 MB: none is held while the next one is made
            if size >= BLOCK:
                joined, held, size = b"".join(held), [], 0
                yield joined
                del joined
    except Damaged:
        if held:
            yield b"".join(held)  # what came before the damage is good
        raise
    if held:
        yield b"".join(held)


def _unzstd(stream: BinaryIO) -> Iterator[bytes]:
    frame = zstandard.ZstdDecompressor().decompressobj()
    begun = False
    while read := stream.read(BLOCK):
        at = 0
        while at < len(read):
            data = read[at : at + ZSTD_INPUT]
            at += len(data)
            begun = True
            try:
                out = frame.decompress(data)
            except zstandard.ZstdError as error:
                where = stream.tell() - len(read) + at - len(data)
                raise Damaged("undecodable", f"the zstd data are corrupt near byte {where:,}: {error}") from None
            if out:
                yield out
            if frame.eof:
                at -= len(frame.unused_data)
                frame = zstandard.ZstdDecompressor().decompressobj()
                begun = False
    if begun:
        raise Damaged("truncated", f"the file ends at byte {stream.tell():,}, inside a zstd frame")
