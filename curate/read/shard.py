"""Records become batches of documents: ids, sampling, the source's defaults, and the check at the door."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import polars as pl
import pyarrow as pa

from curate import files
from curate.document import COLUMNS, RAW, check, content_hash, doc_id, share_of
from curate.files import FileInfo
from curate.read.block import contents
from curate.read.format import SHOWN, reader
from curate.read.record import CAP, Block, Item, Problem, Reading, Record
from curate.recipe import Source

BATCH = 16 << 20  # bytes of content after which a batch ends
POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n(?:.+\n)*?size (\d+)\n?\Z")
POINTER_BYTES = 256  # at most, of what git leaves of a file that it has not fetched (127 and a few digits)


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
        for item in _items(source, one, cap):
            pending.add(item)
            del item  # a document may be as large as all the rest: nothing here holds one that was handed on
            if pending.size >= BATCH:
                done, pending = pending, _Pending(source)
                yield done.handed_on()
                del done
    if pending.records:
        yield pending.handed_on()


def _items(source: Source, file: FileInfo, cap: int) -> Iterator[Item | Block]:
    """What a file's reader gives, and a problem where that is nothing: a file without records is never silent."""
    # A name that is not UTF-8 can't be a column's value as it is.
    relative = file.relative.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    read = reader(source, file)
    if file.read_as not in SHOWN and 0 < file.size <= POINTER_BYTES and (match := POINTER.match(_bytes(file))):
        found = f"Git LFS left a pointer to {int(match[1]):,} bytes here, not the file: fetch it with `git lfs pull`"
        yield Problem(relative, "quarantined", "pointer", found)
        return
    empty = True
    for item in read(Reading(replace(file, relative=relative), source, cap)):
        empty = empty and isinstance(item, Problem) and item.reason == "record_type"
        yield item
        del item
    if empty:
        found = "no record that could be a document" if file.size else "the file has no bytes"
        yield Problem(relative, "skipped", "empty_file", found)


def _bytes(file: FileInfo) -> bytes:
    with files.open_read(file.path) as stream:
        return stream.read()


class _Pending:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.records = 0
        self.size = 0
        self._parts: list[_Records | _Blocks] = []
        self._problems: list[Problem] = []

    def add(self, item: Item | Block) -> None:
        if isinstance(item, Block):
            self.records += len(item.keys)
            self.size += self._part(_Blocks).add(item, self.source.name)
            return
        self.records += 1
        if isinstance(item, Problem):
            self._problem(item)
            return
        identity = doc_id(self.source.name, item.key)
        if self.source.take < 1 and share_of(identity, "take") >= self.source.take:
            error = f"take={self.source.take:g}"
            self._problem(Problem(item.locator, "skipped", "not_sampled", error, identity, item.origin_id, item.url))
            return
        self.size += self._part(_Records).add(item, identity)

    def handed_on(self) -> Batch:
        """All of it as a batch; nothing is left here."""
        tables = []
        while self._parts:
            part = self._parts.pop(0)
            tables.append(_table(self.source, part.columns(), part.height))
            del part
        docs = pl.concat(tables) if tables else _table(self.source, {}, 0)
        return Batch(check(docs, f"source {self.source.name}"), tuple(self._problems), self.records)

    def _problem(self, problem: Problem) -> None:
        self._problems.append(problem)
        self.size += 256 + len(problem.error)

    def _part(self, kind: type[_Part]) -> _Part:
        """The part that items of this kind go to: the last one, or a new one behind it."""
        if not self._parts or not isinstance(self._parts[-1], kind):
            self._parts.append(kind())
        part = self._parts[-1]
        assert isinstance(part, kind)
        return part


class _Records:
    """Documents as they came, one by one."""

    def __init__(self) -> None:
        self._docs: list[Record] = []
        self._ids: list[str] = []
        self._hashes: list[str] = []

    @property
    def height(self) -> int:
        return len(self._docs)

    def add(self, record: Record, identity: str) -> int:
        """The bytes that it holds more."""
        content = record.raw if record.raw is not None else (record.text or "").encode()
        self._docs.append(record)
        self._ids.append(identity)
        self._hashes.append(content_hash(content))
        return len(content) + len(record.meta or "") + 256

    def columns(self) -> dict[str, Any]:
        found = dict(zip(Record._fields, zip(*self._docs, strict=True), strict=True))
        return {**found, "doc_id": self._ids, "content_hash": self._hashes}


class _Blocks:
    """Documents that came by columns."""

    def __init__(self) -> None:
        self._texts: list[Any] = []
        self._columns: dict[str, list[str | None]] = {"doc_id": [], "content_hash": [], "locator": []}

    @property
    def height(self) -> int:
        return len(self._columns["doc_id"])

    def add(self, block: Block, source: str) -> int:
        """The bytes that it holds more."""
        texts = contents(block.texts)
        before = self.height
        self._texts.append(block.texts)
        self._columns["doc_id"] += [doc_id(source, key) for key in block.keys]
        self._columns["content_hash"] += [content_hash(text) for text in texts]
        self._columns["locator"] += block.locators
        for name, values in block.columns.items():
            self._columns.setdefault(name, [None] * before).extend(values)
        for values in self._columns.values():
            values.extend([None] * (self.height - len(values)))
        meta = sum(len(value or "") for value in block.columns.get("meta", ()))
        return sum(map(len, texts)) + meta + 256 * len(block.keys)

    def columns(self) -> dict[str, Any]:
        return {**self._columns, "text": pl.Series("text", pa.chunked_array(self._texts))}


_Part = TypeVar("_Part", _Records, _Blocks)


def _table(source: Source, found: dict[str, Any], height: int) -> pl.DataFrame:
    """Documents of these columns, the source's defaults where they say nothing."""
    defaults = {name: getattr(source, name) for name in ("domain", "lang", "kind", "license", "date", "status")}
    columns: dict[str, pl.Series] = {}
    for name, dtype in {**COLUMNS, **RAW}.items():
        default = {"source": source.name, "role": source.role, **defaults}.get(name)
        values = found.get(name)
        if values is None:
            columns[name] = pl.Series(name, [default], dtype).new_from_index(0, height)
        else:
            series = pl.Series(name, values, dtype)
            columns[name] = series if default is None else series.fill_null(default)
    return pl.DataFrame(columns)
