"""Compressed archives as rows of frames (gzip calls them members), a record in each: where a frame ends, found without
trusting its content, and which reader of FastWARC's undoes it.

zstd: RFC 8878, and for WARC the IIPC's 'Zstandard Compression for WARC Files 1.0', which puts a dictionary for all
frames into a skippable frame of its own at the start. lz4: the LZ4 frame format 1.6.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple

import zstandard
from fastwarc.stream_io import GzipReader, Lz4Reader, ZstdReader

from curate.read.record import Unfit
from curate.read.stream import BLOCK, GZIP, SKIPPABLE, ZSTD, member_end

LZ4 = b"\x04\x22\x4d\x18"
DICTIONARY = b"\x5d\x2a\x4d\x18"  # of the skippable frame that holds one
LARGEST_DICTIONARY = 64 << 20  # decoded; they are 1 MB or less in the archives that have one
LOOK = 1 << 12  # compressed bytes in which a record's first line comes


class Codec(NamedTuple):
    """How frames of one compression are read."""

    opened: Callable[[BinaryIO], Any]  # FastWARC's reader of the stream from where it is
    pattern: re.Pattern[bytes]  # how a frame begins
    end: Callable[[BinaryIO, int], int | None]  # where a frame ends; None if the file ends first; `Corrupt`
    first: Callable[[bytes], bytes]  # the first decoded bytes of a frame that begins so; empty where it does not


class Corrupt(Exception):
    """What should be a frame is none."""


def codec_of(stream: BinaryIO) -> Codec | None:
    """How the archive is packed, by its first bytes; None where it is not. Raises `Unfit` for a bad dictionary."""
    stream.seek(0)
    magic = stream.read(4)
    if magic.startswith(GZIP):
        return GZIPPED
    if magic == LZ4:
        return _LZ4
    if magic == DICTIONARY:
        return _zstd(_dictionary(stream))
    return _zstd(None) if magic == ZSTD or SKIPPABLE.fullmatch(magic) else None


def _gzip_end(stream: BinaryIO, start: int) -> int | None:
    try:
        return member_end(stream, start)
    except zlib.error as error:
        raise Corrupt(str(error)) from None


def _gzip_first(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(data, LOOK)
    except zlib.error:
        return b""


def _zstd(dictionary: bytes | None) -> Codec:
    data = zstandard.ZstdCompressionDict(dictionary) if dictionary is not None else None

    def first(frame: bytes) -> bytes:
        try:
            return zstandard.ZstdDecompressor(dict_data=data).decompressobj().decompress(frame)[:LOOK]
        except zstandard.ZstdError:
            return b""

    def opened(stream: BinaryIO) -> Any:
        return ZstdReader(stream, BLOCK, dictionary=dictionary)

    return Codec(opened, re.compile(re.escape(ZSTD)), _zstd_end, first)


def _dictionary(stream: BinaryIO) -> bytes:
    """The dictionary in the first frame, which is one as it stands or compressed. Raises `Unfit`."""
    stream.seek(4)
    size = int.from_bytes(stream.read(4), "little")
    data = stream.read(size) if size <= LARGEST_DICTIONARY else b""
    if len(data) < size:
        raise Unfit("truncated", f"the file's zstd dictionary should have {size:,} bytes, {len(data):,} are there")
    if not data.startswith(ZSTD):
        return data
    try:
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=LARGEST_DICTIONARY)
    except zstandard.ZstdError as error:
        raise Unfit("undecodable", f"the file's zstd dictionary is corrupt: {error}") from None


def _zstd_end(stream: BinaryIO, start: int) -> int | None:
    """By the sizes of its blocks (RFC 8878, 3.1.1)."""
    stream.seek(start)
    head = stream.read(18)
    if SKIPPABLE.match(head):
        return _within(stream, start + 8 + int.from_bytes(head[4:8], "little")) if len(head) >= 8 else None
    if not head.startswith(ZSTD):
        if ZSTD.startswith(head):
            return None
        raise Corrupt(f"{head[:4]!r} begins no zstd frame")
    if len(head) < 6:
        return None
    flags = head[4]
    single = flags >> 5 & 1
    at = start + 5 + (not single) + (0, 1, 2, 4)[flags & 3] + (single, 2, 4, 8)[flags >> 6]
    while True:
        stream.seek(at)
        block = stream.read(3)
        if len(block) < 3:
            return None
        header = int.from_bytes(block, "little")
        kind, size = header >> 1 & 3, header >> 3
        if kind == 3:
            raise Corrupt("a zstd block of the reserved kind")
        at += 3 + (1 if kind == 1 else size)  # of a run, one byte
        if header & 1:
            return _within(stream, at + 4 * (flags >> 2 & 1))


def _lz4_end(stream: BinaryIO, start: int) -> int | None:
    """By the sizes of its blocks."""
    stream.seek(start)
    head = stream.read(6)
    if not head.startswith(LZ4):
        if LZ4.startswith(head):
            return None
        raise Corrupt(f"{head[:4]!r} begins no lz4 frame")
    if len(head) < 6:
        return None
    flags = head[4]
    at = start + 7 + 8 * (flags >> 3 & 1) + 4 * (flags & 1)
    while True:
        stream.seek(at)
        block = stream.read(4)
        if len(block) < 4:
            return None
        size = int.from_bytes(block, "little")
        if size == 0:
            return _within(stream, at + 4 + 4 * (flags >> 2 & 1))
        at += 4 + (size & 0x7FFFFFFF) + 4 * (flags >> 4 & 1)


def _lz4_first(data: bytes) -> bytes:
    """The literals that a frame begins with: enough to know a first line, which repeats nothing before it."""
    if not data.startswith(LZ4) or len(data) < 20:
        return b""
    at = 7 + 8 * (data[4] >> 3 & 1) + 4 * (data[4] & 1)
    plain = data[at + 3] & 0x80
    return data[at + 4 : at + 4 + LOOK] if plain else data[at + 5 + (data[at + 4] >= 0xF0) : at + 4 + LOOK]


def _within(stream: BinaryIO, end: int) -> int | None:
    return end if end <= stream.seek(0, 2) else None


GZIPPED = Codec(lambda stream: GzipReader(stream, BLOCK), re.compile(re.escape(GZIP) + b"\x08"), _gzip_end, _gzip_first)
_LZ4 = Codec(lambda stream: Lz4Reader(stream, BLOCK), re.compile(re.escape(LZ4)), _lz4_end, _lz4_first)
