"""Plain text and Markdown files: text where they are UTF-8, UTF-16 or UTF-32, else bytes for extraction to decode."""

from __future__ import annotations

from collections.abc import Iterator

from curate.read.jsonl import BOM
from curate.read.record import Item, Reading, Record, Unfit
from curate.read.stream import whole
from curate.read.wide import encoding_of


def read(reading: Reading) -> Iterator[Item]:
    """One record, known by its path; none where the file is empty."""
    path = reading.file.relative
    try:
        data = whole(reading.file, reading.cap)
    except Unfit as unfit:
        yield unfit.problem(path)
        return
    if not data:
        return
    wide = encoding_of(data)
    try:
        text = data.decode(wide).removeprefix("\ufeff") if wide is not None else data.removeprefix(BOM).decode()
    except UnicodeDecodeError:
        kind = "text/plain" if wide is None else f"text/plain; charset={wide}"
        yield Record(key=path, locator=path, raw=data, content_type=kind)
        return
    yield Record(key=path, locator=path, text=text)
