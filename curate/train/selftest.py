"""The self-test at start-up: documents that share a row must not see each other."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from curate.train.data import Batch
from curate.train.loss import labels, token_losses

TOLERANCE = 1e-5
"""Relative. In fp32 packed and separate losses differ by at most 5e-9 with transformers 5.23 under `eager`, `sdpa` and
`flex_attention`, for Llama, Qwen2, Qwen3 and Mistral (sliding window or none); with an attention mask of all ones by
3e-3 to 8e-3, though the models were random."""

TOKENS = 192  # of each row are tested: a leak shows in the first document that has a neighbour before it


class PackingLeaks(RuntimeError):
    """Packed documents see each other in this model: what it learns would depend on the company a document keeps."""


def check_packing(model: Any, batch: Batch) -> float:
    """The relative difference of packed and separate losses on the start of `batch`; above 1e-5 raises `PackingLeaks`.

    Needs two rows or more: FlashAttention as transformers calls it keeps documents apart in a batch of one row and
    leaks in any other. Differences are added up as absolute values, token by token: as sums they nearly cancel.
    """
    tested = probe(batch)
    found = packing_difference(model, tested)
    if not found <= TOLERANCE:
        implementation = getattr(model.config, "_attn_implementation", "unknown")
        raise PackingLeaks(
            f"{type(model).__name__} with attention '{implementation}' does not keep packed documents apart: the loss "
            f"of {tested.input_ids.shape[0]} packed rows differs by {found:.1e} from that of their documents alone, "
            f"expected {TOLERANCE:.0e} at most. Train a model class whose masks follow position_ids (Llama, Qwen2, "
            "Qwen3, Mistral)"
        )
    return found


def probe(batch: Batch) -> Batch:
    """The first tokens of `batch`, with more documents: each is cut at places that differ from row to row.

    A mix of long documents may have no row with two of them at its start.
    """
    length = min(TOKENS, batch.input_ids.shape[1])
    starts = batch.position_ids[:, :length] == 0
    starts[:, 0] = True
    for row in range(starts.shape[0]):
        for cut in (length // 3 + row, length // 3 + row + 1, length * 2 // 3 + 2 * row):
            starts[row, min(cut, length - 1)] = True
    place = torch.arange(length, device=starts.device).expand_as(starts)
    start = torch.where(starts, place, 0).cummax(dim=1).values
    return Batch(
        input_ids=batch.input_ids[:, :length],
        position_ids=place - start,
        channels=batch.channels[:, :length],
        supervised=torch.ones_like(starts),
        tokens=starts.numel(),
    )


def packing_difference(model: Any, batch: Batch) -> float:
    """Sum of |packed - separate| over the sum of separate token losses, in fp32 and with dropout off."""
    was_training = model.training
    model.eval()
    with torch.no_grad():
        packed = token_losses(model, batch, labels(batch)).double()
        separate = torch.zeros_like(packed)
        for row in range(batch.input_ids.shape[0]):
            for start, end in documents(batch.position_ids[row]):
                alone = _part(batch, row, start, end)
                separate[row, start:end] = token_losses(model, alone, labels(alone)).double()[0]
    model.train(was_training)
    return float((packed - separate).abs().sum() / separate.sum())


def documents(positions: Tensor) -> list[tuple[int, int]]:
    """(start, end) of each document in a row, from its positions."""
    jumps = (positions[1:] != positions[:-1] + 1).nonzero().flatten() + 1
    edges = [0, *jumps.tolist(), positions.shape[0]]
    return list(pairwise(edges))


def _part(batch: Batch, row: int, start: int, end: int) -> Batch:
    return Batch(
        input_ids=batch.input_ids[row : row + 1, start:end],
        position_ids=batch.position_ids[row : row + 1, start:end],
        channels=batch.channels[row : row + 1, start:end],
        supervised=batch.supervised[row : row + 1, start:end],
        tokens=end - start,
    )
