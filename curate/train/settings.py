"""How a model is trained on a mix. Loads no torch: recipes import it."""

from __future__ import annotations

from dataclasses import dataclass

from curate.train.spikes import Spikes

CHOICES = {
    "stage": (None, "pt", "sft"),
    "tune": ("auto", "full", "lora", "qlora"),
    "schedule": ("cosine", "linear", "wsd"),
    "answers": ("every", "last"),
    "device": ("auto", "cpu", "cuda"),
    "precision": ("auto", "fp32", "bf16"),
    "attention": ("auto", "varlen", "flex", "sdpa", "eager"),
    "compile": ("auto", "on", "off"),
    "recompute": ("auto", "on", "off"),
}


class TrainRefused(ValueError):
    """Settings that make no sense, or that this machine, model or mix can't meet."""


class GateFailed(ValueError):
    """The training is done and saved, and general text has lost more than it may."""


@dataclass(frozen=True, kw_only=True)
class Train:
    """Settings of the bundled trainer. None and "auto" are chosen by model size, stage and tune (`defaults.py`, printed
    by `curate train --explain`).

    What is trained. `model` is "tiny" (a Llama shape of 1.8 M parameters at 8,192 tokens of vocabulary, random start),
    the path of a config.json (that shape, random start), or a local Hugging Face folder (its weights where it has any).
    `stage` must be the mix's where it is given. `tune`: "auto" trains all weights up to 7 B if they fit, else LoRA on
    all linear layers; "qlora" holds the frozen weights in four bits. `lora_rank` r, with alpha = 2 r; `lora_targets`
    are names of linear layers, None for all. `answers`: which answers of a dialogue are learnt, "every" or the "last".

    How long. `steps`, or None for `epochs` over the mix (None: 1 for pt, 2 for sft). A step trains on `batch` rows in
    the order of the mix, over all ranks and accumulated batches of `micro_batch` rows a device; it grows from
    `batch_start` rows in a straight line over `batch_ramp` steps. `seed` draws random starts and dropout.

    How fast. `learning_rate` is the highest: it rises over `warmup` steps, then falls to `floor` of itself by
    `schedule`: "cosine", "linear", or "wsd", which stays and falls in a straight line over the last `decay` share of
    steps. Norms, biases and embeddings do not decay. The second moment (`beta2`) and `clip` are those that Llama 2
    (section 2.2) and most open models since were trained with.

    What is watched. `held_out_rows` of each channel are measured before, after, and every `evaluate_every` steps (0:
    never). `general_drop_max`: nats by which the held-out loss of general text may rise before the training counts as
    failed (None: by any). `tensorboard` writes event files. `say_every`: steps from line to line.

    Where. `device` "auto" is a GPU where there is one. `precision` "auto" is bf16 on a GPU that has it, fp32 on a CPU,
    which emulates bf16. `compile` and `recompute` (of activations) "auto" are for GPUs. `threads` None is one per CPU
    that this process may use: the sums' order depends on it, so weights are repeated bit by bit only at an equal
    number.

    What survives. Every `checkpoint_every` steps (0: never) the state is saved under OUT/checkpoints, of which the
    newest `checkpoints_kept` stay, and each of a multiple of `checkpoints_keep_every` steps (0: none of these); a start
    on a folder that has some goes on from there. `spikes` says when a step counts as a spike and what follows; None:
    any loss that is not finite ends the training, and nothing else is judged.
    """

    model: str = "tiny"
    stage: str | None = None
    tune: str = "auto"
    lora_rank: int | None = None
    lora_targets: tuple[str, ...] | None = None
    answers: str = "every"
    steps: int | None = None
    epochs: float | None = None
    batch: int | None = None
    batch_start: int | None = None
    batch_ramp: int = 0
    micro_batch: int | None = None
    learning_rate: float | None = None
    schedule: str = "cosine"
    warmup: int | None = None
    decay: float = 0.2
    floor: float = 0.1
    weight_decay: float | None = None
    beta1: float = 0.9
    beta2: float = 0.95
    clip: float = 1.0
    seed: int = 0
    held_out_rows: int = 8
    evaluate_every: int = 0
    general_drop_max: float | None = None
    tensorboard: bool = False
    checkpoint_every: int = 0
    checkpoints_kept: int = 2
    checkpoints_keep_every: int = 0
    spikes: Spikes | None = Spikes()
    say_every: int = 10
    device: str = "auto"
    precision: str = "auto"
    attention: str = "auto"
    compile: str = "auto"
    recompute: str = "auto"
    threads: int | None = None

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "batch_start", "micro_batch", "lora_rank", "threads"):
            if getattr(self, name) is not None:
                self._at_least(name, 1)
        for name in ("checkpoints_kept", "say_every"):
            self._at_least(name, 1)
        counts = ("seed", "held_out_rows", "evaluate_every", "batch_ramp")
        for name in (*counts, "checkpoint_every", "checkpoints_keep_every"):
            self._at_least(name, 0)
        for name in ("warmup", "weight_decay", "general_drop_max"):
            if getattr(self, name) is not None:
                self._at_least(name, 0)
        for name in ("learning_rate", "epochs", "clip"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise TrainRefused(f"Train: {name} is {value}; expected a number above 0")
        for name in ("beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise TrainRefused(f"Train: {name} is {getattr(self, name)}; expected a number from 0 to below 1")
        for name in ("floor", "decay"):
            if not 0 <= getattr(self, name) <= 1:
                raise TrainRefused(f"Train: {name} is {getattr(self, name)}; expected a share, from 0 to 1")
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                options = " or ".join(filter(None, known))
                raise TrainRefused(f"Train: {name} is {getattr(self, name)!r}; expected {options}")
        if self.steps is not None and self.epochs is not None:
            raise TrainRefused("Train: steps and epochs both say how long; give one of them")
        if self.batch_ramp and self.batch_start is None:
            raise TrainRefused("Train: batch_ramp says over how many steps the batch grows; give batch_start as well")

    def _at_least(self, name: str, least: int) -> None:
        value = getattr(self, name)
        if not value >= least:
            raise TrainRefused(f"Train: {name} is {value}; expected {least} or more")
