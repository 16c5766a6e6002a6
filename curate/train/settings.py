"""How a model is trained on a mix. Loads no torch: recipes import it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Train:
    """Settings of the bundled trainer.

    `model` is "tiny" (a Llama shape of 1.8 M parameters at 8,192 tokens of vocabulary, random start), the path of a
    config.json (that shape, random start), or a local Hugging Face folder (its weights where it has any).
    One step trains on `batch` rows of the mix, in the order of the mix; more steps than rows begin a new epoch.
    `learning_rate` None is chosen by size and start (see `schedule.usual_rate`); it rises over `warmup` steps, then
    falls as a cosine to `floor` of itself. Weight decay, the second moment and clipping are those that Llama 2
    (section 2.2) and most open models since were trained with.
    `held_out_rows` of each channel are measured before and after training. Every `checkpoint_every` steps (0: never)
    the state is saved under OUT/checkpoints, of which the newest `checkpoints_kept` stay; a start on a folder that has
    some goes on from there.
    `device` is "auto" (a GPU where there is one), "cpu" or "cuda". `threads` None is one per CPU that this process may
    use: the sums' order depends on it, so weights are repeated bit by bit only at an equal number.
    """

    model: str = "tiny"
    steps: int = 60
    batch: int = 2
    learning_rate: float | None = None
    warmup: int = 6
    floor: float = 0.1
    weight_decay: float = 0.1
    beta1: float = 0.9
    beta2: float = 0.95
    clip: float = 1.0
    seed: int = 0
    held_out_rows: int = 8
    checkpoint_every: int = 0
    checkpoints_kept: int = 2
    say_every: int = 10
    device: str = "auto"
    threads: int | None = None

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "checkpoints_kept", "say_every"):
            self._at_least(name, 1)
        for name in ("warmup", "weight_decay", "seed", "held_out_rows", "checkpoint_every"):
            self._at_least(name, 0)
        if self.threads is not None:
            self._at_least("threads", 1)
        for name, value in (("learning_rate", self.learning_rate), ("clip", self.clip)):
            if value is not None and not value > 0:
                raise ValueError(f"Train: {name} is {value}; expected a number above 0")
        for name, value in (("beta1", self.beta1), ("beta2", self.beta2)):
            if not 0 <= value < 1:
                raise ValueError(f"Train: {name} is {value}; expected a number from 0 to below 1")
        if not 0 <= self.floor <= 1:
            raise ValueError(f"Train: floor is {self.floor}; expected a share of the learning rate, from 0 to 1")
        if self.device not in ("auto", "cpu", "cuda"):
            raise ValueError(f"Train: device is {self.device!r}; expected auto, cpu or cuda")

    def _at_least(self, name: str, least: int) -> None:
        value = getattr(self, name)
        if not value >= least:
            raise ValueError(f"Train: {name} is {value}; expected {least} or more")
