"""Rows to the partition of their key, over files.

A map task writes one file in which each partition's rows lie together, and an index of their offsets; a reduce task
reads the ranges of its partition from every file. Two things travel so: the key rows of corpus stages, and the one
shuffle of text in the mix and the version.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from curate import files

SPILL = 64 << 20  # bytes of rows that an outbox holds before it writes them


@dataclass(frozen=True)
class Parcel:
    """One map task's file: where each partition's rows lie in it."""

    path: str
    rows: int
    ranges: tuple[tuple[tuple[int, int], ...], ...]  # for each partition (offset, length) of Arrow IPC streams


class Outbox:
    """Collects rows of one map task by partition and writes them to one file at `path`, which must not exist yet.

    At most about `SPILL` bytes are held: beyond that a run is written, and a partition has several ranges.
    """

    def __init__(self, path: str, partitions: int) -> None:
        self.path = path
        self.partitions = partitions
        self._held: list[pl.DataFrame] = []
        self._size = 0
        self._rows = 0
        self._ranges: list[list[tuple[int, int]]] = [[] for _ in range(partitions)]
        self._file = files.create(path)
        self._offset = 0

    def add(self, rows: pl.DataFrame, partition: pl.Series) -> None:
        """`partition` gives a number below `partitions` for each row. The order of rows is kept."""
        self._held.append(rows.with_columns(partition.cast(pl.UInt32).alias("_partition")))
        self._size += int(rows.estimated_size())
        self._rows += rows.height
        if self._size >= SPILL:
            self._spill()

    def close(self) -> Parcel:
        """Write what is held; the file is complete when this returns."""
        self._spill()
        self._file.close()
        return Parcel(self.path, self._rows, tuple(tuple(ranges) for ranges in self._ranges))

    def _spill(self) -> None:
        if not self._held:
            return
        rows = pl.concat(self._held).sort("_partition", maintain_order=True)
        counts = np.bincount(rows["_partition"].to_numpy(), minlength=self.partitions)
        ends = np.cumsum(counts)
        for partition, (count, end) in enumerate(zip(counts, ends, strict=True)):
            if count:
                buffer = io.BytesIO()
                rows[int(end - count) : int(end)].drop("_partition").write_ipc_stream(buffer, compression="lz4")
                data = buffer.getbuffer()
                self._file.write(data)
                self._ranges[partition].append((self._offset, len(data)))
                self._offset += len(data)
        self._held, self._size = [], 0


def pieces(parcels: Iterable[Parcel], partition: int) -> Iterator[pl.DataFrame]:
    """The rows of one partition, a table for each range, in the order of `parcels`: for reducers that stream."""
    for parcel in parcels:
        if parcel.ranges[partition]:
            with files.open_read(parcel.path) as file:
                for offset, length in parcel.ranges[partition]:
                    file.seek(offset)
                    yield pl.read_ipc_stream(io.BytesIO(file.read(length)))


def gather(parcels: Sequence[Parcel], partition: int) -> pl.DataFrame | None:
    """All rows of one partition, in the order of `parcels`; None where there are none."""
    tables = list(pieces(parcels, partition))
    return pl.concat(tables) if tables else None


def prefix(keys: pl.Series, partitions: int) -> pl.Series:
    """The partition of each UInt64 key: by its leading bits, so that partitions in order are keys in order."""
    high = (keys.to_numpy() >> np.uint64(32)).astype(np.uint64)
    return pl.Series((high * np.uint64(partitions)) >> np.uint64(32), dtype=pl.UInt32)
