"""The first records of a file with fields, as they stand in it: a look at data before a recipe says what they are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curate import files
from curate.files import FileInfo
from curate.read.arrow import batches
from curate.read.format import format_of
from curate.read.jsonl import BOM, numbered, parse
from curate.read.record import CAP, Reading, Unfit
from curate.read.rows import CORRUPT, raise_if_storage
from curate.read.separated import LOOK, first_rows
from curate.read.stream import blocks
from curate.read.wide import utf8
from curate.recipe import Source


def first_records(source: Source, file: FileInfo, number: int) -> list[dict[str, Any]]:
    """Up to `number` records with their fields; none where the file's format has no fields, or all are broken."""
    found = _of(source, file)
    return list(islice(found, number))


def _of(source: Source, file: FileInfo) -> Iterator[dict[str, Any]]:
    kind = format_of(source, file)
    if kind == "jsonl":
        yield from _json(source, file)
    elif kind == "csv":
        yield from _separated(file)
    elif kind in ("parquet", "arrow"):
        yield from _table(file, kind)


def _json(source: Source, file: FileInfo) -> Iterator[dict[str, Any]]:
    for _, content in numbered(Reading(file, source, CAP)):
        if isinstance(content, bytes) and content.strip():
            try:
                yield parse(content.removeprefix(BOM))
            except Unfit:
                continue


def _separated(file: FileInfo) -> Iterator[dict[str, Any]]:
    begin = utf8(blocks(file)).look(lambda _: False, LOOK)
    rows = first_rows(begin, ".tsv" in file.relative.lower(), 1000)
    for row in rows[1:]:
        if len(row) == len(rows[0]):
            yield dict(zip(rows[0], row, strict=True))


def _table(file: FileInfo, kind: str) -> Iterator[dict[str, Any]]:
    with files.open_read(file.path) as stream:
        try:
            found = batches(stream, file.size) if kind == "arrow" else pq.ParquetFile(stream).iter_batches(64)
            for batch in found:
                yield from pa.Table.from_batches([batch]).slice(0, 64).to_pylist()
        except CORRUPT as error:
            raise_if_storage(error)
