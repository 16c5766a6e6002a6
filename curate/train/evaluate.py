"""Held-out loss by channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import torch
from tokenizers import Tokenizer

from curate.train.data import Batch
from curate.train.loss import NOTHING, Sums, labels, token_losses
from curate.train.selftest import documents


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """What a model makes of documents that it was never trained on.

    `nats` is the mean cross entropy of a token. `bits_per_byte` divides the same sum by the UTF-8 bytes of the text it
    predicts, and so compares models of different tokenizers; None where the text has no bytes.
    """

    nats: float
    bits_per_byte: float | None
    tokens: int


def held_out(
    model: Any, batches: Mapping[str, Sequence[Batch]], tokenizer: Tokenizer, device: torch.device
) -> dict[str, HeldOut]:
    """Held-out loss of each channel that has any supervised token; fp32, dropout off."""
    found: dict[str, HeldOut] = {}
    was_training = model.training
    model.eval()
    with torch.no_grad():
        for channel, rows in batches.items():
            sums, size = Sums(), 0
            for batch in rows:
                wanted = labels(batch)
                there = batch.to(device)
                sums += Sums.of(token_losses(model, there, wanted.to(device)), there, wanted.to(device))
                size += text_bytes(batch, wanted, tokenizer)
            nats, tokens = sum(sums.nats), sum(sums.tokens)
            if tokens:
                bits = nats / log(2) / size if size else None
                found[channel] = HeldOut(nats=nats / tokens, bits_per_byte=bits, tokens=tokens)
    model.train(was_training)
    return found


def text_bytes(batch: Batch, wanted: torch.Tensor, tokenizer: Tokenizer) -> int:
    """UTF-8 bytes of the text that `wanted` holds, special tokens left out.

    Each document is decoded by itself; where a row cuts a character in two, its halves count up to 3 bytes each.
    """
    size = 0
    for row in range(wanted.shape[0]):
        for start, end in documents(batch.position_ids[row]):
            predicted = wanted[row, start:end]
            text = tokenizer.decode(predicted[predicted != NOTHING].tolist(), skip_special_tokens=True)
            size += len(text.encode("utf-8", "replace"))
    return size
