"""Everything a training needs before its first step: device, choices, model, loss, optimiser."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from transformers.utils.logging import disable_progress_bar

from curate.train import attention, defaults
from curate.train.data import Batch, Rows
from curate.train.defaults import Chosen, Place
from curate.train.hooks import Ranks
from curate.train.learner import Learner
from curate.train.model import Origin, build, origin, shape
from curate.train.selftest import TOLERANCE, PackingLeaks, check_packing, head_difference, probe
from curate.train.settings import Train, TrainRefused
from curate.train.shape import Shape, memory
from curate.train.tune import adapted, four_bits

AT_LEAST = 256  # rows of the mix that are looked at to say how far attention reaches


@dataclass(frozen=True, kw_only=True)
class Look:
    """What is known before any weight is loaded: enough to choose and to explain."""

    settings: Train
    rows: Rows
    start: Origin
    shape: Shape
    device: torch.device
    place: Place
    chosen: Chosen


@dataclass(frozen=True, kw_only=True)
class Setup:
    """All that the steps of a training share. `learner` is what is called, `model` the Hugging Face or PEFT model in
    it, `leak` what the self-test found."""

    look: Look
    threads: int
    learner: Any
    model: Any
    adam: torch.optim.AdamW
    ranks: Ranks
    leak: float

    @property
    def settings(self) -> Train:
        return self.look.settings

    @property
    def rows(self) -> Rows:
        return self.look.rows

    @property
    def chosen(self) -> Chosen:
        return self.look.chosen

    @property
    def device(self) -> torch.device:
        return self.look.device

    @property
    def length(self) -> int | None:
        """How long batches are made: all alike where layers are compiled for their shape; None: as the longest row."""
        return self.rows.length if self.chosen.compile else None


def look(settings: Train, rows: Rows, ranks: int = 1) -> Look:
    """Choose what the settings leave open. Raises `NoModel`, `TrainRefused`."""
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise TrainRefused("Train: device is 'cuda' and torch finds no GPU; expected one, or device 'auto' or 'cpu'")
    gpu = settings.device != "cpu" and torch.cuda.is_available()
    device = torch.device("cuda", torch.cuda.current_device()) if gpu else torch.device("cpu")
    bf16 = gpu and torch.cuda.is_bf16_supported(including_emulation=False)
    place = Place(gpu=gpu, memory=memory(device), bf16=bf16, ranks=ranks)
    start = origin(settings.model)
    sizes = shape(start, rows.tokenizer, rows.length)
    chosen = defaults.chosen(
        settings,
        sizes,
        place,
        stage=rows.stage,
        rows=len(rows),
        row_length=rows.length,
        random_start=not start.weights,
    )
    return Look(settings=settings, rows=rows, start=start, shape=sizes, device=device, place=place, chosen=chosen)


def reach(rows: Rows) -> float:
    """How many tokens a token attends to on average, itself included, by rows from all over the mix."""
    step = max(1, len(rows) // AT_LEAST)
    batches = [rows.batch([row]) for row in range(0, len(rows), step)]
    far = sum(int((batch.position_ids + 1).sum()) for batch in batches)
    return far / sum(batch.position_ids.numel() for batch in batches)


def set_up(seen: Look, ranks: Ranks, say: Callable[[str], None]) -> Setup:
    """Load or make the model, test that it keeps documents apart, and make the optimiser.

    Sets torch's threads for the whole process, and puts transformers' own progress bars out. Raises `NoModel`,
    `TrainRefused`.
    """
    settings, rows, chosen = seen.settings, seen.rows, seen.chosen
    threads = settings.threads or len(os.sched_getaffinity(0))
    torch.set_num_threads(threads)
    silence: Callable[[], None] = disable_progress_bar
    silence()
    if seen.device.type == "cuda":
        torch.set_float32_matmul_precision("high" if chosen.bf16 else "highest")
    attention.register()
    frozen = chosen.tune != "full"
    model = build(
        seen.start,
        rows.tokenizer,
        rows.length,
        settings.seed,
        rows.end_id,
        dtype=torch.bfloat16 if frozen and chosen.bf16 else torch.float32,
        quantised=four_bits() if chosen.tune == "qlora" else None,
    )
    if frozen:
        model = adapted(model, rank=chosen.lora_rank, targets=settings.lora_targets, seed=settings.seed)
    model.to(seen.device)
    learner, leak = _attending(seen, model, say)
    blocks = _blocks(learner.causal)
    if chosen.recompute:
        learner.causal.gradient_checkpointing_enable({"use_reentrant": False})
    if chosen.compile:
        for block in blocks:  # one layer is compiled, once for all: seconds, where a whole model takes minutes
            block.compile(dynamic=False)
    learner = ranks.prepare(learner)
    adam = optimiser(learner, settings, chosen)
    return Setup(look=seen, threads=threads, learner=learner, model=learner.model, adam=adam, ranks=ranks, leak=leak)


def optimiser(learner: Any, settings: Train, chosen: Chosen) -> torch.optim.AdamW:
    """AdamW; norms, biases (one dimension, as is usual since GPT-2) and embeddings (OLMo 2, section 3) do not decay."""
    table = learner.causal.get_input_embeddings().weight
    groups: dict[bool, list[Any]] = {True: [], False: []}
    for weight in learner.parameters():
        if weight.requires_grad:
            groups[weight.dim() > 1 and weight is not table].append(weight)
    return torch.optim.AdamW(
        [
            {"params": groups[True], "weight_decay": chosen.weight_decay},
            {"params": groups[False], "weight_decay": 0.0},
        ],
        lr=0.0,
        betas=(settings.beta1, settings.beta2),
        fused=table.device.type == "cuda",
    )


def _attending(seen: Look, model: Any, say: Callable[[str], None]) -> tuple[Learner, float]:
    """The model with the first way to attend that passes the self-test, and what that found."""
    batch = seen.rows.batch([0, 1 % len(seen.rows)]).to(seen.device)
    ways = attention.ways(seen.settings.attention, seen.device)
    causal = model.get_base_model() if hasattr(model, "peft_config") else model
    narrow = seen.chosen.bf16
    for number, way in enumerate(ways, 1):
        learner = Learner(model, way, bf16=narrow)
        try:
            causal.set_attn_implementation(way)
            leak = check_packing(learner, batch)
            _backwards(learner, batch)
        except (PackingLeaks, NotImplementedError, ValueError, RuntimeError) as error:
            learner.undo()
            first = str(error).splitlines()[0]
            if number == len(ways):
                raise TrainRefused(f"attention '{way}' can't be used here: {first}") from error
            say(f"attention '{way}' is not used: {first}")
            continue
        off = head_difference(learner, batch)
        learner.whole = not off <= (1e-2 if narrow else TOLERANCE)
        if learner.whole:
            say(
                f"{type(causal).__name__} makes its logits in a way of its own (losses differ by {off:.0e}): all "
                "are made at once"
            )
        return learner, leak
    raise AssertionError("there is always a last way")


def _backwards(learner: Learner, batch: Batch) -> None:
    """A way to attend may work forwards alone."""
    tested = probe(batch)
    loss, _ = learner(tested, torch.full((), float(tested.supervised), device=learner.device))
    torch.autograd.backward(loss)
    learner.zero_grad(set_to_none=True)


def _blocks(causal: Any) -> list[Any]:
    """The layers of a transformer: the longest list of modules that it holds."""
    lists = [module for module in causal.modules() if isinstance(module, torch.nn.ModuleList)]
    return list(max(lists, key=len, default=[]))
