"""PDF, DOCX and EPUB files: their bytes as they are, for extraction to open where a crash costs only that file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from curate.read.record import Item, Reading, Record, Unfit
from curate.read.stream import whole

TYPES: Mapping[str, str] = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".epub": "application/epub+zip",
}
LARGER = 4  # times as large as another record such a file may be: most of its bytes are images


def read(reading: Reading) -> Iterator[Item]:
    """One record, known by its path."""
    path = reading.file.relative
    kind = TYPES.get(path[path.rfind(".") :].lower())
    try:
        yield Record(key=path, locator=path, raw=whole(reading.file, LARGER * reading.cap), content_type=kind)
    except Unfit as unfit:
        yield unfit.problem(path)
