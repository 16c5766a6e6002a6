"""Causal models of other families are trained as Llama is, and load as what they are."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    MistralConfig,
    Olmo2Config,
    Phi3Config,
    PretrainedConfig,
    Qwen2Config,
    Qwen3Config,
)

from curate.train.data import Rows
from curate.train.evaluate import Exam
from curate.train.learner import Learner
from curate.train.loop import train
from curate.train.settings import Train
from tests.train import packed

CONFIGS: dict[str, PretrainedConfig] = {
    "qwen2": Qwen2Config(**packed.SHAPE),
    "qwen3": Qwen3Config(**packed.SHAPE, tie_word_embeddings=True),
    "mistral": MistralConfig(**packed.SHAPE, sliding_window=32),
    "gemma2": Gemma2Config(**packed.SHAPE, sliding_window=32, final_logit_softcapping=5.0, query_pre_attn_scalar=8),
    "olmo2": Olmo2Config(**packed.SHAPE),
    "phi3": Phi3Config(**packed.SHAPE, pad_token_id=0),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_model_is_trained_saved_and_loses_the_same_when_it_is_loaded(name: str, pt_mix: Path, tmp_path: Path) -> None:
    CONFIGS[name].save_pretrained(tmp_path)
    settings = Train(model=str(tmp_path / "config.json"), steps=4, batch=4, micro_batch=2, learning_rate=1e-2, warmup=1,
                     held_out_rows=2, device="cpu", threads=2)  # fmt: skip
    report = train(settings, pt_mix, tmp_path / "out", lambda line: None)
    assert report.packing_difference < 1e-6
    rows = Rows(pt_mix)
    loaded = AutoModelForCausalLM.from_pretrained(report.out)
    again = Exam(rows, 2, 2).taken(Learner(loaded), torch.device("cpu"))
    assert type(loaded).__name__.lower().startswith(name)
    for channel, loss in report.after.items():
        assert again[channel].nats == pytest.approx(loss.nats, rel=1e-6)
        assert loss.nats < report.before[channel].nats
