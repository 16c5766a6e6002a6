"""What an export is asked to be."""

from __future__ import annotations

from dataclasses import dataclass

FORMATS = ("hf", "llama-factory", "ms-swift", "trl", "megatron", "passages")


class ExportRefused(ValueError):
    """The export can't be made as asked; the message says what is missing."""


@dataclass(frozen=True, kw_only=True)
class Export:
    """How the drawn documents are written for another program.

    `to` is one of `FORMATS`. `task` is pt (text) or sft (dialogues); None takes the mix's, and without a mix sft where
    there are dialogues. `model` stands in the ready configurations, and is a name or a folder; `template` is
    LLaMA-Factory's name for the model's chat template, `shape` its sharegpt or alpaca. Passages are of at most `size`,
    the next beginning with up to `overlap` of the one before, both in `unit`: tokens, or characters.
    """

    to: str
    task: str | None = None
    model: str | None = None
    template: str | None = None
    shape: str = "sharegpt"
    size: int = 512
    overlap: int = 64
    unit: str = "tokens"

    def __post_init__(self) -> None:
        if self.to not in FORMATS:
            raise ExportRefused(f"format {self.to!r} is not known; expected one of {', '.join(FORMATS)}")
        if self.task not in (None, "pt", "sft"):
            raise ExportRefused(f"task is {self.task!r}, expected pt (text) or sft (dialogues)")
        if self.shape not in ("sharegpt", "alpaca"):
            raise ExportRefused(f"shape is {self.shape!r}, expected sharegpt or alpaca")
        if self.unit not in ("tokens", "characters"):
            raise ExportRefused(f"unit is {self.unit!r}, expected tokens or characters")
        if self.size < 16 or not 0 <= self.overlap <= self.size // 2:
            raise ExportRefused(
                f"passages of {self.size} {self.unit} with an overlap of {self.overlap}: expected at least 16, and an "
                "overlap of at most half of that"
            )
