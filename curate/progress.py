"""How far a run is: a bar per step in a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

EVERY = 10.0  # seconds between plain lines of one step


class Reporter(Protocol):
    """What a run tells while it goes on."""

    def begin(self, step: str, total: int) -> None:
        """A step starts; `total` is its size in bytes."""
        ...

    def advance(self, size: int, documents: int, removed: int) -> None:
        """A piece of the step is done: its bytes, the documents that came in, those that were removed."""
        ...

    def end(self) -> None:
        """The step is done."""
        ...

    def say(self, line: str) -> None:
        """One line for the reader."""
        ...


class _Tally:
    """The numbers of one step."""

    def __init__(self, step: str, total: int) -> None:
        self.step, self.total = step, total
        self.size = self.documents = self.removed = 0
        self.started = time.monotonic()

    def add(self, size: int, documents: int, removed: int) -> None:
        self.size += size
        self.documents += documents
        self.removed += removed

    def words(self) -> str:
        seconds = max(1e-6, time.monotonic() - self.started)
        share = f", {100 * self.removed / self.documents:.1f} % removed" if self.documents else ""
        rate = self.size / 1e6 / seconds
        return f"{self.documents:,} documents, {self.size / 1e6:.1f} MB, {rate:.1f} MB/s{share}"


class Lines:
    """Plain lines: at the start and the end of a step, and every ten seconds between."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._tally = _Tally("", 0)
        self._said = 0.0

    def begin(self, step: str, total: int) -> None:
        self._tally = _Tally(step, total)
        self._said = time.monotonic()

    def advance(self, size: int, documents: int, removed: int) -> None:
        self._tally.add(size, documents, removed)
        if time.monotonic() - self._said >= EVERY:
            self._said = time.monotonic()
            share = 100 * min(1, self._tally.size / max(1, self._tally.total))
            self.say(f"{self._tally.step}: {share:.0f} % done, {self._tally.words()}")

    def end(self) -> None:
        seconds = time.monotonic() - self._tally.started
        self.say(f"{self._tally.step}: {self._tally.words()}, {seconds:.1f} s")

    def say(self, line: str) -> None:
        print(line, file=self._out, flush=True)


class Bars:
    """A bar for each step, in a terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._tally = _Tally("", 0)
        self._bars: Progress | None = None
        self._task = TaskID(0)

    def begin(self, step: str, total: int) -> None:
        self._tally = _Tally(step, total)
        self._bars = Progress(
            TextColumn("{task.description:<24}"), BarColumn(24), TextColumn("{task.fields[words]}"), TimeRemainingColumn(),
            console=self._console,
        )  # fmt: skip
        self._bars.start()
        self._task = self._bars.add_task(step, total=max(1, total), words="")

    def advance(self, size: int, documents: int, removed: int) -> None:
        self._tally.add(size, documents, removed)
        if self._bars is not None:
            self._bars.update(self._task, completed=self._tally.size, words=self._tally.words())

    def end(self) -> None:
        if self._bars is not None:
            self._bars.update(self._task, completed=max(1, self._tally.total), words=self._tally.words())
            self._bars.stop()
            self._bars = None

    def say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False)


def reporter() -> Reporter:
    """Bars in a terminal, lines elsewhere."""
    return Bars() if sys.stderr.isatty() else Lines()
