"""Where work runs: in this process, or as Ray Core tasks (with train/launch.py the only import of ray)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Engine(Protocol):
    """Runs a task for every item."""

    def run(self, task: Callable[[T], R], items: Sequence[T]) -> Iterator[tuple[int, R]]:
        """(index of the item, the task's result) as each is ready, in any order."""
        ...


class Inline:
    """Runs tasks one after another in this process."""

    def run(self, task: Callable[[T], R], items: Sequence[T]) -> Iterator[tuple[int, R]]:
        for index, item in enumerate(items):
            yield index, task(item)
