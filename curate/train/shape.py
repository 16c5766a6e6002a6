"""How large a model is, and what a token costs it: counted on the model's shape, without its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Sizes of a causal language model. `parameters` counts tied weights once; `multiplied` are those that each token
    is multiplied with: matrices, the output embeddings too, the input embeddings not."""

    parameters: int
    multiplied: int
    layers: int
    hidden: int
    query: int  # heads x size of a head
    key: int  # key heads x size of a head
    inner: int  # of the feed-forward network
    vocabulary: int
    linear: tuple[tuple[int, int], ...]  # (in, out) of every linear layer but the output embeddings

    @classmethod
    def of(cls, model: Any) -> Shape:
        """Of a Hugging Face model, on any device (meta will do)."""
        config = model.config
        heads = config.num_attention_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // heads
        head = model.get_output_embeddings()
        linear = tuple(
            (module.in_features, module.out_features)
            for module in model.modules()
            if isinstance(module, nn.Linear) and module is not head
        )
        return cls(
            parameters=sum(weight.numel() for weight in model.parameters()),
            multiplied=sum(one * other for one, other in linear) + head.weight.numel(),
            layers=config.num_hidden_layers,
            hidden=config.hidden_size,
            query=heads * size,
            key=(getattr(config, "num_key_value_heads", None) or heads) * size,
            inner=getattr(config, "intermediate_size", None) or 4 * config.hidden_size,
            vocabulary=head.weight.shape[0],
            linear=linear,
        )

    def adapters(self, rank: int) -> int:
        """Parameters of LoRA of this rank on all linear layers."""
        return sum(rank * (one + other) for one, other in self.linear)

    def flops(self, reach: float, *, frozen: bool = False) -> float:
        """Floating-point operations that a token needs, forward and backward, recomputation not counted.

        6 for each parameter that it is multiplied with (Kaplan et al. 2020, section 2.1), 4 where weights are frozen
        and so need no gradient; and 12 x layers x query x `reach` for attention (PaLM, Chowdhery et al. 2022, appendix
        B), where `reach` is how many tokens a token attends to on average: half a document's length, not the row's.
        """
        return (4 if frozen else 6) * self.multiplied + 12 * self.layers * self.query * reach

    FORMULA = "(6 x parameters multiplied with + 12 x layers x query width x mean tokens attended to) x tokens / second"


PEAKS = {
    "B300": 2250e12, "B200": 2250e12, "GB200": 2250e12, "H200": 989.4e12, "GH200": 989.4e12, "H100 PCIe": 756e12,
    "H100 NVL": 835e12, "H100": 989.4e12, "H800": 989.4e12, "H20": 148e12, "A100": 312e12, "A800": 312e12,
    "A30": 165e12, "A10G": 70e12, "A10": 125e12, "L40S": 362e12, "L40": 181e12, "L20": 119.5e12, "L4": 121e12,
    "RTX 5090": 209.5e12, "RTX 4090": 165.2e12, "RTX 3090": 71e12, "A6000": 154.8e12, "6000 Ada": 364e12,
    "MI300X": 1307.4e12, "MI250X": 383e12,
}  # fmt: skip
"""Dense bf16 operations a second with sums in fp32, by the vendors' data sheets; a longer name is looked for first."""


def peak(device: torch.device) -> tuple[float, str]:
    """(operations a second at most, where the figure is from): bf16 of a known GPU; else a product of matrices in fp32
    (bf16 on a GPU), measured."""
    narrow = torch.bfloat16 if device.type == "cuda" else torch.float32
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
        for known in sorted(PEAKS, key=len, reverse=True):
            if known in name:
                return PEAKS[known], f"data sheet of {name}, dense bf16"
    size = 8192 if device.type == "cuda" else 768
    one = torch.ones(size, size, dtype=narrow, device=device)
    best = min(_seconds(one) for _ in range(3))
    return 2.0 * size**3 / best, f"a product of {size} x {size} matrices, measured"


def _seconds(matrix: torch.Tensor) -> float:
    import time

    began = time.perf_counter()
    float((matrix @ matrix)[0, 0])  # reading a number waits for the product
    return time.perf_counter() - began


def memory(device: torch.device) -> int:
    """Bytes that the device has in all."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    import os

    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
