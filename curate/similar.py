"""The documents of a file beside what a version stores: any file that a source may be, read as a run reads it."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate import files
from curate.apply import apply
from curate.dedup.similar import nearest
from curate.dedup.stored import Stored
from curate.engine import Engine
from curate.progress import Lines
from curate.stages.extract import Extract
from curate.table import batches


class NothingToRead(ValueError):
    """There is no such file, or no document in it."""


@dataclass(frozen=True)
class Neighbours:
    """A document of the file and the stored ones like it, the nearest first (columns of `dedup.similar.NEAREST`)."""

    locator: str
    origin_id: str | None
    matches: tuple[dict[str, Any], ...]


def similar(
    version: str, path: str, engine: Engine, *, least: float | None = None, top: int = 5
) -> Iterator[Neighbours]:
    """Each document of the file, folder or glob `path` with the `top` stored documents of `version` that are as like as
    `least`, in the order of the file.

    Raises `SignaturesRefused`, and `NothingToRead`. Memory is that of a batch, and of what is mapped in of the index.
    """
    stored = Stored.of_version(version)
    stored.check_kernel()
    if not files.found(path):
        raise NothingToRead(f"{path}: there is no such file")
    with tempfile.TemporaryDirectory(prefix="curate-similar-") as folder:
        counts = apply((Extract(),), [path], folder, engine, Lines(io.StringIO()))
        if not counts["kept"]:
            raise NothingToRead(
                f"{path}: {counts['read']} records read, {counts['quarantined']} of them broken, and no document with "
                "text among them"
            )
        for docs in batches(str(Path(folder) / "kept.parquet"), ["locator", "origin_id", "text"]):
            matches: dict[int, list[dict[str, Any]]] = {}
            for match in nearest(stored, docs["text"], least, top).iter_rows(named=True):
                matches.setdefault(match.pop("row"), []).append(match)
            for row, (locator, origin) in enumerate(docs.select("locator", "origin_id").iter_rows()):
                yield Neighbours(locator, origin, tuple(matches.get(row, ())))
