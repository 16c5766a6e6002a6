"""Stages over the documents of one shard: who fails is quarantined, who breaks a rule is removed, all is counted."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import polars as pl

from curate.accounts import QUARANTINE, Accounts, characters, count_characters, count_stage
from curate.child import INFRASTRUCTURE, Child, DocumentFailed
from curate.document import check
from curate.ledger import Ids, StageCount
from curate.stage import AnyStage, Cost, Splitter, Stage, cost_of, measured, remove, split

# Documents that go to a child at once: few, so that one that hangs or crashes takes few others with it to a second try.
CHILD_BATCH = 16

ADDRESSES = 1 << 46  # bytes: a driver of GPUs reserves addresses for all of their memory and the machine's, not memory


class Chain:
    """Takes the batches of one shard through stages, and keeps the accounts.

    A `careful` chain runs every stage in a child process: what is done after a worker died with this shard in hand.
    """

    def __init__(self, stages: Sequence[AnyStage], child: Child, *, careful: bool = False) -> None:
        self.stages = stages
        self.counts = [StageCount(stage.name) for stage in stages]
        self.accounts = Accounts()
        self._child = child
        self._careful = careful

    def through(self, docs: pl.DataFrame) -> pl.DataFrame:
        """The documents of one batch that pass all stages."""
        for stage, count in zip(self.stages, self.counts, strict=True):
            if docs.height:
                started = time.process_time()
                docs = (
                    self._split(stage, count, docs) if isinstance(stage, Splitter) else self._stage(stage, count, docs)
                )
                count.seconds += time.process_time() - started
        return docs

    def _stage(self, stage: AnyStage, count: StageCount, docs: pl.DataFrame) -> pl.DataFrame:
        assert isinstance(stage, Stage)
        came, good, bad = trial(stage, docs, self._child, careful=self._careful)
        self._quarantine(count, bad)
        removal = remove(good, stage.name, stage.rules)
        count_stage(count, docs, removal)
        if "text" in stage.writes:
            count_characters(stage.name, count, came, good)
        self.accounts.take(removal)
        return removal.kept

    def _split(self, splitter: Splitter, count: StageCount, docs: pl.DataFrame) -> pl.DataFrame:
        starts = _Starts(splitter)
        _, good, bad = trial(starts, docs, self._child, careful=self._careful)
        self._quarantine(count, bad)
        parts = split(splitter, good.drop(_Starts.column), good[_Starts.column])
        check(parts, splitter.name)
        before, after = set(good["doc_id"]), set(parts["doc_id"])
        count.ids_in += Ids.of(docs["doc_id"])
        count.kept += Ids.of(parts["doc_id"])
        count.parents += Ids.of(sorted(before - after))
        count.children += Ids.of(sorted(after - before))
        count.chars_in += characters(good)
        count.chars_out += characters(parts)
        return parts

    def _quarantine(self, count: StageCount, bad: pl.DataFrame) -> None:
        if bad.height:
            count.quarantined += Ids.of(bad["doc_id"])
            self.accounts.quarantined.append(
                bad.with_columns(stage=pl.lit(count.stage), reason=pl.lit("failed")).select(*QUARANTINE)
            )


class _Starts:
    """A splitter in the shape of a stage, so that it fails as one does."""

    column = "_starts"
    version = 1
    writes = {column: pl.List(pl.Int64())}
    rules = ()

    def __init__(self, splitter: Splitter) -> None:
        self.splitter = splitter
        self.name = splitter.name
        self.reads = splitter.reads
        self.cost = cost_of(splitter)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        return docs.with_columns(self.splitter.starts(docs).cast(pl.List(pl.Int64)).alias(self.column))


class Tried(NamedTuple):
    """Documents that a stage did not fail on, before and after it, and those that it failed on, with `error`."""

    came: pl.DataFrame
    good: pl.DataFrame
    bad: pl.DataFrame


def trial(stage: Stage, docs: pl.DataFrame, child: Child, *, careful: bool = False) -> Tried:
    """`stage` on `docs`, whose order is kept.

    A document is given up only if it fails alone, twice, each time in a fresh child. What a machine does (a full
    disk, a kill from outside) is raised, never a document's fault.
    """
    cost = stage.cost if isinstance(stage, _Starts) else cost_of(stage)
    if not cost.isolated:  # it states no cap, so a child gives it what this process would: only the machine is one
        cost = replace(cost, memory=ADDRESSES if cost.gpus else _machine_memory())
    rows = pl.Series(range(docs.height), dtype=pl.UInt32)
    if careful or not cost.isolated or cost.only is None:
        parts = [(rows, careful or cost.isolated)]
    else:
        risky = docs[cost.only].is_not_null()
        parts = [(rows.filter(risky), True), (rows.filter(~risky), False)]
    good: list[pl.DataFrame] = []
    stayed: list[pl.Series] = []
    errors: dict[int, str] = {}
    for part, isolated in parts:
        if part.len():
            table, failed = _Trial(stage, docs[part], cost, child if isolated else None).outcome()
            good.append(table)
            stayed.append(part.filter(~pl.Series(range(part.len())).is_in(list(failed))))
            errors |= {part[row]: error for row, error in failed.items()}
    kept = pl.concat(stayed)
    bad = docs[sorted(errors)].with_columns(pl.Series("error", [errors[row] for row in sorted(errors)], pl.String))
    return Tried(docs[kept.sort()], pl.concat(good)[kept.arg_sort()], bad)


def _machine_memory() -> int:
    """Bytes of memory that this machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


