"""Where work runs: in this process, or as Ray Core tasks (with train/launch.py the only import of ray).

Work that fails by no fault of its own (a worker or a node died, a disk is full, storage answers 5xx) is tried again, a
bounded number of times, and then fails the run: `Incomplete`. Every other exception ends the run at once.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import inf
from typing import Any, Protocol, TypeVar

import cloudpickle

T = TypeVar("T")
R = TypeVar("R")

PAUSES = (0.0, 0.2, 1.0, 4.0)  # seconds before each try: storage that answers 5xx wants a moment
CONNECT = 10.0  # seconds that a cluster's head has to answer
TRIES = len(PAUSES)  # of one item: the first, one in a child after a worker died, and two more for what is luck

# Read by libraries when they are imported, so they are set before a worker starts: one task, one core.
THREADS = {
    "POLARS_MAX_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "ARROW_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
}

# Ray's own settings, which it reads from the environment: workers at normal priority (it would take niceness 15),
# and no report to its makers.
RAY = {
    "RAY_worker_niceness": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_IGNORE_UNHANDLED_ERRORS": "1",
}


class Incomplete(RuntimeError):
    """Work could not be finished by no fault of the data: mend the machine, run the same command again, and it goes
    on.
    """


class NoSuchCluster(ValueError):
    """What was given as a cluster's address is none."""


class Engine(Protocol):
    """Runs a task for every item."""

    @property
    def cpus(self) -> int:
        """How many tasks run at a time."""
        ...

    @property
    def gpus(self) -> float:
        """How many GPUs tasks may ask for; infinite where nobody counts them."""
        ...

    def run(self, task: Callable[[T], R], items: Sequence[T], gpus: float = 0) -> Iterator[tuple[int, R]]:
        """(index of the item, the task's result) as each is ready, in any order. Items are small: paths, numbers.

        Each task asks for `gpus`, and sees no others; in this process all are seen.
        """
        ...


class Inline:
    """Runs tasks one after another in this process."""

    cpus = 1
    gpus = inf

    def run(self, task: Callable[[T], R], items: Sequence[T], gpus: float = 0) -> Iterator[tuple[int, R]]:
        for index, item in enumerate(items):
            for tried, pause in enumerate(PAUSES, 1):
                time.sleep(pause)
                try:
                    result = task(item)
                    break
                except OSError as error:
                    _give_up(tried, error)
            yield index, result


class OnRay:
    """Runs tasks on a Ray cluster, a bounded number of them in flight."""

    def __init__(self, cpus: int, gpus: float = 0) -> None:
        self.cpus, self.gpus = cpus, gpus

    def run(self, task: Callable[[T], R], items: Sequence[T], gpus: float = 0) -> Iterator[tuple[int, R]]:
        import ray

        # Pickled by value once and put into the object store once, however many items there are.
        shared = ray.put(cloudpickle.dumps(task))
        # A worker that held a GPU ends with its task, which is how Ray gives the GPU's memory back: a model is loaded
        # once for each item.
        remote = ray.remote(max_retries=0, num_cpus=1, num_gpus=gpus)(_perform)
        waiting = list(range(len(items)))[::-1]
        tried = dict.fromkeys(waiting, 0)
        flying: dict[Any, int] = {}
        while waiting or flying:
            while waiting and len(flying) < 2 * self.cpus:
                index = waiting.pop()
                flying[remote.remote(shared, cloudpickle.dumps(items[index]), PAUSES[tried[index]])] = index
            done, _ = ray.wait(list(flying), num_returns=1)
            index = flying.pop(done[0])
            tried[index] += 1
            try:
                result = ray.get(done[0])
            except ray.exceptions.RayTaskError as error:
                cause = error.cause
                if not isinstance(cause, OSError):
                    raise cause from error
                _give_up(tried[index], cause)
                waiting.append(index)
            except ray.exceptions.RayError as error:  # a worker or a node died, or an object was lost with it
                _give_up(tried[index], error)
                waiting.append(index)
            else:
                yield index, result


def _give_up(tries: int, error: BaseException) -> None:
    if tries >= TRIES:
        raise Incomplete(f"gave up after {tries} tries: {type(error).__name__}: {error}") from error


def _perform(task: bytes, item: bytes, pause: float) -> Any:
    time.sleep(pause)
    try:
        return cloudpickle.loads(task)(cloudpickle.loads(item))
    except OSError as error:
        # Not the error itself: those of HTTP clients hold open files, which Ray can't send, and it would lose the kind.
        kind = "" if type(error).__module__ == "builtins" else f"{type(error).__name__}: "
        raise OSError(error.errno or errno.EIO, f"{kind}{error.strerror or error}", error.filename) from None


@contextmanager
def inline() -> Iterator[Inline]:
    """The engine that is this process."""
    yield Inline()


@contextmanager
def on_ray(address: str | None = None, cpus: int | None = None, gpus: float | None = None) -> Iterator[OnRay]:
    """An engine on the cluster at `address`; without one, on a Ray that starts here with `cpus` and `gpus` (all by
    default).
    """
    os.environ.update(RAY)
    import ray

    quiet: Mapping[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    if address is None:
        # Workers inherit the environment of the processes that ray.init starts.
        before = {name: os.environ.get(name) for name in THREADS}
        os.environ.update(THREADS)
        _start(address="local", num_cpus=cpus, num_gpus=gpus, include_dashboard=False, **quiet)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    else:
        _start(address=address, runtime_env={"env_vars": THREADS}, **quiet)
    try:
        there = ray.cluster_resources()  # type: ignore[no-untyped-call]
        yield OnRay(int(there.get("CPU", 1)), there.get("GPU", 0))
    finally:
        ray.shutdown()


def _start(address: str, **settings: Any) -> None:
    """`ray.init`. Raises `NoSuchCluster` where `address` can't be one, and `Incomplete` where nothing answers there."""
    import ray

    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdigit():  # asked first, since Ray itself asks for minutes where nobody listens
        try:
            socket.create_connection((host.strip("[]"), int(port)), CONNECT).close()
        except OSError as error:
            raise Incomplete(f"nothing answers at {address}: {error}") from error
    try:
        ray.init(address=address, **settings)
    except ValueError as error:
        raise NoSuchCluster(f"--ray {address}: {error}; expected HOST:PORT or auto") from error
    except Exception as error:  # Ray raises a bare Exception where its own processes do not come up in time
        raise Incomplete(f"Ray did not start at {address}: {error}") from error
