"""What ran on what, what was lost: the counts of each stage, the records that commit work, and conservation.

An attempt at a piece of work writes objects under names of its own and then one create-only record. Only the record
makes them exist; of two attempts the first record wins, and what the other wrote is garbage. `ledger.jsonl` is
compiled from the records.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b, sha256
from typing import IO, Any, BinaryIO, cast

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from curate import files
from curate.kernels import utf8

MODULUS = 1 << 128

LARGE = 32 << 20  # bytes of a batch that is larger than batches are: it holds a very long text

# Columns whose values repeat, so that a dictionary pays.
REPEATED = ("source", "role", "domain", "lang", "kind", "license", "date", "status", "stage", "reason", "measure")


class NotConserved(RuntimeError):
    """Documents or characters were lost or doubled: a fault of Curate or of a stage, never of the data."""


@dataclass(frozen=True)
class Ids:
    """A multiset of ids in a few bytes: how many, and the sum of the 128-bit ids modulo 2^128 (32 hex digits).

    A loss and a duplicate can cancel in a count; in the sum they do not.
    """

    count: int = 0
    sum: str = "0" * 32

    @classmethod
    def of(cls, ids: Iterable[str]) -> Ids:
        """Of ids of 32 hex digits each. Summed by digits of 2^16: ten times as fast as number by number."""
        digits = bytes.fromhex("".join(ids))
        columns = np.frombuffer(digits, ">u2").reshape(-1, 8).sum(axis=0, dtype=np.uint64)
        total = sum(int(column) << (16 * place) for place, column in enumerate(reversed(columns)))
        return cls(len(digits) // 16, f"{total % MODULUS:032x}")

    def __add__(self, other: Ids) -> Ids:
        return Ids(self.count + other.count, f"{(int(self.sum, 16) + int(other.sum, 16)) % MODULUS:032x}")


@dataclass
class StageCount:
    """What one stage did to the documents of one shard (or, summed, of a run)."""

    stage: str
    ids_in: Ids = field(default_factory=Ids)
    kept: Ids = field(default_factory=Ids)
    removed: Ids = field(default_factory=Ids)
    quarantined: Ids = field(default_factory=Ids)
    parents: Ids = field(default_factory=Ids)  # consumed by a splitter
    children: Ids = field(default_factory=Ids)  # made by a splitter
    reasons: dict[str, int] = field(default_factory=dict)  # documents by their first failed rule
    chars_in: int = 0
    chars_out: int = 0  # of the documents that were not quarantined, before rules remove any
    chars_cut: int = 0
    chars_added: int = 0
    groups: dict[str, list[int]] = field(default_factory=dict)  # 'lang=zh' -> [judged, removed]
    sources: dict[str, dict[str, int]] = field(default_factory=dict)  # source -> reason -> documents that it was given
    seconds: float = 0.0  # CPU time of this process

    def add(self, other: StageCount) -> None:
        """Sum `other` into this one."""
        for name in ("ids_in", "kept", "removed", "quarantined", "parents", "children"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("chars_in", "chars_out", "chars_cut", "chars_added", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for reason, count in other.reasons.items():
            self.reasons[reason] = self.reasons.get(reason, 0) + count
        for group, (came, gone) in other.groups.items():
            before = self.groups.get(group, [0, 0])
            self.groups[group] = [before[0] + came, before[1] + gone]
        for source, reasons in other.sources.items():
            mine = self.sources.setdefault(source, {})
            for reason, count in reasons.items():
                mine[reason] = mine.get(reason, 0) + count

    def balance(self, where: str) -> None:
        """Raises `NotConserved` unless ids in + children = ids kept + removed + quarantined + parents, each that was
        removed has a reason, and characters in + added = characters out + cut.
        """
        came, went = self.ids_in + self.children, self.kept + self.removed + self.quarantined + self.parents
        if came != went:
            raise NotConserved(
                f"{where}, stage {self.stage}: {came.count} documents came in and {went.count} went out"
                + (", but not the same ones" if came.count == went.count else "")
            )
        if sum(self.reasons.values()) != self.removed.count:
            raise NotConserved(
                f"{where}, stage {self.stage}: {self.removed.count} documents were removed, "
                f"{sum(self.reasons.values())} of them for a reason"
            )
        if self.chars_in + self.chars_added != self.chars_out + self.chars_cut:
            raise NotConserved(
                f"{where}, stage {self.stage}: {self.chars_in} characters in, {self.chars_out} out, "
                f"and it says that it cut {self.chars_cut} and added {self.chars_added}"
            )

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> StageCount:
        ids = {name: Ids(**data[name]) for name in ("ids_in", "kept", "removed", "quarantined", "parents", "children")}
        return cls(**{**data, **ids})


@dataclass(frozen=True)
class Object:
    """A file that an attempt wrote. `path` is relative to the run's directory."""

    path: str
    rows: int
    bytes: int
    sha256: str
    text_bytes: int = 0


