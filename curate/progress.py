"""How far a run is: a bar per step in a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from curate.audit.excerpt import visible

EVERY = 10.0  # seconds between plain lines of one step


class Reporter(Protocol):
    """What a run tells while it goes on."""

    def begin(self, step: str, size: int, passes: int = 1) -> None:
        """A step starts that goes `passes` times over `size` bytes."""
        ...

    def advance(self, done: int, documents: int = 0, removed: int = 0) -> None:
        """A piece of the step is done: of its total, of the documents that came in, of those that were removed."""
        ...

    def end(self) -> None:
        """The step is done."""
        ...

    def say(self, line: str) -> None:
        """One line for the reader."""
        ...

    def close(self) -> None:
        """Nothing more is told, be the step done or not."""
        ...


class _Tally:
    """The numbers of one step. `size` is what it takes in, in bytes; a step of several passes has `passes` times the
    work.
    """

    def __init__(self, step: str, size: int, passes: int) -> None:
        self.step, self.size, self.total = step, size, size * passes
        self.done = self.documents = self.removed = 0
        self.started = time.monotonic()

    def add(self, done: int, documents: int, removed: int) -> None:
        self.done += done
        self.documents += documents
        self.removed += removed

    def share(self) -> float:
        """How much of the step is done."""
        return min(1.0, self.done / self.total) if self.total else 1.0

    def words(self) -> str:
        seconds = max(1e-6, time.monotonic() - self.started)
        size = self.share() * self.size / 1e6
        counted = f"{self.documents:,} documents, " if self.documents else ""
        removed = f", {100 * self.removed / self.documents:.1f} % removed" if self.documents else ""
        return f"{counted}{size:.1f} MB, {size / seconds:.1f} MB/s{removed}"


class Lines:
    """Plain lines: at the start and the end of a step, and every ten seconds between."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._tally = _Tally("", 0, 1)
        self._said = 0.0

    def begin(self, step: str, size: int, passes: int = 1) -> None:
        self._tally = _Tally(step, size, passes)
        self._said = time.monotonic()

    def advance(self, done: int, documents: int = 0, removed: int = 0) -> None:
        self._tally.add(done, documents, removed)
        if time.monotonic() - self._said >= EVERY:
            self._said = time.monotonic()
            self.say(f"{self._tally.step}: {100 * self._tally.share():.0f} % done, {self._tally.words()}")

    def end(self) -> None:
        seconds = time.monotonic() - self._tally.started
        self.say(f"{self._tally.step}: {self._tally.words()}, {seconds:.1f} s")

    def say(self, line: str) -> None:
        print(_inert(line), file=self._out, flush=True)

    def close(self) -> None:
        pass


class Bars:
    """A bar for each step, in a terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._tally = _Tally("", 0, 1)
        self._bars: Progress | None = None
        self._task = TaskID(0)

    def begin(self, step: str, size: int, passes: int = 1) -> None:
        self._tally = _Tally(step, size, passes)
        self._bars = Progress(
            TextColumn("{task.description:<24}"),
            BarColumn(24),
            TextColumn("{task.fields[words]}"),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._bars.start()
        self._task = self._bars.add_task(step, total=max(1, self._tally.total), words="")

    def advance(self, done: int, documents: int = 0, removed: int = 0) -> None:
        self._tally.add(done, documents, removed)
        if self._bars is not None:
            self._bars.update(self._task, completed=self._tally.done, words=self._tally.words())

    def end(self) -> None:
        if self._bars is not None:
            self._bars.update(self._task, completed=max(1, self._tally.total), words=self._tally.words())
            self._bars.stop()
            self._bars = None

    def say(self, line: str) -> None:
        self._console.print(_inert(line), markup=False, highlight=False)

    def close(self) -> None:
        if self._bars is not None:
            self._bars.stop()  # a bar that is left running leaves the terminal without its cursor
            self._bars = None


def _inert(line: str) -> str:
    """Without what could drive a terminal: names of files and fields come from strangers."""
    return "\n".join(map(visible, line.split("\n")))


def reporter() -> Reporter:
    """Bars in a terminal, lines elsewhere."""
    return Bars() if sys.stderr.isatty() else Lines()
