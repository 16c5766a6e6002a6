"""Plain text and Markdown files: text where they are UTF-8, else bytes for extraction to decode."""

from __future__ import annotations

from collections.abc import Iterator

from curate.read.jsonl import BOM
from curate.read.record import Item, Reading, Record, Unfit
from curate.read.stream import whole


def read(reading: Reading) -> Iterator[Item]:
    """One record, known by its path."""
    path = reading.file.relative
    try:
        data = whole(reading.file, reading.cap)
    except Unfit as unfit:
        yield unfit.problem(path)
        return
    try:
        yield Record(key=path, locator=path, text=data.removeprefix(BOM).decode())
    except UnicodeDecodeError:
        yield Record(key=path, locator=path, raw=data, content_type="text/plain")
