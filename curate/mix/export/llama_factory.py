"""LLaMA-Factory: dataset_info.json with ShareGPT or Alpaca, and a configuration with which it trains on them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from curate import files
from curate.mix.count import TRAIN, VALIDATION
from curate.mix.export.lines import NOT_A_DIALOGUE, Tally, written
from curate.mix.export.material import Material
from curate.mix.export.settings import Export
from curate.mix.export.turns import Unsayable, alpaca, sharegpt

SHAREGPT = {
    "formatting": "sharegpt",
    "columns": {"messages": "conversations", "system": "system", "tools": "tools"},
    "tags": {
        **{"role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt"},
        **{"observation_tag": "observation", "function_tag": "function_call"},
    },
}
ALPACA = {
    "formatting": "alpaca",
    "columns": {
        **{"prompt": "instruction", "query": "input", "response": "output"},
        **{"system": "system", "history": "history"},
    },
}
TEXT = {"formatting": "alpaca", "columns": {"prompt": "text"}}

GUESSES = (("qwen3", "qwen3"), ("qwen2", "qwen"), ("llama-3", "llama3"), ("gemma", "gemma"), ("mistral", "mistral"),
           ("glm-4", "glm4"), ("deepseek-r1", "deepseekr1"), ("deepseek", "deepseek3"), ("phi-3", "phi"))  # fmt: skip


def export(material: Material, settings: Export, folder: Path) -> tuple[Tally, list[str]]:
    """data/, dataset_info.json and train.yaml below `folder`; what was written, and what there is to know."""
    task = settings.task or material.task

    def say(document: Mapping[str, Any]) -> dict[str, Any]:
        if task == "pt":
            return {"text": document["text"] or ""}
        if not document["messages"]:
            raise Unsayable(NOT_A_DIALOGUE)
        return (sharegpt if settings.shape == "sharegpt" else alpaca)(document["messages"], document["tools"])

    tally, paths = written(material, say, folder)
    shape = TEXT if task == "pt" else SHAREGPT if settings.shape == "sharegpt" else ALPACA
    info = {_name(path): {"file_name": path, **shape} for split in (TRAIN, VALIDATION) for path in paths[split]}
    files.put_new(
        str(folder / "dataset_info.json"),
        json.dumps(info, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n",
    )
    config = _config(
        material, settings, task, [_name(path) for path in paths[TRAIN]], [_name(path) for path in paths[VALIDATION]]
    )
    files.put_new(str(folder / "train.yaml"), config.encode())
    return tally, ["train: cd OUT && llamafactory-cli train train.yaml"]


def _name(path: str) -> str:
    """The dataset's name: LLaMA-Factory separates names by commas."""
    return Path(path).name.removesuffix(".jsonl").replace(".", "_").replace(",", "_")


def _config(material: Material, settings: Export, task: str, train: list[str], held_out: list[str]) -> str:
    model = settings.model or "MODEL"
    known = (settings.model or "").lower()
    template = settings.template or next((name for part, name in GUESSES if part in known), None)
    length = 4096 if material.plan is None else material.plan.row_length
    lines = [
        "# A full fine-tuning run on this export. Documents that are read more than once stand in the files as often,",
        "# so one epoch is the mix, and mix_strategy stays concat: probabilities would be another ratio.",
        f"model_name_or_path: {json.dumps(model)}" + ("" if settings.model else "  # the model's name or folder"),
        f"stage: {task}",
        "do_train: true",
        "finetuning_type: full",
        "dataset_dir: .",
        f"dataset: {','.join(train)}",
        *([f"eval_dataset: {','.join(held_out)}", "eval_strategy: steps", "eval_steps: 100"] if held_out else []),
        "mix_strategy: concat",
        f"cutoff_len: {length}",
        "packing: true",
        "num_train_epochs: 1",
        "per_device_train_batch_size: 1",
        "gradient_accumulation_steps: 8",
        f"learning_rate: {'1.0e-5' if task == 'pt' else '5.0e-6'}",
        "lr_scheduler_type: cosine",
        "warmup_ratio: 0.03",
        "bf16: true",
        "logging_steps: 10",
        "save_strategy: epoch",
        "output_dir: output",
    ]
    if task == "sft":
        lines += [
            f"template: {template or 'TEMPLATE  # the name that LLaMA-Factory has for the chat template of the model'}",
            "neat_packing: true  # dialogues in one row don't see each other",
        ]
    return "\n".join(lines) + "\n"
