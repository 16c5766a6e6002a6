"""What happens to documents that a stage fails on, and how the child that takes the risk behaves."""

from __future__ import annotations

import errno
import os
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest

import curate.child
from curate.accounts import Samples, count_stage, sampled
from curate.chain import trial
from curate.child import Child, DocumentFailed, WorkerKilled
from curate.document import doc_id
from curate.ledger import NotConserved, StageCount
from curate.stage import Cost, Removal, Rule, remove
from tests import faults


def docs(count: int, *triggers: int) -> pl.DataFrame:
    texts = [faults.sentence("zh", number, 20) + "TRIGGER" * (number in triggers) for number in range(count)]
    return pl.DataFrame({"doc_id": [f"{number:032x}" for number in range(count)], "text": texts})


@pytest.fixture
def child() -> Iterator[Child]:
    made = Child()
    yield made
    made.close()


@pytest.mark.parametrize("count, triggers", [(1, (0,)), (40, (0, 17, 39)), (40, ()), (33, tuple(range(33)))])
def test_a_trial_finds_every_document_that_fails_and_keeps_the_order_of_the_others(
    child: Child, count: int, triggers: tuple[int, ...]
) -> None:
    came = docs(count, *triggers)
    tried = trial(faults.Raises(), came, child)
    failing = [f"{number:032x}" for number in triggers]
    assert tried.bad["doc_id"].to_list() == failing
    assert tried.good["doc_id"].to_list() == [identity for identity in came["doc_id"] if identity not in failing]
    assert tried.came["text"].equals(tried.good["text"])
    assert all("too much for me" in error for error in tried.bad["error"])


@dataclass(frozen=True, kw_only=True)
class RaisesOnMany(faults.Measure):
    """Fails on tables of more than one document: luck, or a fault of the stage, but of no document."""

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        if docs.height > 1:
            raise RuntimeError("too many at once")
        return self.measured(docs)


def test_documents_that_pass_alone_are_not_quarantined(child: Child) -> None:
    tried = trial(RaisesOnMany(), docs(20), child)
    assert tried.bad.height == 0
    assert tried.good.height == 20


@dataclass(frozen=True, kw_only=True)
class Hungry(faults.Measure):
    """Takes more memory than it declares."""

    cost: Cost = Cost(isolated=True, memory=256 << 20)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        if self.hit(docs):
            bytearray(512 << 20)
        return self.measured(docs)


@dataclass(frozen=True, kw_only=True)
class Endless(faults.Measure):
    """Never ends."""

    cost: Cost = Cost(isolated=True, cpu_seconds=1)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        while self.hit(docs):
            pass
        return self.measured(docs)


@pytest.mark.parametrize("stage, said", [(Hungry(), "needs more than 256 MiB"), (Endless(), "of CPU time")])
def test_a_document_that_passes_a_cap_costs_itself(child: Child, stage: faults.Measure, said: str) -> None:
    tried = trial(stage, docs(3, 1), child)
    assert tried.good.height == 2
    assert said in tried.bad["error"][0]


@dataclass(frozen=True, kw_only=True)
class KilledFromOutside(faults.Measure):
    """Its process is killed as the kernel does when a neighbour has taken the memory."""

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        os.kill(os.getpid(), signal.SIGKILL)
        return docs


def test_a_child_that_is_killed_from_outside_blames_no_document(child: Child) -> None:
    with pytest.raises(WorkerKilled, match="SIGKILL"):
        trial(KilledFromOutside(), docs(3), child, careful=True)


@dataclass(frozen=True, kw_only=True)
class NoSpace(faults.Measure):
    """Its disk is full."""

    cost: Cost = Cost(isolated=True)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_what_the_machine_does_in_a_child_is_raised_not_quarantined(child: Child) -> None:
    with pytest.raises(OSError, match="No space left"):
        trial(NoSpace(), docs(3), child)


def test_a_child_that_hangs_is_given_up_however_many_documents_it_has(
    child: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curate.child, "PATIENCE", 1)
    with pytest.raises(DocumentFailed, match="did nothing for 1 s"):
        child.run(faults.Hangs(), docs(1000, 7), Cost(cpu_seconds=1))
    with pytest.raises(DocumentFailed, match="of CPU time"):  # busy, which is another thing
        child.run(Endless(), docs(1, 0), Cost(cpu_seconds=1))


def test_an_error_of_a_service_that_cannot_be_sent_is_raised_all_the_same(child: Child) -> None:
    with pytest.raises(OSError, match="HTTP Error 503: busy"):
        trial(faults.Busy(), docs(3), child, careful=True)


def test_a_worker_with_many_open_files_still_hears_its_child(child: Child) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        assert child.run(faults.Raises(), docs(2), Cost()).height == 2
    finally:
        for file in held:
            os.close(file)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


ROOT = Path(__file__).parent.parent

WORKER = """
import os
import polars as pl
from curate.child import Child
from curate.stage import Cost
from tests import faults
docs = pl.DataFrame({"doc_id": ["0" * 32], "text": ["TRIGGER"]})
Child().run(faults.Hangs(), docs, Cost())
"""


