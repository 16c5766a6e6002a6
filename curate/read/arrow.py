"""Arrow files: a stream of record batches, as Hugging Face's `save_to_disk` writes it, or the format around one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from curate import files
from curate.read.record import Block, Item, Problem, Reading
from curate.read.rows import CORRUPT, items, raise_if_storage

ROWS = 128  # rows that are turned into records at once
FILE = b"ARROW1"


def read(reading: Reading) -> Iterator[Item | Block]:
    """A record for each row; the locator is the row's number in the file, from 0.

    A batch is read whole, as it was written (1,000 rows by default). One that is cut or corrupt ends the file: how many
    rows it and those after it have is not known, so they are one problem.
    """
    done = 0
    with files.open_read(reading.file.path) as stream:
        try:
            for batch in batches(stream, reading.file.size):
                for start in range(0, batch.num_rows, ROWS):
                    for item, number in items(batch.slice(start, ROWS), done, reading):
                        yield item
                        done += number
        except CORRUPT as error:
            raise_if_storage(error)
            short = stream.tell() >= reading.file.size
            found = f"the file can't be read from row {done:,} on: {error}"
            yield Problem(reading.locator(done), "quarantined", "truncated" if short else "malformed", found)


def batches(stream: Any, size: int) -> Iterator[Any]:
    begins = stream.read(len(FILE))
    stream.seek(0)
    if begins == FILE:
        table = pa.ipc.open_file(stream)
        yield from (table.get_batch(number) for number in range(table.num_record_batches))
        return
    yield from pa.ipc.open_stream(stream)
    # Arrow takes the end of the file for the end of the stream, which is a mark of four or eight bytes.
    stream.seek(max(0, size - 4))
    if stream.read(4) != bytes(4):
        raise pa.ArrowInvalid("the stream has no end")
