"""Rows to the partition of their key, over files.

A map task writes one file in which each partition's rows lie together, and behind them an index of where; a reduce
task reads the ranges of its partition from every file. Where there are very many files, a merge level first makes one
file of each hundred. Two things travel so: the key rows of corpus stages, and the one shuffle of text in the mix and
the version.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, BinaryIO, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate import files

SPILL = 64 << 20  # bytes of rows that an outbox holds before it writes them

FAN_IN = 1000
"""Parcels that a reducer reads at most. More are merged first: 10,000 shards and 1,024 partitions would be ten million
small reads, which cost an object store more than the bytes do."""

MERGED = 100  # parcels that become one

WORTH = 0.8
"""Compressed rows that are larger than this share of what they were: the rest of the run is not compressed. Band keys
shrink to half, sketches (hashes, sorted) hardly at all, and lz4 took half of the time in which these were written."""

_LENGTH = np.dtype("<u8")
_OFFSET = np.dtype("<i8")


@dataclass(frozen=True)
class Parcel:
    """One map task's file: `runs` runs, in each of them the rows of each partition in turn, and the index at its end.

    A partition's region is a row of Arrow IPC streams, each behind its length; the index is i64[runs, partitions + 1],
    the offsets at which the regions begin and the last one ends.
    """

    path: str
    rows: int
    partitions: int
    runs: int
    index: int  # offset of the index

    def region(self, file: BinaryIO, run: int, partition: int) -> tuple[int, int]:
        """(begin, end) of one partition's streams in one run."""
        file.seek(self.index + (run * (self.partitions + 1) + partition) * _OFFSET.itemsize)
        begin, end = np.frombuffer(file.read(2 * _OFFSET.itemsize), _OFFSET)
        return int(begin), int(end)