def test_a_child_that_hangs_does_not_outlive_its_worker() -> None:
    worker = subprocess.Popen([sys.executable, "-c", WORKER], stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert worker.stderr is not None
    child = int(worker.stderr.readline())  # the stage says its process, then hangs
    end = os.pidfd_open(child)
    worker.kill()
    worker.wait()
    waiting = select.poll()
    waiting.register(end, select.POLLIN)
    ended = waiting.poll(10_000)
    os.close(end)
    if not ended:
        os.kill(child, signal.SIGKILL)
    assert ended


def test_a_child_outlives_a_document_that_fails_and_is_replaced_when_it_dies(child: Child) -> None:
    with pytest.raises(DocumentFailed, match="too much"):
        child.run(faults.Raises(), docs(1, 0), Cost())
    with pytest.raises(DocumentFailed, match="status 7"):
        child.run(faults.Dies(), docs(1, 0), Cost())
    assert child.run(faults.Raises(), docs(2), Cost()).height == 2


@dataclass(frozen=True, kw_only=True)
class Leaks(faults.Measure):
    """Gives nothing back of what it takes for a document; its measure is how often it did so in this process."""

    cost: Cost = Cost(isolated=True, memory=300 << 20)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        held = sys.__dict__.setdefault("held", [])
        held.append(b"x" * (120 << 20))
        return docs.with_columns(pl.lit(len(held), pl.Int64).alias("faulty_chars"))


def test_a_child_that_leaks_is_replaced_before_it_takes_the_machine(child: Child) -> None:
    leaks = Leaks()
    held = [child.run(leaks, docs(1), leaks.cost)["faulty_chars"][0] for _ in range(20)]
    assert max(held) <= 9
    assert held.count(1) >= 2


@dataclass(frozen=True, kw_only=True)
class PrintsPid(faults.Measure):
    """Says in its measure which process it ran in, and prints, which must not disturb the answers."""

    cost: Cost = Cost(isolated=True, only="raw")

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        print("a stage may print", flush=True)
        return docs.with_columns(pl.lit(os.getpid(), pl.Int64).alias("faulty_chars"))


def test_only_documents_that_are_a_risk_go_to_the_child(child: Child) -> None:
    raw = pl.Series("raw", [b"page" if number % 3 == 0 else None for number in range(40)], pl.Binary)
    tried = trial(PrintsPid(), docs(40).with_columns(raw), child)
    assert tried.good["doc_id"].to_list() == docs(40)["doc_id"].to_list()
    here = tried.good["faulty_chars"] == os.getpid()
    assert here.to_list() == [number % 3 != 0 for number in range(40)]


@dataclass(frozen=True, kw_only=True)
class DeclaresInAnotherOrder(faults.Measure):
    """Declares its measures in another order than it writes them in, and fails on what is raw."""

    cost: Cost = Cost(isolated=True, only="raw")
    writes = {"second": pl.Int64(), "first": pl.Int64()}

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        if docs["raw"].is_not_null().any():
            raise RuntimeError("this page is too much for me")
        return docs.with_columns(first=pl.lit(1, pl.Int64), second=pl.lit(2, pl.Int64))


def test_the_order_in_which_measures_are_declared_and_written_may_differ(child: Child) -> None:
    raw = pl.Series("raw", [None, b"page", None], pl.Binary)
    tried = trial(DeclaresInAnotherOrder(), docs(3).with_columns(raw), child)
    assert tried.bad.height == 1
    assert tried.good.select("first", "second").rows() == [(1, 2), (1, 2)]


def test_samples_of_removed_documents_do_not_depend_on_how_they_came(child: Child) -> None:
    gone = docs(500).with_columns(doc_id=pl.Series([doc_id("sample", str(number)) for number in range(500)]))
    verdicts = gone.select("doc_id", stage=pl.lit("length"), reason=pl.lit("too_short"))
    whole, parts = Samples(), Samples()
    whole.add(Removal(gone.clear(), gone, verdicts))
    for start in range(0, 500, 7):
        parts.add(Removal(gone.clear(), gone.slice(start, 7), verdicts.slice(start, 7)))
    assert whole.table().equals(parts.table())
    assert 100 <= whole.table().height < 110  # the least of a reason, and one in a thousand
    assert sampled(whole.table()).equals(whole.table())


def test_each_of_several_documents_of_one_id_has_its_reason() -> None:
    groups = {"lang": pl.lit("zh"), "kind": pl.lit("prose"), "source": pl.lit("s")}
    came = docs(1)[[0, 0, 0]].with_columns(pl.Series("before", [0, 1, 2]), **groups)
    count = StageCount("unique_ids")
    count_stage(count, came, remove(came, "unique_ids", (Rule(reason="duplicate_id", measure="before", high=0),)))
    assert count.reasons == {"duplicate_id": 2}
    count.balance("here")
    with pytest.raises(NotConserved, match="2 documents were removed, 1 of them for a reason"):
        replace(count, reasons={"duplicate_id": 1}).balance("here")


def test_what_could_not_be_measured_has_no_value_in_its_verdict() -> None:
    came = docs(3).with_columns(measure=pl.Series([None, float("nan"), -1.0]))
    told = remove(came, "judge", (Rule(reason="low", measure="measure", low=0),)).verdicts
    assert told.select("value", "evidence").rows() == [(None, "not measured"), (None, "not measured"), (-1.0, None)]


def test_a_language_that_the_stage_itself_tells_is_counted_by_what_it_told() -> None:
    came = docs(60).with_columns(lang=pl.lit(None, pl.String), kind=pl.lit("prose"), source=pl.lit("s"))
    told = came.with_columns(lang=pl.lit("zh"), measure=pl.lit(0.0))
    count = StageCount("language")
    count_stage(count, came, remove(told, "language", (Rule(reason="unsure", measure="measure", low=1),)))
    assert count.groups["lang=zh"] == [60, 60]


@dataclass(frozen=True, kw_only=True)
class LargeIndex(faults.Measure):
    """Takes more memory than an isolated stage gets by default, and states no cap of its own."""

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        bytearray(5 << 29)
        return self.measured(docs)


def test_a_stage_without_caps_gets_in_a_child_what_it_gets_elsewhere(child: Child) -> None:
    assert trial(LargeIndex(), docs(3), child).bad.height == 0
    assert trial(LargeIndex(), docs(3), child, careful=True).bad.height == 0
