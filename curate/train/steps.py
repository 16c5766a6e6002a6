"""From step to step: batches, judgement, update, and the way back."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from curate.train.feed import Feed
from curate.train.hooks import Checkpoints, Decision, Guard, NothingSkipped, Skips, Standing, Tried, Verdict
from curate.train.seesaw import nats
from curate.train.setup import Setup
from curate.train.step import Made, forget, made, update
from curate.train.sums import SpanLoss, Sums


class NoWayBack(ValueError):
    """The guard asks for a checkpoint from before a spike, and there is none."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """How far a training has come: steps, tokens read, tokens learnt from."""

    step: int = 0
    tokens: int = 0
    supervised_tokens: int = 0


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is known of a step. `done` counts from the start; `gradient` is the norm before clipping; `decision` says
    whether there was an update. `seconds` of the step hold `waited`, for data. After a way back `back` is the step
    whose state is there now, and nothing of the step counts."""

    done: Done
    losses: Sums
    rate: float
    gradient: float
    decision: Decision
    seconds: float
    waited: float
    tokens: int
    back: int | None = None

    @property
    def step(self) -> int:
        return self.done.step

    def facts(self, roles: Mapping[str, str]) -> dict[str, Any]:
        """A line of metrics.jsonl; losses in nats per supervised token, null where there is no such token. What is not
        finite is null too, as JSON has no word for it; `skipped` says what it was."""
        by_role = self.losses.by(roles)
        skipped = {"skipped": self.decision.reason} if self.decision.verdict is Verdict.SKIP else {}
        return {
            "step": self.step,
            "loss": _finite(self.losses.total()),
            **{f"loss_{role}": _finite(by_role.mean(role)) for role in by_role.channels},
            "loss_by_channel": {name: _finite(self.losses.mean(name)) for name in self.losses.channels},
            "lr": self.rate,
            "grad_norm": _finite(self.gradient),
            "tokens": self.done.tokens,
            "supervised_tokens": self.done.supervised_tokens,
            **skipped,
        }

    def said(self, steps: int, speed: float, roles: Mapping[str, str]) -> str:
        """A line for people; `speed` in tokens per second."""
        by_role = self.losses.by(roles)
        parts = "  ".join(f"{role} {nats(by_role.mean(role))}" for role in by_role.channels)
        return (
            f"step {self.step}/{steps}  loss {nats(self.losses.total())}  {parts}  "
            f"rate {self.rate:.1e}  gradient {self.gradient:.2f}  {speed:,.0f} tokens/s"
        )


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


class Steps:
    """The steps of a training after `done`, one after the other.

    Row n of the training is row n of the mix, over and over, so that what a step reads follows from its number.
    """

    def __init__(self, setup: Setup, guard: Guard, checkpoints: Checkpoints, done: Done) -> None:
        self._setup, self._guard, self._checkpoints = setup, guard, checkpoints
        self._standing = Standing(rate_factor=1.0, skips=NothingSkipped())
        self.done = done
        chosen = setup.chosen
        self._feed = Feed(
            setup.rows,
            chosen.course,
            chosen.micro_batch,
            setup.ranks,
            self._standing.skips,
            setup.length,
            chosen.steps,
        )

    def resume(self, state: Mapping[str, Any], *, rolled_back: bool = False) -> None:
        """Take up what the guard kept in a checkpoint whose weights are there."""
        self._standing = self._guard.resume(self.done.step, state, self._again, rolled_back=rolled_back)
        self._feed.change(self._standing.skips)

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps besides weights and optimiser."""
        return {"done": vars(self.done), "guard": dict(self._guard.state())}

    def close(self) -> None:
        self._feed.close()

    def __iter__(self) -> Iterator[Step]:
        self._setup.learner.train()
        while self.done.step < self._setup.chosen.steps:
            yield self._step()

    def _step(self) -> Step:
        setup, began, waited = self._setup, time.perf_counter(), self._feed.waited
        step = self.done.step
        rate = setup.chosen.rate.at(step) * self._standing.rate_factor
        batches = self._feed.take(step)
        result = made(setup, batches, seed=setup.settings.seed + step)
        tried = Tried(
            step=step + 1,
            rows=self._feed.of(step),
            losses=result.losses,
            gradient=result.gradient,
            rate=rate,
            spans=result.spans,
            again=self._again,
        )
        decision = self._guard.judge(tried)
        back = None
        if decision.verdict is Verdict.ACCEPT:
            update(setup, rate)
        else:
            forget(setup)
        if decision.verdict is Verdict.ROLL_BACK:
            back = self._go_back(decision)
        else:
            self.done = Done(
                step=step + 1,
                tokens=self.done.tokens + result.tokens,
                supervised_tokens=self.done.supervised_tokens + result.supervised,
            )
            if decision.skips is not None:
                self._feed.change(decision.skips)
        return Step(
            done=self.done,
            losses=result.losses,
            rate=rate,
            gradient=result.gradient,
            decision=decision,
            seconds=time.perf_counter() - began,
            waited=self._feed.waited - waited,
            tokens=result.tokens,
            back=back,
        )

    def _go_back(self, decision: Decision) -> int:
        found = self._checkpoints.newest(decision.before)
        if found is None:
            raise NoWayBack(
                f"{decision.reason}: there is no checkpoint of a step before {decision.before} to go back to; set "
                "checkpoint_every, or look at the documents of the rows named above"
            )
        self._checkpoints.drop(found.step)  # before it is written down why: a start in between comes to the same
        self._checkpoints.read(found)
        self.done = Done(**found.state["done"])
        self.resume(found.state["guard"], rolled_back=True)
        return found.step

    def _again(self, rows: Sequence[int], skips: Skips) -> tuple[Sums, float, Sequence[SpanLoss]]:
        """See `hooks.Again`."""
        forget(self._setup)
        self._setup.learner.train()
        seed = self._setup.settings.seed + self.done.step
        result: Made = made(self._setup, self._feed.read(rows, skips), seed=seed)
        forget(self._setup)
        return result.losses, result.gradient, result.spans()
