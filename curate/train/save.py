"""What training leaves behind: a Hugging Face folder, and train.json, which says how it came about."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import tokenizers
import torch
import transformers

import curate
from curate.train.evaluate import HeldOut
from curate.train.model import Origin

REPORT = "train.json"
METRICS = "metrics.jsonl"
BESIDE = ("tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainReport:
    """What a training came to. `before` and `after` are held-out losses by channel.

    `tokens` counts those read, `supervised_tokens` those learnt from; `epochs` is in rows of the mix. `seconds` and
    `tokens_per_second` are of the steps since the last start (which went on after step `resumed_from`, if it is not 0).
    """

    out: Path
    steps: int
    epochs: float
    tokens: int
    supervised_tokens: int
    parameters: int
    device: str
    before: Mapping[str, HeldOut]
    after: Mapping[str, HeldOut]
    packing_difference: float
    seconds: float
    tokens_per_second: float
    resumed_from: int


def versions() -> dict[str, str]:
    """The versions that a repetition needs."""
    return {
        "curate": curate.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "tokenizers": tokenizers.__version__,
    }


def save_model(out: Path, model: Any, start: Origin, tokenizer: bytes, end: str | None) -> None:
    """Write what AutoModelForCausalLM and AutoTokenizer load: weights in fp32, configuration, the mix's tokenizer.

    `end` is the token that ends a document; a folder that training started from gives its own tokenizer_config.json.
    """
    model.save_pretrained(out)
    for file in out.glob("*.safetensors"):
        shutil.copymode(out / "config.json", file)  # safetensors lets nobody but the owner read what it writes
    (out / "tokenizer.json").write_bytes(tokenizer)
    if start.weights and start.folder is not None:
        for name in BESIDE:
            if (start.folder / name).is_file():
                shutil.copyfile(start.folder / name, out / name)
    if not (out / "tokenizer_config.json").is_file():
        context = model.config.max_position_embeddings
        config = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": context, "eos_token": end}
        (out / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


def save_report(report: TrainReport, facts: Mapping[str, Any]) -> None:
    """Write train.json, last and at once: a folder that has it holds a finished training."""
    files = sorted(file for file in report.out.iterdir() if file.is_file() and not file.name.startswith(REPORT))
    digests = {file.name: sha256(file.read_bytes()).hexdigest() for file in files}
    saved = {name: value for name, value in dataclasses.asdict(report).items() if name != "out"}
    text = json.dumps(
        {**facts, "report": saved, "versions": versions(), "files": digests},
        indent=2,
        sort_keys=True,
        ensure_ascii=False,
    )
    pending = report.out / f"{REPORT}.pending"
    pending.write_text(text + "\n", encoding="utf-8")
    os.replace(pending, report.out / REPORT)


def saved_report(out: Path, facts: Mapping[str, Any]) -> TrainReport:
    """The report in a train.json that has been read."""
    fields = dict(facts["report"])
    for moment in ("before", "after"):
        fields[moment] = {channel: HeldOut(**value) for channel, value in fields[moment].items()}
    return TrainReport(out=out, **fields)
