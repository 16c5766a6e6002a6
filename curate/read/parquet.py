"""Parquet, a few megabytes of one row group at a time, each row a record with the same fields as a JSON line.

Arrow holds one decompressed page of each column besides: 1 MB as files are commonly written, more where 1,024 rows are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curate import files
from curate.read.block import block_of
from curate.read.fields import record_of
from curate.read.record import Block, Item, Problem, Reading, Unfit

AT_ONCE = 8 << 20  # decoded bytes that a slice of rows should have, by the row group's mean
ROWS = 128  # rows of a slice at most: a dictionary page stands for large values that are repeated many times
MAGIC = b"PAR1"
CORRUPT = (pa.ArrowException, OSError, UnicodeDecodeError)  # what Arrow raises at damage


def read(reading: Reading) -> Iterator[Item | Block]:
    """A record for each row; the locator is the row's number in the file, from 0.

    Without a readable footer nothing is known of the rows: the file is one record, quarantined. A row group that turns
    out corrupt costs those of its rows that were not read before.
    """
    with files.open_read(reading.file.path) as stream:
        try:
            table = pq.ParquetFile(stream, buffer_size=1 << 20, pre_buffer=False, page_checksum_verification=True)
        except CORRUPT as error:
            _raise_if_storage(error)
            stream.seek(0)
            begins = MAGIC.startswith(stream.read(4))
            stream.seek(max(0, reading.file.size - 4))
            cut = begins and (stream.read(4) != MAGIC or reading.file.size < 12)
            found = "the footer is cut off" if cut else "the footer is damaged" if begins else "this is not Parquet"
            yield Problem(
                reading.file.relative, "quarantined", "truncated" if cut else "malformed", f"{found}: {error}"
            )
            return
        first = 0
        for group in range(table.num_row_groups):
            rows = table.metadata.row_group(group).num_rows
            yield from _group(table, group, first, reading)
            first += rows


def _group(table: Any, group: int, first: int, reading: Reading) -> Iterator[Item | Block]:
    facts = table.metadata.row_group(group)
    rows = min(ROWS, max(1, AT_ONCE * facts.num_rows // max(1, facts.total_byte_size)))
    done = 0
    try:
        for batch in map(_microseconds, table.iter_batches(rows, row_groups=[group])):
            block = block_of(batch, first + done, reading)
            if block is not None:
                yield block
                done += batch.num_rows
                continue
            for row in _rows(batch):
                yield _item(row, reading.locator(first + done), reading)
                done += 1
        found = f"row group {group} holds {done:,} rows, the footer says {facts.num_rows:,}"
    except CORRUPT as error:
        _raise_if_storage(error)
        found = f"row group {group} is corrupt: {error}"
    for number in range(first + done, first + facts.num_rows):
        yield Problem(reading.locator(number), "quarantined", "undecodable", found)


def _item(row: dict[str, Any] | Unfit, locator: str, reading: Reading) -> Item:
    try:
        if isinstance(row, Unfit):
            raise row
        size = sum(len(value) for value in row.values() if isinstance(value, str | bytes))
        if size > reading.cap:
            raise Unfit("too_large", f"the row has more than {size:,} bytes, one record may have {reading.cap:,}")
        return record_of(row, reading.source, locator)
    except Unfit as unfit:
        return unfit.problem(locator)


def _rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any] | Unfit]:
    """The rows in Python's types; one that holds text that is not UTF-8 is unfit, and the others stay."""
    try:
        yield from batch.to_pylist()
        return
    except UnicodeDecodeError:
        pass
    for row in range(batch.num_rows):
        try:
            yield batch.slice(row, 1).to_pylist()[0]
        except UnicodeDecodeError as error:
            yield Unfit("undecodable", f"a string is not UTF-8: {error.reason} at byte {error.start}")


def _microseconds(batch: Any) -> Any:
    """Without the nanoseconds that Python's times can't hold."""
    columns: list[Any] = []
    for column in batch.columns:
        kind = column.type
        if pa.types.is_timestamp(kind) and kind.unit == "ns":
            columns.append(column.cast(pa.timestamp("us", kind.tz), safe=False))
        elif pa.types.is_duration(kind) and kind.unit == "ns":
            columns.append(column.cast(pa.duration("us"), safe=False))
        elif pa.types.is_time64(kind) and kind.unit == "ns":
            columns.append(column.cast(pa.time64("us"), safe=False))
        else:
            columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _raise_if_storage(error: Exception) -> None:
    """Storage that fails is not the file's fault. Arrow's own complaints are OSErrors too, without a number."""
    if isinstance(error, OSError) and error.errno is not None:
        raise error
