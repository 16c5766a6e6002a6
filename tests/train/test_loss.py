"""Losses of tokens in chunks, their gradients, and their sums."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from curate.train.loss import NOTHING, Head, chunk_size, span_nats, token_losses
from curate.train.sums import Sums
from tests.train import packed


def test_each_place_predicts_the_next_token_of_its_own_document_alone() -> None:
    rows = packed.batch([[3, 1, 2]])
    ids = rows.input_ids[0].tolist()
    assert rows.places.tolist() == [0, 1, 4]
    assert rows.targets.tolist() == [ids[1], ids[2], ids[5]]


def test_tokens_that_are_not_supervised_are_read_and_not_predicted() -> None:
    rows = packed.batch([[6]], learned=[[False, False, True, True, False, True]])
    assert rows.places.tolist() == [1, 2, 4]
    assert rows.input_ids.shape == (1, 6)


def test_sums_of_documents_and_channels_are_the_total() -> None:
    rows = packed.batch([[5, 20, 7], [16, 9, 7]])
    losses = packed.learner()(rows, packed.ONE)[1]
    nats = span_nats(losses, rows.bounds).numpy()
    assert rows.spans.tokens.tolist() == [4, 19, 6, 15, 8, 6]
    sums = rows.spans.sums(nats)
    assert sums.tokens == (29, 29)
    assert sum(sums.nats) == pytest.approx(losses.double().sum().item(), rel=1e-12)
    assert sums.mean("general") == pytest.approx(losses[29:].double().mean().item(), rel=1e-12)
    assert sums.total() == pytest.approx(losses.double().mean().item(), rel=1e-12)
    assert (sums + sums).total() == pytest.approx(sums.total() or 0, rel=1e-12)
    second = rows.spans.losses(nats)[1]
    assert (second.row, second.channel, second.document, second.tokens) == (0, "domain", 1, 19)
    assert second.nats == pytest.approx(losses[4:23].double().sum().item(), rel=1e-12)


def test_channels_add_up_to_roles() -> None:
    sums = Sums(("law", "news", "web"), (2.0, 3.0, 5.0), (1, 2, 4))
    roles = sums.by({"law": "domain", "news": "general", "web": "general"})
    assert (roles.channels, roles.nats, roles.tokens) == (("domain", "general"), (2.0, 8.0), (1, 6))


def test_a_channel_without_tokens_has_no_loss() -> None:
    rows = packed.batch([[8]])
    sums = rows.spans.sums(np.array([3.5]))
    assert sums.mean("general") is None
    assert sums.mean("domain") == sums.total() == 0.5
    assert Sums.none(("a", "b")).total() is None


def test_the_loss_is_the_models_own_where_a_row_is_one_document() -> None:
    rows = packed.batch([[32], [32]])
    learner = packed.learner()
    own = learner.causal(input_ids=rows.input_ids, labels=rows.input_ids, use_cache=False).loss
    loss, losses = learner(rows, torch.tensor(float(rows.supervised)))
    assert loss.item() == pytest.approx(own.item(), rel=1e-6)
    assert losses.double().mean().item() == pytest.approx(own.item(), rel=1e-6)


@pytest.mark.parametrize("head", [Head(), Head(scale=0.3), Head(cap=2.0), Head(scale=3.0, cap=1.5)], ids=str)
@pytest.mark.parametrize("bias", [False, True])
def test_losses_and_gradients_in_chunks_are_those_of_all_logits_at_once(head: Head, bias: bool) -> None:
    torch.manual_seed(0)
    hidden = torch.randn(50, 16, requires_grad=True)
    weight = torch.randn(90, 16, requires_grad=True)
    shift = torch.randn(90, requires_grad=True) if bias else None
    targets = torch.randint(0, 90, (50,))
    targets[::7] = NOTHING
    divisor = torch.tensor(31.0)
    inputs = [tensor for tensor in (hidden, weight, shift) if tensor is not None]

    logits = torch.nn.functional.linear(hidden, weight, shift) * head.scale
    if head.cap is not None:
        logits = head.cap * torch.tanh(logits / head.cap)
    whole = cross_entropy(logits, targets, ignore_index=NOTHING, reduction="none")
    expected = torch.autograd.grad(whole.sum() / divisor * 3, inputs)

    loss, losses = token_losses(hidden, weight, shift, targets, divisor, head, 16)
    found = torch.autograd.grad(loss * 3, inputs)
    assert torch.allclose(losses, whole, rtol=1e-6, atol=1e-6)
    assert loss.item() == pytest.approx((whole.sum() / divisor).item(), rel=1e-6)
    for ours, theirs in zip(found, expected, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-6, atol=1e-6)


def test_the_gradient_of_a_model_with_tied_embeddings_is_that_of_its_own_loss() -> None:
    config = type(packed.CONFIGS["qwen3"])(**packed.SHAPE | {"tie_word_embeddings": True})
    from curate.train.learner import Learner

    torch.manual_seed(0)
    from transformers import Qwen3ForCausalLM

    model = Qwen3ForCausalLM(config)
    rows = packed.batch([[32], [32]])
    model(input_ids=rows.input_ids, labels=rows.input_ids, use_cache=False).loss.backward()
    expected = {name: weight.grad.clone() for name, weight in model.named_parameters()}
    model.zero_grad()
    Learner(model)(rows, torch.tensor(float(rows.supervised)))[0].backward()
    for name, weight in model.named_parameters():
        assert torch.allclose(weight.grad, expected[name], rtol=1e-5, atol=1e-7), name


def test_frozen_output_embeddings_cost_no_gradient() -> None:
    hidden, weight = torch.randn(4, 8, requires_grad=True), torch.randn(9, 8)
    loss, _ = token_losses(hidden, weight, None, torch.tensor([0, 1, 2, 3]), packed.ONE, Head(), 2)
    loss.backward()
    assert weight.grad is None
    assert hidden.grad is not None


def test_chunks_fit_the_memory_there_is() -> None:
    assert chunk_size(1200, None) >= 8192
    assert chunk_size(151_936, 24 << 30) * 151_936 * 4 < 2 << 30
    assert chunk_size(10**9, None) == 256
