"""Rows of Arrow tables as records: by column where that can be, else one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from curate.read.block import block_of
from curate.read.fields import record_of
from curate.read.record import Block, Item, Reading, Unfit

CORRUPT = (pa.ArrowException, OSError, UnicodeDecodeError)  # what Arrow raises at damage


def items(batch: Any, first: int, reading: Reading) -> Iterator[tuple[Item | Block, int]]:
    """(a block of rows or one row's item, how many rows that is), the first row having the number `first`."""
    batch = _microseconds(batch)
    twice = _twice(batch.schema)
    if twice is not None:
        unfit = Unfit("malformed", f"two columns, or two fields of one, are named '{twice}'; which counts is not said")
        for row in range(batch.num_rows):
            yield unfit.problem(reading.locator(first + row)), 1
        return
    block = block_of(batch, first, reading)
    if block is not None:
        yield block, batch.num_rows
        return
    for ordinal, values in enumerate(_rows(batch)):
        yield _item(values, reading.locator(first + ordinal), reading), 1


def _twice(fields: Any) -> str | None:
    """The first name that two columns have, or two fields of a structure within one."""
    names = Counter(field.name for field in fields)
    for field in fields:
        if names[field.name] > 1:
            return str(field.name)
        kind = field.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        inner = [kind.field(place) for place in range(kind.num_fields)] if pa.types.is_nested(kind) else []
        if not pa.types.is_union(kind) and (found := _twice(inner)) is not None:
            return found
    return None


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
    """The rows in Python's types; one that holds what is no value of its column is unfit, and the others stay.

    Arrow takes offsets as they are written in a file, and would read beyond its buffers: they are checked before.
    """
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid:
        pass
    else:
        yield from batch.to_pylist()
        return
    for row in range(batch.num_rows):
        part = batch.slice(row, 1)
        try:
            part.validate(full=True)
        except pa.ArrowInvalid as error:
            yield Unfit("undecodable", f"a string is not UTF-8, or a value is corrupt: {error}")
        else:
            yield part.to_pylist()[0]


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


def raise_if_storage(error: Exception) -> None:
    """Storage that fails is not the file's fault. Arrow's own complaints are OSErrors too, without a number."""
    if isinstance(error, OSError) and error.errno is not None:
        raise error
