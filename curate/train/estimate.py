"""What a training will take: memory by kind, time, and what the law of Chinchilla says of its size."""

from __future__ import annotations

from dataclasses import dataclass

from curate.train.loss import chunk_size
from curate.train.shape import Shape


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Bytes on each device."""

    weights: int
    gradients: int
    optimiser: int
    activations: int
    logits: int

    @property
    def total(self) -> int:
        return self.weights + self.gradients + self.optimiser + self.activations + self.logits


def memory(
    shape: Shape, *, tokens: int, tune: str, rank: int, bf16: bool, recompute: bool, gpu: int | None, ranks: int = 1
) -> Memory:
    """Of batches of `tokens` tokens a device. `gpu` is the memory of the GPU in bytes, None on a CPU.

    Weights, gradients and AdamW's two moments in fp32, 16 bytes a trained weight, over `ranks`; frozen weights in 2
    bytes (4 on a CPU), in four bits .56 (NF4 with doubly quantised constants: QLoRA, Dettmers et al. 2023, section 3).
    Activations of a layer as its backward pass needs them: 4 of the hidden width, 2 of queries, 2 of keys, 4 of the
    inner width; with recomputation the hidden states between layers and one layer in full.
    """
    narrow = 2 if bf16 else 4
    if tune == "full":
        trained, frozen = shape.parameters, 0.0
    else:
        trained = shape.adapters(rank)
        frozen = shape.parameters * (0.56 if tune == "qlora" else narrow)
    copies = 2 * trained if bf16 else 0  # autocast keeps them for the length of a pass
    layer = tokens * (4 * shape.hidden + 2 * shape.query + 2 * shape.key + 4 * shape.inner) * narrow
    kept = tokens * shape.hidden * narrow * shape.layers + layer if recompute else layer * shape.layers
    rows = min(tokens, chunk_size(shape.vocabulary, gpu))
    head = shape.vocabulary * shape.hidden
    return Memory(
        weights=int(4 * trained / ranks + frozen / (1 if tune == "qlora" else ranks) + copies / ranks),
        gradients=4 * trained // ranks,
        optimiser=8 * trained // ranks,
        activations=kept,
        logits=rows * shape.vocabulary * (2 * narrow + 4) + head * (narrow + (4 if tune == "full" else 0)),
    )


CHINCHILLA = 20
"""Tokens for each parameter that make the most of a budget of compute (Hoffmann et al. 2022, section 3.4, table 3)."""


def chinchilla_loss(parameters: float, tokens: float) -> float:
    """Nats a token that a model trained from a random start reaches: Hoffmann et al. 2022, section 3.3 and D.3.

    Fitted on MassiveText with its tokenizer: to compare sizes and budgets with, not to foretell another corpus's loss.
    """
    return float(1.69 + 406.4 / parameters**0.34 + 410.7 / tokens**0.28)


def chinchilla(parameters: int, tokens: int, *, random_start: bool) -> list[str]:
    """The law's advice, a line each."""
    per = tokens / parameters
    best = CHINCHILLA * parameters
    lines = [
        f"{tokens:,} tokens for {parameters:,} parameters: {per:.3g} a parameter; Chinchilla's law advises about "
        f"{CHINCHILLA} for a random start ({best:,} tokens)"
    ]
    if random_start:
        lines.append(
            f"the law's loss: {chinchilla_loss(parameters, tokens):.2f} nats with these tokens, "
            f"{chinchilla_loss(parameters, best):.2f} with as many as it advises (on its own corpus and tokenizer)"
        )
        if per < CHINCHILLA / 4:
            lines.append(f"a model of {tokens // CHINCHILLA:,} parameters would make more of these tokens")
    else:
        lines.append("the law is of random starts: a model that is trained on has its first tokens behind it")
    return lines


def seconds(
    shape: Shape, *, tokens: float, reach: float, peak: float, share: float, frozen: bool, again: bool
) -> float:
    """How long `tokens` take at `share` of the `peak` of all devices; `again` counts a second forward pass."""
    extra = 2 * shape.multiplied if again else 0
    return tokens * (shape.flops(reach, frozen=frozen) + extra) / (peak * share)
