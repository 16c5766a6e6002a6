"""What may step in between a training and its next update, and who shares it: the seams of the loop.

The loop asks a `Guard` before every update, leaves out what `Skips` name, adds up over `Ranks`, and writes and reads
its state through `Checkpoints`. The plain ones here do nothing: one process, nothing left out, every finite step
accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from math import isfinite
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from curate.train.sums import SpanLoss, Sums

T = TypeVar("T")


class LossNotFinite(ValueError):
    """The loss or the gradient became infinite or NaN; nothing was updated with it."""


class Verdict(Enum):
    """What becomes of a step whose gradient is known and whose update is not made yet."""

    ACCEPT = "accept"
    SKIP = "skip"  # no update with this gradient; the next step reads on
    ROLL_BACK = "roll back"  # to a checkpoint before the onset


class Again(Protocol):
    """Reads rows of the mix at the weights as they stand, forth and back, and updates nothing: (losses over all ranks,
    norm of the gradient of their mean, losses by document of this rank). All ranks call it alike, in step."""

    def __call__(self, rows: Sequence[int], skips: Skips) -> tuple[Sums, float, Sequence[SpanLoss]]: ...


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A step before its update. The same on every rank, but for `spans`: this rank's documents, read when called.

    `step` counts from 1, `rows` are rows of the mix over all ranks in order, `gradient` is the norm before clipping,
    `rate` what the update would take. `again` throws this step's gradient away: only for a step that is not accepted.
    """

    step: int
    rows: tuple[int, ...]
    losses: Sums
    gradient: float
    rate: float
    spans: Callable[[], Sequence[SpanLoss]]
    again: Again


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A guard's answer. ROLL_BACK: to the newest checkpoint of a step below `before`, then `Guard.resume`. SKIP:
    `skips` hold from the next step on; None changes nothing.

    All ranks must decide alike: what is decided from is the same everywhere, or gathered through `Ranks`.
    """

    verdict: Verdict = Verdict.ACCEPT
    reason: str = ""
    before: int = 0
    skips: Skips | None = None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What holds from a step on: the scheduled rate is taken times `rate_factor`, `skips` are left out."""

    rate_factor: float
    skips: Skips


class Guard(Protocol):
    """Judges each step before its update. May raise, to stop the training with a report."""

    def judge(self, tried: Tried) -> Decision: ...

    def state(self) -> Mapping[str, Any]:
        """What a checkpoint keeps of it, as JSON holds it."""
        ...

    def resume(self, step: int, state: Mapping[str, Any], again: Again, *, rolled_back: bool) -> Standing:
        """Take up `state` as it was after `step` steps, which the weights are of now: at every start (at step 0 with an
        empty state), and after a roll back that this guard has asked for."""
        ...


class Skips(Protocol):
    """What of the mix is not trained on. Rows keep their places: what is skipped is read and not learnt from."""

    def left_out(self, row: int, channel: str, documents: NDArray[np.int64]) -> NDArray[np.bool_]:
        """For each place of row `row` of the mix whether it is left out; `documents` are rows of docs/CHANNEL.parquet,
        by place, -1 where there is padding."""
        ...


class Ranks(Protocol):
    """The processes that train together. Of a step's rows, rank r of n takes each n-th from the r-th."""

    rank: int
    size: int

    def sum(self, values: Tensor) -> Tensor:
        """The sum over all ranks, on the device of `values`."""
        ...

    def gather(self, value: T) -> list[T]:
        """Every rank's `value` (pickled), by rank."""
        ...

    def prepare(self, learner: Any) -> Any:
        """The module to be called in place of `learner`: sharded, or itself. Weights are equal on all ranks already."""
        ...

    def add_gradients(self, learner: Any) -> None:
        """After the last backward of a step: make each gradient the sum over ranks. Losses are divided by the tokens
        of all ranks before."""
        ...

    def clip(self, learner: Any, limit: float) -> Tensor:
        """Clip the gradient of all weights to the norm `limit`; its norm before."""
        ...


class Checkpoints(Protocol):
    """Where states are kept. `write` may return before the files are on disk; `close` waits for them."""

    def write(self, step: int, state: Mapping[str, Any]) -> None: ...

    def newest(self, before: int | None = None) -> Kept | None:
        """The newest complete one of a step below `before`."""
        ...

    def read(self, found: Any) -> None:
        """Put weights and optimiser back as they were."""
        ...

    def drop(self, after: int) -> None:
        """Remove those of steps above `after`."""
        ...

    def close(self) -> None: ...


class Kept(Protocol):
    """A complete checkpoint, after `step` steps; `state` is what `write` was given."""

    @property
    def step(self) -> int: ...

    @property
    def state(self) -> Mapping[str, Any]: ...


class OnlyFinite:
    """Accepts what is finite and stops at anything else."""

    def judge(self, tried: Tried) -> Decision:
        if isfinite(sum(tried.losses.nats)) and isfinite(tried.gradient):
            return Decision()
        raise LossNotFinite(
            f"step {tried.step}, on {len(tried.rows)} rows from row {tried.rows[0]} of the mix: the loss is "
            f"{tried.losses.total()} nats and the gradient {tried.gradient:.3g}, expected finite numbers. Lower "
            f"learning_rate (it was {tried.rate:.1e}), or look at the documents of these rows"
        )

    def state(self) -> Mapping[str, Any]:
        return {}

    def resume(self, step: int, state: Mapping[str, Any], again: Again, *, rolled_back: bool) -> Standing:
        return Standing(rate_factor=1.0, skips=NothingSkipped())


class NothingSkipped:
    """Every row and document is trained on."""

    def left_out(self, row: int, channel: str, documents: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.zeros(len(documents), np.bool_)


class Alone:
    """One process."""

    rank = 0
    size = 1

    def sum(self, values: Tensor) -> Tensor:
        return values

    def gather(self, value: T) -> list[T]:
        return [value]

    def prepare(self, learner: Any) -> Any:
        return learner

    def add_gradients(self, learner: Any) -> None:
        return None

    def clip(self, learner: Any, limit: float) -> Tensor:
        from torch.nn.utils import clip_grad_norm_

        return clip_grad_norm_([weight for weight in learner.parameters() if weight.requires_grad], limit)


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """What a training is given besides its settings. `guard` None is what the settings say of spikes. `stop` is asked
    before the first step and after each: true saves what was done and ends with `Stopped`; it must say the same on
    every rank. `beat` is told of each step as it ends, for who watches for hangs."""

    guard: Guard | None = None
    ranks: Ranks = field(default_factory=Alone)
    stop: Callable[[], bool] = lambda: False
    beat: Callable[[int], None] = lambda step: None
