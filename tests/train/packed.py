"""Rows of several documents, and small models to read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig, PretrainedConfig, Qwen3Config

from curate.train.data import Batch, packed
from curate.train.learner import Learner

VOCABULARY = 300
CHANNELS = ("domain", "general")
SHAPE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 256,
}
CONFIGS: dict[str, PretrainedConfig] = {
    "llama": LlamaConfig(**SHAPE),
    "qwen3": Qwen3Config(**SHAPE),
    "mistral": MistralConfig(**SHAPE, sliding_window=16),
}
ONE = torch.ones(())


def batch(lengths: Sequence[Sequence[int]], seed: int = 0, learned: Sequence[Sequence[bool]] | None = None) -> Batch:
    """A row for each list of document lengths; random tokens, a channel for every second row, all supervised or what
    `learned` says. Documents are numbered through each row from 0."""
    generator = np.random.default_rng(seed)
    shape = (len(lengths), sum(lengths[0]))
    return packed(
        input_ids=generator.integers(0, VOCABULARY, shape),
        position_ids=np.stack([np.concatenate([np.arange(length) for length in row]) for row in lengths]),
        learned=np.ones(shape, np.bool_) if learned is None else np.array(learned),
        documents=np.stack([np.repeat(np.arange(len(row)), row) for row in lengths]),
        rows=np.arange(shape[0]),
        in_channel=np.arange(shape[0]) % 2,
        channels=CHANNELS,
        tokens=shape[0] * shape[1],
    )


def model(name: str = "llama", attention: str = "sdpa") -> Any:
    torch.manual_seed(1)
    return AutoModelForCausalLM.from_config(CONFIGS[name], attn_implementation=attention)


def learner(name: str = "llama", attention: str = "sdpa") -> Learner:
    return Learner(model(name, attention), attention)
