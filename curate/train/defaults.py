"""What is chosen where the settings leave it open: by model size, stage, start, mix and device."""

from __future__ import annotations

from dataclasses import dataclass

from curate.train import estimate
from curate.train.estimate import Memory
from curate.train.schedule import Course, Rate
from curate.train.settings import Train, TrainRefused
from curate.train.shape import Shape

EPOCHS = {"pt": 1.0, "sft": 2.0}
FULL_UP_TO = 7_500_000_000  # parameters: the "7 B" of practitioners; above, LoRA
ROOM = 0.85  # of a device's memory: the rest is for the allocator's gaps and what an estimate does not know
TOKENS_AT_ONCE = 16_384, 32_768  # tokens of a batch on a CPU and on a GPU that keep it busy; more only cost memory
SMALL = 20_000_000  # parameters; below, a random start bears (and in a few hundred steps needs) a higher rate
LORA_TIMES = 10  # the rate of LoRA against full training (QLoRA, Dettmers et al. 2023, table 9: 2e-4 at 7 B)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a training runs. `memory` is of one device, in bytes."""

    gpu: bool
    memory: int
    bf16: bool
    ranks: int = 1


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A training with no choice left open."""

    stage: str
    tune: str
    lora_rank: int
    course: Course
    rate: Rate
    steps: int
    micro_batch: int
    weight_decay: float
    bf16: bool
    compile: bool
    recompute: bool
    memory: Memory

    @property
    def lora_alpha(self) -> int:
        return 2 * self.lora_rank


def chosen(
    settings: Train, shape: Shape, place: Place, *, stage: str, rows: int, row_length: int, random_start: bool
) -> Chosen:
    """The choices for a mix of `rows` rows. Raises `TrainRefused`."""
    if settings.stage not in (None, stage):
        raise TrainRefused(f"this is a mix for {stage}, not for {settings.stage}; build another, or leave stage out")
    bf16 = settings.precision == "bf16" or (settings.precision == "auto" and place.bf16)
    rank = settings.lora_rank or (64 if stage == "pt" else 16)
    tune = settings.tune
    if tune == "auto":
        tune = _tune(settings, shape, place, rank, bf16, row_length, random_start)
    if tune != "full" and random_start:
        raise TrainRefused(f"tune is {tune} and the model has no weights: there is nothing to adapt; take tune full")
    if tune == "qlora" and not place.gpu:
        raise TrainRefused("tune is qlora, whose four-bit kernels (bitsandbytes) need a GPU; take lora, or a GPU")
    if tune == "qlora" and place.ranks > 1:
        raise TrainRefused("tune is qlora, whose four-bit weights are not sharded here; take lora, or one process")
    batch = settings.batch or _batch(shape, stage, rows, row_length)
    if place.ranks > min(batch, settings.batch_start or batch):
        raise TrainRefused(
            f"{place.ranks} processes for {min(batch, settings.batch_start or batch)} rows a step; take as many "
            "as rows at most, or a larger batch"
        )
    course = Course(batch=batch, start=settings.batch_start or batch, ramp=settings.batch_ramp)
    steps = settings.steps or course.steps(round((settings.epochs or EPOCHS[stage]) * rows))
    micro, recompute = _micro(settings, shape, place, tune, rank, bf16, row_length, -(-batch // place.ranks))
    usual = usual_rate(shape.parameters, stage=stage, tune=tune, random_start=random_start)
    warmup = settings.warmup if settings.warmup is not None else usual_warmup(steps)
    decay = settings.weight_decay
    return Chosen(
        stage=stage,
        tune=tune,
        lora_rank=rank,
        course=course,
        rate=Rate(
            steps=steps,
            warmup=warmup,
            peak=settings.learning_rate or usual,
            floor=settings.floor,
            shape=settings.schedule,
            decay=settings.decay,
        ),
        steps=steps,
        micro_batch=micro,
        weight_decay=decay if decay is not None else (0.1 if stage == "pt" and tune == "full" else 0.0),
        bf16=bf16,
        compile=settings.compile == "on" or (settings.compile == "auto" and place.gpu),
        recompute=recompute,
        memory=_memory(shape, place, tune, rank, bf16, micro * row_length, recompute),
    )


def usual_rate(parameters: int, *, stage: str, tune: str, random_start: bool) -> float:
    """The highest rate where none was asked for.

    Random start: 3e-4 from 1 B on, 1.5e-4 from 30 B (Llama 2, table 1), 6e-4 below 1 B (GPT-3, table 2.1, 125 M), 3e-3
    for a small one. To go on from trained weights: a tenth of a small model's, 5e-5 below 2 B, 2e-5 below 13 B, 1e-5
    above; sft half of that. LoRA ten times as much.
    """
    if random_start:
        return next(
            rate for below, rate in ((SMALL, 3e-3), (1e9, 6e-4), (3e10, 3e-4), (1e99, 1.5e-4)) if parameters < below
        )
    rate = next(
        rate for below, rate in ((SMALL, 3e-4), (2e9, 5e-5), (1.3e10, 2e-5), (1e99, 1e-5)) if parameters < below
    )
    rate = rate / 2 if stage == "sft" else rate
    return rate if tune == "full" else rate * LORA_TIMES


def usual_warmup(steps: int) -> int:
    """3 % of the steps, 10 at least where there are 100, 2,000 at most (Llama 2, section 2.2)."""
    return min(2000, max(round(0.03 * steps), min(10, steps // 10)))


def _batch(shape: Shape, stage: str, rows: int, row_length: int) -> int:
    """Rows of a step: half a million tokens (GPT-3, table 2.1, to 1.3 B), one million above, 2^16 for sft; but so few
    that the mix makes 100 steps of pt, 30 of sft."""
    tokens = (1 << 19 if shape.parameters < 2e9 else 1 << 20) if stage == "pt" else 1 << 16
    return max(1, min(tokens // row_length, rows // (100 if stage == "pt" else 30)))


def _memory(shape: Shape, place: Place, tune: str, rank: int, bf16: bool, tokens: int, recompute: bool) -> Memory:
    gpu = place.memory if place.gpu else None
    return estimate.memory(
        shape, tokens=tokens, tune=tune, rank=rank, bf16=bf16, recompute=recompute, gpu=gpu, ranks=place.ranks
    )


def _tune(
    settings: Train, shape: Shape, place: Place, rank: int, bf16: bool, row_length: int, random_start: bool
) -> str:
    """All weights up to 7 B where they fit with the smallest batch, else LoRA."""
    if random_start:
        return "full"
    recompute = settings.recompute != "off" and place.gpu
    least = _memory(shape, place, "full", rank, bf16, row_length * (settings.micro_batch or 1), recompute)
    return "full" if shape.parameters <= FULL_UP_TO and least.total <= ROOM * place.memory else "lora"


def _micro(
    settings: Train, shape: Shape, place: Place, tune: str, rank: int, bf16: bool, row_length: int, most: int
) -> tuple[int, bool]:
    """(rows a device takes at once, whether activations are recomputed): the most that fit without recomputation, and
    recomputation where not even one row does."""
    wanted = settings.micro_batch or max(1, min(most, TOKENS_AT_ONCE[place.gpu] // row_length))
    if settings.recompute != "auto" or not place.gpu:
        recompute = settings.recompute == "on"
        return (
            wanted if settings.micro_batch else _fitting(shape, place, tune, rank, bf16, row_length, wanted, recompute)
        ), recompute
    for recompute in (False, True):
        rows = _fitting(shape, place, tune, rank, bf16, row_length, wanted, recompute)
        used = _memory(shape, place, tune, rank, bf16, rows * row_length, recompute).total
        if used <= ROOM * place.memory and (settings.micro_batch in (None, rows)):
            return rows, recompute
    return settings.micro_batch or 1, True


def _fitting(
    shape: Shape, place: Place, tune: str, rank: int, bf16: bool, row_length: int, rows: int, recompute: bool
) -> int:
    while (
        rows > 1 and _memory(shape, place, tune, rank, bf16, rows * row_length, recompute).total > ROOM * place.memory
    ):
        rows //= 2
    return rows
