"""A checkpoint counts when it is complete and whole; otherwise the one before does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from curate.train import checkpoint
from curate.train.loss import labels, token_losses
from curate.train.settings import Train
from curate.train.step import optimiser
from tests.train import packed


def trained(steps: int) -> tuple[Any, torch.optim.AdamW]:
    model = packed.model()
    adam = optimiser(model, Train())
    for step in range(steps):
        one_step(model, adam, step)
    return model, adam


def one_step(model: Any, adam: torch.optim.AdamW, step: int) -> None:
    rows = packed.batch([[20, 12]], seed=step)
    adam.param_groups[0]["lr"] = adam.param_groups[1]["lr"] = 1e-3
    token_losses(model, rows, labels(rows)).sum().backward()
    adam.step()
    adam.zero_grad()


def write(folder: Path, step: int, keep: int = 3) -> Path:
    return checkpoint.write(folder, step, *trained(step), state={"note": step}, keep=keep)


def test_training_goes_on_from_a_checkpoint_as_if_nothing_had_happened(tmp_path: Path) -> None:
    write(tmp_path, 2)
    found = checkpoint.newest(tmp_path, print)
    assert found is not None
    model = packed.model()
    adam = optimiser(model, Train())
    checkpoint.read(found, model, adam)
    one_step(model, adam, 2)
    undisturbed, _ = trained(3)
    for name, weight in undisturbed.state_dict().items():
        assert torch.equal(weight, model.state_dict()[name]), name


def test_tied_embeddings_stay_tied(tmp_path: Path) -> None:
    tied = packed.CONFIGS["llama"].to_dict() | {"tie_word_embeddings": True}
    model = type(packed.model())(type(packed.CONFIGS["llama"])(**tied))
    adam = optimiser(model, Train())
    one_step(model, adam, 0)
    checkpoint.write(tmp_path, 1, model, adam, state={}, keep=1)
    other = type(model)(model.config)
    found = checkpoint.newest(tmp_path, print)
    assert found is not None
    checkpoint.read(found, other, optimiser(other, Train()))
    assert other.lm_head.weight.data_ptr() == other.model.embed_tokens.weight.data_ptr()
    assert torch.equal(other.lm_head.weight, model.lm_head.weight)


@pytest.mark.parametrize("lost", ["COMMIT", "state.json", "model.safetensors", "optimiser.safetensors"])
def test_an_incomplete_checkpoint_is_passed_over(tmp_path: Path, lost: str) -> None:
    write(tmp_path, 1)
    (write(tmp_path, 2) / lost).unlink()
    found = checkpoint.newest(tmp_path, print)
    assert found is not None
    assert (found.step, found.state["note"]) == (1, 1)


def test_a_checkpoint_with_one_bit_altered_is_passed_over_aloud(tmp_path: Path) -> None:
    write(tmp_path, 1)
    file = write(tmp_path, 2) / "model.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    said: list[str] = []
    found = checkpoint.newest(tmp_path, said.append)
    assert found is not None
    assert found.step == 1
    assert said == ["checkpoint step-00000002 is passed over: model.safetensors is not what its COMMIT says"]


def test_only_the_newest_checkpoints_stay_and_broken_ones_are_not_among_them(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        write(tmp_path, step, keep=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000002", "step-00000003"]
    (tmp_path / "step-00000003" / "COMMIT").unlink()
    write(tmp_path, 1, keep=1)  # a start that went back behind step 3 writes its first checkpoint
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000001"]


def test_a_folder_without_checkpoints_has_no_newest_one(tmp_path: Path) -> None:
    assert checkpoint.newest(tmp_path / "nowhere", print) is None
