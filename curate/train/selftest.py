"""The self-test at start-up: documents that share a row must not see each other, and the loss must be the model's
own."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from curate.train.data import Batch, packed
from curate.train.learner import Learner

TOLERANCE = 1e-5
"""Relative, in fp32, where packed and separate losses differ by at most 5e-9 with transformers 5.23 under `eager`,
`sdpa` and `flex_attention`, for Llama, Qwen2, Qwen3 and Mistral (sliding window or none); with an attention mask of all
ones by 3e-3 to 8e-3, though the models were random."""

NARROW = 2e-2
"""Relative, in bf16: eight bits of mantissa, and kernels that round other sums for other shapes. Too wide to find a
leak: that is found by `meddling`, which compares equal shapes and so wants equality."""

TOKENS = 192  # of each row are tested: a leak shows in the first document that has a neighbour before it


class PackingLeaks(ValueError):
    """Packed documents see each other in this model: what it learns would depend on the company a document keeps."""


def check_packing(learner: Learner, batch: Batch) -> float:
    """The relative difference of packed and separate losses on the start of `batch`; too large a one raises
    `PackingLeaks`.

    Needs two rows or more: FlashAttention as transformers calls it keeps documents apart in a batch of one row and
    leaks in any other. Differences are added up as absolute values, token by token: as sums they nearly cancel.
    """
    tested = probe(batch)
    found, limit = packing_difference(learner, tested), NARROW if learner.bf16 else TOLERANCE
    touched = meddling(learner, tested)
    if not (found <= limit and touched <= TOLERANCE):
        raise PackingLeaks(
            f"{type(learner.causal).__name__} with attention '{learner.way}' does not keep packed documents apart: the "
            f"loss of {tested.input_ids.shape[0]} packed rows differs by {found:.1e} from that of their documents "
            f"alone, expected {limit:.0e} at most, and by {touched:.1e} when other documents change, expected none. "
            "Train a model class whose masks follow position_ids (Llama, Qwen2, Qwen3, Mistral)"
        )
    return found


def head_difference(learner: Learner, batch: Batch) -> float:
    """How far, relatively, the losses are from those of the model's own logits, on the start of `batch`."""
    tested = probe(batch)
    one = torch.ones((), device=learner.device)
    with learner.asleep():
        ours, whole = learner(tested, one)[1], learner.whole
        learner.whole = True
        own = learner(tested, one)[1]
        learner.whole = whole
    return float((ours.double() - own.double()).abs().sum() / own.double().sum())


def probe(batch: Batch) -> Batch:
    """The first tokens of `batch`, with more documents: each is cut at places that differ from row to row.

    A mix of long documents may have no row with two of them at its start.
    """
    length = min(TOKENS, batch.input_ids.shape[1])
    starts = (batch.position_ids[:, :length] == 0).cpu()
    starts[:, 0] = True
    for row in range(starts.shape[0]):
        for cut in (length // 3 + row, length // 3 + row + 1, length * 2 // 3 + 2 * row):
            starts[row, min(cut, length - 1)] = True
    place = torch.arange(length).expand_as(starts)
    start = torch.where(starts, place, 0).cummax(dim=1).values
    return _batch(batch.input_ids[:, :length].cpu(), place - start).to(batch.input_ids.device)


def packing_difference(learner: Learner, batch: Batch) -> float:
    """Sum of |packed - separate| over the sum of separate token losses, with dropout off."""
    device = batch.input_ids.device
    one = torch.ones((), device=device)
    with learner.asleep():
        together = learner(batch, one)[1].double()
        alone = []
        for row in range(batch.input_ids.shape[0]):
            for start, end in documents(batch.position_ids[row]):
                part = [tensor[row : row + 1, start:end].cpu() for tensor in (batch.input_ids, batch.position_ids)]
                document = _batch(*part)
                if document.supervised:
                    alone.append(learner(document.to(device), one)[1].double())
        apart = torch.cat(alone)
    return float((together - apart).abs().sum() / apart.sum())


def meddling(learner: Learner, batch: Batch) -> float:
    """How far, relatively, the losses of every second document move when the tokens of all others change."""
    device = batch.input_ids.device
    one = torch.ones((), device=device)
    document = torch.zeros(batch.input_ids.numel(), dtype=torch.int64)
    document[batch.edges[1:-1].cpu().long()] = 1
    changed = (document.cumsum(0) % 2 == 1).to(device)
    ids = batch.input_ids.flatten()
    other = torch.where(changed, ids.roll(1).flip(0), ids).view_as(batch.input_ids)
    with learner.asleep():
        before = learner(batch, one)[1].double()
        after = learner(_batch(other.cpu(), batch.position_ids.cpu()).to(device), one)[1].double()
    same = ~changed[batch.places]
    return float((before - after)[same].abs().sum() / before[same].sum())


def documents(positions: Tensor) -> list[tuple[int, int]]:
    """(start, end) of each document in a row, from its positions."""
    jumps = (positions[1:] != positions[:-1] + 1).nonzero().flatten() + 1
    edges = [0, *jumps.tolist(), positions.shape[0]]
    return list(pairwise(edges))


def _batch(input_ids: Tensor, position_ids: Tensor) -> Batch:
    """Rows of which everything is learnt, of one channel that has no name."""
    ids = input_ids.numpy().copy()
    rows = ids.shape[0]
    return packed(
        input_ids=ids,
        position_ids=position_ids.numpy().copy(),
        learned=np.ones(ids.shape, np.bool_),
        documents=np.zeros(ids.shape, np.int64),
        rows=np.arange(rows),
        in_channel=np.zeros(rows, np.int64),
        channels=("",),
        tokens=ids.size,
    )


def sample(learner: Learner) -> Batch:
    """Two rows of random tokens, for a model that is tested without a mix."""
    generator = torch.Generator().manual_seed(0)
    size = learner.causal.get_input_embeddings().weight.shape[0]
    ids = torch.randint(0, size, (2, 96), generator=generator)
    return _batch(ids, torch.arange(96).expand(2, -1)).to(learner.device)
