"""The rounds of a corpus stage over the shards of a run: key rows out, notes back, and then the verdicts.

Each piece of work (a shard's key rows, a partition's notes, a shard's verdicts) is committed by a record of its
own, so a run that was killed goes on where it was.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from curate import files
from curate.accounts import Accounts, count_stage
from curate.corpus import ADDRESS, with_measures
from curate.exchange import Outbox, Parcel, gather, prefix
from curate.ledger import Attempt, Object, Record, StageCount, commit, committed, facts, fingerprint
from curate.shard import Shard, batches
from curate.stage import CorpusStage, remove


@dataclass(frozen=True)
class CorpusWork:
    """What every task of one corpus stage needs. `parcels` are those of the step before."""

    run: str
    segment: str
    stage: CorpusStage
    shards: tuple[Shard, ...]
    priorities: Mapping[str, int]
    print: str  # of the stage, its settings and all shards
    partitions: int
    round: int = 0
    parcels: tuple[Parcel, ...] = ()

    @property
    def reducers(self) -> int:
        return 1 if self.stage.rounds[self.round].single else self.partitions

    def after(self, records: list[Record]) -> CorpusWork:
        """The work that follows: the parcels of `records` are its input."""
        return replace(self, parcels=tuple(_parcel(self.run, record) for record in records))


def emit_shard(work: CorpusWork, index: int) -> Record:
    """One shard's key rows, sorted to the partitions of this round."""
    started = time.time()
    step = f"round-{work.round}-keys-{work.shards[index].name}"
    print_ = fingerprint(work.print, step, work.partitions)
    if (record := committed(work.run, work.segment, step, print_)) is not None:
        return record
    this = work.stage.rounds[work.round]
    notes = _notes(work, index)
    outbox = _outbox(work, step, work.reducers)
    for batch in batches(work.run, work.shards[index], ["source", *this.reads]):
        docs = batch.with_columns(
            pl.lit(index, pl.UInt32).alias("shard"),
            pl.col("source").replace_strict(work.priorities, return_dtype=pl.Int64).alias("priority"),
        )
        rows = this.emit(docs, _addressed(notes, docs))
        if rows.height:
            outbox.add(rows, prefix(rows["key"], work.reducers))
    return _commit_parcel(work, step, print_, outbox, started)


def reduce_partition(work: CorpusWork, partition: int) -> Record:
    """One partition's notes, sorted to the shards that they are for."""
    started = time.time()
    step = f"round-{work.round}-notes-{partition:04d}"
    print_ = fingerprint(work.print, step, work.partitions)
    if (record := committed(work.run, work.segment, step, print_)) is not None:
        return record
    rows = gather(work.parcels, partition)
    outbox = _outbox(work, step, len(work.shards))
    if rows is not None:
        notes = work.stage.rounds[work.round].reduce(rows.sort("key", "shard", "row", maintain_order=True))
        if notes.height:
            outbox.add(notes, notes["shard"])
    return _commit_parcel(work, step, print_, outbox, started)


def judge_shard(work: CorpusWork, index: int) -> Record:
    """One shard's overlay: the last round's notes as measures, judged by the stage's rules."""
    started, cpu = time.time(), time.process_time()
    shard, stage = work.shards[index], work.stage
    print_ = fingerprint(work.print, "judge", shard.print)
    if (record := committed(work.run, work.segment, shard.name, print_)) is not None:
        return record
    notes = _notes(work, index)
    count = StageCount(stage.name)
    accounts = Accounts()
    overlay = []
    for docs in batches(work.run, shard):
        measured = with_measures(stage, docs, index, notes)
        removal = remove(measured, stage.name, stage.rules)
        count_stage(count, measured, removal)
        accounts.take(removal)
        gone = pl.col("row").is_in(removal.gone["row"].implode())
        overlay.append(measured.select("row", gone.alias("gone"), *stage.writes))
    count.seconds = time.process_time() - cpu
    count.balance(f"{work.segment}, shard {shard.name}")
    attempt = Attempt(work.run, work.segment, shard.name)
    objects = {
        "overlay": attempt.write("overlay", [pl.concat(overlay)] if overlay else []),
        **accounts.write(attempt),
    }
    return commit(
        work.run,
        Record(work.segment, shard.name, print_, [count], objects, written=count.kept, facts=facts(started)),
    )


def _notes(work: CorpusWork, index: int) -> pl.DataFrame:
    """What the round before addressed to one shard."""
    notes = gather(work.parcels, index)
    return pl.DataFrame(schema=ADDRESS) if notes is None else notes


def _addressed(notes: pl.DataFrame, docs: pl.DataFrame) -> pl.DataFrame:
    """The notes for the documents of one batch."""
    return notes.filter(pl.col("row").is_between(docs["row"][0], docs["row"][-1])).join(
        docs.select("row"), on="row", how="semi", maintain_order="left"
    )


def _outbox(work: CorpusWork, step: str, partitions: int) -> Outbox:
    path = Attempt(work.run, work.segment, step).path("rows", "arrows")
    return Outbox(files.join(work.run, path), partitions)


def _commit_parcel(work: CorpusWork, step: str, print_: str, outbox: Outbox, started: float) -> Record:
    parcel = outbox.close()
    path = parcel.path[len(work.run) :].lstrip("/")
    written = Object(path, parcel.rows, files.size(parcel.path), files.sha256(parcel.path))
    record = Record(work.segment, step, print_, objects={"rows": [written]}, facts=facts(started))
    record.exchange = {"ranges": parcel.ranges, "rows": parcel.rows}
    return commit(work.run, record)


def _parcel(run: str, record: Record) -> Parcel:
    ranges = tuple(tuple((offset, length) for offset, length in partition) for partition in record.exchange["ranges"])
    path = files.join(run, record.objects["rows"][0].path)
    return Parcel(path, record.exchange["rows"], ranges)
