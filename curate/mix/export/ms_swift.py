"""ms-swift: messages with their channel, whose losses it then shows apart, and the command that trains on them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from curate import files
from curate.mix.count import TRAIN, VALIDATION
from curate.mix.export.lines import NOT_A_DIALOGUE, Tally, written
from curate.mix.export.material import Material
from curate.mix.export.settings import Export
from curate.mix.export.turns import Unsayable, swift


def export(material: Material, settings: Export, folder: Path) -> tuple[Tally, list[str]]:
    """data/ and train.sh below `folder`; what was written, and what there is to know."""
    task = settings.task or material.task

    def say(document: Mapping[str, Any]) -> dict[str, Any]:
        channel = {"channel": document["channel"]}
        if task == "pt":
            return {"messages": [{"role": "assistant", "content": document["text"] or ""}]} | channel
        if not document["messages"]:
            raise Unsayable(NOT_A_DIALOGUE)
        return swift(document["messages"], document["tools"]) | channel

    tally, paths = written(material, say, folder)
    files.put_new(str(folder / "train.sh"), _command(material, settings, task, paths).encode())
    return tally, ["train: cd OUT && sh train.sh"]


def _command(material: Material, settings: Export, task: str, paths: Mapping[str, list[str]]) -> str:
    length = 4096 if material.plan is None else material.plan.row_length
    options: list[tuple[str, list[str]]] = [
        ("model", [shlex.quote(settings.model or "MODEL")]),
        ("tuner_type", ["full"]),
        ("dataset", [shlex.quote(path) for path in paths[TRAIN]]),
        *([("val_dataset", [shlex.quote(path) for path in paths[VALIDATION]])] if paths[VALIDATION] else []),
        ("split_dataset_ratio", ["0"]),
        ("enable_channel_loss", ["true"]),
        ("max_length", [str(length)]),
        ("num_train_epochs", ["1"]),
        ("per_device_train_batch_size", ["1"]),
        ("gradient_accumulation_steps", ["8"]),
        ("learning_rate", ["1e-5" if task == "pt" else "5e-6"]),
        ("warmup_ratio", ["0.03"]),
        ("torch_dtype", ["bfloat16"]),
        ("logging_steps", ["10"]),
        ("output_dir", ["output"]),
    ]
    head = (
        "#!/bin/sh\n# Documents that are read more than once stand in the files as often: one epoch is the mix.\n"
        "# On GPUs with flash-attn, --packing true --attn_impl flash_attn fills the rows.\n"
    )
    return (
        head + f"swift {task} \\\n" + " \\\n".join(f"  --{name} {' '.join(values)}" for name, values in options) + "\n"
    )
