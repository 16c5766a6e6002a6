"""Starts the processes of a training, watches them, and starts them again where one was lost.

A process that is killed, or a group that gives no sign of life for `patience` seconds, costs what was done since the
last complete checkpoint: all processes are ended and started afresh, with a process group and a port of their own
(torchrun's restarts over gloo came back 1 time in 8 in a trial). What a training itself raises (a mix that is refused,
a full disk, a loss that stays lost) is raised here as it was there: to start again would only raise it again.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from select import POLLIN, poll
from tempfile import mkdtemp
from threading import Thread
from typing import TYPE_CHECKING, Any

from curate.train.settings import Train
from curate.train.signs import Asked, asked_to_stop, beaten
from curate.train.worker import Job, is_final, work_on_ray

if TYPE_CHECKING:
    from curate.train.save import TrainReport

PATIENCE = 600.0
"""Seconds without a step until a group counts as hanging: NCCL's own timeout too. Held-out losses and a checkpoint that
waits for the one before lie between two steps."""
STARTING = 1800.0
"""The same until the first step: weights are read, digests checked (1.5 GB a second), layers compiled."""
RESTARTS = 3  # without a new checkpoint in between; what fails 4 times at one place fails always
LOOK = 200  # milliseconds between two looks at the signs of life; a death is noticed at once
GRACE = 5.0  # seconds for the other processes to say what they met, once one has ended
DUMP = 3.0  # seconds to write the stacks


class WorkersLost(OSError):
    """The processes of a training were lost more often than they may be."""


@dataclass(frozen=True)
class Lost:
    """How a group ended without a result."""

    why: str


def launch(
    settings: Train,
    mix: Path,
    out: Path,
    say: Callable[[str], None],
    *,
    ranks: int = 1,
    patience: float = PATIENCE,
    restarts: int = RESTARTS,
) -> TrainReport:
    """`train` in `ranks` processes on this machine, which share `settings.batch` rows a step.

    Raises what the training raises, and `WorkersLost` after `restarts` losses without a new checkpoint in between.
    SIGTERM and SIGINT are passed on: the processes save, and end with `Stopped`. What the processes wrote to stderr
    lies under OUT/launch/.
    """
    wait = 2 * max(patience, STARTING)  # what is lost is noticed here first, and the stacks are written
    job = Job(settings=settings, mix=mix.absolute(), out=out.absolute(), patience=wait)
    tried, reached = 0, checkpointed(out)
    with asked_to_stop() as asked:
        while True:
            (out / "launch").mkdir(parents=True, exist_ok=True)
            folder = Path(mkdtemp(prefix=time.strftime("%Y%m%d-%H%M%S-"), dir=out / "launch"))
            ended = _Attempt(folder, job, ranks, say, patience, asked).watched()
            if not isinstance(ended, Lost):
                return ended
            now = checkpointed(out)
            tried, reached = (tried + 1, now) if now == reached else (1, now)
            if asked():
                raise WorkersLost(f"{ended.why}, after {asked.name}; the last complete checkpoint is of step {now}")
            if tried > restarts:
                raise WorkersLost(
                    f"{ended.why}; that was try {tried} after the checkpoint of step {now}. What the processes said "
                    f"lies in {folder}; mend it and run the same command again"
                )
            say(f"{ended.why}; a fresh process group goes on after step {now} (try {tried + 1} of {restarts + 1})")


def launch_on_ray(
    settings: Train, mix: Path, out: Path, *, ranks: int, patience: float = PATIENCE, restarts: int = RESTARTS
) -> TrainReport:
    """`train` in `ranks` processes of the Ray that this process has joined; `mix` and `out` must be the same folders on
    every node. Ray starts the group afresh where a process or a node is lost, `restarts` times in all. Rank 0 speaks in
    its own log, and in this process's output where Ray passes logs on.

    Raises what the training raises, and `WorkersLost`.
    """
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    gpu = settings.device != "cpu" and _has_gpu()
    job = Job(settings=settings, mix=mix.absolute(), out=out.absolute(), patience=2 * max(patience, STARTING))
    folder = out.absolute() / "launch"
    folder.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix=time.strftime("%Y%m%d-%H%M%S-"), dir=folder))
    trainer = TorchTrainer(
        partial(work_on_ray, folder, job),
        torch_config=TorchConfig(backend="cpu:gloo,cuda:nccl" if gpu else "gloo"),
        scaling_config=ScalingConfig(num_workers=ranks, use_gpu=gpu),
        run_config=RunConfig(
            name=folder.name, storage_path=str(folder), failure_config=FailureConfig(max_failures=restarts)
        ),
    )
    try:
        trainer.fit()
    except RuntimeError as error:  # of Ray: what a training raises itself comes as an outcome
        raise WorkersLost(f"{str(error).splitlines()[0]}; the processes were started {restarts + 1} times") from error
    outcomes = [pickle.loads(file.read_bytes()) for file in sorted(folder.glob("outcome-*"))]
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    report: TrainReport = outcomes[0]
    return report


def _has_gpu() -> bool:
    import ray

    return bool(ray.cluster_resources().get("GPU", 0))  # type: ignore[no-untyped-call]


def checkpointed(out: Path) -> int:
    """The step of the newest checkpoint in `out` that was finished; 0 without one. Files are not looked into."""
    return max((int(commit.parent.name[5:]) for commit in out.glob("checkpoints/step-*/COMMIT")), default=0)


class _Attempt:
    """One process group."""

    def __init__(
        self, folder: Path, job: Job, ranks: int, say: Callable[[str], None], patience: float, asked: Asked
    ) -> None:
        self._folder, self._say, self._patience, self._asked = folder, say, patience, asked
        (folder / "job").write_bytes(pickle.dumps(job))
        with socket.create_server(("127.0.0.1", 0)) as meeting:
            self._processes = [self._started(rank, ranks, meeting) for rank in range(ranks)]
        for rank, process in enumerate(self._processes):
            (folder / f"pid-{rank}").write_text(str(process.pid))  # for who wants to look into one
        self._speech = Thread(target=self._passed_on, args=(self._processes[0].stdout,), daemon=True)
        self._speech.start()

    def watched(self) -> TrainReport | Lost:
        """Waits for the end of all processes; raises what they raised."""
        try:
            return self._watched()
        finally:
            self._kill()
            self._speech.join()

    def _started(self, rank: int, ranks: int, meeting: socket.socket) -> subprocess.Popen[str]:
        port = meeting.getsockname()[1]
        environment = {
            **os.environ,
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "WORLD_SIZE": str(ranks),
            "CURATE_LAUNCHER": str(os.getpid()),
            "CURATE_STORE": f"127.0.0.1:{port}",
        }
        if rank == 0:
            environment["CURATE_STORE_DESCRIPTOR"] = str(meeting.fileno())
        with (self._folder / f"stderr-{rank}").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "curate.train.worker", str(self._folder)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if rank == 0 else log,
                stderr=log,
                pass_fds=(meeting.fileno(),) if rank == 0 else (),
                start_new_session=True,  # Ctrl-C in a terminal reaches the launcher alone
                text=True,
                errors="replace",
            )

    def _passed_on(self, lines: Any) -> None:
        for line in lines:
            self._say(line.rstrip("\n"))

    def _watched(self) -> TrainReport | Lost:
        ends = poll()
        for process in self._processes:
            ends.register(os.pidfd_open(process.pid), POLLIN)
        ends.register(self._asked.wakes, POLLIN)
        signs: list[tuple[int, int] | None] = [None] * len(self._processes)
        heard = time.monotonic()
        told = False
        deadline: float | None = None
        while any(process.poll() is None for process in self._processes):
            for descriptor, _ in ends.poll(LOOK):
                ends.unregister(descriptor)
                if descriptor != self._asked.wakes:
                    os.close(descriptor)
            if self._asked() and not told:
                told = True
                self._say(f"{self._asked.name}: the training saves and ends")
                self._signal(signal.SIGTERM)
            now = [beaten(self._folder / f"beat-{rank}") for rank in range(len(self._processes))]
            if now != signs:
                signs, heard = now, time.monotonic()
            patience = self._patience if all(signs) else max(self._patience, STARTING)
            if time.monotonic() - heard > patience:
                return Lost(self._stuck(signs, patience))
            if deadline is None and any(process.poll() not in (None, 0) for process in self._processes):
                deadline = time.monotonic() + GRACE
            if deadline is not None and time.monotonic() > deadline:
                break
        return self._outcome()

    def _outcome(self) -> TrainReport | Lost:
        outcomes = [self._read(rank) for rank in range(len(self._processes))]
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and is_final(outcome):
                raise outcome
        if all(process.poll() == 0 for process in self._processes) and outcomes[0] is not None:
            return outcomes[0]
        killed = [
            f"rank {rank} was ended by {signal.Signals(-code).name}"
            for rank, process in enumerate(self._processes)
            if (code := process.poll()) is not None and code < 0
        ]
        failed = [
            f"rank {rank} failed ({type(outcome).__name__}: {str(outcome).splitlines()[0] if str(outcome) else ''})"
            for rank, outcome in enumerate(outcomes)
            if isinstance(outcome, BaseException)
        ]
        return Lost((killed or failed or ["a process ended without a word"])[0])

    def _read(self, rank: int) -> Any:
        file = self._folder / f"outcome-{rank}"
        return pickle.loads(file.read_bytes()) if file.is_file() else None

    def _stuck(self, signs: Sequence[tuple[int, int] | None], patience: float) -> str:
        """Have every process write where it stands, and say so."""
        self._signal(signal.SIGUSR1)
        files = [self._folder / f"stacks-{rank}" for rank in range(len(self._processes))]
        until = time.monotonic() + DUMP
        while time.monotonic() < until and not all(file.is_file() and file.stat().st_size for file in files):
            time.sleep(LOOK / 1000)
        mute = [str(rank) for rank, file in enumerate(files) if not (file.is_file() and file.stat().st_size)]
        slowest = min(sign[1] if sign else 0 for sign in signs)
        silent = f" (rank {', '.join(mute)} did not answer)" if mute else ""
        return (
            f"no sign of life for {patience:g} s, the slowest rank after step {slowest}; where each stands is "
            f"in {self._folder}/stacks-*{silent}"
        )

    def _signal(self, number: signal.Signals) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(number)

    def _kill(self) -> None:
        """End all that is left, with whatever they have started."""
        for process in self._processes:
            with suppress(ProcessLookupError):  # nothing is left of it
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
