"""The work of one segment on one shard: read or take up the documents, put them through the stages, commit."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import polars as pl

from curate import files, read
from curate.accounts import QUARANTINE
from curate.chain import Chain
from curate.child import Child
from curate.document import RAW
from curate.files import FileInfo
from curate.kernels import utf8
from curate.ledger import (
    Attempt,
    Ids,
    NotConserved,
    Object,
    ObjectWriter,
    Record,
    balance_flow,
    balance_reading,
    commit,
    committed,
    facts,
)
from curate.recipe import RecipeRefused, Source
from curate.shard import Shard, batches
from curate.stage import AnyStage

SHARD = 128 << 20  # bytes of text after which an output object is closed and the next begun


@dataclass(frozen=True)
class SegmentWork:
    """What every task of a segment needs."""

    run: str
    segment: str
    stages: tuple[AnyStage, ...]


@dataclass(frozen=True)
class Reading:
    """One shard of the first segment: files of one source."""

    name: str
    source: Source
    files: tuple[FileInfo, ...]
    print: str


class InputChanged(OSError):
    """A file that is read is not the one that was hashed at the start: what was read of it is not committed."""


def read_shard(work: SegmentWork, reading: Reading) -> Record:
    """Read the files of `reading`, through the stages up to the first checkpoint."""
    if (record := committed(work.run, work.segment, reading.name, reading.print)) is not None:
        return record
    record = Record(work.segment, reading.name, reading.print)
    documents = Ids()
    skipped: dict[str, int] = {}
    refused = []  # records that never became documents
    records = size = 0

    def read_batches() -> Iterator[pl.DataFrame]:
        nonlocal documents, records, size
        for file in reading.files:
            for batch in read.open_shard(reading.source, file):
                for problem in batch.problems:
                    if problem.kind == "skipped":
                        skipped[problem.reason] = skipped.get(problem.reason, 0) + 1
                    else:
                        refused.append(problem)
                documents += Ids.of(batch.docs["doc_id"])
                records += batch.records
                size += _bytes(batch.docs)
                docs = batch.docs
                del batch
                yield docs
                del docs
            if (now := files.size(file.path)) != file.size:
                raise InputChanged(
                    f"{file.path} had {file.size:,} bytes when it was hashed and has {now:,}: start again when it is "
                    "no longer written to"
                )

    with _attempted(work, reading.name) as careful:
        chain = Chain(work.stages, _child(), careful=careful)
        _carry_out(work, record, chain, read_batches(), refused, reading.source.name)
    record.reading = {
        "records": records,  # as the reader counted them where they came from the file
        "documents": documents.count,
        "ids": documents.sum,
        "skipped": skipped,
        "quarantined": len(refused),
        "bytes": size,
    }
    balance_reading(record)
    return commit(work.run, record)


def chain_shard(work: SegmentWork, shard: Shard) -> Record:
    """Take up a shard where the segment before left it, through this segment's stages."""
    if (record := committed(work.run, work.segment, shard.name, shard.print)) is not None:
        return record
    record = Record(work.segment, shard.name, shard.print)
    with _attempted(work, shard.name) as careful:
        chain = Chain(work.stages, _child(), careful=careful)
        _carry_out(work, record, chain, (docs.drop("row") for docs in batches(work.run, shard)), [], "")
    return commit(work.run, record)


def _carry_out(
    work: SegmentWork,
    record: Record,
    chain: Chain,
    docs: Iterable[pl.DataFrame],
    refused: list[read.Problem],
    source: str,
) -> None:
    started = time.time()
    attempt = Attempt(work.run, work.segment, record.shard)
    data: list[Object] = []
    writer: ObjectWriter | None = None
    for batch in docs:
        kept = chain.through(batch) if batch.height else batch
        if not kept.height:
            continue
        kept = kept.drop(*RAW, strict=False)
        if kept["text"].null_count():
            page = kept.filter(pl.col("text").is_null())["locator"][0]
            raise RecipeRefused(f"{page} was read as a raw page, and no stage of the recipe extracts its text")
        if writer is None:
            writer = ObjectWriter(work.run, attempt.path(f"data-{len(data):03d}"))
        writer.add(kept)
        record.written += Ids.of(kept["doc_id"])
        del batch, kept  # nothing is held of one batch while the next is read
        if writer.text_bytes >= SHARD:
            data.append(writer.close())
            writer = None
    if writer is not None:
        data.append(writer.close())
    if refused:
        chain.accounts.quarantined.append(_refused(refused, source))
    record.stages = chain.counts
    record.objects = {"data": data, **chain.accounts.write(attempt)}
    record.facts = facts(started)
    _balance(record)


def _balance(record: Record) -> None:
    """Every stage's counts agree, each takes in what the one before kept, and the last one's is what was written."""
    where = f"{record.segment}, shard {record.shard}"
    flow = balance_flow(record.stages, None, where)
    if flow is not None and record.written != flow:
        raise NotConserved(f"{where}: the last stage kept {flow.count} documents, {record.written.count} were written")


def _refused(problems: list[read.Problem], source: str) -> pl.DataFrame:
    rows = [
        {
            "origin_id": one.origin_id,
            "source": source,
            "url": one.url,
            "locator": one.locator,
            "stage": "read",
            "reason": one.reason,
            "error": one.error,
        }
        for one in problems
    ]
    return pl.DataFrame(rows, schema_overrides=QUARANTINE).select(
        pl.lit(None, dtype).alias(name) if name not in rows[0] else pl.col(name) for name, dtype in QUARANTINE.items()
    )


def _bytes(docs: pl.DataFrame) -> int:
    return int(utf8.lengths(docs["text"]).sum()) + int(docs["raw"].bin.size().sum())


@contextmanager
def _attempted(work: SegmentWork, shard: str) -> Iterator[bool]:
    """Whether an earlier attempt at this shard died with its process: then this one is made in a child.

    The mark of an attempt lies in the run's directory until the attempt ends in any way but its process's death.
    """
    mark = files.join(work.run, "attempts", f"{work.segment}-{shard}")
    died = not files.put_new(mark, b"")
    try:
        yield died
    finally:
        files.delete(mark)


@cache
def _child() -> Child:
    """The long-lived child of this worker."""
    return Child()
