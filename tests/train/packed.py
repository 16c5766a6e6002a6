"""Rows of several documents, and small models to read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig, PretrainedConfig, Qwen3Config

from curate.train.data import Batch

VOCABULARY = 300
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


def batch(lengths: Sequence[Sequence[int]], seed: int = 0) -> Batch:
    """A row for each list of document lengths; random tokens, channels by turns, everything supervised."""
    generator = torch.Generator().manual_seed(seed)
    shape = (len(lengths), sum(lengths[0]))
    return Batch(
        input_ids=torch.randint(0, VOCABULARY, shape, generator=generator),
        position_ids=torch.stack([torch.cat([torch.arange(length) for length in row]) for row in lengths]),
        channels=torch.stack(
            [torch.cat([torch.full((length,), place % 2) for place, length in enumerate(row)]) for row in lengths]
        ),
        supervised=torch.ones(shape, dtype=torch.bool),
        tokens=shape[0] * shape[1],
    )


def model(name: str = "llama", attention: str = "sdpa") -> Any:
    torch.manual_seed(1)
    return AutoModelForCausalLM.from_config(CONFIGS[name], attn_implementation=attention)