@dataclass
class Record:
    """The commit of one piece of work: what it did, and the objects that exist by it."""

    segment: str
    shard: str
    fingerprint: str
    stages: list[StageCount] = field(default_factory=list)
    objects: dict[str, list[Object]] = field(
        default_factory=dict
    )  # data, overlay, verdicts, quarantine, samples, measures
    reading: dict[str, Any] = field(default_factory=dict)  # records, documents (ids), skipped by reason, quarantined
    written: Ids = field(default_factory=Ids)  # documents that the next segment will read
    exchange: dict[str, Any] = field(default_factory=dict)  # a parcel of key rows or notes
    facts: dict[str, Any] = field(default_factory=dict)  # times and hosts: of this run, never hashed

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def parse(cls, line: str | bytes) -> Record:
        data = json.loads(line)
        data["stages"] = [StageCount.parse(stage) for stage in data["stages"]]
        data["written"] = Ids(**data["written"])
        data["objects"] = {kind: [Object(**one) for one in some] for kind, some in data["objects"].items()}
        return cls(**data)


def fingerprint(*parts: Any) -> str:
    """32 hex digits over JSON data: what the outcome of a piece of work depends on."""
    # Names of files that are not UTF-8 hold halves of surrogate pairs.
    data = json.dumps(parts, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=16).hexdigest()


def record_path(run: str, segment: str, shard: str, print_: str) -> str:
    return files.join(run, "commits", segment, f"{shard}-{print_[:12]}.json")


def committed(run: str, segment: str, shard: str, print_: str) -> Record | None:
    """The record of this piece of work, if an attempt has committed it and its objects are there in their size.

    A record whose objects are gone, or were cut, is taken away: the work is done again.
    """
    path = record_path(run, segment, shard, print_)
    if not files.exists(path):
        return None
    record = Record.parse(files.read_bytes(path))
    if record.fingerprint == print_ and all(_whole(run, one) for some in record.objects.values() for one in some):
        return record
    files.delete(path)
    return None


def _whole(run: str, one: Object) -> bool:
    try:
        return files.size(files.join(run, one.path)) == one.bytes
    except FileNotFoundError:
        return False


def commit(run: str, record: Record) -> Record:
    """Create the record, or give the one that was there first."""
    path = record_path(run, record.segment, record.shard, record.fingerprint)
    if files.put_new(path, record.to_json().encode()):
        return record
    return Record.parse(files.read_bytes(path))


def facts(started: float) -> dict[str, Any]:
    """Facts of a run for a record; `started` from `time.time()`."""
    return {"host": os.uname().nodename, "pid": os.getpid(), "finished": time.time(), "seconds": time.time() - started}


class Attempt:
    """One try at a piece of work: names and writes its objects below `run`/objects."""

    def __init__(self, run: str, segment: str, shard: str) -> None:
        self.run = run
        self._stem = f"objects/{segment}/{shard}-{uuid.uuid4().hex[:12]}"

    def path(self, kind: str, ending: str = "parquet") -> str:
        """A path of this attempt's own, relative to the run's directory."""
        return f"{self._stem}.{kind}.{ending}"

    def write(self, kind: str, tables: Iterable[pl.DataFrame]) -> list[Object]:
        """The tables, a row group each, as one Parquet object; nothing where there are no tables."""
        writer = None
        for table in tables:
            if writer is None:
                writer = ObjectWriter(self.run, self.path(kind))
            writer.add(table)
        return [] if writer is None else [writer.close()]


