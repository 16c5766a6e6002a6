"""A shard between segments: a Parquet object, and the overlays that corpus stages laid over it since it was written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


def batches(run: str, shard: Shard, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
    """The shard's documents that are still there, a batch for each row group, with `row` and the overlays' measures.

    `columns` are those of the object that are wanted (all by default); what overlays add is always there. Batches
    in which nothing is left are passed over.
    """
    overlays = [read_table(run, path) for path in shard.overlays]
    with files.open_read(files.join(run, shard.path)) as file:
        parquet = pq.ParquetFile(file)
        names = set(parquet.schema_arrow.names)
        wanted = None if columns is None else [name for name in columns if name in names]
        row = 0
        for group in range(parquet.num_row_groups):
            rows = parquet.metadata.row_group(group).num_rows
            table = pl.DataFrame({"row": pl.Series(range(row, row + rows), dtype=pl.UInt32)})
            if wanted != []:
                table = table.hstack(pl.DataFrame(pl.from_arrow(parquet.read_row_group(group, columns=wanted))))
            row += rows
            for path, overlay in zip(shard.overlays, overlays, strict=True):
                table = table.join(overlay.filter(~pl.col("gone")).drop("gone"), on="row", maintain_order="left")
                if cuts.COLUMN in table.columns:
                    table = cuts.cut(table, path)
            if table.height:
                yield table


def read_table(run: str, path: str) -> pl.DataFrame:
    """A small Parquet object, whole."""
    with files.open_read(files.join(run, path)) as file:
        return pl.DataFrame(pl.from_arrow(pq.read_table(file)))
