"""What faults cost a training: false alarms and delays of the spike detectors, stalls of checkpoints, restarts.

    python performance/faults.py [--parts alarms delays checkpoints restarts] [--width 512]

alarms: 10,000 drawn steps of two channels (loss 4 falling to 3 nats, spread .05 and .1; gradient with a spread of .3 in
its logarithm), with Gaussian noise and with Student's t at 5 degrees of freedom: steps that would be skipped though
nothing is wrong, and sustained spikes. delays: 200 trainings each with a sudden rise of all losses, and with one that
climbs: steps until the first is skipped and until it counts as sustained, and by how much the onset is missed.
checkpoints: how long a step waits for one on this CPU, beside torch.save and torch's own asynchronous one (DCP).
restarts: two processes, of which one is killed: seconds until the next step, and the bits of the outcome against an
undisturbed run; one process against two: how far the losses are apart.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import math
import os
import platform
import random
import signal
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
import torch.distributed.checkpoint as dcp
from trainer import synthetic
from transformers import LlamaConfig, LlamaForCausalLM

from curate.train.checkpoint import Checkpoints
from curate.train.launch import launch
from curate.train.loop import train
from curate.train.settings import Train
from curate.train.spikes import Detector, Judgement, Spikes

STEPS = 10_000
COURSES = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", default=["alarms", "delays", "checkpoints", "restarts"])
    parser.add_argument("--width", type=int, default=512)
    asked = parser.parse_args()
    names = ("torch", "transformers", "safetensors")
    versions = "  ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    print(f"{datetime.date.today()}  {platform.machine()}, {len(os.sched_getaffinity(0))} CPUs  "
          f"python {platform.python_version()}  {versions}", flush=True)  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for part in asked.parts:
            print(part, flush=True)
            if part == "checkpoints":
                checkpoints(Path(folder), asked.width)
            elif part == "restarts":
                restarts(Path(folder))
            else:
                {"alarms": alarms, "delays": delays}[part]()


class Course:
    """A drawn training: two channels and a gradient."""

    def __init__(self, seed: int, noise: Callable[[random.Random], float]) -> None:
        self.detector, self.random, self.noise, self.step = Detector(Spikes()), random.Random(seed), noise, 0

    def next(self, more: float = 0.0) -> Judgement:
        self.step += 1
        usual = 3 + 1 / (1 + self.step / 100) + more
        general, trade, slope = (scale * self.noise(self.random) for scale in (0.05, 0.1, 0.3))
        losses = {"general": ((usual + general) * 3000, 3000), "trade": ((usual + 1 + trade) * 1000, 1000)}
        return self.detector.judge(self.step, losses, 0.5 * math.exp(slope))


def gaussian(draw: random.Random) -> float:
    return draw.gauss(0, 1)


def heavy(draw: random.Random) -> float:
    """Student's t, 5 degrees of freedom."""
    return draw.gauss(0, 1) / math.sqrt(sum(draw.gauss(0, 1) ** 2 for _ in range(5)) / 5)


def alarms() -> None:
    for name, noise in (("Gaussian", gaussian), ("Student's t, 5", heavy)):
        course = Course(1, noise)
        began = time.perf_counter()
        found = [course.next() for _ in range(STEPS)]
        took = time.perf_counter() - began
        skipped = sum(bool(judgement.far) for judgement in found)
        sustained = sum(judgement.onset is not None for judgement in found)
        young = 0
        for seed in range(COURSES):
            short = Course(seed, noise)
            young += sum(bool(short.next().far) for _ in range(100))
        print(f"  {name}: of {STEPS:,} steps {skipped} skipped, {sustained} sustained; of the first 100 steps of "
              f"{COURSES} trainings {young} of {100 * COURSES:,}; {took / STEPS * 1e6:.0f} us a step",
              flush=True)  # fmt: skip


def delays() -> None:
    shapes: tuple[tuple[str, Callable[[int], float]], ...] = (
        ("sudden, +.2 nats", lambda late: 0.2),
        ("sudden, +.5 nats", lambda late: 0.5),
        ("sudden, +2 nats", lambda late: 2.0),
        ("climbing, .02 nats a step", lambda late: 0.02 * late),
        ("climbing, .1 nats a step", lambda late: 0.1 * late),
    )
    for name, shape in shapes:
        first, lasting, missed, never = [], [], [], 0
        for seed in range(COURSES):
            course = Course(seed, gaussian)
            for _ in range(300):
                course.next()
            skipped = None
            for late in range(1, 201):
                judgement = course.next(shape(late))
                skipped = skipped or (late if judgement.far else None)
                if judgement.onset is not None:
                    first.append(skipped or late)
                    lasting.append(late)
                    missed.append(judgement.onset - 301)
                    break
            else:
                never += 1
        if lasting:
            print(f"  {name}: first skipped at step {statistics.median(first):g}, sustained at "
                  f"{statistics.median(lasting):g} (at most {max(lasting)}), onset off by "
                  f"{statistics.median(missed):+g} ({min(missed):+d} to {max(missed):+d}); never found {never} of "
                  f"{COURSES}", flush=True)  # fmt: skip
        else:
            print(f"  {name}: never found in 200 steps", flush=True)


