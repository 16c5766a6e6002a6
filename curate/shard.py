"""A shard between segments: a Parquet object, and the overlays that corpus stages laid over it since it was written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import polars as pl
import pyarrow.parquet as pq

from curate import cuts, files


@dataclass(frozen=True)
class Shard:
    """Documents as a segment left them. Paths are relative to the run's directory.

    An overlay has a row for every document that was there before it: `row` (its ordinal in the object), `gone`, the
    measures of the corpus stage, and `cuts` where it takes out parts of texts. `print` is the fingerprint of all that
    made the shard.
    """

    name: str
    path: str
    rows: int
    text_bytes: int
    print: str
    overlays: tuple[str, ...] = ()


def batches(
    run: str,
    shard: Shard,
    columns: Sequence[str] | None = None,
    *,
    without: Collection[str] = (),
    rows: pl.Series | None = None,
) -> Iterator[pl.DataFrame]:
    """The shard's documents that are still there, a batch for each row group, with `row` and the overlays' measures.

    `columns` are those of the object that are wanted (all by default), `without` some that are not; what overlays add
    is always there. Batches in which nothing is left are passed over. `rows` are the documents that are wanted, where
    that is not all: row groups without one are not read.
    """
    overlays = [read_table(run, path) for path in shard.overlays]
    with files.open_read(files.join(run, shard.path)) as file:
        parquet = pq.ParquetFile(file)
        names = [name for name in parquet.schema_arrow.names if name not in without]
        wanted = [name for name in names if columns is None or name in columns]
        begin = 0
        for group in range(parquet.num_row_groups):
            count = parquet.metadata.row_group(group).num_rows
            table = pl.DataFrame({"row": pl.Series(range(begin, begin + count), dtype=pl.UInt32)})
            some = None if rows is None else rows.filter((rows >= begin) & (rows < begin + count))
            begin += count
            if some is not None and some.is_empty():
                continue
            if wanted:
                read = parquet.read_row_group(group, columns=wanted)
                table = table.hstack(pl.DataFrame(pl.from_arrow(read)).select(wanted))
            if some is not None:
                table = table.filter(pl.col("row").is_in(some.implode()))
            for path, overlay in zip(shard.overlays, overlays, strict=True):
                table = table.join(overlay.filter(~pl.col("gone")).drop("gone"), on="row", maintain_order="left")
                if cuts.COLUMN in table.columns:
                    table = cuts.cut(table, path)
            if table.height:
                yield table


def read_table(run: str, path: str) -> pl.DataFrame:
    """A small Parquet object, whole."""
    with files.open_read(files.join(run, path)) as file:
        return pl.DataFrame(pl.from_arrow(pq.ParquetFile(file).read()))  # read_table would load pyarrow.dataset, 0.3 s
