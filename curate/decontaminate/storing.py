"""How an index is stored: arrays in one file, read where they lie, and what the items say, packed.

A file is MAGIC, the format's version (u32), the length of a JSON header (u32), XXH3-128 of all behind it, the header
and the arrays that it names, little endian, each at a multiple of 8 bytes. No pickle: an index may be somebody
else.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from mmap import mmap
from typing import Any

import numpy as np
import polars as pl
import xxhash
import zstandard
from numpy.typing import NDArray

from curate.decontaminate.items import Item
from curate.kernels import overlap

MAGIC = b"curate benchmark index\n\0"
VERSION = 5
FIXED = struct.Struct("<II16s")
HEAD = len(MAGIC) + FIXED.size  # bytes before the header

PACKED = 32  # items whose texts are packed together
HELD = 64  # packs that are held unpacked: a law meets the same items again and again


class IndexRefused(ValueError):
    """A file is not an index that this version reads, or the items give none."""


@dataclass(frozen=True)
class Texts:
    """What the items say, packed `PACKED` at a time, so that one of them is read without the others."""

    packed: NDArray[np.uint8]
    begins: NDArray[np.uint32]  # u32[packs + 1]: where in `packed` each pack begins

    @classmethod
    def of(cls, items: Sequence[Item]) -> Texts:
        packs = []
        for begin in range(0, len(items), PACKED):
            rows = [
                [item.question, item.choices, item.answer, item.context, item.lang]
                for item in items[begin : begin + PACKED]
            ]
            packs.append(zstandard.ZstdCompressor(level=9).compress(json.dumps(rows, ensure_ascii=False).encode()))
        begins = np.cumsum([0, *map(len, packs)], dtype=np.int64).astype(np.uint32)
        return cls(np.frombuffer(b"".join(packs), np.uint8), begins)

    @cached_property
    def _pack(self) -> Callable[[int], Any]:
        def unpacked(pack: int) -> Any:
            packed = self.packed[self.begins[pack] : self.begins[pack + 1]]
            return json.loads(zstandard.ZstdDecompressor().decompress(packed.tobytes()))

        return lru_cache(maxsize=HELD)(unpacked)

    def row(self, ordinal: int) -> Any:
        pack, place = divmod(ordinal, PACKED)
        return self._pack(pack)[place]


@dataclass(frozen=True)
class Names(Sequence[tuple[str, str, str]]):
    """(benchmark, split, id) of the items: a name is made when it is asked for."""

    sets: tuple[tuple[str, str], ...]  # (benchmark, split)
    places: NDArray[np.uint32]  # of each item, in `sets`
    ids: NDArray[np.uint8]  # UTF-8
    begins: NDArray[np.uint32]  # u32[items + 1]

    @classmethod
    def of(cls, items: Sequence[Item]) -> Names:
        sets = list(dict.fromkeys((item.benchmark, item.split) for item in items))
        place = {name: at for at, name in enumerate(sets)}
        ids = [item.id.encode() for item in items]
        return cls(
            tuple(sets),
            np.array([place[item.benchmark, item.split] for item in items], np.uint32),
            np.frombuffer(b"".join(ids), np.uint8),
            np.cumsum([0, *map(len, ids)], dtype=np.int64).astype(np.uint32),
        )

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return tuple(self[one] for one in range(*at.indices(len(self))))
        place = range(len(self))[at]
        benchmark, split = self.sets[self.places[place]]
        return benchmark, split, self.ids[self.begins[place] : self.begins[place + 1]].tobytes().decode()


_TYPES = {"|u1": np.uint8, "<u2": np.uint16, "<u4": np.uint32, "<i8": np.int64, "<u8": np.uint64}


def pack(arrays: Mapping[str, NDArray[Any]], told: Any) -> bytes:
    """The file that holds `arrays`, and `told`, which is JSON."""
    header: list[tuple[str, str, int]] = []
    out = bytearray()
    for name, array in sorted(arrays.items()):
        stored = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        header.append((name, stored.dtype.str, len(stored)))
        out += stored.tobytes()
        out += bytes(-len(out) % 8)
    described = json.dumps({"arrays": header, "tokens": tokens_made(), "told": told}, ensure_ascii=False).encode()
    described += b" " * (-(HEAD + len(described)) % 8)
    behind = described + bytes(out)
    return MAGIC + FIXED.pack(VERSION, len(described), xxhash.xxh3_128_digest(behind)) + behind


def tokens_made() -> list[int]:
    """What n-grams are made of: an index made otherwise would find nothing, without a word."""
    probe = overlap.wholes(overlap.stream(pl.Series(["甲乙 Ｗord ﾊﾟ 7 體"])))
    return [overlap.GRAM, overlap.CHARACTER, overlap.WORD, int(probe[0]) >> 12]


def unpack(data: bytes | mmap, name: str, behind: bytes | None = None) -> tuple[dict[str, NDArray[Any]], Any]:
    """(the arrays that `data` holds, read where they lie; what is told beside them).

    `behind`: XXH3-128 of all behind the first `HEAD` bytes, of a caller that has read them. Raises `IndexRefused`;
    `name` is for the message.
    """
    if data[: len(MAGIC)] != MAGIC or len(data) < HEAD:
        raise IndexRefused(f"{name}: not an index of benchmarks; make one with Decontaminate.of(FOLDER)")
    version, length, digest = FIXED.unpack(data[len(MAGIC) : HEAD])
    if version != VERSION:
        raise IndexRefused(
            f"{name}: an index of format {version}, and this Curate reads format {VERSION}; make it anew from the "
            "folder of benchmarks"
        )
    if digest != (xxhash.xxh3_128_digest(data[HEAD:]) if behind is None else behind):
        raise IndexRefused(
            f"{name}: an index that is damaged (its {len(data):,} bytes are not those written); make it anew"
        )
    try:
        header = json.loads(data[HEAD : HEAD + length])
        if header["tokens"] != tokens_made():
            raise IndexRefused(f"{name}: made by a Curate that splits text into other tokens; make it anew")
        return dict(_arrays(data, header["arrays"], HEAD + length)), header["told"]
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, IndexRefused):
            raise
        raise IndexRefused(f"{name}: an index that is damaged ({error}); make it anew") from error


def _arrays(data: bytes | mmap, header: Any, at: int) -> Iterator[tuple[str, NDArray[Any]]]:
    for field, kind, count in header:
        array: NDArray[Any] = np.frombuffer(data, _TYPES[kind], count, at)
        at += array.nbytes + -array.nbytes % 8
        yield field, array


def is_index(path: str) -> bool:
    """Whether the file at `path` says that it is an index."""
    with open(path, "rb") as file:
        return file.read(len(MAGIC)) == MAGIC
