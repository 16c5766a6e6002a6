"""Losses of tokens, and their sums by channel."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from curate.mix.plan import CHANNELS
from curate.train.loss import NOTHING, Sums, labels, token_losses
from tests.train import packed


def test_each_place_predicts_the_next_token_of_its_own_document_alone() -> None:
    rows = packed.batch([[3, 1, 2]])
    ids = rows.input_ids[0].tolist()
    assert labels(rows)[0].tolist() == [ids[1], ids[2], NOTHING, NOTHING, ids[5], NOTHING]


def test_a_document_that_a_row_begins_in_its_middle_goes_on() -> None:
    rows = replace(packed.batch([[4]]), position_ids=torch.tensor([[7, 8, 0, 1]]))
    ids = rows.input_ids[0].tolist()
    assert labels(rows)[0].tolist() == [ids[1], NOTHING, ids[3], NOTHING]


def test_tokens_that_are_not_supervised_are_read_and_not_predicted() -> None:
    rows = packed.batch([[6]])
    mask = torch.tensor([[False, False, True, True, False, True]])
    ids = rows.input_ids[0].tolist()
    wanted = labels(replace(rows, supervised=mask))
    assert wanted[0].tolist() == [NOTHING, ids[2], ids[3], NOTHING, ids[5], NOTHING]


def test_sums_of_the_channels_are_the_total_and_a_token_counts_for_its_own_channel() -> None:
    rows = packed.batch([[5, 20, 7], [16, 9, 7]])
    wanted = labels(rows)
    losses = token_losses(packed.model(), rows, wanted)
    sums = Sums.of(losses, rows, wanted)
    assert sums.tokens == (4 + 6 + 15 + 6, 19 + 8)
    assert sum(sums.nats) == pytest.approx(losses.double().sum().item(), rel=1e-12)
    assert sums.mean(CHANNELS[1]) == pytest.approx(
        (losses[0, 5:25].double().sum().item() + losses[1, 16:25].double().sum().item()) / 27, rel=1e-12
    )
    assert sums.total() == pytest.approx(sum(sums.nats) / sum(sums.tokens), rel=1e-12)
    assert (sums + sums).total() == pytest.approx(sums.total() or 0, rel=1e-12)


def test_a_channel_without_tokens_has_no_loss() -> None:
    rows = packed.batch([[8]])
    wanted = labels(rows)
    sums = Sums.of(token_losses(packed.model(), rows, wanted), rows, wanted)
    assert sums.mean("general") is None
    assert sums.mean("domain") == sums.total()
    assert Sums().total() is None


def test_the_loss_is_the_models_own_where_a_row_is_one_document() -> None:
    rows = packed.batch([[32], [32]])
    model = packed.model()
    wanted = labels(rows)
    own = model(input_ids=rows.input_ids, labels=rows.input_ids, use_cache=False).loss
    ours = Sums.of(token_losses(model, rows, wanted), rows, wanted)
    assert ours.total() == pytest.approx(own.item(), rel=1e-5)
