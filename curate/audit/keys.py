"""Which rows of a run's tables name a document: found through small sorted files beside them, not by reading them.

A key file holds an entry for each name of each row of one table: 64 bits of a hash, and the row. Hashes are spread
evenly, so that a key's entries are near (hash / 2^64) of the way: one read of a few kilobytes, on disk or from S3.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from hashlib import blake2b

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest

from curate import files

FOLDERS = ("kept", "verdicts", "quarantine", "samples", "mix/docs", "version/data")
"""The folders of a run whose rows are found by name."""

CLUSTER = "cluster"
NAMES = ("doc_id", "origin_id", "url", "locator", "parent_id", "content_hash", CLUSTER)
"""What names a row. `cluster` is named by the evidence of what deduplication removed."""

_HEAD = struct.Struct("<8s16sQ")  # magic, stamp of the table, entries
_MAGIC = b"CURKEYS1"
_ENTRY = np.dtype([("hash", "<u8"), ("row", "<u4")])
_TAIL = 1024  # bytes at a table's end that tell it from another one of its size: the footer, with its offsets
_THREADS = 16  # tables looked into at once: waiting, on object storage, and not work
_ROWS = 1 << 16


def tables(run: str) -> list[tuple[str, str]]:
    """(folder, path) of every table of the run that key files are made of."""
    return [(folder, path) for folder in FOLDERS for path in _paths(run, folder)]


def index(table: tuple[str, str], run: str) -> None:
    """Makes the key file of `table`, (folder, path), unless it is there and the table is as it was.

    12 bytes for each different name of a row: about 50 for a document.
    """
    path = table[1]
    stamp = _stamp(path)
    place = _place(run, path)
    if _head(place, stamp) is None:
        with files.rewrite(place) as file:
            entries = _entries(path)
            file.write(_HEAD.pack(_MAGIC, stamp, len(entries)) + entries.tobytes())


def find(
    run: str, folder: str, key: str, by: Sequence[str], columns: Sequence[str] | None = None
) -> pl.DataFrame | None:
    """The rows of a folder of the run in which one of the columns `by` is `key`, in order, with `_file`: their table.

    None where the folder has no tables. A table without a key file of its own gets one, where that can be written.
    """
    paths = _paths(run, folder)
    if not paths:
        return None
    look: Callable[[str], list[pl.DataFrame]] = partial(_look, run, folder, key=key, by=by, columns=columns)
    with ThreadPoolExecutor(_THREADS) as pool:
        found = [table for part in pool.map(look, paths) for table in part]
    if found:
        return pl.concat(found, how="diagonal_relaxed")
    schema = pl.read_parquet(paths[0], n_rows=0, glob=False).schema
    empty = {name: dtype for name, dtype in schema.items() if columns is None or name in columns}
    return pl.DataFrame(schema={**empty, "_file": pl.String()})


def _paths(run: str, folder: str) -> list[str]:
    return [file.path for file in files.found(files.join(run, folder)) if file.path.endswith(".parquet")]


def _look(
    run: str, folder: str, path: str, key: str, by: Sequence[str], columns: Sequence[str] | None
) -> list[pl.DataFrame]:
    rows = _rows(run, (folder, path), xxh3_64_intdigest(key.encode()))
    return list(_read(path, rows, key, by, columns)) if len(rows) else []


def _rows(run: str, table: tuple[str, str], hashed: int) -> NDArray[np.int64]:
    """Rows that have a name of this hash, rising."""
    place, stamp = _place(run, table[1]), _stamp(table[1])
    count = _head(place, stamp)
    if count is None:
        with suppress(OSError):  # a run that may only be read is read
            index(table, run)
            count = _head(place, stamp)
    if count is None:
        entries = _entries(table[1])
    else:
        with files.open_read(place) as file:
            first, last = _bounds(hashed, count)
            while True:
                file.seek(_HEAD.size + first * _ENTRY.itemsize)
                entries = np.frombuffer(file.read((last - first) * _ENTRY.itemsize), _ENTRY)
                low = first > 0 and entries["hash"][0] >= hashed
                high = last < count and entries["hash"][-1] <= hashed
                if not (low or high):
                    break
                wider = last - first
                first, last = max(0, first - wider * low), min(count, last + wider * high)
    begin, end = (np.searchsorted(entries["hash"], np.uint64(hashed), side) for side in ("left", "right"))
    return np.unique(entries["row"][begin:end].astype(np.int64))


def _bounds(hashed: int, count: int) -> tuple[int, int]:
    """Entries among which a hash lies nearly always: where it is expected, and 4 standard deviations on either side."""
    middle, around = hashed * count >> 64, 64 + int(2 * math.sqrt(count))
    return max(0, middle - around), min(count, middle + around)


def _read(
    path: str, rows: NDArray[np.int64], key: str, by: Sequence[str], columns: Sequence[str] | None
) -> Iterator[pl.DataFrame]:
    """Those of `rows` that have the name indeed; of a table only the row groups that hold them are read."""
    with files.open_read(path) as file:
        parquet = pq.ParquetFile(file)
        there = set(parquet.schema_arrow.names)
        asked = [_named(name) for name in by if ("evidence" if name == CLUSTER else name) in there]
        wanted = [name for name in parquet.schema_arrow.names if columns is None or name in columns]
        needed = {*wanted, *by, *(["evidence"] if CLUSTER in by else [])} & there
        begin = 0
        for group in range(parquet.num_row_groups if asked else 0):
            end = begin + parquet.metadata.row_group(group).num_rows
            mine = rows[(rows >= begin) & (rows < end)]
            if len(mine):
                read = parquet.read_row_group(group, columns=sorted(needed))
                table = pl.DataFrame(pl.from_arrow(read.take(mine - begin)))
                table = table.filter(pl.any_horizontal(expression == key for expression in asked))
                if table.height:
                    yield table.select(*wanted, pl.lit(path).alias("_file"))
            begin = end


def _named(name: str) -> pl.Expr:
    return pl.col("evidence").str.json_path_match("$.cluster") if name == CLUSTER else pl.col(name)


def _entries(path: str) -> NDArray[np.void]:
    """The entries of a table, sorted; a name that stands twice in a row once."""
    parts: list[NDArray[np.void]] = []
    with files.open_read(path) as file:
        parquet = pq.ParquetFile(file)
        names = [name for name in (*NAMES, "evidence") if name in parquet.schema_arrow.names]
        begin = 0
        for batch in parquet.iter_batches(_ROWS, columns=names):
            table = pl.DataFrame(pl.from_arrow(batch))
            for name in NAMES:
                if ("evidence" if name == CLUSTER else name) in table.columns:
                    values = table.select(_named(name).alias(name)).to_series()
                    rows = values.is_not_null().arg_true().to_numpy().astype(np.int64)
                    part = np.empty(len(rows), _ENTRY)
                    part["hash"] = [xxh3_64_intdigest(value.encode()) for value in values.drop_nulls()]
                    part["row"] = rows + begin
                    parts.append(part)
            begin += table.height
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, _ENTRY)


def _place(run: str, path: str) -> str:
    return files.join(run, "keys", f"{path[len(files.join(run, '')) :]}.keys")


def _stamp(path: str) -> bytes:
    """What tells a table from another one that takes its place: its size and its end."""
    size = files.size(path)
    with files.open_read(path) as file:
        file.seek(max(0, size - _TAIL))
        return blake2b(size.to_bytes(8, "little") + file.read(), digest_size=16).digest()


def _head(place: str, stamp: bytes) -> int | None:
    """How many entries the key file has; None where there is none of this table."""
    if not files.exists(place):
        return None
    with files.open_read(place) as file:
        head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    magic, of, count = _HEAD.unpack(head)
    return int(count) if (magic, of) == (_MAGIC, stamp) and files.size(place) == _HEAD.size + count * 12 else None
