"""The training loop: a model on a mix, from where it stands to the last step.

`train` sets up (setup.py), goes through the steps (steps.py), watches them (watch.py) and ends (ending.py). What steps in
between are the parts of `Hooks` (hooks.py), each of one protocol:

- `Guard.judge(Tried)` before every update, given loss, gradient norm, losses by channel and, on demand, by document; its
  `Decision` accepts, skips the update, or rolls back to a checkpoint before a step, with other skips or a lower rate.
  Its `state()` goes into every checkpoint, `resume` gives it back. A guard that gives up raises.
- `Skips.left_out(row, channel, documents)` when a row is read: places that are read and not learnt from. Rows keep their
  numbers, so a step's rows follow from its number alone.
- `Ranks`: sums, gathering, sharding, clipping over processes; `Alone` is one process. Rank r of n reads each n-th of a
  step's rows from the r-th; losses are divided by the supervised tokens of all ranks and all accumulated batches.
- `Checkpoints(folder, learner, optimiser, ...)` (checkpoint.py): write, newest(before), read, close.
- `stop()` after every step: true saves and raises `Stopped`. `beat(step)` when a step ends.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from transformers.utils.logging import disable_progress_bar

from curate.train import checkpoint
from curate.train.data import Rows
from curate.train.evaluate import HeldOut, held_out
from curate.train.model import Origin, build, check_tokenizer, origin, parameters
from curate.train.resume import finished, identity, keep_metrics, resumed
from curate.train.save import METRICS, TrainReport, save_model, save_report
from curate.train.schedule import rate, usual_rate
from curate.train.selftest import check_packing
from curate.train.settings import Train
from curate.train.step import LossNotFinite, Step, nats, optimiser, update

HABIT = {"pt": 4, "sft": 3}
"""Epochs over one mix above which practitioners see over-fitting."""


def train(settings: Train, mix: Path, out: Path, say: Callable[[str], None]) -> TrainReport:
    """Train a model on `mix` and save it in `out`: a Hugging Face folder with train.json and metrics.jsonl.

    A start on an `out` with checkpoints goes on from the last complete one, and on the CPU ends with the weights of an
    undisturbed run; on a finished one it only gives the report. Sets torch's threads for the whole process, and
    puts transformers' own progress bars out.
    Raises `OtherTraining`, `OtherTokenizer`, `NoModel`, `PackingLeaks` before the first step, `LossNotFinite` at any.
    """
    rows = Rows(mix)
    start = origin(settings.model)
    check_tokenizer(start, rows.tokenizer_json)
    same = identity(settings, rows.digest, start.digest)
    report = finished(out, same)
    if report is not None:
        say(f"{out} holds this training already, finished")
        return report

    setup = _set_up(settings, rows, start)
    model, adam = setup.model, setup.adam
    for line in _plan(setup):
        say(line)
    leak = check_packing(model, rows.batch([0, 1 % len(rows)]).to(setup.device))
    say(f"packing keeps documents apart: packed and alone, their losses differ by {leak:.0e}")

    place = resumed(out, same, say)
    if place is None:
        done, before = Done(), _evaluated(setup)
    else:
        checkpoint.read(place, model, adam)
        done = Done(**place.state["done"])
        before = {channel: HeldOut(**loss) for channel, loss in place.state["before"].items()}
        say(f"going on after step {done.step}")
    out.mkdir(parents=True, exist_ok=True)
    keep_metrics(out, done.step)

    began, earlier = time.monotonic(), done
    with (out / METRICS).open("a", encoding="utf-8") as metrics:
        for step in _steps(setup, earlier):
            done = Done(step=step.step, tokens=step.tokens, supervised_tokens=step.supervised_tokens)
            metrics.write(json.dumps(step.facts()) + "\n")
            metrics.flush()
            if step.step % settings.say_every == 0 or step.step in (1, settings.steps):
                say(step.said(settings.steps, (done.tokens - earlier.tokens) / (time.monotonic() - began)))
            if settings.checkpoint_every and step.step % settings.checkpoint_every == 0:
                state = {"identity": same, "done": asdict(done), "before": _plain(before)}
                folder = out / "checkpoints"
                checkpoint.write(folder, step.step, model, adam, state=state, keep=settings.checkpoints_kept)
                say(f"checkpoint after step {step.step}")
            if step.step * settings.batch % len(rows) < settings.batch and step.step < settings.steps:
                say(f"epoch {1 + step.step * settings.batch // len(rows)} begins: all {len(rows)} rows have been read")
    seconds = time.monotonic() - began

    after = _evaluated(setup)
    for line in _see_saw(before, after):
        say(line)
    save_model(out, model, start, rows.tokenizer_json, rows.end)
    report = TrainReport(
        out=out,
        steps=settings.steps,
        epochs=settings.steps * settings.batch / len(rows),
        tokens=done.tokens,
        supervised_tokens=done.supervised_tokens,
        parameters=parameters(model),
        device=setup.device.type,
        before=before,
        after=after,
        packing_difference=leak,
        seconds=seconds,
        tokens_per_second=(done.tokens - earlier.tokens) / seconds,
        resumed_from=earlier.step,
    )
    save_report(report, {"identity": same, "settings": asdict(settings), "threads": setup.threads})
    say(f"saved in {out}: {done.tokens:,} tokens read, {report.tokens_per_second:,.0f} a second")
    return report


@dataclass(frozen=True, kw_only=True)
class Setup:
    """All that the steps of a training share. `peak` is the highest learning rate."""

    settings: Train
    rows: Rows
    start: Origin
    device: torch.device
    threads: int
    model: Any
    adam: torch.optim.AdamW
    peak: float


@dataclass(frozen=True, kw_only=True)
class Done:
    """How far a training has come: steps, tokens read, tokens learnt from."""

    step: int = 0
    tokens: int = 0
    supervised_tokens: int = 0


def _set_up(settings: Train, rows: Rows, start: Origin) -> Setup:
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise ValueError("Train: device is 'cuda' and torch finds no GPU; expected one, or device 'auto' or 'cpu'")
    gpu = settings.device != "cpu" and torch.cuda.is_available()
    device = torch.device("cuda" if gpu else "cpu")
    threads = settings.threads or len(os.sched_getaffinity(0))
    torch.set_num_threads(threads)
    silence: Callable[[], None] = disable_progress_bar
    silence()
    model = build(start, rows.tokenizer, rows.length, settings.seed, rows.end_id).to(device)
    return Setup(
        settings=settings,
        rows=rows,
        start=start,
        device=device,
        threads=threads,
        model=model,
        adam=optimiser(model, settings),
        peak=settings.learning_rate or usual_rate(parameters(model), from_weights=bool(start.weights)),
    )


def _steps(setup: Setup, done: Done) -> Iterator[Step]:
    """The steps after `done`, each as soon as it is made. Row n of the training is row n of the mix, over and over."""
    settings, rows = setup.settings, setup.rows
    tokens, supervised = done.tokens, done.supervised_tokens
    setup.model.train()
    for step in range(done.step, settings.steps):
        first = step * settings.batch
        batch = rows.batch([row % len(rows) for row in range(first, first + settings.batch)])
        now = rate(step, steps=settings.steps, warmup=settings.warmup, peak=setup.peak, floor=settings.floor)
        torch.manual_seed(settings.seed + step)  # dropout depends on the step alone, so that resuming repeats it
        try:
            losses, gradient = update(setup.model, setup.adam, batch.to(setup.device), rate=now, clip=settings.clip)
        except LossNotFinite as error:
            raise LossNotFinite(
                f"step {step + 1}, on {settings.batch} rows from row {first % len(rows)} of the mix: {error}. Lower "
                f"learning_rate (it was {now:.1e}), or look at the documents of these rows"
            ) from error
        tokens += batch.tokens
        supervised += sum(losses.tokens)
        yield Step(
            step=step + 1, losses=losses, rate=now, gradient=gradient, tokens=tokens, supervised_tokens=supervised
        )


def _evaluated(setup: Setup) -> dict[str, HeldOut]:
    batches = setup.rows.held_out(setup.settings.held_out_rows, setup.settings.batch)
    losses = held_out(setup.model, batches, setup.rows.tokenizer, setup.device)
    for channel, loss in losses.items():
        if not isfinite(loss.nats):
            raise LossNotFinite(
                f"the held-out loss of {channel} is {loss.nats}: the weights are lost; lower learning_rate"
            )
    return losses


def _plan(setup: Setup) -> Iterator[str]:
    settings, rows, start = setup.settings, setup.rows, setup.start
    yield (
        f"{type(setup.model).__name__}, {parameters(setup.model):,} parameters, "
        f"{f'weights of {start.folder}' if start.weights else 'random start'}, on {setup.device.type} "
        f"({setup.threads} threads); highest learning rate {setup.peak:g}"
    )
    epochs = settings.steps * settings.batch / len(rows)
    yield (
        f"{settings.steps} steps of {settings.batch} rows, up to {rows.length:,} tokens each; "
        f"the mix has {len(rows):,} rows: {epochs:.2f} epochs"
    )
    habit = HABIT[rows.stage]
    if epochs > habit:
        yield f"warning: {rows.stage} mixes are over-fitted above {habit} epochs; give more data or take fewer steps"


def _see_saw(before: Mapping[str, HeldOut], after: Mapping[str, HeldOut]) -> Iterator[str]:
    for channel, was in before.items():
        now = after[channel]
        line = f"held-out loss of {channel}: {nats(was.nats)} -> {nats(now.nats)} nats ({now.nats - was.nats:+.3f})"
        if was.bits_per_byte is not None and now.bits_per_byte is not None:
            line += f", {was.bits_per_byte:.3f} -> {now.bits_per_byte:.3f} bits per byte"
        yield f"{line}, on {now.tokens:,} tokens"


def _plain(losses: Mapping[str, HeldOut]) -> dict[str, Any]:
    return {channel: asdict(loss) for channel, loss in losses.items()}
