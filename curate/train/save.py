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
from typing import TYPE_CHECKING, Any

import tokenizers
import torch
import transformers

import curate
from curate.train.evaluate import HeldOut
from curate.train.model import build
from curate.train.tune import adapted, is_adapted, save_adapter

if TYPE_CHECKING:
    from curate.train.setup import Setup

REPORT = "train.json"
METRICS = "metrics.jsonl"
TEMPLATE = "chat_template.jinja"
BESIDE = ("tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainReport:
    """What a training came to. `before` and `after` are held-out losses by channel.

    `tokens` counts those read, `supervised_tokens` those learnt from; `epochs` is in rows of the mix. `general_rise` is
    by how many nats the held-out loss of general text has risen. `seconds`, `tokens_per_second`, `mfu`, `shares` (of
    the seconds: for steps, waiting for data, checkpoints, evaluation) and `memory` (bytes of a GPU at most) are of
    the steps since the last start (which went on after step `resumed_from`, if it is not 0).
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
    general_rise: float | None
    packing_difference: float
    seconds: float
    tokens_per_second: float
    mfu: float | None
    shares: Mapping[str, float]
    memory: int | None
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


def save_model(setup: Setup, out: Path) -> None:
    """Write what AutoModelForCausalLM and AutoTokenizer load: weights in fp32, configurations, the mix's tokenizer.

    An adapted model is written merged, and its adapter under OUT/adapter. A folder that training started from gives its
    own tokenizer_config.json. All ranks gather the weights, rank 0 writes.
    """
    whole = {name: _whole(tensor) for name, tensor in setup.model.state_dict().items()}
    if setup.ranks.rank:
        return
    rows, start = setup.rows, setup.look.start
    if is_adapted(setup.model):
        adapter = out / "adapter"
        beside = _rebuilt(setup, whole)
        save_adapter(beside, adapter)
        _readable(adapter, out)
        beside.merge_and_unload().save_pretrained(out)
    else:
        setup.model.save_pretrained(out, state_dict=whole)
    _readable(out, out)
    (out / "tokenizer.json").write_bytes(rows.tokenizer_json)
    if start.weights and start.folder is not None:
        for name in BESIDE:
            if (start.folder / name).is_file():
                shutil.copyfile(start.folder / name, out / name)
    _stop(setup, out)
    config = out / "tokenizer_config.json"
    if not config.is_file():
        context = setup.model.config.max_position_embeddings
        facts = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": context, "eos_token": rows.end}
        config.write_text(json.dumps(facts, indent=2) + "\n")
    template = rows.path / TEMPLATE
    if template.is_file():  # what was learnt is this way of writing turns, whatever the base model's was
        shutil.copyfile(template, out / TEMPLATE)
        facts = json.loads(config.read_text(encoding="utf-8"))
        if facts.pop("chat_template", None) is not None:
            config.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _stop(setup: Setup, out: Path) -> None:
    """After fine-tuning, let generation end where the answers of the mix do, and where it ended before."""
    file, stop = out / "generation_config.json", setup.rows.stop
    if stop is None or not file.is_file():
        return
    facts = json.loads(file.read_text(encoding="utf-8"))
    known = facts.get("eos_token_id")
    ends = [stop, *(known if isinstance(known, list) else [] if known is None else [known])]
    facts["eos_token_id"] = list(dict.fromkeys(ends))
    file.write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _rebuilt(setup: Setup, whole: Mapping[str, Any]) -> Any:
    """The adapted model anew on the CPU, neither sharded nor in four bits, with the adapters as they are now."""
    rows, start, chosen = setup.rows, setup.look.start, setup.chosen
    dtype = torch.bfloat16 if chosen.bf16 else torch.float32
    base = build(start, rows.tokenizer, rows.length, setup.settings.seed, rows.end_id, dtype=dtype)
    model = adapted(base, rank=chosen.lora_rank, targets=setup.settings.lora_targets, seed=setup.settings.seed)
    model.load_state_dict({name: tensor for name, tensor in whole.items() if ".lora_" in name}, strict=False)
    return model


def _whole(tensor: Any) -> Any:
    """A tensor of which this rank may hold a part, in full."""
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor


def _readable(folder: Path, like: Path) -> None:
    for file in folder.glob("*.safetensors"):
        shutil.copymode(like / "metrics.jsonl", file)  # safetensors lets nobody but the owner read what it writes


def save_report(report: TrainReport, facts: Mapping[str, Any]) -> None:
    """Write train.json, last and at once: a folder that has it holds a finished training."""
    files = sorted(file for file in report.out.iterdir() if file.is_file() and not file.name.startswith(REPORT))
    digests = {file.name: sha256(file.read_bytes()).hexdigest() for file in files}
    text = json.dumps(
        {**facts, "report": plain(report), "versions": versions(), "files": digests},
        indent=2,
        sort_keys=True,
        ensure_ascii=False,
    )
    pending = report.out / f"{REPORT}.pending"
    pending.write_text(text + "\n", encoding="utf-8")
    os.replace(pending, report.out / REPORT)


def plain(report: TrainReport) -> dict[str, Any]:
    """The report as JSON holds it; where it lies is not part of it."""
    return {name: value for name, value in dataclasses.asdict(report).items() if name != "out"}


def saved_report(out: Path, facts: Mapping[str, Any]) -> TrainReport:
    """The report in a train.json that has been read."""
    fields = dict(facts["report"])
    for moment in ("before", "after"):
        fields[moment] = {channel: HeldOut(**value) for channel, value in fields[moment].items()}
    return TrainReport(out=out, **fields)
