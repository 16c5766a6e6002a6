"""One step: losses and gradients of its batches, added up, and the update."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from curate.train.data import Batch
from curate.train.loss import span_nats
from curate.train.setup import Setup
from curate.train.sums import SpanLoss, Sums


@dataclass(frozen=True, kw_only=True)
class Made:
    """What batches lost, over all ranks but for `spans`; the gradient of it is in the weights, clipped.

    `gradient` is its norm before. `tokens` were read, `supervised` learnt from.
    """

    losses: Sums
    gradient: float
    tokens: int
    supervised: int
    spans: Callable[[], list[SpanLoss]]


def made(setup: Setup, batches: Sequence[Batch], *, seed: int) -> Made:
    """Losses and the gradient of this rank's `batches`, as part of all ranks'. Nothing is updated.

    The loss is divided by the supervised tokens of all batches of all ranks, so that neither how many rows fit a device
    nor how many devices there are changes what a token weighs. The host waits for the device once, for one short
    tensor: sums by channel and the gradient's norm, which the guard wants before the update. `seed` is of dropout.
    """
    ranks, device, channels = setup.ranks, setup.device, setup.rows.channels
    torch.manual_seed(seed + 1_000_003 * ranks.rank)
    counts = torch.tensor([sum(batch.supervised for batch in batches), sum(batch.tokens for batch in batches)])
    total = ranks.sum(counts.to(device))
    divisor = total[0].clamp(min=1).float()
    nats: list[Tensor] = []
    for batch in batches:
        there = batch.to(device)
        loss, losses = setup.learner(there, divisor)
        torch.autograd.backward(loss)
        nats.append(span_nats(losses, there.bounds))
    ranks.add_gradients(setup.learner)
    norm = ranks.clip(setup.learner, setup.settings.clip)
    sums = ranks.sum(torch.stack([_sums(batch, lost) for batch, lost in zip(batches, nats, strict=True)]).sum(0))
    read = torch.cat([sums.flatten(), total.double(), norm.double().to(device)[None]]).tolist()
    size = len(channels)

    def spans() -> list[SpanLoss]:
        pairs = zip(batches, nats, strict=True)
        return [span for batch, lost in pairs for span in batch.spans.losses(lost.cpu().numpy())]

    return Made(
        losses=Sums(channels, tuple(read[:size]), tuple(map(round, read[size : 2 * size]))),
        gradient=read[-1],
        tokens=round(read[-2]),
        supervised=round(read[-3]),
        spans=spans,
    )


def update(setup: Setup, rate: float) -> None:
    """Move the weights along the gradient that is there, and forget it."""
    for group in setup.adam.param_groups:
        group["lr"] = rate
    setup.adam.step()
    forget(setup)


def forget(setup: Setup) -> None:
    """Drop the gradient that is there."""
    setup.adam.zero_grad(set_to_none=True)


def _sums(batch: Batch, nats: Tensor) -> Tensor:
    """fp64 [2, channels] on the device of `nats`: nats and tokens. A product, whose order of sums is fixed."""
    spans = batch.spans
    member = np.zeros((len(spans), len(spans.channels)))
    member[np.arange(len(spans)), spans.channel] = 1
    there = torch.from_numpy(member).to(nats.device, non_blocking=True)
    tokens = torch.from_numpy(spans.tokens.astype(np.float64)).to(nats.device, non_blocking=True)
    return torch.stack([nats, tokens]) @ there
