"""HTML files: the page's bytes as they are, for extraction to decode."""

from __future__ import annotations

from collections.abc import Iterator

from curate.read.record import Item, Reading, Record, Unfit
from curate.read.stream import whole

XHTML = (".xhtml", ".xhtml.gz", ".xhtml.zst")


def read(reading: Reading) -> Iterator[Item]:
    """One record, known by its path; none where the file is empty."""
    path = reading.file.relative
    kind = "application/xhtml+xml" if path.lower().endswith(XHTML) else "text/html"
    try:
        data = whole(reading.file, reading.cap)
    except Unfit as unfit:
        yield unfit.problem(path)
        return
    if data:
        yield Record(key=path, locator=path, raw=data, content_type=kind)