class ObjectWriter:
    """Writes tables to a Parquet object, a row group each, and hashes what it writes."""

    def __init__(self, run: str, path: str) -> None:
        self._path = path
        self._file = _Hashing(files.create(files.join(run, path)))
        self._writer: pq.ParquetWriter | None = None
        self._rows = 0
        self.text_bytes = 0

    def add(self, table: pl.DataFrame) -> None:
        arrow = table.to_arrow(compat_level=pl.CompatLevel.oldest())
        if self._writer is None:
            # What lies between segments is read back within hours: level 1 takes half the time of 3 and a quarter more
            # room. Texts and ids are all different, and a dictionary of them is built to be thrown away.
            few: Any = [name for name in REPEATED if name in arrow.schema.names]
            self._writer = pq.ParquetWriter(
                cast(IO[Any], self._file), arrow.schema, compression="zstd", compression_level=1, use_dictionary=few
            )
        self._writer.write_table(arrow, row_group_size=max(1, table.height))
        if arrow.nbytes > LARGE:
            del arrow
            pa.default_memory_pool().release_unused()  # it would keep what one long text took for the next one
        self._rows += table.height
        if "text" in table.columns:
            self.text_bytes += int(utf8.lengths(table["text"]).sum())

    def close(self) -> Object:
        assert self._writer is not None
        self._writer.close()
        self._file.close()
        return Object(self._path, self._rows, self._file.size, self._file.digest.hexdigest(), self.text_bytes)


class _Hashing:
    """A binary file for writing that hashes what goes through it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = sha256()
        self.size = 0
        self.closed = False

    def write(self, data: Any) -> int:
        view = memoryview(data)
        self.digest.update(view)
        self._file.write(view)
        self.size += view.nbytes
        return view.nbytes

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()
        self.closed = True


def total(records: Iterable[Record]) -> list[StageCount]:
    """The counts of each stage over `records`, in the order in which the stages first appear."""
    out: dict[str, StageCount] = {}
    for record in records:
        for count in record.stages:
            if count.stage in out:
                out[count.stage].add(count)
            else:
                sources = {source: dict(reasons) for source, reasons in count.sources.items()}
                out[count.stage] = replace(
                    count, reasons=dict(count.reasons), groups=dict(count.groups), sources=sources
                )
    return list(out.values())


def balance_flow(counts: Iterable[StageCount], came: Ids | None, where: str) -> Ids | None:
    """What the last stage kept. Raises `NotConserved` unless every stage balances and takes in what the one before
    kept, the first of them what `came` (where that is known).
    """
    for count in counts:
        count.balance(where)
        if came is not None and count.ids_in != came:
            raise NotConserved(
                f"{where}: {came.count} documents left the stage before {count.stage}, {count.ids_in.count} came to it"
            )
        came = count.kept
    return came


def balance_reading(record: Record) -> None:
    """Raises `NotConserved` unless records read = documents + skipped + quarantined."""
    read = record.reading
    told = read["documents"] + sum(read["skipped"].values()) + read["quarantined"]
    if told != read["records"]:
        raise NotConserved(f"{record.shard}: {read['records']} records were read, {told} are accounted for")


def compile_ledger(run: str, records: Sequence[Record]) -> None:
    """Write ledger.jsonl, a line for each record, in the order of segments and shards."""
    lines = "".join(record.to_json() + "\n" for record in records)
    with files.rewrite(files.join(run, "ledger.jsonl")) as file:
        file.write(lines.encode())


def read_ledger(run: str) -> list[Record]:
    """The records of a run, as compiled at its end."""
    path = files.join(run, "ledger.jsonl")
    if not files.exists(path):
        raise FileNotFoundError(f"{run}: no ledger.jsonl; is this the --out directory of a run that ended?")
    return [Record.parse(line) for line in files.read_bytes(path).splitlines() if line.strip()]