def checkpoints(folder: Path, width: int) -> None:
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(vocab_size=8192, hidden_size=width, intermediate_size=3 * width, num_hidden_layers=8,
                    num_attention_heads=8, num_key_value_heads=4)
    )  # fmt: skip
    adam = torch.optim.AdamW(model.parameters(), lr=1e-4)
    for weight in model.parameters():
        weight.grad = torch.ones_like(weight)
    adam.step()
    state = {"model": model.state_dict(), "optimiser": adam.state_dict()}
    size = 4 * 3 * sum(weight.numel() for weight in model.parameters()) / 1e6
    print(f"  {size / 12:,.0f} M parameters, {size:,.0f} MB", flush=True)

    kept = Checkpoints(folder=folder / "ours", learner=model, optimiser=adam, keep=1)
    kept.write(0, {})  # makes the room on the host that the others use
    kept.close()
    waits, takes = [], []
    for number in range(1, 4):
        began = time.perf_counter()
        kept.write(number, {})
        waits.append(time.perf_counter() - began)
        kept.close()
        takes.append(time.perf_counter() - began)
    _said("Curate: the step waits", waits, "complete, checked sums and on disk", takes)

    takes = []
    for number in range(3):
        began = time.perf_counter()
        torch.save(state, folder / f"plain-{number}.pt")
        os.sync()
        takes.append(time.perf_counter() - began)
    _said("torch.save and sync: the step waits", takes, "", [])

    waits, takes = [], []
    for number in range(3):
        began = time.perf_counter()
        writing = dcp.async_save(state, checkpoint_id=str(folder / f"dcp-{number}"), no_dist=True)
        waits.append(time.perf_counter() - began)
        writing.result()
        os.sync()
        takes.append(time.perf_counter() - began)
    _said("DCP async_save: the step waits", waits, "on disk", takes)


def _said(what: str, waits: list[float], then: str, takes: list[float]) -> None:
    later = f", {then} after {statistics.median(takes):.2f} s" if takes else ""
    print(f"  {what} {statistics.median(waits):.3f} s{later} (median of 3)", flush=True)


def restarts(folder: Path) -> None:
    mix = synthetic(folder, tiny=True)
    LlamaConfig(vocab_size=64, hidden_size=64, intermediate_size=128, num_hidden_layers=4, num_attention_heads=4,
                max_position_embeddings=256).save_pretrained(folder / "shape")  # fmt: skip
    settings = Train(model=str(folder / "shape" / "config.json"), steps=40, batch=4, warmup=2, learning_rate=1e-2,
                     checkpoint_every=5, say_every=1, device="cpu", threads=1)  # fmt: skip
    train(settings, mix, folder / "one", _quiet)
    launch(settings, mix, folder / "two", _quiet, ranks=2)
    apart = max(
        abs(left - right) / left for left, right in zip(_losses(folder / "one"), _losses(folder / "two"), strict=True)
    )
    print(f"  one process and two: losses of 40 steps at most {apart:.1e} apart", flush=True)
    times = []
    for number in range(3):
        out = folder / f"killed-{number}"
        marks: list[float] = []

        def say(line: str, out: Path = out, marks: list[float] = marks) -> None:
            if line.startswith("step 23/") and not marks:
                (attempt,) = (out / "launch").iterdir()
                os.kill(int((attempt / "pid-1").read_text()), signal.SIGKILL)
                marks.append(time.perf_counter())
            elif "SIGKILL" in line or (line.startswith("step ") and len(marks) == 2):
                marks.append(time.perf_counter())

        launch(settings, mix, out, say, ranks=2)
        times.append((marks[1] - marks[0], marks[2] - marks[0]))
        same = (out / "model.safetensors").read_bytes() == (folder / "two" / "model.safetensors").read_bytes()
        print(f"  killed: noticed after {times[-1][0]:.2f} s, next step after {times[-1][1]:.2f} s; weights "
              f"{'are those' if same else 'ARE NOT THOSE'} of an undisturbed run", flush=True)  # fmt: skip


def _losses(out: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (out / "metrics.jsonl").read_text().splitlines()]


def _quiet(line: str) -> None:
    return None


if __name__ == "__main__":
    main()
