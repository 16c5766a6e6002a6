"""Held-out loss by channel and by role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite, log
from typing import Any

import torch
from tokenizers import Tokenizer

from curate.train.data import Batch, Rows
from curate.train.hooks import Alone, LossNotFinite, Ranks


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """What a model makes of documents that it was never trained on.

    `nats` is the mean cross entropy of a token. `bits_per_byte` divides the same sum by `bytes`, the UTF-8 bytes of the
    text that it predicts, and so compares models of different tokenizers; None where the text has no bytes.
    """

    nats: float
    bits_per_byte: float | None
    tokens: int
    bytes: int = 0

    @classmethod
    def of(cls, nats: float, tokens: int, size: int) -> HeldOut:
        """From sums."""
        return cls(nats=nats / tokens, bits_per_byte=nats / log(2) / size if size else None, tokens=tokens, bytes=size)


class Exam:
    """The validation rows of a mix, read once: the first `rows` of each channel, in batches of `batch`."""

    def __init__(self, rows: Rows, number: int, batch: int, length: int | None = None) -> None:
        self.roles = rows.roles
        self.batches = rows.held_out(number, batch, length)
        self.sizes = {
            channel: sum(text_bytes(batch, rows.tokenizer) for batch in batches)
            for channel, batches in self.batches.items()
        }

    def taken(self, learner: Any, device: torch.device, ranks: Ranks | None = None) -> dict[str, HeldOut]:
        """Held-out loss of each channel that has any supervised token; dropout off. Raises `LossNotFinite`."""
        losses = held_out(learner, self.batches, self.sizes, device, ranks or Alone())
        for channel, loss in losses.items():
            if not isfinite(loss.nats):
                raise LossNotFinite(
                    f"the held-out loss of {channel} is {loss.nats}: the weights are lost; lower learning_rate"
                )
        return losses


def held_out(
    learner: Any,
    batches: Mapping[str, Sequence[Batch]],
    sizes: Mapping[str, int],
    device: torch.device,
    ranks: Ranks,
) -> dict[str, HeldOut]:
    """Held-out losses by channel; each rank takes each n-th batch and one pass of every batch that others take, so
    that sharded weights are gathered alike everywhere."""
    found: dict[str, HeldOut] = {}
    one = torch.ones((), device=device)
    was_training = learner.training
    learner.eval()
    with torch.no_grad():
        for channel, parts in batches.items():
            nats = torch.zeros((), dtype=torch.float64, device=device)
            for turn in range(0, len(parts), ranks.size):
                mine = turn + ranks.rank < len(parts)
                losses = learner(parts[turn + ranks.rank if mine else turn].to(device), one)[1]
                nats += losses.double().sum() * mine
            tokens = sum(part.supervised for part in parts)
            if tokens:
                found[channel] = HeldOut.of(float(ranks.sum(nats)), tokens, sizes[channel])
    learner.train(was_training)
    return found


def by_role(losses: Mapping[str, HeldOut], roles: Mapping[str, str]) -> dict[str, HeldOut]:
    """The channels' losses added up by role, each token counting alike."""
    found = {}
    for role in sorted({roles[channel] for channel in losses}):
        parts = [loss for channel, loss in losses.items() if roles[channel] == role]
        nats = sum(part.nats * part.tokens for part in parts)
        found[role] = HeldOut.of(nats, sum(part.tokens for part in parts), sum(part.bytes for part in parts))
    return found


def text_bytes(batch: Batch, tokenizer: Tokenizer) -> int:
    """UTF-8 bytes of the text that a batch predicts, special tokens left out.

    Each document is decoded by itself; where a row cuts a character in two, its halves count up to 3 bytes each.
    """
    targets, bounds = batch.targets.tolist(), batch.bounds.tolist()
    parts = [targets[start:end] for start, end in pairwise(bounds) if end > start]
    texts: list[str] = tokenizer.decode_batch(parts, skip_special_tokens=True)
    return sum(len(text.encode("utf-8", "replace")) for text in texts)
