"""One step of training: loss, gradient, update, and what is written down of it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from math import isfinite
from typing import Any

import torch

from curate.mix.plan import CHANNELS
from curate.train.data import Batch
from curate.train.loss import NOTHING, Sums, labels, token_losses
from curate.train.settings import Train


class LossNotFinite(RuntimeError):
    """The loss or the gradient became infinite or NaN; nothing was updated with it."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is known of a step. `step` counts from 1; `tokens` and `supervised_tokens` are those since the start.

    `gradient` is the norm before clipping.
    """

    step: int
    losses: Sums
    rate: float
    gradient: float
    tokens: int
    supervised_tokens: int

    def facts(self) -> dict[str, Any]:
        """A line of metrics.jsonl; losses in nats per supervised token, null where a channel has none."""
        return {
            "step": self.step,
            "loss": self.losses.total(),
            **{f"loss_{channel}": self.losses.mean(channel) for channel in CHANNELS},
            "lr": self.rate,
            "grad_norm": self.gradient,
            "tokens": self.tokens,
            "supervised_tokens": self.supervised_tokens,
        }

    def said(self, steps: int, speed: float) -> str:
        """A line for people; `speed` in tokens per second."""
        channels = "  ".join(f"{channel} {nats(self.losses.mean(channel))}" for channel in CHANNELS)
        return (
            f"step {self.step}/{steps}  loss {nats(self.losses.total())}  {channels}  "
            f"rate {self.rate:.1e}  gradient {self.gradient:.2f}  {speed:,.0f} tokens/s"
        )


def nats(loss: float | None) -> str:
    """A loss with three decimals, a dash where there is none."""
    return "-" if loss is None else f"{loss:.3f}"


def optimiser(model: Any, settings: Train) -> torch.optim.AdamW:
    """AdamW; norms and biases (one dimension) do not decay, as is usual since GPT-2."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    groups = [
        {"params": [weight for weight in weights if weight.dim() > 1], "weight_decay": settings.weight_decay},
        {"params": [weight for weight in weights if weight.dim() <= 1], "weight_decay": 0.0},
    ]
    on_gpu = next(model.parameters()).device.type == "cuda"
    return torch.optim.AdamW(groups, lr=0.0, betas=(settings.beta1, settings.beta2), fused=on_gpu)


def precision(device: torch.device) -> AbstractContextManager[Any]:
    """bf16 where the GPU has it (weights and optimiser stay in fp32); fp32 on a CPU, where bf16 is emulated."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()


def update(model: Any, adam: torch.optim.AdamW, batch: Batch, *, rate: float, clip: float) -> tuple[Sums, float]:
    """Train on `batch`; (its losses, the gradient's norm before clipping). The loss is per supervised token.

    Raises `LossNotFinite` before anything is changed.
    """
    wanted = labels(batch)
    with precision(wanted.device):
        losses = token_losses(model, batch, wanted)
    torch.autograd.backward(losses.sum() / (wanted != NOTHING).sum().clamp(min=1))
    gradient = float(torch.nn.utils.clip_grad_norm_(model.parameters(), clip))
    sums = Sums.of(losses, batch, wanted)
    if not (isfinite(sum(sums.nats)) and isfinite(gradient)):
        adam.zero_grad()
        raise LossNotFinite(
            f"the loss is {nats(sums.total())} nats and the gradient {gradient:.3g}, expected finite numbers"
        )
    for group in adam.param_groups:
        group["lr"] = rate
    adam.step()
    adam.zero_grad()
    return sums, gradient
