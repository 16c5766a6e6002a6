"""One data file: its documents by (host, source, id), whatever order they came in, without holding the file.

Ids are hashes, so files of them in the order of ids put strangers side by side; pages of one site share menus, phrases
and addresses, and zstd wins back what placement by hash cost it (performance/store.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import polars as pl
import pyarrow as pa

from curate.table import BATCH

KEYS = ("_host", "source", "doc_id")


def in_order(tables: Iterator[pl.DataFrame], scratch: Path) -> Iterator[pl.DataFrame]:
    """The rows of all `tables` sorted by (host, source, doc_id), some at a time.

    Each table is sorted by itself and written to `scratch`; the sorted ones are merged by their keys. Memory: one
    table, and of all rows host, source and id.
    """
    runs: list[Path] = []
    keys: list[pl.DataFrame] = []
    schema = None
    for table in tables:
        ordered = table.with_columns(host().alias("_host")).sort(KEYS)
        keys.append(ordered.select(KEYS).with_columns(pl.lit(len(runs), pl.UInt32).alias("_run")))
        schema = table.schema
        runs.append(_written(ordered.drop("_host"), scratch / f"{uuid4().hex}.sorted"))
    if schema is None:
        return
    turns = pl.concat(keys).sort(KEYS)["_run"].to_numpy()
    del keys
    cursors = [_Cursor(path, schema) for path in runs]
    for begin in range(0, len(turns), BATCH):
        some = turns[begin : begin + BATCH]
        wanted = np.bincount(some, minlength=len(runs)).tolist()
        rows = pl.concat([cursor.take(count) for cursor, count in zip(cursors, wanted, strict=True) if count])
        yield rows[np.argsort(np.argsort(some, kind="stable"), kind="stable")]
    for path in runs:
        path.unlink()


def host() -> pl.Expr:
    """The host of `url`, its labels from the right (org.example.www), so that a site's hosts stand together; "" where
    there is none."""
    written = pl.col("url").str.extract(r"^[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:]+)", 1)
    return written.str.to_lowercase().str.split(".").list.reverse().list.join(".").fill_null("")


def _written(rows: pl.DataFrame, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = rows.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=BATCH)
    return path


class _Cursor:
    """A sorted table on disk, read from its beginning to its end."""

    def __init__(self, path: Path, schema: pl.Schema) -> None:
        self._batches = self._read(path)
        self._schema = schema
        self._held = pl.DataFrame(schema=schema)

    def take(self, count: int) -> pl.DataFrame:
        """The next `count` rows."""
        held: Sequence[pl.DataFrame] = (self._held,)
        while sum(part.height for part in held) < count:
            held = (*held, next(self._batches))
        rows = pl.concat(held)
        self._held = rows[count:]
        return rows[:count]

    def _read(self, path: Path) -> Iterator[pl.DataFrame]:
        with pa.OSFile(str(path), "rb") as source, pa.ipc.open_stream(source) as reader:
            for batch in reader:
                table: Any = pl.from_arrow(batch)
                yield table.cast(dict(self._schema))
