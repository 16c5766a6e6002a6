"""Signs that a process of a training gives and takes: that it is alive, that it is to stop, where it stands.

The launcher watches a file that each process writes to (`Beat`); on SIGUSR1 a process writes the stacks of its threads;
SIGTERM and SIGINT ask it to save and end (`Asked`).
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import current_thread, main_thread
from types import FrameType

PR_SET_PDEATHSIG = 1  # of Linux's prctl: the signal that a process gets when its parent has died


class Beat:
    """A file whose content changes with each sign of life; None: nobody watches."""

    def __init__(self, path: Path | None) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o644) if path else None
        self._count = 0

    def __call__(self, step: int) -> None:
        if self._file is not None:
            self._count += 1
            os.pwrite(self._file, f"{self._count:>12} {step:>12}\n".encode(), 0)


def beaten(path: Path) -> tuple[int, int] | None:
    """(signs of life, step) that a process last wrote; None before the first."""
    try:
        count, step = path.read_text().split()
    except (FileNotFoundError, ValueError):  # not begun; the line is not whole yet
        return None
    return int(count), int(step)


class Asked:
    """Whether somebody asked this process to stop; true from the first signal on, a second SIGINT ends it at once.

    `wakes` is a descriptor that can be read from as soon as there was a signal: for who waits in `poll`.
    """

    def __init__(self) -> None:
        self.name: str | None = None
        self.wakes, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def __call__(self) -> bool:
        return self.name is not None

    def take(self, number: int, frame: FrameType | None) -> None:
        if self.name is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.name = signal.Signals(number).name
        with suppress(BlockingIOError):  # it is full of earlier ones
            os.write(self._write, b"!")

    def close(self) -> None:
        os.close(self.wakes)
        os.close(self._write)


@contextmanager
def asked_to_stop() -> Iterator[Asked]:
    """Takes SIGTERM and SIGINT as wishes while it lasts; in another than the main thread none can be taken."""
    taken = (signal.SIGTERM, signal.SIGINT) if current_thread() is main_thread() else ()
    with closing(Asked()) as asked:
        before = {number: signal.signal(number, asked.take) for number in taken}
        try:
            yield asked
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def stacks_into(path: Path) -> None:
    """From now on SIGUSR1, and a crash in a library, append the stacks of all threads to the file."""
    file = path.open("a")
    faulthandler.register(signal.SIGUSR1, file, all_threads=True)
    faulthandler.enable(file)


def die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent (process id `parent`) dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # it has died already
