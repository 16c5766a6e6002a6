"""Records become batches of documents: ids, sampling, the source's defaults, and the check at the door."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from curate.document import COLUMNS, RAW, check, content_hash, doc_id, share_of
from curate.files import FileInfo
from curate.read.format import reader
from curate.read.record import CAP, Item, Problem, Reading, Record
from curate.recipe import Source

BATCH = 16 << 20  # bytes of content after which a batch ends


@dataclass(frozen=True)
class Batch:
    """Some records of one source, in the order of the file: documents, and what did not become one.

    `records` is counted where records come from the file; it is `docs.height + len(problems)`, or something is lost.
    """

    docs: pl.DataFrame
    problems: tuple[Problem, ...]
    records: int


def open_shard(source: Source, file: FileInfo | Sequence[FileInfo], *, cap: int = CAP) -> Iterator[Batch]:
    """The records of a file, or of several one after the other, in batches of about `BATCH` bytes.

    A batch depends on the bytes of the files and on `source` alone. One record may have `cap` bytes, decoded; beyond
    that it is quarantined, and never held. Raises `UnknownFormat` for a file that no reader is for, `OSError` where
    storage fails, and for nothing that a file holds.
    """
    pending = _Pending(source)
    for one in [file] if isinstance(file, FileInfo) else file:
        # A name that is not UTF-8 can't be a column's value as it is.
        relative = one.relative.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        for item in reader(source, one)(Reading(replace(one, relative=relative), source, cap)):
            pending.add(item)
            if pending.size >= BATCH:
                yield pending.batch()
                pending = _Pending(source)
    if pending.records:
        yield pending.batch()


class _Pending:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.records = 0
        self.size = 0
        self._docs: list[Record] = []
        self._ids: list[str] = []
        self._hashes: list[str] = []
        self._problems: list[Problem] = []

    def add(self, item: Item) -> None:
        self.records += 1
        if isinstance(item, Problem):
            self._problem(item)
            return
        identity = doc_id(self.source.name, item.key)
        if self.source.take < 1 and share_of(identity, "take") >= self.source.take:
            error = f"take={self.source.take:g}"
            self._problem(Problem(item.locator, "skipped", "not_sampled", error, identity, item.origin_id, item.url))
            return
        content = item.raw if item.raw is not None else (item.text or "").encode()
        self._docs.append(item)
        self._ids.append(identity)
        self._hashes.append(content_hash(content))
        self.size += len(content) + len(item.meta or "") + 256

    def _problem(self, problem: Problem) -> None:
        self._problems.append(problem)
        self.size += 256 + len(problem.error)

    def batch(self) -> Batch:
        return Batch(check(self._table(), f"source {self.source.name}"), tuple(self._problems), self.records)

    def _table(self) -> pl.DataFrame:
        found = dict(zip(Record._fields, zip(*self._docs, strict=True), strict=True)) if self._docs else {}
        defaults = {
            name: getattr(self.source, name) for name in ("domain", "lang", "kind", "license", "date", "status")
        }
        columns: dict[str, Any] = {
            "doc_id": self._ids,
            "content_hash": self._hashes,
            "source": [self.source.name] * len(self._docs),
            "role": [self.source.role] * len(self._docs),
        }
        for name in (*COLUMNS, *RAW):
            if name not in columns:
                values = found.get(name, (None,) * len(self._docs))
                default = defaults.get(name)
                columns[name] = values if default is None else [default if value is None else value for value in values]
        types = {**COLUMNS, **RAW}
        return pl.DataFrame([pl.Series(name, columns[name], dtype) for name, dtype in types.items()])
