"""Attention within documents: which of the ways to compute it are tried on a device, and one of our own."""

from __future__ import annotations

from inspect import signature
from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface, AttentionMaskInterface

VARLEN = "curate_varlen"
"""The name under which transformers knows torch's kernels for documents of many lengths laid end to end."""

NAMES = {"varlen": VARLEN, "flex": "flex_attention", "sdpa": "sdpa", "eager": "eager"}


def ways(asked: str, device: torch.device) -> tuple[str, ...]:
    """Implementations to be tried, the fastest first; the first that passes the self-test is used.

    On a GPU: kernels that skip what lies outside a document (varlen, flex), then `sdpa`, which reads a mask of all
    pairs. On a CPU `sdpa`, then `eager`, which keeps packed documents apart too at a fifth of the speed (2 x 1,024
    tokens, 2 cores: 1,252 ms a step against 307), for models that have nothing else (Gemma 2). FlashAttention as
    transformers calls it leaks in batches of several rows.
    """
    if asked != "auto":
        return (NAMES[asked],)
    if device.type != "cuda":
        return ("sdpa", "eager")
    more = ("flex_attention", "sdpa", "eager")
    return (VARLEN, *more) if varlen_there() else more


def varlen_there() -> bool:
    """Whether torch has the kernels (2.10 and later)."""
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return False
    return "window_size" in signature(varlen_attn).parameters


def register() -> None:
    """Make `VARLEN` known to transformers: the attention, and that it wants no mask."""
    AttentionInterface.register(VARLEN, _varlen)
    AttentionMaskInterface.register(VARLEN, _no_mask)


def arguments(way: str, edges: Tensor, length: int) -> dict[str, Any]:
    """What a forward pass is given besides ids and positions: for `VARLEN` where the documents begin.

    Padded to a power of two with empty documents, so that compiled layers see few shapes.
    """
    if way != VARLEN:
        return {}
    size = max(64, 1 << (edges.shape[0] - 1).bit_length())
    edges = torch.nn.functional.pad(edges[None].float(), (0, size - edges.shape[0]), mode="replicate")[0].int()
    return {"cu_seq_lens_q": edges, "cu_seq_lens_k": edges, "max_length_q": length, "max_length_k": length}


def _varlen(
    module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, *,
    cu_seq_lens_q: Tensor, max_length_q: int, scaling: float | None = None, sliding_window: int | None = None,
    softcap: float | None = None, dropout: float = 0.0, **others: Any,
) -> tuple[Tensor, None]:  # fmt: skip
    """[rows, heads, tokens, size] each; the rows are laid end to end, documents begin at `cu_seq_lens_q`."""
    from torch.nn.attention.varlen import varlen_attn

    if softcap is not None or dropout:
        raise NotImplementedError("torch's varlen attention has neither soft caps nor dropout")
    rows, heads, tokens, size = query.shape
    narrow = torch.get_autocast_dtype("cuda") if torch.is_autocast_enabled("cuda") else query.dtype

    def flat(part: Tensor) -> Tensor:
        return part.transpose(1, 2).reshape(rows * tokens, part.shape[1], size).to(narrow)

    ends, most = cu_seq_lens_q, max_length_q
    known = signature(varlen_attn).parameters
    shared = "enable_gqa" in known
    if key.shape[1] != heads and not shared:
        key, value = (part.repeat_interleave(heads // key.shape[1], dim=1) for part in (key, value))
    more: dict[str, Any] = {"enable_gqa": True} if key.shape[1] != heads else {}
    left = -1 if sliding_window is None else sliding_window - 1
    out = varlen_attn(
        flat(query), flat(key), flat(value), ends, ends, most, most, scale=scaling, window_size=(left, 0), **more
    )
    assert isinstance(out, Tensor)
    return out.view(rows, tokens, heads, size), None


def _no_mask(*positional: Any, **named: Any) -> None:
    return None
