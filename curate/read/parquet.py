"""Parquet, a few megabytes of one row group at a time, each row a record with the same fields as a JSON line.

Arrow holds one decompressed page of each column besides: 1 MB as files are commonly written, more where 1,024 rows are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow.parquet as pq

from curate import files
from curate.read.record import Block, Item, Problem, Reading
from curate.read.rows import CORRUPT, items, raise_if_storage

AT_ONCE = 8 << 20  # decoded bytes that a slice of rows should have, by the row group's mean
ROWS = 128  # rows of a slice at most: a dictionary page stands for large values that are repeated many times
MAGIC = b"PAR1"


def read(reading: Reading) -> Iterator[Item | Block]:
    """A record for each row; the locator is the row's number in the file, from 0.

    Without a readable footer nothing is known of the rows: the file is one record, quarantined. A row group that turns
    out corrupt costs those of its rows that were not read before.
    """
    with files.open_read(reading.file.path) as stream:
        try:
            table = pq.ParquetFile(stream, buffer_size=1 << 20, pre_buffer=False, page_checksum_verification=True)
        except CORRUPT as error:
            raise_if_storage(error)
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
        for batch in table.iter_batches(rows, row_groups=[group]):
            for item, number in items(batch, first + done, reading):
                yield item
                done += number
        found = f"row group {group} holds {done:,} rows, the footer says {facts.num_rows:,}"
    except CORRUPT as error:
        raise_if_storage(error)
        found = f"row group {group} is corrupt: {error}"
    for number in range(first + done, first + facts.num_rows):
        yield Problem(reading.locator(number), "quarantined", "undecodable", found)
