"""What a training writes down of itself while it goes on: metrics, times, event files, lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch

from curate.train import seesaw
from curate.train.evaluate import HeldOut
from curate.train.resume import keep_metrics
from curate.train.save import METRICS
from curate.train.setup import Setup
from curate.train.shape import peak
from curate.train.steps import Done, Step

TIMES = "times.jsonl"
"""Seconds, speed and memory by step: apart from metrics.jsonl, which is the same for the same training anywhere."""
EVENTS = "events.jsonl"


class Watch:
    """Writes a line of metrics.jsonl for each step, times.jsonl beside it, TensorBoard's event files where they are
    asked for, and says a line now and then. Only rank 0 writes.

    `speed` is tokens a second since this start, evaluation and checkpoints left out.
    """

    def __init__(
        self,
        setup: Setup,
        out: Path,
        done: Done,
        before: Mapping[str, HeldOut],
        reach: float,
        say: Callable[[str], None],
    ) -> None:
        self._setup, self._out, self._before, self.say = setup, out, before, say
        self._first = setup.ranks.rank == 0
        self._roles = setup.rows.roles
        self._seconds, self._tokens = 0.0, 0
        self.totals = {"steps": 0.0, "data_wait": 0.0, "checkpoint_stall": 0.0, "evaluation": 0.0}
        frozen = setup.chosen.tune != "full"
        self._flops = setup.look.shape.flops(reach, frozen=frozen)
        self._peak = peak(setup.device)[0] * setup.ranks.size if setup.device.type == "cuda" else None
        if self._first:
            keep_metrics(out, done.step)
        self._metrics = (out / METRICS).open("a", encoding="utf-8") if self._first else None
        self._times = (out / TIMES).open("a", encoding="utf-8") if self._first else None
        self._board = board(out) if self._first and setup.settings.tensorboard else None
        if setup.settings.tensorboard and self._first and self._board is None:
            say("tensorboard is not installed, so no event files are written: pip install tensorboard")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        for file in (self._metrics, self._times, self._board):
            if file is not None:
                file.close()

    @property
    def speed(self) -> float:
        return self._tokens / self._seconds if self._seconds else 0.0

    @property
    def utilisation(self) -> float | None:
        """Model FLOPs utilisation: useful operations a second over the devices' peak; None on a CPU."""
        return None if self._peak is None else self._flops * self.speed / self._peak

    def line(self, step: Step) -> str:
        """A step for people, speed and utilisation with it."""
        text = step.said(self._setup.chosen.steps, self.speed, self._roles)
        return text if self.utilisation is None else f"{text}  MFU {self.utilisation:.1%}"

    def step(self, step: Step, held_out: Mapping[str, HeldOut] | None, stalled: float, evaluating: float) -> None:
        """Write a step down. `held_out` is what was measured after it, `stalled` the seconds that the last
        checkpoint before it has cost."""
        self._seconds += step.seconds
        self._tokens += step.tokens
        for name, seconds in zip(self.totals, (step.seconds, step.waited, stalled, evaluating), strict=True):
            self.totals[name] += seconds
        facts = step.facts(self._roles)
        if held_out is not None:
            facts["held_out"] = {channel: loss.nats for channel, loss in held_out.items()}
            facts["held_out_bits_per_byte"] = {channel: loss.bits_per_byte for channel, loss in held_out.items()}
        times = {
            "step": step.step,
            "seconds": step.seconds,
            "tokens_per_second": step.tokens / step.seconds,
            "data_wait": step.waited,
            "checkpoint_stall": stalled,
            "evaluation": evaluating,
            "memory": torch.cuda.max_memory_allocated() if self._setup.device.type == "cuda" else None,
        }
        if self._peak is not None:
            times["mfu"] = self._flops * step.tokens / step.seconds / self._peak
        for file, line in ((self._metrics, facts), (self._times, times)):
            if file is not None:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                file.flush()
        if self._board is not None:
            self._board.step(facts, times, self._roles)
        steps = self._setup.chosen.steps
        if step.step % self._setup.settings.say_every == 0 or step.step in (1, steps):
            self.say(self.line(step))
        if held_out is not None:
            self.seesaw(held_out)
        self._say_epochs(step.step)

    def _say_epochs(self, step: int) -> None:
        """An epoch ends with the step that reads its last row."""
        rows, chosen = len(self._setup.rows), self._setup.chosen
        before, now = chosen.course.first(step - 1) // rows, chosen.course.first(step) // rows
        if now > before and step < chosen.steps:
            self.say(f"epoch {1 + now} begins: all {rows} rows have been read")

    def back(self, step: Step) -> None:
        """Write down that the training has gone back, and forget what was written of the steps that this undoes."""
        self.event(step.step, "went back to after this step", step.decision.reason)
        if self._metrics is not None:
            self._metrics.close()
            keep_metrics(self._out, step.step)
            self._metrics = (self._out / METRICS).open("a", encoding="utf-8")

    def event(self, step: int, what: str, reason: str) -> None:
        """Write down and say what is not an ordinary step."""
        self.say(f"step {step}: {what}: {reason}")
        if self._first:
            with (self._out / EVENTS).open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": step, "event": what, "reason": reason}, ensure_ascii=False) + "\n")

    def seesaw(self, now: Mapping[str, HeldOut]) -> None:
        """Say what was held out, against the start."""
        for line in seesaw.table(self._before, now, self._roles):
            self.say(line)


def board(out: Path) -> Board | None:
    """TensorBoard's event files under OUT/tensorboard; None where it is not installed."""
    return Board(out / "tensorboard") if find_spec("tensorboard") else None


class Board:
    """Event files as TensorBoard reads them: losses by role and channel, rate, gradient, speed."""

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        make: Any = SummaryWriter
        self._writer = make(str(folder))

    def step(self, facts: Mapping[str, Any], times: Mapping[str, Any], roles: Mapping[str, str]) -> None:
        step = facts["step"]
        values = {
            f"train/{name}": facts[name] for name in facts if name.startswith("loss") and name != "loss_by_channel"
        }
        values |= {f"train/channel/{name}": value for name, value in facts["loss_by_channel"].items()}
        values |= {f"held_out/{name}": value for name, value in facts.get("held_out", {}).items()}
        values |= {"train/lr": facts["lr"], "train/grad_norm": facts["grad_norm"]}
        values |= {f"speed/{name}": value for name, value in times.items() if name != "step"}
        for name, value in values.items():
            if value is not None:
                self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        self._writer.close()
