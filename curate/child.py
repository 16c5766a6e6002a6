"""A child process that runs stages on documents which may hang, crash or eat memory.

A worker keeps one child for a long time; it is replaced when it dies or passes a cap, so that a document costs
itself and never its neighbours. `serve` is the child's side.
"""

from __future__ import annotations

import ctypes
import errno
import os
import pickle
import resource
import select
import signal
import struct
import subprocess
import sys
import traceback
from dataclasses import dataclass
from hashlib import blake2b
from typing import IO

import cloudpickle
import polars as pl

from curate.stage import BrokenStage, Cost, Stage, measured

# A child that does next to nothing (a deadlock, a sleep) for this many times the cap of CPU seconds of one document is
# given up, however many documents it has: less than IDLE of the time on a CPU is next to nothing.
PATIENCE = 10
IDLE = 0.01

# Ctrl-C reaches the child too, which has nothing to say about it.
SERVE = """
from signal import SIG_DFL, SIGINT, signal
signal(SIGINT, SIG_DFL)
from curate.child import serve
serve()
"""

# Bytes that a child holds by right between documents, beside the cap of its stage: Python, polars, a small model.
OWN_MEMORY = 512 << 20

# Signals by which a document kills its own process. SIGKILL and SIGTERM come from outside: a neighbour took the
# memory, or somebody stopped the node; they are never a document's fault.
OWN_DEATHS = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGXCPU})

PR_SET_PDEATHSIG = 1  # of Linux's prctl: the signal that a process gets when its parent has died

# What a machine or a network does to a process, and no document: retried, then the run fails.
INFRASTRUCTURE = (OSError, BrokenStage)


class DocumentFailed(Exception):
    """A stage raised, crashed or passed a cap on the documents it was given."""


class WorkerKilled(OSError):
    """A child was killed from outside; the work is to be tried again."""


@dataclass(frozen=True)
class _Request:
    key: bytes
    stage: bytes | None  # cloudpickle; None where this child has it already
    docs: pl.DataFrame
    memory: int
    cpu_seconds: int


class Child:
    """One child process, started at the first use. Not shared between threads."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._known: set[bytes] = set()

    def run(self, stage: Stage, docs: pl.DataFrame, cost: Cost) -> pl.DataFrame:
        """`measured(stage, docs)` in the child, under the caps of `cost` (CPU seconds count per document).

        Raises `DocumentFailed` where the stage raised, died or passed a cap; `WorkerKilled` where somebody killed it;
        `BrokenStage` and `OSError` as the stage raised them.
        """
        pickled = cloudpickle.dumps(stage)
        key = blake2b(pickled, digest_size=16).digest()
        process = self._process or self._start()
        known = key in self._known
        request = _Request(key, None if known else pickled, docs, cost.memory, cost.cpu_seconds * max(1, docs.height))
        try:
            assert process.stdin is not None and process.stdout is not None
            _send(process.stdin, cloudpickle.dumps(request))
            self._await(process, stage, cost)
            answer = _receive(process.stdout)
        except BrokenPipeError:
            answer = None
        if answer is None:
            raise self._post_mortem(stage, request)
        self._known.add(key)
        outcome = pickle.loads(answer)
        if isinstance(outcome, pl.DataFrame):
            if _resident(process.pid) > cost.memory + OWN_MEMORY:
                self.close()  # what leaks is given back before it takes the machine
            return outcome
        if isinstance(outcome, MemoryError):
            self.close()  # its heap may be in pieces
            raise DocumentFailed(f"{stage.name} needs more than {cost.memory >> 20} MiB") from outcome
        raise outcome

    def close(self) -> None:
        """End the child; the next `run` starts a fresh one."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
        self._known.clear()

    def _await(self, process: subprocess.Popen[bytes], stage: Stage, cost: Cost) -> None:
        """Wait for an answer, or for the child's end. Raises `DocumentFailed` where it hangs."""
        patience = cost.cpu_seconds * PATIENCE
        used = _cpu_seconds(process.pid)
        while not _ready(process.stdout, patience):
            before, used = used, _cpu_seconds(process.pid)
            if used - before < IDLE * patience:
                self.close()
                raise DocumentFailed(f"{stage.name} did nothing for {patience} s")

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
        )
        return self._process

    def _post_mortem(self, stage: Stage, request: _Request) -> Exception:
        assert self._process is not None
        status = self._process.wait()
        self._process.communicate()
        self._process = None
        self._known.clear()
        if status >= 0:
            return DocumentFailed(f"{stage.name} ended its process with status {status}")
        killer = signal.Signals(-status)
        if killer is signal.SIGXCPU:
            return DocumentFailed(f"{stage.name} took more than {request.cpu_seconds} s of CPU time")
        if killer in OWN_DEATHS:
            return DocumentFailed(f"{stage.name} crashed its process with {killer.name}")
        return WorkerKilled(f"{stage.name}: its process was killed from outside with {killer.name}")


def _environment() -> dict[str, str]:
    """The parent's environment, its import path included: a stage may come from a package that only the parent sees."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return {**os.environ, "PYTHONPATH": path, "POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}


def _cpu_seconds(pid: int) -> float:
    """CPU time that a process has used, with that of commands that it started and saw end; 0 where it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> int:
    """Bytes of memory that a process holds; 0 where it has just ended."""
    try:
        with open(f"/proc/{pid}/statm") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _ready(pipe: IO[bytes] | None, seconds: float) -> bool:
    """Whether something can be read within so many seconds; by poll, since select takes no file above number 1,023."""
    assert pipe is not None
    waiting = select.poll()
    waiting.register(pipe, select.POLLIN)
    return bool(waiting.poll(seconds * 1000))


def _send(pipe: IO[bytes], data: bytes) -> None:
    pipe.write(struct.pack("<Q", len(data)))
    pipe.write(data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes | None:
    """One message; None at the end of the stream."""
    head = pipe.read(8)
    if len(head) < 8:
        return None
    (length,) = struct.unpack("<Q", head)
    data = pipe.read(length)
    return data if len(data) == length else None


def serve() -> None:
    """The child's side: requests from standard input until it closes, answers to standard output."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a stage that prints must not write into the answers
    _die_with_the_worker()
    stages: dict[bytes, Stage] = {}
    while (message := _receive(requests)) is not None:
        request: _Request = pickle.loads(message)
        if request.stage is not None:
            stages[request.key] = pickle.loads(request.stage)
        _cap(request)
        outcome: pl.DataFrame | Exception
        try:
            outcome = measured(stages[request.key], request.docs)
        except (BrokenStage, MemoryError) as error:
            outcome = type(error)(str(error))
        except OSError as error:
            # Not the error itself: those of HTTP clients hold open files, which can't be sent.
            outcome = OSError(error.errno or errno.EIO, describe(error))
        except Exception as error:
            outcome = DocumentFailed(describe(error))
        _uncap()
        _send(answers, cloudpickle.dumps(outcome))


def _die_with_the_worker() -> None:
    """A child that hangs would outlive a worker that is killed: nothing reads its answer, and no cap counts sleep."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))


def describe(error: Exception) -> str:
    """An exception as one line, with the place in the stage where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"


def _cap(request: _Request) -> None:
    with open("/proc/self/statm") as statm:
        now = int(statm.read().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + request.memory, hard))
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    seconds = int(used.ru_utime + used.ru_stime) + request.cpu_seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))


def _uncap() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
