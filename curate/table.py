"""Tables of documents on disk: kept shards are read in batches; what is written depends on the rows alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from curate import files
from curate.document import COLUMNS

ROWS = 1 << 16  # rows of a row group at most
BYTES = 8 << 20  # and bytes of `weight`: small enough that a reader of several files holds little

BATCH = 512  # documents read together

SMALL = frozenset({"source", "role", "domain", "lang", "kind", "license", "status", "channel", "split", "reason"})


class FixedTable:
    """Writes rows to a new Parquet file at `path`, whose bytes depend on the rows and the schema, however they arrive.

    zstd. A row group ends after `ROWS` rows, or before the row that would take the column `weight` (a string) above
    `BYTES`.
    """

    def __init__(self, path: str, schema: pl.Schema, weight: str | None = None) -> None:
        self.rows = 0
        self._schema = schema
        self._weight = weight
        self._arrow = arrow_schema(schema)
        dictionaries: Any = [name for name in schema if name in SMALL]
        self._held = pl.DataFrame(schema=schema)
        self._file = files.create(path)
        self._writer = pq.ParquetWriter(
            self._file,
            self._arrow,
            version="2.6",
            compression="zstd",
            compression_level=3,
            use_dictionary=dictionaries,
        )

    def add(self, rows: pl.DataFrame) -> None:
        """The columns of `rows` are taken in the order of the schema; another type is an error of polars."""
        held = pl.concat([self._held, rows.select(list(self._schema))])
        while held.height and (end := self._end(held)) < held.height:
            self._write(held[:end])
            held = held[end:]
        self._held = held

    def close(self) -> None:
        while self._held.height:
            end = self._end(self._held)
            self._write(self._held[:end])
            self._held = self._held[end:]
        self._writer.close()
        self._file.close()

    def __enter__(self) -> FixedTable:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
            return
        try:
            self._writer.close()
        finally:
            self._file.__exit__(kind, error, trace)

    def _end(self, held: pl.DataFrame) -> int:
        """Where the first row group of `held` ends; its height if more rows may belong to it."""
        if self._weight is None:
            return min(ROWS, held.height)
        sizes = held[self._weight][:ROWS].str.len_bytes().fill_null(0).cast(pl.Int64)
        return max(1, int(np.searchsorted(sizes.cum_sum().to_numpy(), BYTES, "right")))

    def _write(self, rows: pl.DataFrame) -> None:
        table = rows.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest()).cast(self._arrow)
        self._writer.write_table(table, row_group_size=rows.height)
        self.rows += rows.height


def batches(path: str, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
    """A kept shard in tables of `BATCH` documents. `ValueError` where it lacks a column."""
    with files.open_read(path) as file, pq.ParquetFile(file) as shard:
        names = shard.schema_arrow.names
        missing = [name for name in columns or COLUMNS if name not in names]
        if missing:
            raise ValueError(f"{path}: column '{missing[0]}' is missing; found {names}: not a shard of kept documents")
        for batch in shard.iter_batches(BATCH, columns=None if columns is None else list(columns)):
            yield _typed(pl.DataFrame(pl.from_arrow(batch)))


def _typed(docs: pl.DataFrame) -> pl.DataFrame:
    """Contract columns in their types: Arrow tells no difference between a list of nothing and a list of turns."""
    return docs.cast({name: dtype for name, dtype in COLUMNS.items() if name in docs.columns})


def arrow_schema(schema: pl.Schema) -> Any:
    """The Arrow schema that a shard is published with: plain strings and lists, which every reader knows."""
    table = pl.DataFrame(schema=schema).to_arrow(compat_level=pl.CompatLevel.oldest())
    return pa.schema([pa.field(field.name, _plain(field.type)) for field in table.schema])


def _plain(kind: Any) -> Any:
    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_large_binary(kind):
        return pa.binary()
    if pa.types.is_large_list(kind):
        return pa.list_(_plain(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, _plain(field.type)) for field in kind])
    return kind
