"""The index of a published version, open: what it stores of its documents, so that later ones are compared with them.

In the folder `signatures/` of a version lie index.json (`index`) and plain .npy files, which are mapped, not loaded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import DTypeLike, NDArray

from curate.dedup.arrays import ArraysAltered, mapped
from curate.dedup.index import (
    FOLDER,
    INDEX,
    WITHDRAWN,
    Block,
    Index,
    Run,
    SignaturesRefused,
    Withdrawn,
    block_files,
    kernel_print,
    read_index,
    run_files,
)
from curate.kernels.sketches import Sketches

MAPS = 128  # arrays that a process has mapped at a time: each holds a file open, and 1,024 is a usual limit


class Stored:
    """An open index. Arrays are mapped when they are asked for."""

    def __init__(self, folder: Path, index: Index) -> None:
        self.folder = folder
        self.index = index
        self.parameters = index.parameters
        self._firsts = np.array([block.first for block in index.blocks], np.int64)
        self._map = lru_cache(maxsize=MAPS)(self._mapped)

    @classmethod
    def open(cls, folder: str | Path) -> Stored:
        """The index in `folder` (the `signatures` of a version). Every file is there and has the size that it should.

        What the files hold is hashed by `curate verify`, not here: that would read the whole index for a few documents.
        Raises `SignaturesRefused`, `ArraysAltered`.
        """
        place = Path(folder)
        stored = cls(place, read_index(place / INDEX))
        for name, said in stored.index.files.items():
            path = place / name
            if not path.is_file():
                raise ArraysAltered(f"{path} is missing; the index lists it: restore the version from a copy")
            if path.stat().st_size != said["bytes"]:
                raise ArraysAltered(
                    f"{path} has {path.stat().st_size} bytes, the index says {said['bytes']}: restore the version from "
                    "a copy"
                )
        return stored

    @classmethod
    def of_version(cls, version: str | Path) -> Stored:
        """The index of the version in a folder. Raises `SignaturesRefused` where it has none."""
        place = Path(version) / FOLDER
        if not Path(version).is_dir():
            raise SignaturesRefused(
                f"{version}: there is no such folder (looked at {Path(version).absolute()}); expected that of a "
                "published version. In a recipe, name it by Path(__file__).parent / ..."
            )
        if not (place / INDEX).is_file():
            raise SignaturesRefused(
                f"{version} stores no signatures (there is no {FOLDER}/{INDEX}): publish it by a recipe with "
                "MinHashDedup among its stages and Version(signatures=True)"
            )
        return cls.open(place)

    def check(self, digests: Mapping[str, str]) -> None:
        """Every array has the shape that the index says, and `digests` (of files below its folder) are the index's own.

        Raises `ArraysAltered`.
        """
        for name, said in self.index.files.items():
            if digests.get(name) != said["sha256"]:
                raise ArraysAltered(f"{self.folder / name} is not the file that the index was made with")
        for block in self.index.blocks:
            for part in block_files(block.name):
                self.block(block, part)
        for kind, some in (("runs", self.index.runs), ("ids", self.index.ids)):
            for run in some:
                self.run(kind, run)

    def check_kernel(self) -> None:
        """Raises `SignaturesRefused` where this Curate reads texts otherwise than the one that made the index."""
        found = kernel_print(self.parameters)
        if found != self.index.kernel:
            raise SignaturesRefused(
                f"{self.folder}: made by kernels {self.index.kernel}, these are {found}, which fold or hash texts "
                "otherwise: what they give can't be compared. Use the Curate that made it, or publish the version anew"
            )

    def block(self, block: Block, part: str) -> NDArray[Any]:
        """One array of a block, as `block_files` names them."""
        n = block.documents
        kinds: dict[str, tuple[tuple[DTypeLike, ...], tuple[int | None, ...]]] = {
            "ids": ((np.uint8,), (n, 16)),
            "contents": ((np.uint8,), (n, 16)),
            "signatures": ((np.uint32,), (n, self.parameters.permutations)),
            "sketches": ((np.uint32,), (None,)),
            "starts": ((np.int64,), (n + 1,)),
        }
        return self._map(block_files(block.name)[part], *kinds[part])

    def run(self, kind: str, run: Run) -> tuple[NDArray[np.uint64], NDArray[np.unsignedinteger[Any]]]:
        """(keys, numbers) of a run."""
        keys, numbers = run_files(kind, run.name)
        shape = (run.entries,)
        return self._map(keys, (np.uint64,), shape), self._map(numbers, (np.uint32, np.uint64), shape)

    def bands(self) -> list[tuple[NDArray[np.uint64], NDArray[np.unsignedinteger[Any]]]]:
        """All runs of band keys, those of the older documents first."""
        return [self.run("runs", run) for run in self.index.runs]

    def id_tables(self) -> list[tuple[NDArray[np.uint64], NDArray[np.unsignedinteger[Any]]]]:
        return [self.run("ids", run) for run in self.index.ids]

    def placed(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """The ordinal of the block that holds each number. Raises `ArraysAltered` for a number that no block has."""
        if len(numbers) and not 0 <= int(numbers.min()) <= int(numbers.max()) < self.index.documents:
            raise ArraysAltered(
                f"{self.folder}: a run names document {int(numbers.max())} of {self.index.documents}; restore the "
                "version from a copy"
            )
        return np.searchsorted(self._firsts, numbers, side="right").astype(np.int64) - 1

    def gathered(self, part: str, numbers: NDArray[np.int64]) -> NDArray[Any]:
        """The rows of ids, contents or signatures of some documents."""
        width, dtype = (self.parameters.permutations, np.uint32) if part == "signatures" else (16, np.uint8)
        out = np.empty((len(numbers), width), dtype)
        blocks = self.placed(numbers)
        for ordinal in np.unique(blocks):
            block, mine = self.index.blocks[int(ordinal)], blocks == ordinal
            out[mine] = self.block(block, part)[numbers[mine] - block.first]
        return out

    def sketches(self, numbers: NDArray[np.int64]) -> Sketches:
        """The sketches of some documents, in their order."""
        blocks = self.placed(numbers)
        begins, lengths = np.zeros(len(numbers), np.int64), np.zeros(len(numbers), np.int64)
        for ordinal in np.unique(blocks):
            block, mine = self.index.blocks[int(ordinal)], blocks == ordinal
            starts, rows = self.block(block, "starts"), numbers[mine] - block.first
            begins[mine], lengths[mine] = starts[rows], starts[rows + 1] - starts[rows]
            end = begins[mine] + lengths[mine]
            size = len(self.block(block, "sketches"))
            if (begins[mine] < 0).any() or (lengths[mine] < 0).any() or (end > size).any():
                raise ArraysAltered(f"{self.folder}: the starts of block {block.name} lead out of its sketches")
        ends = np.cumsum(lengths)
        values = np.empty(int(ends[-1]) if len(ends) else 0, np.uint32)
        for ordinal in np.unique(blocks):
            block, mine = self.index.blocks[int(ordinal)], blocks == ordinal
            source = self.block(block, "sketches")
            values[spread(ends[mine] - lengths[mine], lengths[mine])] = source[spread(begins[mine], lengths[mine])]
        return Sketches(values, np.concatenate([[0], ends]).astype(np.int64))

    def doc_ids(self, numbers: NDArray[np.int64]) -> list[str]:
        return [row.tobytes().hex() for row in self.gathered("ids", numbers)]

    @cached_property
    def withdrawn(self) -> tuple[Withdrawn, ...]:
        """Tombstones, by number. They are held in memory: about 1 KB each. Raises `ArraysAltered`."""
        path = self.folder / WITHDRAWN
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != self.index.files[WITHDRAWN]["sha256"]:  # it keeps newcomers out
            raise ArraysAltered(f"{path} is not the file that the index was made with: restore the version from a copy")
        return tuple(Withdrawn(**one) for one in json.loads(data))

    @cached_property
    def tombstones(self) -> dict[int, Withdrawn]:
        return {one.number: one for one in self.withdrawn}

    @cached_property
    def _gone(self) -> NDArray[np.int64]:
        return np.array(sorted(self.tombstones), np.int64)

    @cached_property
    def unheard(self) -> NDArray[np.int64]:
        """Those that were withdrawn and keep nobody out, by number: to newcomers they are as if they had never been."""
        return np.array(sorted(one.number for one in self.withdrawn if not one.blocks), np.int64)

    def gone(self, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these documents were withdrawn."""
        return np.isin(numbers, self._gone)

    def _mapped(self, name: str, dtypes: tuple[DTypeLike, ...], shape: tuple[int | None, ...]) -> NDArray[Any]:
        return mapped(self.folder / name, dtypes, shape)


def spread(begins: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The places begins[i], begins[i] + 1 ... of each of some ranges, one range after another."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total, dtype=np.int64) + np.repeat(begins - (ends - lengths), lengths)


def hashes(column: pl.Series) -> NDArray[np.uint8]:
    """u8[n, 16]: a String column of 32 hex digits as bytes. Raises `ValueError` for others."""
    digits = column.cast(pl.Binary).to_list()
    if any(one is None or len(one) != 32 for one in digits):
        raise ValueError(f"column '{column.name}': expected 32 hex digits in each row")
    return np.frombuffer(bytes.fromhex(b"".join(digits).decode("ascii")), np.uint8).reshape(-1, 16)


def halves(hashes: NDArray[np.uint8]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The first and the last eight bytes of each hash as numbers, in the order of the hashes."""
    both = np.ascontiguousarray(hashes).view(">u8").astype(np.uint64)
    return both[:, 0], both[:, 1]