class _Trial:
    """Finds the documents on which a stage fails, by running it on ever fewer of them."""

    def __init__(self, stage: Stage, docs: pl.DataFrame, cost: Cost, child: Child | None) -> None:
        self._stage, self._docs, self._cost, self._child = stage, docs, cost, child
        self._done: list[tuple[int, pl.DataFrame]] = []
        self._suspects: list[int] = []

    def outcome(self) -> tuple[pl.DataFrame, dict[int, str]]:
        """(the stage's table, in order, without those that fail; the error of each row that fails)."""
        height = self._docs.height
        step = CHILD_BATCH if self._cost.isolated and self._child is not None else height
        for start in range(0, height, step):
            self._attempt(start, min(step, height - start))
        failed = self._convicted() if self._suspects else {}
        tables = [table for _, table in sorted(self._done, key=lambda pair: pair[0])]
        nothing = pl.DataFrame(schema={**self._docs.schema, **self._stage.writes})
        return pl.concat(tables) if tables else nothing, failed

    def _attempt(self, start: int, height: int) -> None:
        part = self._docs.slice(start, height)
        try:
            if self._child is None:
                table = measured(self._stage, part)
            else:
                table = self._child.run(self._stage, part, self._cost)
        except INFRASTRUCTURE:
            raise
        except MemoryError as error:
            raise OSError(f"{self._stage.name}: this process ran out of memory") from error
        except Exception:  # quarantined if it fails again, alone, twice, in a fresh child
            if height == 1:
                self._suspects.append(start)
                return
            for first, size in _halves(start, height):
                self._attempt(first, size)
        else:
            self._done.append((start, table))

    def _convicted(self) -> dict[int, str]:
        """The error of each suspect that fails alone in two fresh children; the others are done."""
        errors = dict.fromkeys(self._suspects, "")
        for _ in range(2):
            fresh = Child()
            try:
                for row in list(errors):
                    try:
                        self._done.append((row, fresh.run(self._stage, self._docs.slice(row, 1), self._cost)))
                        del errors[row]
                    except DocumentFailed as error:
                        errors[row] = str(error)
            finally:
                fresh.close()
        return errors


def _halves(start: int, height: int) -> Iterator[tuple[int, int]]:
    """Two halves; single documents where few are left, since each further try may cost a full cap of CPU time."""
    step = 1 if height <= CHILD_BATCH else (height + 1) // 2
    for first in range(start, start + height, step):
        yield first, min(step, start + height - first)