class _Writer:
    """A parcel's file as it grows."""

    def __init__(self, path: str, partitions: int) -> None:
        self.path = path
        self.partitions = partitions
        self.rows = 0
        self._file = files.create(path)
        self._offset = 0
        self._runs: list[NDArray[np.int64]] = []

    def begin(self) -> NDArray[np.int64]:
        """The bounds of a new run, to be filled in as its regions are written."""
        self._runs.append(np.zeros(self.partitions + 1, np.int64))
        return self._runs[-1]

    def write(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        self._offset += len(data)

    @property
    def offset(self) -> int:
        return self._offset

    def close(self) -> Parcel:
        index = self._offset
        for bounds in self._runs:
            self.write(bounds.astype(_OFFSET).tobytes())
        self._file.close()
        return Parcel(self.path, self.rows, self.partitions, len(self._runs), index)


class Outbox:
    """Collects rows of one map task by partition and writes them to one file at `path`, which must not exist yet.

    At most about `SPILL` bytes are held: beyond that a run is written, and a partition has a region in each run.
    """

    def __init__(self, path: str, partitions: int) -> None:
        self._held: list[pl.DataFrame] = []
        self._size = 0
        self._writer = _Writer(path, partitions)

    def add(self, rows: pl.DataFrame, partition: pl.Series) -> None:
        """`partition` gives a number below `partitions` for each row. The order of rows is kept."""
        self._held.append(rows.with_columns(partition.cast(pl.UInt32).alias("_partition")))
        self._size += int(rows.estimated_size())
        self._writer.rows += rows.height
        if self._size >= SPILL:
            self._spill()

    def close(self) -> Parcel:
        """Write what is held; the file is complete when this returns."""
        self._spill()
        return self._writer.close()

    def _spill(self) -> None:
        if not self._held:
            return
        rows = pl.concat(self._held)
        self._held, self._size = [], 0
        partition = rows["_partition"].to_numpy()
        rows = rows.drop("_partition")[_stable(partition)]
        ends = np.cumsum(np.bincount(partition, minlength=self._writer.partitions))
        bounds = self._writer.begin()
        compression: Literal["lz4", "uncompressed"] = "lz4"
        for number, (begin, end) in enumerate(pairwise([0, *ends])):
            bounds[number] = self._writer.offset
            if end > begin:
                part, buffer = rows[int(begin) : int(end)], io.BytesIO()
                part.write_ipc_stream(buffer, compression=compression)
                if len(buffer.getbuffer()) > WORTH * part.estimated_size():
                    compression = "uncompressed"
                self._writer.write(np.array(buffer.tell(), _LENGTH).tobytes())
                self._writer.write(buffer.getbuffer())
        bounds[-1] = self._writer.offset


def merged(parcels: Sequence[Parcel], path: str) -> Parcel:
    """One parcel with the rows of all `parcels`, each partition's in their order. Streams are copied, not decoded."""
    partitions = parcels[0].partitions
    writer = _Writer(path, partitions)
    writer.rows = sum(parcel.rows for parcel in parcels)
    with ExitStack() as stack:
        opened = [stack.enter_context(files.open_read(parcel.path)) for parcel in parcels]
        indexes = [_index(file, parcel) for file, parcel in zip(opened, parcels, strict=True)]
        bounds = writer.begin()
        for partition in range(partitions):
            bounds[partition] = writer.offset
            for file, index in zip(opened, indexes, strict=True):
                for begin, end in index[:, partition : partition + 2]:
                    if end > begin:
                        file.seek(int(begin))
                        writer.write(file.read(int(end - begin)))
        bounds[-1] = writer.offset
    return writer.close()


def _index(file: BinaryIO, parcel: Parcel) -> NDArray[np.int64]:
    file.seek(parcel.index)
    shape = (parcel.runs, parcel.partitions + 1)
    return np.frombuffer(file.read(shape[0] * shape[1] * _OFFSET.itemsize), _OFFSET).reshape(shape).astype(np.int64)


def pieces(parcels: Iterable[Parcel], partition: int) -> Iterator[pl.DataFrame]:
    """The rows of one partition, a table for each stream, in the order of `parcels`: for reducers that stream."""
    for parcel in parcels:
        if not parcel.rows:
            continue
        with files.open_read(parcel.path) as file:
            for run in range(parcel.runs):
                at, end = parcel.region(file, run, partition)
                while at < end:
                    file.seek(at)
                    length = int(np.frombuffer(file.read(_LENGTH.itemsize), _LENGTH)[0])
                    yield pl.read_ipc_stream(io.BytesIO(file.read(length)))
                    at += _LENGTH.itemsize + length


def gather(parcels: Sequence[Parcel], partition: int) -> pl.DataFrame | None:
    """All rows of one partition, in the order of `parcels`; None where there are none."""
    tables = list(pieces(parcels, partition))
    return pl.concat(tables) if tables else None


def by_key(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` sorted by (key, shard, row), rows that are equal in these in their order."""
    address = rows["shard"].to_numpy().astype(np.uint64) << np.uint64(32) | rows["row"].to_numpy()
    if (address[1:] < address[:-1]).any():  # parcels come by shard, and most rounds send their rows in order
        order = _stable(address)
        rows = rows[order]
    return rows[_stable(rows["key"].to_numpy())]


def _stable(values: NDArray[Any]) -> NDArray[np.int64]:
    """The order that sorts unsigned `values`, equal ones as they are.

    Digit by digit of 16 bits, which numpy sorts by counting: half of the time of a comparison sort for 64-bit hashes,
    a sixth for partitions.
    """
    order: NDArray[np.int64] | None = None
    for shift in range(0, 8 * values.itemsize, 16):
        digit = (values >> values.dtype.type(shift)).astype(np.uint16)
        if len(digit) and (digit != digit[0]).any():
            order = (
                np.argsort(digit, kind="stable") if order is None else order[np.argsort(digit[order], kind="stable")]
            )
    return np.arange(len(values)) if order is None else order


def prefix(keys: pl.Series, partitions: int) -> pl.Series:
    """The partition of each UInt64 key: by its leading bits, so that partitions in order are keys in order."""
    high = (keys.to_numpy() >> np.uint64(32)).astype(np.uint64)
    return pl.Series((high * np.uint64(partitions)) >> np.uint64(32), dtype=pl.UInt32)
