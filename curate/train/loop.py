"""The training loop: a model on a mix, from where it stands to the last step.

`train` sets up (setup.py), goes through the steps (steps.py), watches them (watch.py) and ends (ending.py). What steps
in between are the parts of `Hooks` (hooks.py), each of one protocol:

- `Guard.judge(Tried)` before every update, given loss, gradient norm, losses by channel and, on demand, by document;
  its `Decision` accepts, skips the update, or rolls back to a checkpoint before a step. Its `state()` goes into every
  checkpoint; `resume` gives it back and says which rate and which skips hold. A guard that gives up raises.
- `Skips.left_out(row, channel, documents)` when a row is read: places that are read and not learnt from. Rows keep
  their numbers, so a step's rows follow from its number alone.
- `Ranks`: sums, gathering, sharding, clipping over processes; `Alone` is one process. Rank r of n reads each n-th of a
  step's rows from the r-th; losses are divided by the supervised tokens of all ranks and all accumulated batches.
- `Checkpoints(folder, learner, optimiser, ...)` (checkpoint.py): write, newest(before), read, close.
- `stop()` before the first step and after every one: true saves what was done and raises `Stopped`. `beat(step)` when
  a step ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from curate.mix.verify import verified
from curate.train import seesaw
from curate.train.checkpoint import Checkpoints
from curate.train.data import Rows
from curate.train.ending import end
from curate.train.evaluate import Exam, HeldOut
from curate.train.explain import plan
from curate.train.guard import SpikeGuard
from curate.train.hooks import Guard, Hooks, OnlyFinite, Verdict
from curate.train.model import check_tokenizer
from curate.train.resume import check, finished, identity
from curate.train.save import TrainReport
from curate.train.settings import GateFailed, Train
from curate.train.setup import Setup, look, reach, set_up
from curate.train.steps import Done, Step, Steps
from curate.train.watch import Watch

Show = Callable[[Step, int, str], None]
"""Told of each step: (step, steps, line)."""


class Stopped(OSError):
    """The training was asked to stop; what was done is in a checkpoint."""


def gpu_of(settings: Train) -> bool:
    """Whether a training with these settings runs on a GPU."""
    return settings.device != "cpu" and torch.cuda.is_available()


def train(
    settings: Train,
    mix: Path,
    out: Path,
    say: Callable[[str], None],
    hooks: Hooks | None = None,
    show: Show | None = None,
) -> TrainReport:
    """Train a model on `mix` and save it in `out`: a Hugging Face folder with train.json, metrics.jsonl and
    curves.html.

    A start on an `out` with checkpoints goes on from the last complete one, and on the CPU ends with the weights of an
    undisturbed run; on a finished one it only gives the report.
    Raises `OtherTraining`, `OtherTokenizer`, `NoModel`, `TrainRefused`, `MixChanged` before the first step; what the
    guard raises and `Stopped` at any; `GateFailed` where general text has lost more than `general_drop_max`, after all
    is saved.
    """
    hooks = hooks or Hooks()
    rows = Rows(mix, settings.answers)
    seen = look(settings, rows, hooks.ranks.size)
    check_tokenizer(seen.start, rows.tokenizer_json)
    same = identity(settings, rows.digest, seen.start.digest)
    report = finished(out, same)
    if report is not None:
        say(f"{out} holds this training already, finished")
        return passed(report, settings)

    if hooks.ranks.rank == 0:
        verified(mix)
    setup = set_up(seen, hooks.ranks, say)
    if hooks.stop():
        raise Stopped(f"asked to stop before a step was done: what {out} holds is as it was")
    for line in plan(seen, setup):
        say(line)
    report = _trained(setup, out, same, say, hooks, show)
    end(setup, report, same, say)
    say(f"saved in {out}: {report.tokens:,} tokens read, {report.tokens_per_second:,.0f} a second")
    return passed(report, settings)


def _trained(
    setup: Setup, out: Path, same: Mapping[str, Any], say: Callable[[str], None], hooks: Hooks, show: Show | None
) -> TrainReport:
    """From where `out` stands to the last step; nothing of the model is saved yet."""
    settings, rows = setup.settings, setup.rows
    exam = Exam(rows, settings.held_out_rows, setup.chosen.micro_batch, setup.length)
    checkpoints = Checkpoints(
        folder=out / "checkpoints",
        learner=setup.learner,
        optimiser=setup.adam,
        keep=settings.checkpoints_kept,
        keep_every=settings.checkpoints_keep_every,
        ranks=hooks.ranks,
        say=say,
    )
    found = checkpoints.newest()
    if found is None:
        earlier, before, kept = Done(), exam.taken(setup.learner, setup.device, hooks.ranks), {}
    else:
        check(found.state["identity"], same, out)
        checkpoints.read(found)
        earlier, kept = Done(**found.state["done"]), found.state["guard"]
        before = {channel: HeldOut(**loss) for channel, loss in found.state["before"].items()}
        say(f"going on after step {earlier.step}")
    out.mkdir(parents=True, exist_ok=True)
    common = {"identity": same, "before": {channel: asdict(loss) for channel, loss in before.items()}}
    began = time.monotonic()
    with (
        closing(checkpoints),
        closing(Steps(setup, hooks.guard or _guard(setup, out, say), checkpoints, earlier)) as steps,
        Watch(setup, out, earlier, before, reach(rows), say) as watch,
    ):
        steps.resume(kept)
        if found is None and settings.checkpoint_every and settings.spikes:
            checkpoints.write(0, {**common, **steps.state()})  # to go back to from a spike at the start
        last = _steps(setup, steps, watch, exam, checkpoints, common, out, hooks, show)
        seconds = time.monotonic() - began
        after = last or exam.taken(setup.learner, setup.device, hooks.ranks)
        if last is None:
            watch.seesaw(after)
    return TrainReport(
        out=out,
        steps=setup.chosen.steps,
        epochs=setup.chosen.course.first(setup.chosen.steps) / len(rows),
        tokens=steps.done.tokens,
        supervised_tokens=steps.done.supervised_tokens,
        parameters=setup.look.shape.parameters,
        device=setup.device.type,
        before=before,
        after=after,
        general_rise=seesaw.general_rise(before, after, rows.roles),
        packing_difference=setup.leak,
        seconds=seconds,
        tokens_per_second=watch.speed,
        mfu=watch.utilisation,
        shares={name: value / max(seconds, 1e-9) for name, value in watch.totals.items()},
        memory=torch.cuda.max_memory_allocated() if setup.device.type == "cuda" else None,
        resumed_from=earlier.step,
    )


def _steps(
    setup: Setup,
    steps: Steps,
    watch: Watch,
    exam: Exam,
    checkpoints: Checkpoints,
    common: Mapping[str, Any],
    out: Path,
    hooks: Hooks,
    show: Show | None,
) -> Mapping[str, HeldOut] | None:
    """All steps: each written down, measured, kept and shown as it is due. What was measured after the last one."""
    settings, stalled, measured = setup.settings, 0.0, None
    for step in steps:
        hooks.beat(step.step)
        if step.back is not None:
            watch.back(step)
            continue
        if step.decision.verdict is Verdict.SKIP:
            watch.event(step.step, "no update", step.decision.reason)
        began, measured = time.monotonic(), None
        if _due(settings.evaluate_every, step.step):
            measured = exam.taken(setup.learner, setup.device, hooks.ranks)
        watch.step(step, measured, stalled, time.monotonic() - began)
        stopping = hooks.stop()
        waited = checkpoints.waited
        if stopping or _due(settings.checkpoint_every, step.step):
            checkpoints.write(step.step, {**common, **steps.state()})
            watch.say(f"checkpoint after step {step.step}")
        stalled = checkpoints.waited - waited
        if show is not None:
            show(step, setup.chosen.steps, watch.line(step))
        if stopping:
            checkpoints.close()
            raise Stopped(f"asked to stop: step {step.step} of {setup.chosen.steps} is saved in {out}")
    return measured


def _guard(setup: Setup, out: Path, say: Callable[[str], None]) -> Guard:
    """What judges the steps, where nothing else was given."""
    settings = setup.settings
    if settings.spikes is None:
        return OnlyFinite()
    back = settings.checkpoint_every > 0
    return SpikeGuard(settings.spikes, setup.rows, out, say, setup.ranks, can_go_back=back)


def passed(report: TrainReport, settings: Train) -> TrainReport:
    """The report of a training whose general text did not lose too much. Raises `GateFailed` for another."""
    most, rise = settings.general_drop_max, report.general_rise
    if most is not None and rise is not None and rise > most:
        raise GateFailed(
            f"the held-out loss of general text has risen by {rise:.3f} nats, more than general_drop_max "
            f"({most:g}): the model in {report.out} has lost general ability; take a lower rate, fewer steps or a "
            "smaller domain share"
        )
    return report


def _due(every: int, step: int) -> bool:
    return bool(every) and step % every == 0
