"""Which reader a file is for, by the source's `format` or by the file's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from curate.files import FileInfo
from curate.read import arc, arrow, aside, document, html, jsonl, mineru, paddleocr, parquet, separated, text, warc
from curate.read.record import Block, Item, Reading
from curate.recipe import Source

Reader: TypeAlias = Callable[[Reading], Iterator[Item | Block]]

READERS: Mapping[str, Reader] = {
    "warc": warc.read,
    "arc": arc.read,
    "html": html.read,
    "document": document.read,
    "jsonl": jsonl.read,
    "parquet": parquet.read,
    "arrow": arrow.read,
    "csv": separated.read,
    "mineru": mineru.read,
    "paddleocr": paddleocr.read,
    "text": text.read,
}

# What a folder shows its files to be, beside what their names say.
SHOWN: Mapping[str, Reader] = {"unknown": aside.unknown, "companion": aside.companion}

# Endings of names -> formats. WARC is read as crawlers pack it, what is read line by line or whole plain, gz or zst.
ENDINGS: Mapping[str, str] = {
    **{f".warc{packed}": "warc" for packed in ("", ".gz", ".zst", ".lz4")},
    ".arc": "arc",
    ".arc.gz": "arc",
    ".parquet": "parquet",
    ".arrow": "arrow",
    **dict.fromkeys(document.TYPES, "document"),
    **{
        f"{ending}{packed}": name
        for name, endings in {
            "html": (".html", ".htm", ".xhtml"),
            "jsonl": (".jsonl", ".ndjson", ".json"),
            "csv": (".csv", ".tsv"),
            "text": (".txt", ".md", ".markdown"),
        }.items()
        for ending in endings
        for packed in ("", ".gz", ".zst")
    },
}


# Formats without columns -> what else a record can be known by there, beside its own id or its path.
KEYS: Mapping[str, tuple[str, ...]] = {
    "warc": ("url",),
    "arc": ("url",),
    "html": (),
    "mineru": (),
    "paddleocr": (),
    "text": (),
}


WITH_FIELDS = READERS.keys() - KEYS.keys()
"""Formats whose records have named fields."""


class UnknownFormat(ValueError):
    """No reader is for this file, or its format has no such column as the source names."""


def format_of(source: Source, file: FileInfo) -> str:
    """The name of the file's format, one of `READERS` or `SHOWN`.

    Raises `UnknownFormat` where the source can't be read so.
    """
    found = _named(source, file)
    if found in KEYS:
        if source.text is not None:
            raise UnknownFormat(
                f"source {source.name}: text={source.text!r}, but {file.path!r} is {found}, without columns"
            )
        if source.key is not None and source.key not in KEYS[found]:
            known = " or ".join(map(repr, (*KEYS[found], None)))
            raise UnknownFormat(f"source {source.name}: key={source.key!r}, but {file.path!r} is {found}: give {known}")
    return found


def _named(source: Source, file: FileInfo) -> str:
    if file.read_as is not None:
        return file.read_as
    if source.format is not None:
        if source.format not in READERS:
            known = ", ".join(READERS)
            raise UnknownFormat(f"source {source.name}: format is {source.format!r}, expected one of {known}")
        return source.format
    name = file.relative.lower()
    found = next((known for ending, known in ENDINGS.items() if name.endswith(ending)), None)
    if found is None:
        raise UnknownFormat(
            f"source {source.name}: {file.path!r} has no ending that Curate knows; it reads {', '.join(ENDINGS)}. "
            "Name the format with Source(format=...), or leave the file out with a glob as path: FOLDER/**/*.jsonl"
        )
    return found


def reader(source: Source, file: FileInfo) -> Reader:
    """The reader of the file's format. Raises `UnknownFormat`."""
    return {**READERS, **SHOWN}[format_of(source, file)]
