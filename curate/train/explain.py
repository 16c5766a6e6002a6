"""A training in words before it starts: what was chosen, what it takes, what is unusual."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from curate.train import estimate
from curate.train.data import Rows
from curate.train.habits import warnings
from curate.train.model import check_tokenizer
from curate.train.settings import Train
from curate.train.setup import Look, Setup, look, reach
from curate.train.shape import Shape, peak

SHARES = {"cpu": 0.4, "cuda": 0.4}
"""Of a device's peak, for the estimate of time: what small models reach on 2 cores, and what a GPU should."""


def explain(settings: Train, mix: Path) -> Iterator[str]:
    """Everything that is known of a training without its weights. Raises what `train` raises before its first step."""
    rows = Rows(mix, settings.answers)
    seen = look(settings, rows)
    check_tokenizer(seen.start, rows.tokenizer_json)
    yield from said(seen)
    yield from costs(seen, reach(rows))
    yield from (f"warning: {warning}" for warning in warnings(seen))


def plan(seen: Look, setup: Setup) -> Iterator[str]:
    """What is said when a training starts."""
    yield from said(seen)
    keeps = f"packing keeps documents apart: packed and alone, their losses differ by {setup.leak:.0e}"
    yield f"{keeps} (attention {setup.learner.way}); {setup.threads} threads"
    yield from (f"warning: {warning}" for warning in warnings(seen))


def said(seen: Look) -> Iterator[str]:
    """Model, device, steps, rate: a line each."""
    chosen, rows, shape = seen.chosen, seen.rows, seen.shape
    start = f"weights of {seen.start.folder}" if seen.start.weights else "random start"
    narrow = "bf16" if chosen.bf16 else "fp32"
    more = [word for word, on in (("compiled", chosen.compile), ("activations recomputed", chosen.recompute)) if on]
    yield f"model: {shape.parameters:,} parameters, {start}, on {_device(seen)} in {', '.join([narrow, *more])}"
    if chosen.tune == "full":
        yield "tune: full, all weights"
    else:
        share = shape.adapters(chosen.lora_rank) / shape.parameters
        yield (
            f"tune: {chosen.tune}, rank {chosen.lora_rank}, alpha {chosen.lora_alpha}, on "
            f"{', '.join(seen.settings.lora_targets or ['all linear layers'])} ({share:.2%} of the weights)"
        )
    course = chosen.course
    read = course.first(chosen.steps)
    grown = f", from {course.start} over {course.ramp} steps" if course.ramp else ""
    yield (
        f"{chosen.steps:,} steps of {course.batch:,} rows{grown}, {min(chosen.micro_batch, course.batch)} at once a "
        f"device, up to {rows.length:,} tokens each; the {chosen.stage} mix has {len(rows):,} rows: "
        f"{read / len(rows):.2f} epochs"
    )
    rate = chosen.rate
    shape_of = f"{rate.shape}, over the last {rate.decay:.0%}" if rate.shape == "wsd" else rate.shape
    yield (
        f"learning rate {rate.peak:g} after {rate.warmup} steps of warm-up, falling to {rate.floor:g} of it "
        f"({shape_of}); weight decay {chosen.weight_decay:g}, gradients clipped at {seen.settings.clip:g}"
    )


def costs(seen: Look, far: float) -> Iterator[str]:
    """Memory, time, and Chinchilla's law."""
    chosen, shape, memory = seen.chosen, seen.shape, seen.chosen.memory
    kinds = ("weights", "gradients", "optimiser", "activations", "logits")
    parts = ", ".join(f"{kind} {size(getattr(memory, kind))}" for kind in kinds)
    yield f"memory a device: about {size(memory.total)} of {size(seen.place.memory)}: {parts}"
    tokens = chosen.course.first(chosen.steps) * seen.rows.length
    most, source = peak(seen.device)
    share = SHARES[seen.device.type]
    took = estimate.seconds(
        shape,
        tokens=tokens,
        reach=far,
        peak=most * seen.place.ranks,
        share=share,
        frozen=chosen.tune != "full",
        again=chosen.recompute,
    )
    yield (
        f"time: about {duration(took)} for up to {tokens:,} tokens at {share:.0%} of {most / 1e12:,.3g} TFLOP/s "
        f"({source}); MFU = {Shape.FORMULA} / peak; a token attends to {far:,.0f} on average"
    )
    yield from estimate.chinchilla(shape.parameters, tokens, random_start=not seen.start.weights)


def size(number: float) -> str:
    """Bytes for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:,.3g} TB"


def duration(seconds: float) -> str:
    """A time for people: '40 s', '12 min', '3.4 h', '5.1 days'."""
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.2g} s"


def _device(seen: Look) -> str:
    name = torch.cuda.get_device_name(seen.device) if seen.place.gpu else "cpu"
    return name if seen.place.ranks == 1 else f"{seen.place.ranks} x {name}"
