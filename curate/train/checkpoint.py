"""Checkpoints: complete only when their COMMIT is there, and checked before they are trusted."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, load_model, save_file, save_model

from curate import files

COMMIT = "COMMIT"
MODEL, OPTIMISER, STATE = "model.safetensors", "optimiser.safetensors", "state.json"


@dataclass(frozen=True)
class Checkpoint:
    """The state after `step` steps, in `folder`; `state` is what `write` was given."""

    folder: Path
    step: int
    state: Mapping[str, Any]


def write(
    folder: Path, step: int, model: Any, optimiser: torch.optim.Optimizer, *, state: Mapping[str, Any], keep: int
) -> Path:
    """Save under folder/step-N, then delete all but the newest `keep`.

    `state` is whatever JSON can hold. COMMIT, with every file's SHA-256, comes last.
    """
    target = folder / f"step-{step:08d}"
    if target.exists():  # a start that was killed while it wrote, or a file that changed since
        shutil.rmtree(target)
    target.mkdir(parents=True)
    save_model(model, str(target / MODEL))
    save_file(_flat(optimiser), target / OPTIMISER)
    (target / STATE).write_text(json.dumps({"step": step, **state}, sort_keys=True))
    digests = {}
    for name in (MODEL, OPTIMISER, STATE):
        shutil.copymode(target / STATE, target / name)  # safetensors lets nobody but the owner read what it writes
        digests[name] = files.sha256(str(target / name))
        files.to_disk(target / name)
    pending = target / f"{COMMIT}.pending"
    pending.write_text(json.dumps(digests, sort_keys=True))
    files.to_disk(pending)
    os.replace(pending, target / COMMIT)
    files.to_disk(target)
    files.to_disk(folder)
    complete = sorted(commit.parent for commit in folder.glob(f"step-*/{COMMIT}") if commit.parent.name <= target.name)
    for old in folder.glob("step-*"):
        if old not in complete[-keep:]:  # older, never completed, or of a later step that this run went back behind
            (old / COMMIT).unlink(missing_ok=True)  # first: a deletion cut short leaves nothing that looks complete
            shutil.rmtree(old)
    return target


def newest(folder: Path, say: Callable[[str], None]) -> Checkpoint | None:
    """The last complete checkpoint under `folder`; one whose files are not what COMMIT says is passed over, aloud."""
    for target in sorted(folder.glob("step-*"), reverse=True):
        if not (target / COMMIT).is_file():
            continue
        broken = next(_broken(target), None)
        if broken is not None:
            say(f"checkpoint {target.name} is passed over: {broken} is not what its {COMMIT} says")
            continue
        state = json.loads((target / STATE).read_text())
        return Checkpoint(target, state["step"], state)
    return None


def read(checkpoint: Checkpoint, model: Any, optimiser: torch.optim.Optimizer) -> None:
    """Put the saved weights and the optimiser's state into `model` and `optimiser`, on the devices where they are."""
    load_model(model, str(checkpoint.folder / MODEL))
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in load_file(checkpoint.folder / OPTIMISER).items():
        place, key = name.split(".", 1)
        state.setdefault(int(place), {})[key] = tensor
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def _flat(optimiser: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """The optimiser's tensors by name: safetensors holds no Python objects, so reading one runs no code."""
    state = optimiser.state_dict()["state"]
    return {f"{place}.{key}": tensor.contiguous() for place, entry in state.items() for key, tensor in entry.items()}


def _broken(target: Path) -> Iterator[str]:
    for name, expected in json.loads((target / COMMIT).read_text()).items():
        file = target / name
        if not file.is_file() or files.sha256(str(file)) != expected:
            yield name
