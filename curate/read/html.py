"""HTML files: the page's bytes as they are, for extraction to decode."""

from __future__ import annotations

from collections.abc import Iterator

from curate.read.record import Item, Reading, Record, Unfit
from curate.read.stream import whole

XHTML = (".xhtml", ".xhtml.gz", ".xhtml.zst")


def read(reading: Reading) -> Iterator[Item]:
    """One record, known by its path."""
    path = reading.file.relative
    kind = "application/xhtml+xml" if path.lower().endswith(XHTML) else "text/html"
    try:
        yield Record(key=path, locator=path, raw=whole(reading.file, reading.cap), content_type=kind)
    except Unfit as unfit:
        yield unfit.problem(path)
