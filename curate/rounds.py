"""The work of a corpus stage over the shards of a run: key rows out, notes back, and then the verdicts.

Each piece of work (a shard's key rows, a partition's notes, a shard's verdicts) is committed by a record of its
own, so a run that was killed goes on where it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import polars as pl

from curate import cuts, files
from curate.accounts import HEAVY, Accounts, count_characters, count_stage
from curate.corpus import ADDRESS, changed, with_measures
from curate.exchange import MERGED, Outbox, Parcel, by_key, gather, merged, prefix
from curate.ledger import Attempt, Object, Record, StageCount, commit, committed, facts, fingerprint
from curate.shard import Shard, batches
from curate.stage import CorpusStage, Flow, Round, remove


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
    turn: Round | None = None
    parcels: tuple[Parcel, ...] = ()

    @property
    def now(self) -> Round:
        assert self.turn is not None, "verdicts are given between no rounds"
        return self.turn

    @property
    def reducers(self) -> int:
        return 1 if self.now.single else self.partitions

    def after(self, records: list[Record]) -> CorpusWork:
        """The work that follows: the parcels of `records` are its input."""
        return replace(self, parcels=tuple(_parcel(self.run, record) for record in records))


def flow_of(keys: list[Record], notes: list[Record]) -> Flow:
    """What a round's exchange carried, from the records of its two halves."""
    return Flow(
        sum(record.exchange["rows"] for record in keys),
        sum(record.exchange["rows"] for record in notes),
        sum(record.exchange["changed"] for record in notes),
    )


def emit_shard(work: CorpusWork, index: int) -> Record:
    """One shard's key rows, sorted to the partitions of this round."""

    def keys(path: str) -> tuple[Parcel, int]:
        this = work.now
        notes = _notes(work, index)
        outbox = Outbox(path, work.reducers)
        for batch in batches(work.run, work.shards[index], ["source", *this.reads]):
            docs = batch.with_columns(
                pl.lit(index, pl.UInt32).alias("shard"),
                pl.col("source").replace_strict(work.priorities, return_dtype=pl.Int64).alias("priority"),
            )
            rows = this.emit(docs, _addressed(notes, docs))
            if rows.height:
                outbox.add(rows, prefix(rows["key"], work.reducers))
        return outbox.close(), 0

    return _step(work, f"keys-{work.shards[index].name}", keys)


def merge_parcels(work: CorpusWork, group: int) -> Record:
    """The parcels of one group of shards as one, so that no reducer reads a range from every shard."""
    some = work.parcels[group * MERGED : (group + 1) * MERGED]
    return _step(work, f"merged-{len(work.parcels)}-{group:04d}", lambda path: (merged(some, path), 0))


def reduce_partition(work: CorpusWork, partition: int) -> Record:
    """One partition's notes, sorted to the shards that they are for."""

    def notes_back(path: str) -> tuple[Parcel, int]:
        rows = gather(work.parcels, partition)
        outbox = Outbox(path, len(work.shards))
        moved = 0
        if rows is not None:
            rows = by_key(rows)  # in place of the unsorted ones, which must not outlive this
            notes = work.now.reduce(rows)
            if notes.height:
                outbox.add(notes, notes["shard"])
            moved = changed(notes)
        return outbox.close(), moved

    return _step(work, f"notes-{partition:04d}", notes_back)


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
    edits = cuts.COLUMN in stage.writes
    judged = {column for rule in stage.rules for column in (rule.measure, rule.when, rule.evidence)}
    unread = frozenset() if edits else HEAVY - judged  # texts are half of the work: of those that go, some are read
    for docs in batches(work.run, shard, without=unread):
        measured = with_measures(stage, docs, index, notes)
        laid = measured.select("row", *stage.writes)
        if edits:
            before, measured = measured, cuts.cut(measured, stage.name)
            count_characters(stage.name, count, before, measured)
        removal = remove(measured, stage.name, stage.rules)
        count_stage(count, measured, removal)
        accounts.take(removal)
        gone = pl.col("row").is_in(removal.gone["row"].implode())
        overlay.append(laid.select("row", gone.alias("gone"), *stage.writes))
    count.seconds = time.process_time() - cpu
    count.balance(f"{work.segment}, shard {shard.name}")
    attempt = Attempt(work.run, work.segment, shard.name)

    def whole(rows: pl.Series) -> pl.DataFrame:
        read = batches(work.run, shard, [*unread], rows=rows)
        return pl.concat(docs.select("row", pl.col(name for name in docs.columns if name in unread)) for docs in read)

    objects = {
        "overlay": attempt.write("overlay", [pl.concat(overlay)] if overlay else []),
        **accounts.write(attempt, whole if unread else None),
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


def _step(work: CorpusWork, name: str, make: Callable[[str], tuple[Parcel, int]]) -> Record:
    """The record of one parcel: what is committed already, else what `make` writes to the path that it is given.

    `make` gives the parcel and how many of its notes say `changed`.
    """
    started = time.time()
    step = f"round-{work.round}-{name}"
    print_ = fingerprint(work.print, step, work.partitions)
    if (record := committed(work.run, work.segment, step, print_)) is not None:
        return record
    path = Attempt(work.run, work.segment, step).path("rows", "arrows")
    parcel, moved = make(files.join(work.run, path))
    written = Object(path, parcel.rows, files.size(parcel.path), files.sha256(parcel.path))
    record = Record(work.segment, step, print_, objects={"rows": [written]}, facts=facts(started))
    record.exchange = {
        "rows": parcel.rows,
        "partitions": parcel.partitions,
        "runs": parcel.runs,
        "index": parcel.index,
        "changed": moved,
    }
    return commit(work.run, record)


def _parcel(run: str, record: Record) -> Parcel:
    one = record.exchange
    path = files.join(run, record.objects["rows"][0].path)
    return Parcel(path, one["rows"], one["partitions"], one["runs"], one["index"])
