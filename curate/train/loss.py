"""The loss of each token, and its sums by channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from curate.mix.plan import CHANNELS
from curate.train.data import Batch

NOTHING = -100  # the label of a place that predicts nothing (torch's own default)


def labels(batch: Batch) -> Tensor:
    """What each place must predict (int64 [rows, tokens]): the next token, if it is supervised and of its document.

    So nothing predicts the first token of a document, and the last place of a row predicts nothing.
    """
    same = batch.position_ids[:, 1:] == batch.position_ids[:, :-1] + 1
    wanted = torch.full_like(batch.input_ids, NOTHING)
    wanted[:, :-1] = torch.where(same & batch.supervised[:, 1:], batch.input_ids[:, 1:], NOTHING)
    return wanted


def token_losses(model: Any, batch: Batch, wanted: Tensor) -> Tensor:
    """Cross entropy in nats (fp32 [rows, tokens]) of predicting `wanted`; 0 where nothing is predicted.

    No attention mask is given: one of all ones would switch the separation of documents off without a word.
    """
    logits = model(input_ids=batch.input_ids, position_ids=batch.position_ids, use_cache=False).logits
    flat = cross_entropy(logits.float().flatten(0, 1), wanted.flatten(), ignore_index=NOTHING, reduction="none")
    return flat.view_as(wanted)


@dataclass(frozen=True)
class Sums:
    """Nats and supervised tokens by channel, in the order of `CHANNELS`."""

    nats: tuple[float, ...] = (0.0,) * len(CHANNELS)
    tokens: tuple[int, ...] = (0,) * len(CHANNELS)

    @classmethod
    def of(cls, losses: Tensor, batch: Batch, wanted: Tensor) -> Sums:
        """Added up in fp64; a token counts for the channel that it, not its predecessor, belongs to."""
        target = batch.channels.roll(-1, dims=1)
        counted = wanted != NOTHING
        detached = losses.detach().double()
        masks = [counted & (target == channel) for channel in range(len(CHANNELS))]
        nats = torch.stack([(detached * mask).sum() for mask in masks]).tolist()
        tokens = torch.stack([mask.sum() for mask in masks]).tolist()
        return cls(tuple(nats), tuple(tokens))

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            tuple(a + b for a, b in zip(self.nats, other.nats, strict=True)),
            tuple(a + b for a, b in zip(self.tokens, other.tokens, strict=True)),
        )

    def mean(self, channel: str) -> float | None:
        """Nats per supervised token of a channel; None where it has none."""
        place = CHANNELS.index(channel)
        return self.nats[place] / self.tokens[place] if self.tokens[place] else None

    def total(self) -> float | None:
        """Nats per supervised token over all channels; None where there is none."""
        tokens = sum(self.tokens)
        return sum(self.nats) / tokens if tokens else None
