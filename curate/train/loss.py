"""The loss of each token without all logits in memory, and its gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor

NOTHING = -100  # the target of a place that predicts nothing


@dataclass(frozen=True)
class Head:
    """What a model does to its logits beyond the product with the output embeddings: times `scale`, then
    `cap` x tanh(logits / cap) where there is a cap (Gemma 2, section 2)."""

    scale: float = 1.0
    cap: float | None = None

    @classmethod
    def of(cls, config: Any) -> Head:
        """What a Hugging Face configuration says: Gemma's soft cap, Cohere's scale, Granite's divisor."""
        scale = float(getattr(config, "logit_scale", None) or 1.0)
        divisor = float(getattr(config, "logits_scaling", None) or 1.0)
        return cls(scale / divisor, getattr(config, "final_logit_softcapping", None))


def token_losses(
    hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor, divisor: Tensor, head: Head, chunk: int
) -> tuple[Tensor, Tensor]:
    """(sum of losses / `divisor`, losses in nats (fp32 [m])) of predicting `targets` (int64 [m]) from `hidden` [m, H].

    At most `chunk` rows of logits exist at a time. Gradients are made along with the losses, chunk by chunk: each is
    linear in the first result's own gradient, so nothing is computed twice. The second result has no gradient.
    """
    apply: Any = ChunkedLoss.apply
    loss, losses = apply(hidden, weight, bias, targets, divisor, head, chunk)
    return loss, losses


class ChunkedLoss(torch.autograd.Function):
    """Cross entropy of hidden states against output embeddings; see `token_losses`."""

    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor, divisor: Tensor,
        head: Head, chunk: int,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        device = hidden.device.type
        narrow = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else hidden.dtype
        of_hidden, of_weight, of_bias = ctx.needs_input_grad[:3]
        size = hidden.shape[0]
        losses = torch.empty(size, dtype=torch.float32, device=hidden.device)
        to_hidden = torch.empty_like(hidden) if of_hidden else None
        to_weight = torch.zeros(weight.shape, dtype=torch.float32, device=hidden.device) if of_weight else None
        to_bias = torch.zeros(bias.shape, dtype=torch.float32, device=hidden.device) if bias is not None else None
        wide = weight.detach().to(narrow)
        part_of = _part_of(device)
        with torch.autocast(device, enabled=False):
            for start in range(0, size, chunk):
                seen = hidden.detach()[start : start + chunk].to(narrow)
                wanted = targets[start : start + chunk]
                if device == "cuda" and seen.shape[0] < chunk:  # a shape of its own would be compiled anew each step
                    missing = chunk - seen.shape[0]
                    seen = torch.nn.functional.pad(seen, (0, 0, 0, missing))
                    wanted = torch.nn.functional.pad(wanted, (0, missing), value=NOTHING)
                logits = seen @ wide.T
                lost, slope = part_of(logits, bias, wanted, divisor, head.scale, head.cap, of_hidden or of_weight)
                end = min(start + chunk, size)
                losses[start:end] = lost[: end - start]
                if slope is None:
                    continue
                if to_hidden is not None:
                    to_hidden[start:end] = (slope @ wide)[: end - start]
                if to_weight is not None:
                    to_weight += slope.T @ seen
                if to_bias is not None:
                    to_bias += slope.float().sum(0)
        ctx.save_for_backward(to_hidden, to_weight, to_bias if of_bias else None)
        ctx.dtypes = weight.dtype, None if bias is None else bias.dtype
        ctx.mark_non_differentiable(losses)
        return losses.double().sum().div(divisor).float(), losses

    @staticmethod
    def backward(ctx: Any, of_loss: Tensor, of_losses: Tensor) -> tuple[Tensor | None, ...]:
        to_hidden, to_weight, to_bias = ctx.saved_tensors
        dtypes = (None, *ctx.dtypes)
        made = [
            None if slope is None else (slope * of_loss.to(slope.dtype)).to(dtype or slope.dtype)
            for slope, dtype in zip((to_hidden, to_weight, to_bias), dtypes, strict=True)
        ]
        return (*made, None, None, None, None)


def _part(
    logits: Tensor, bias: Tensor | None, targets: Tensor, divisor: Tensor, scale: float, cap: float | None, slope: bool
) -> tuple[Tensor, Tensor | None]:
    """Losses of one chunk and, where asked for, the gradient of their sum / divisor by the logits; in fp32 inside."""
    wide = logits.float()
    if bias is not None:
        wide = wide + bias.float()
    if scale != 1.0:
        wide = wide * scale
    if cap is not None:
        wide = torch.tanh(wide / cap) * cap
    counted = targets != NOTHING
    at = targets.clamp(min=0)[:, None]
    total = wide.logsumexp(1, keepdim=True)
    losses = torch.where(counted, (total - wide.gather(1, at))[:, 0], 0.0)
    if not slope:
        return losses, None
    ours = torch.arange(logits.shape[1], device=logits.device)[None, :] == at
    by_logit = (torch.exp(wide - total) - ours.to(wide.dtype)) * (counted.to(wide.dtype) / divisor)[:, None]
    if cap is not None:
        by_logit = by_logit * (1 - (wide / cap) ** 2)
    if scale != 1.0:
        by_logit = by_logit * scale
    return losses, by_logit.to(logits.dtype)


@cache
def _part_of(device: str) -> Callable[..., tuple[Tensor, Tensor | None]]:
    """Compiled on a GPU: as separate kernels the passes over a chunk's logits cost as much as a tenth of a small
    model."""
    return torch.compile(_part) if device == "cuda" else _part


def chunk_size(vocabulary: int, memory: int | None) -> int:
    """Rows of logits held at a time: 2^24 numbers on a CPU; a 64th of a GPU's `memory` in bytes, at most 2^30."""
    numbers = 1 << 24 if memory is None else min(1 << 30, memory // 64)
    return max(256, numbers // vocabulary // 256 * 256)


def span_nats(losses: Tensor, bounds: Tensor) -> Tensor:
    """The sum (fp64 [spans]) of each span's losses: differences of one running sum, on the device of both."""
    running = torch.zeros(losses.shape[0] + 1, dtype=torch.float64, device=losses.device)
    torch.cumsum(losses.detach().double(), 0, out=running[1:])
    return running[bounds[1:]] - running[bounds[:-1]]
