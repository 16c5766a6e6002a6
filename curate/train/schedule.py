"""The learning rate and the rows of each step."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi


@dataclass(frozen=True, kw_only=True)
class Rate:
    """The learning rate by step (from 0): a straight rise over `warmup` steps to `peak`, then by `shape` to
    `floor` x peak.

    "cosine" (SGDR, Loshchilov and Hutter 2017, without restarts), "linear", or "wsd" (MiniCPM, Hu et al. 2024, section
    4): it stays at the peak until the last `decay` share of all steps, and falls in a straight line there.
    """

    steps: int
    warmup: int
    peak: float
    floor: float
    shape: str = "cosine"
    decay: float = 0.2

    def at(self, step: int) -> float:
        if step < self.warmup:
            return self.peak * (step + 1) / self.warmup
        first = self.warmup
        if self.shape == "wsd":
            first = max(self.warmup, self.steps - round(self.decay * self.steps)) - 1
            if step <= first:
                return self.peak
        share = min(1.0, (step - first) / max(1, self.steps - 1 - first))
        left = (1 + cos(pi * share)) / 2 if self.shape == "cosine" else 1 - share
        return self.peak * (self.floor + (1 - self.floor) * left)


@dataclass(frozen=True, kw_only=True)
class Course:
    """Which rows each step (from 0) reads: `batch` of them, one after the other, more than the mix has being read
    again.

    For the first `ramp` steps the batch grows in a straight line from `start` rows: small batches are enough while the
    gradient is large (McCandlish et al. 2018, section 2).
    """

    batch: int
    start: int
    ramp: int = 0

    def size(self, step: int) -> int:
        if step >= self.ramp:
            return self.batch
        return self.start + (self.batch - self.start) * step // self.ramp

    def first(self, step: int) -> int:
        """How many rows all steps before `step` have read."""
        grown = min(step, self.ramp)
        return sum(self.size(each) for each in range(grown)) + (step - grown) * self.batch

    def rows(self, step: int) -> range:
        """Rows by how many were read before, from 0 through all epochs."""
        first = self.first(step)
        return range(first, first + self.size(step))

    def steps(self, rows: int) -> int:
        """How many steps read `rows` rows at least."""
        step = read = 0
        while step < self.ramp and read < rows:
            read += self.size(step)
            step += 1
        return step + max(0, -(-(rows - read) // self.batch))
