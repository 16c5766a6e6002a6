"""Files that are no documents, among others that are: counted and said, never a reason to refuse a folder."""

from __future__ import annotations

from collections.abc import Iterator

from curate.read.record import Item, Problem, Reading


def unknown(reading: Reading) -> Iterator[Item]:
    """A file that no reader is for."""
    yield Problem(reading.file.relative, "skipped", "unknown_format", ending(reading.file.relative))


def companion(reading: Reading) -> Iterator[Item]:
    """A file that describes or repeats others of its folder."""
    yield Problem(reading.file.relative, "skipped", "companion", "it belongs to other files of its folder")


def ending(name: str) -> str:
    """The last part of a file's name behind a dot, as `.png`; the whole name where there is none."""
    last = name.rpartition("/")[2]
    stem, dot, suffix = last.rpartition(".")
    return f".{suffix.lower()}" if stem and dot else last
