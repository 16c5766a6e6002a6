"""What an output folder holds already: nothing, a training to go on with, a finished one, or another's."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from curate.train.save import METRICS, REPORT, TrainReport, saved_report
from curate.train.settings import Train

FREE = (
    *("model", "device", "threads", "checkpoint_every", "checkpoints_kept", "checkpoints_keep_every", "say_every"),
    *("tensorboard", "general_drop_max"),
)
"""Settings that may differ when a training goes on. The model is known by its digest: its folder may move."""


class OtherTraining(ValueError):
    """The output folder holds a training with other settings, of another mix or from another model."""


def identity(settings: Train, mix: str, start: str) -> dict[str, Any]:
    """What makes two trainings the same; `mix` and `start` are the digests of the mix and of the model's start."""
    named = {name: value for name, value in dataclasses.asdict(settings).items() if name not in FREE}
    plain: dict[str, Any] = json.loads(json.dumps({"settings": named, "mix": mix, "model": start}))  # as it is read
    return plain


def finished(out: Path, wanted: Mapping[str, Any]) -> TrainReport | None:
    """The report of the finished training in `out`; None where none is finished. Raises `OtherTraining`."""
    file = out / REPORT
    if not file.is_file():
        return None
    facts = json.loads(file.read_text(encoding="utf-8"))
    check(facts["identity"], wanted, out)
    return saved_report(out, facts)


def keep_metrics(out: Path, steps: int) -> None:
    """Cut metrics.jsonl back to the first `steps` steps: what came after them is done again.

    In place: a start that is killed here leaves what was there, or what is to stay.
    """
    file = out / METRICS
    file.touch()
    lines = file.read_bytes().split(b"\n")[:-1]  # what stands behind the last end of a line was not finished
    os.truncate(file, sum(len(line) + 1 for line in lines[:steps]))


def check(found: Mapping[str, Any], wanted: Mapping[str, Any], out: Path) -> None:
    """Raises `OtherTraining` unless what `out` holds is the training that is wanted."""
    if found == wanted:
        return
    differing = [
        f"{name} {found['settings'].get(name)!r}, not {value!r}"
        for name, value in wanted["settings"].items()
        if found["settings"].get(name) != value
    ]
    differing += [f"another {name}" for name in ("mix", "model") if found[name] != wanted[name]]
    raise OtherTraining(
        f"{out} holds another training ({'; '.join(differing) or 'of another version of Curate'}); "
        "choose another folder, or remove this one"
    )
