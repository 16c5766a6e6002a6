"""The batches of each step, read ahead while the step before is computed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from curate.train.data import Batch, Rows
from curate.train.hooks import Ranks, Skips
from curate.train.schedule import Course


class Feed:
    """What this rank reads: of a step's rows each n-th, in batches of `micro` rows, on the host.

    `waited` counts the seconds for which `take` had to wait. All ranks get equally many batches; one that has no row
    left reads its step's first row and learns nothing of it.
    """

    def __init__(
        self, rows: Rows, course: Course, micro: int, ranks: Ranks, skips: Skips, length: int | None, steps: int
    ) -> None:
        self._rows, self._course, self._micro, self._ranks = rows, course, micro, ranks
        self._length, self._steps = length, steps
        self._skips = skips
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="feed")
        self._ahead: tuple[int, Future[list[Batch]]] | None = None
        self.waited = 0.0

    def of(self, step: int) -> tuple[int, ...]:
        """The rows of the mix that step `step` (from 0) reads, over all ranks, in order."""
        return tuple(row % len(self._rows) for row in self._course.rows(step))

    def take(self, step: int) -> list[Batch]:
        """The batches of step `step` (from 0); begins to read those of the next."""
        began = time.perf_counter()
        if self._ahead is None or self._ahead[0] != step:
            self._ahead = step, self._reader.submit(self._read, step)
        batches = self._ahead[1].result()
        self.waited += time.perf_counter() - began
        self._ahead = (step + 1, self._reader.submit(self._read, step + 1)) if step + 1 < self._steps else None
        return batches

    def change(self, skips: Skips) -> None:
        """Leave out other documents from here on."""
        self._skips, self._ahead = skips, None

    def close(self) -> None:
        self._reader.shutdown(cancel_futures=True)

    def _read(self, step: int) -> list[Batch]:
        return self.read(self.of(step), self._skips)

    def read(self, rows: Sequence[int], skips: Skips) -> list[Batch]:
        """This rank's share of `rows`."""
        mine = rows[self._ranks.rank :: self._ranks.size]
        most = -(-len(rows) // self._ranks.size)  # of any rank
        batches = []
        for start in range(0, most, self._micro):
            part = mine[start : start + self._micro]
            batch = self._rows.batch(part or rows[:1], skips, self._length)
            batches.append(batch if part else unlearnt(batch))
        return batches


def unlearnt(batch: Batch) -> Batch:
    """The same rows, of which nothing is learnt and nothing counted."""
    spans = replace(batch.spans, tokens=batch.spans.tokens * 0)
    return replace(
        batch, places=batch.places[:0], targets=batch.targets[:0], bounds=batch.bounds * 0, spans=spans, tokens=0
    )
