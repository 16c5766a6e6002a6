"""Held-out loss by channel, in nats and in bits per byte."""

from __future__ import annotations

from math import log
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from transformers import LlamaConfig, LlamaForCausalLM

from curate.train.data import Rows
from curate.train.evaluate import held_out, text_bytes
from curate.train.loss import labels
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
    found = held_out(untrained, rows.held_out(4, 2), rows.tokenizer, CPU)
    assert set(found) == {"domain", "general"}
    for loss in found.values():
        assert loss.nats == pytest.approx(log(rows.tokenizer.get_vocab_size()), rel=1e-5)


def test_the_size_of_a_batch_changes_no_loss_and_the_model_stays_in_its_mode(pt_mix: Path) -> None:
    rows = Rows(pt_mix)
    untrained = model(rows).train()
    one = held_out(untrained, rows.held_out(4, 1), rows.tokenizer, CPU)
    three = held_out(untrained, rows.held_out(4, 3), rows.tokenizer, CPU)
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
    wanted = labels(batch)
    tokenizer: Tokenizer = rows.tokenizer
    text = tokenizer.decode(wanted[wanted >= 0].tolist(), skip_special_tokens=True)
    assert text_bytes(batch, wanted, tokenizer) == len(text.encode())
    assert "<|im_end|>" not in text
