"""Held-out loss by channel, in nats and in bits per byte."""

from __future__ import annotations

from math import log
from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from curate.train.data import Rows
from curate.train.evaluate import Exam, HeldOut, by_role, text_bytes
from curate.train.learner import Learner
from curate.train.seesaw import general_rise, table
from tests.train import packed

CPU = torch.device("cpu")


def model(rows: Rows) -> LlamaForCausalLM:
    torch.manual_seed(0)
    config: dict[str, object] = packed.SHAPE | {"vocab_size": rows.tokenizer.get_vocab_size()}
    return LlamaForCausalLM(LlamaConfig(**config))


def test_a_model_that_knows_nothing_loses_the_logarithm_of_the_vocabulary(pt_mix: Path) -> None:
    rows = Rows(pt_mix)
    untrained = model(rows)
    with torch.no_grad():
        untrained.lm_head.weight.zero_()
    found = Exam(rows, 4, 2).taken(Learner(untrained), CPU)
    assert set(by_role(found, rows.roles)) == {"domain", "general"}
    for loss in found.values():
        assert loss.nats == pytest.approx(log(rows.tokenizer.get_vocab_size()), rel=1e-5)


def test_the_size_of_a_batch_changes_no_loss_and_the_model_stays_in_its_mode(pt_mix: Path) -> None:
    rows = Rows(pt_mix)
    untrained = Learner(model(rows)).train()
    one = Exam(rows, 4, 1).taken(untrained, CPU)
    three = Exam(rows, 4, 3).taken(untrained, CPU)
    assert untrained.training
    for channel, loss in one.items():
        assert loss.nats == pytest.approx(three[channel].nats, rel=1e-6)
        assert (loss.tokens, loss.bits_per_byte) == (
            three[channel].tokens,
            pytest.approx(three[channel].bits_per_byte, rel=1e-6),
        )


def test_bytes_are_those_of_the_predicted_text_without_special_tokens(sft_mix: Path) -> None:
    rows = Rows(sft_mix)
    batch = rows.batch([0])
    text = rows.tokenizer.decode(batch.targets.tolist(), skip_special_tokens=True)
    assert text_bytes(batch, rows.tokenizer) == len(text.encode())
    assert "<|im_end|>" not in text


def test_a_role_is_the_mean_over_the_tokens_of_its_channels() -> None:
    losses = {
        "law": HeldOut.of(6.0, 2, 8),
        "news": HeldOut.of(10.0, 5, 10),
        "web": HeldOut.of(5.0, 10, 20),
    }
    roles = by_role(losses, {"law": "domain", "news": "general", "web": "general"})
    assert roles["domain"] == losses["law"]
    assert roles["general"].nats == pytest.approx(1.0)
    assert roles["general"].bits_per_byte == pytest.approx(15 / log(2) / 30)


def test_the_see_saw_shows_roles_then_channels_and_what_general_text_lost() -> None:
    roles = {"law": "domain", "news": "general", "web": "general"}
    before = {name: HeldOut.of(20.0, 10, 10) for name in roles}
    after = {"law": HeldOut.of(10.0, 10, 10), "news": HeldOut.of(23.0, 10, 10), "web": HeldOut.of(20.0, 10, 10)}
    lines = list(table(before, after, roles))
    assert [line.split()[0] for line in lines[1:]] == ["domain", "law", "general", "news", "web"]
    assert "-1.000" in lines[1]
    assert "+0.150" in lines[3]
    assert general_rise(before, after, roles) == pytest.approx(0.15)
    assert general_rise({"law": before["law"]}, {"law": after["law"]}, roles) is None
