"""A checkpoint counts when it is complete and whole; otherwise the one before does."""

from __future__ import annotations

import errno
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaForCausalLM

from curate.train.checkpoint import CheckpointFailed, Checkpoints, newest
from curate.train.learner import Learner
from curate.train.shards import WrongShape
from tests.train import packed


class Training:
    """A model, its optimiser and where they are saved."""

    def __init__(self, folder: Path, learner: Any = None, **kept: Any) -> None:
        self.learner = learner or packed.learner()
        self.adam = torch.optim.AdamW(self.learner.parameters(), lr=1e-3)
        self.checkpoints = Checkpoints(folder=folder, learner=self.learner, optimiser=self.adam, **kept)

    def step(self, number: int) -> None:
        loss, _ = self.learner(packed.batch([[20, 12]], seed=number), packed.ONE)
        loss.backward()
        self.adam.step()
        self.adam.zero_grad()

    def save(self, step: int) -> Path:
        """As a training at its step `step` would, all its steps being seeded by their number."""
        for number in range(step):
            self.step(number)
        self.checkpoints.write(step, {"note": step})
        self.checkpoints.close()
        return self.checkpoints.folder / f"step-{step:08d}"


def write(folder: Path, step: int, **kept: Any) -> Path:
    return Training(folder, **kept).save(step)


def weights(training: Training) -> dict[str, torch.Tensor]:
    return {name: weight.detach() for name, weight in training.learner.named_parameters()}


def test_training_goes_on_from_a_checkpoint_as_if_nothing_had_happened(tmp_path: Path) -> None:
    write(tmp_path, 2)
    went_on = Training(tmp_path)
    found = went_on.checkpoints.newest()
    assert found is not None
    assert (found.step, found.state["note"]) == (2, 2)
    went_on.checkpoints.read(found)
    went_on.step(2)
    undisturbed = Training(tmp_path)
    for number in range(3):
        undisturbed.step(number)
    for name, weight in weights(undisturbed).items():
        assert torch.equal(weight, weights(went_on)[name]), name


def test_what_is_saved_is_the_state_of_its_step_though_training_goes_on_meanwhile(tmp_path: Path) -> None:
    training = Training(tmp_path)
    training.step(0)
    before = {name: weight.clone() for name, weight in weights(training).items()}
    training.checkpoints.write(1, {})
    training.step(1)
    training.checkpoints.close()
    other = Training(tmp_path)
    found = other.checkpoints.newest()
    assert found is not None
    other.checkpoints.read(found)
    for name, weight in weights(other).items():
        assert torch.equal(weight, before[name]), name


def test_tied_embeddings_stay_tied_and_are_saved_once(tmp_path: Path) -> None:
    def tied() -> Learner:
        torch.manual_seed(1)
        config = packed.CONFIGS["llama"].to_dict() | {"tie_word_embeddings": True}
        return Learner(LlamaForCausalLM(type(packed.CONFIGS["llama"])(**config)))

    saved = Training(tmp_path, tied())
    saved.save(1)
    other = Training(tmp_path, tied())
    found = other.checkpoints.newest()
    assert found is not None
    other.checkpoints.read(found)
    model = other.learner.causal
    assert model.lm_head.weight.data_ptr() == model.model.embed_tokens.weight.data_ptr()
    assert torch.equal(model.lm_head.weight, saved.learner.causal.lm_head.weight)


def test_weights_that_are_not_trained_are_not_saved(tmp_path: Path) -> None:
    learner = packed.learner()
    for name, weight in learner.named_parameters():
        weight.requires_grad = "layers.1" in name
    folder = Training(tmp_path, learner).save(1)
    whole = write(tmp_path / "whole", 1)
    assert folder.joinpath("rank-00000-of-00001.safetensors").stat().st_size < 0.6 * sum(
        file.stat().st_size for file in whole.iterdir()
    )


@pytest.mark.parametrize("lost", ["COMMIT", "state.json", "rank-00000-of-00001.safetensors"])
def test_an_incomplete_checkpoint_is_passed_over(tmp_path: Path, lost: str) -> None:
    write(tmp_path, 1)
    (write(tmp_path, 2) / lost).unlink()
    said: list[str] = []
    found = newest(tmp_path, said.append)
    assert found is not None
    assert (found.step, found.state["note"]) == (1, 1)
    assert [line.split(":")[0] for line in said] == ["checkpoint step-00000002 is passed over"]


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-7])


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-1] ^= 0x80
    file.write_bytes(data)


def empty(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("name", ["rank-00000-of-00001.safetensors", "state.json", "COMMIT"])
@pytest.mark.parametrize("damage", [cut, flip, empty])
def test_a_checkpoint_that_was_altered_is_passed_over_aloud(
    tmp_path: Path, damage: Callable[[Path], None], name: str
) -> None:
    write(tmp_path, 1)
    damage(write(tmp_path, 2) / name)
    said: list[str] = []
    found = newest(tmp_path, said.append)
    assert found is not None
    assert found.step == 1
    assert said == [f"checkpoint step-00000002 is passed over: {name} is not what its COMMIT says"]


def test_one_before_a_step_is_found(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        write(tmp_path, step, keep=3)
    steps = [getattr(newest(tmp_path, print, before), "step", None) for before in (None, 4, 3, 1)]
    assert steps == [3, 3, 2, None]


def test_the_newest_stay_and_those_of_a_period_and_broken_ones_are_not_among_them(tmp_path: Path) -> None:
    for step in range(1, 6):
        write(tmp_path, step, keep=2, keep_every=2)
    assert [path.name[-1] for path in sorted(tmp_path.iterdir())] == ["2", "4", "5"]
    (tmp_path / "step-00000005" / "COMMIT").unlink()
    write(tmp_path, 3, keep=1)  # a start that went back behind step 4 writes its first checkpoint
    assert [path.name[-1] for path in sorted(tmp_path.iterdir())] == ["3"]


def test_going_back_removes_what_came_after(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        write(tmp_path, step, keep=3)
    Training(tmp_path).checkpoints.drop(after=1)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]


def test_a_folder_without_checkpoints_has_no_newest_one(tmp_path: Path) -> None:
    assert newest(tmp_path / "nowhere", print) is None


def test_a_checkpoint_of_another_shape_is_refused(tmp_path: Path) -> None:
    write(tmp_path, 1)
    other = Training(tmp_path, packed.learner("qwen3"))
    found = other.checkpoints.newest()
    assert found is not None
    with pytest.raises(WrongShape, match="q_norm"):
        other.checkpoints.read(found)


def test_a_full_disk_is_an_error_in_words_and_leaves_the_checkpoint_before(tmp_path: Path) -> None:
    write(tmp_path, 1)
    training = Training(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 15, limits[1]))
    try:
        training.checkpoints.write(2, {})
        with pytest.raises(
            CheckpointFailed, match="checkpoint step-00000002 could not be written: File too large"
        ) as raised:
            training.checkpoints.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert raised.value.errno == errno.EFBIG
    assert "MB are free there; make room" in str(raised.value)
    found = newest(tmp_path, lambda line: None)
    assert found is not None
    assert found.step == 1
