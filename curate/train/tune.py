"""All weights, or adapters beside frozen ones: LoRA and QLoRA, made and saved."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import nn

from curate.train.settings import TrainRefused

QUERY_AND_VALUE = {"q_proj", "v_proj"}


def adapted(model: Any, *, rank: int, targets: tuple[str, ...] | None, seed: int) -> Any:
    """`model`, its weights frozen, with LoRA of `rank` and alpha 2 x rank on the linear layers named, or all of them
    but the output embeddings (QLoRA, Dettmers et al. 2023, section 4: needed to match full training).

    Adapters are in fp32 and depend on `seed` alone.
    """
    from peft import LoraConfig, get_peft_model  # .3 s that training all weights does not need

    names = linear_layers(model)
    wanted = list(targets) if targets is not None else sorted({name.rsplit(".", 1)[-1] for name in names})
    missing = [name for name in wanted if not any(known == name or known.endswith(f".{name}") for known in names)]
    if missing:
        known = sorted({name.rsplit(".", 1)[-1] for name in names})
        raise TrainRefused(f"lora_targets names {', '.join(missing)}; {type(model).__name__} has {', '.join(known)}")
    torch.manual_seed(seed)
    config = LoraConfig(
        task_type="CAUSAL_LM", r=rank, lora_alpha=2 * rank, lora_dropout=0.0, bias="none", target_modules=wanted
    )
    made: Any = get_peft_model(model, config)
    for weight in made.parameters():
        if weight.requires_grad:
            weight.data = weight.data.float()
    return made


def linear_layers(model: Any) -> list[str]:
    """Names of the linear layers but the output embeddings."""
    head = model.get_output_embeddings()
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear) and module is not head]


def four_bits() -> Any:
    """How weights are loaded for QLoRA (its section 3). Raises `TrainRefused` where bitsandbytes or a GPU is
    missing."""
    if find_spec("bitsandbytes") is None or not torch.cuda.is_available():
        raise TrainRefused(
            "tune is qlora: it needs a GPU and bitsandbytes (pip install bitsandbytes); take tune lora without them"
        )
    from transformers import BitsAndBytesConfig

    make: Any = BitsAndBytesConfig
    return make(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def is_adapted(model: Any) -> bool:
    return hasattr(model, "peft_config")


def save_adapter(model: Any, folder: Path) -> None:
    """Write adapter_config.json and adapter_model.safetensors, as PeftModel.from_pretrained loads them."""
    model.save_pretrained(folder)
    card = folder / "README.md"
    card.unlink(missing_ok=True)  # peft's own is a form that nobody has filled in
