"""Processes that train together: the same training at any number, and after any of them was lost."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from curate.commands.training import train_command
from curate.engine import on_ray
from curate.train.checkpoint import CheckpointFailed, newest
from curate.train.hooks import Hooks
from curate.train.launch import WorkersLost, launch, launch_on_ray
from curate.train.loop import Stopped, train
from curate.train.model import OtherTokenizer
from curate.train.resume import OtherTraining
from curate.train.settings import Train

ROOT = Path(__file__).parents[2]
FINISHED = ("metrics.jsonl", "model.safetensors")


@pytest.fixture(scope="module")
def settings(small: Train) -> Train:
    """Ten steps of five rows (which two ranks share unevenly), of a model that takes a second for them."""
    return replace(small, batch=5, evaluate_every=4)


@pytest.fixture(scope="module")
def two(settings: Train, pt_mix: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an undisturbed training of two ranks left."""
    return launch(settings, pt_mix, tmp_path_factory.mktemp("two") / "out", print, ranks=2).out


@pytest.fixture(scope="module")
def one(settings: Train, pt_mix: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an undisturbed training of one rank left."""
    return train(settings, pt_mix, tmp_path_factory.mktemp("one") / "out", print).out


def same_outcome(one: Path, other: Path) -> None:
    for name in FINISHED:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def close(one: Path, other: Path) -> None:
    """Every step read the same rows, and lost the same to 1e-5."""
    lines = [[json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()] for out in (one, other)]
    assert len(lines[0]) == len(lines[1]) == 10
    for left, right in zip(*lines, strict=True):
        for name in ("step", "tokens", "supervised_tokens", "lr"):
            assert left[name] == right[name]
        for name in ("loss", "grad_norm"):
            assert left[name] == pytest.approx(right[name], rel=1e-5)
        for channel, loss in left["loss_by_channel"].items():
            there = right["loss_by_channel"][channel]
            assert (loss is None) == (there is None)
            assert loss is None or loss == pytest.approx(there, rel=1e-5)


class When:
    """Listens to a training, and does something once when it has said how a line begins."""

    def __init__(self, beginning: str, act: Callable[[], None], *, times: int = 1) -> None:
        self.said: list[str] = []
        self._beginning, self._act, self._left = beginning, act, times

    def __call__(self, line: str) -> None:
        self.said.append(line)
        if self._left and line.startswith(self._beginning):
            self._left -= 1
            self._act()

    def one(self, words: str) -> str:
        found = [line for line in self.said if words in line]
        assert len(found) == 1, self.said
        return found[0]


def send(out: Path, rank: int, number: signal.Signals) -> Callable[[], None]:
    """Sends a signal to a rank of the training in `out` that runs now."""

    def act() -> None:
        folder = max((out / "launch").iterdir(), key=lambda folder: folder.stat().st_mtime_ns)
        os.kill(int((folder / f"pid-{rank}").read_text()), number)

    return act


def test_two_ranks_read_the_rows_of_one_and_lose_the_same(one: Path, two: Path) -> None:
    close(one, two)


def test_a_rank_that_is_killed_and_a_group_that_hangs_cost_nothing_but_time(
    settings: Train, pt_mix: Path, two: Path, tmp_path: Path
) -> None:
    """Processes cost four seconds of a CPU each, so both happen to one training."""
    killed = When("step 2/", send(tmp_path, 1, signal.SIGKILL))
    hangs = When("step 6/", send(tmp_path, 1, signal.SIGSTOP))

    def say(line: str) -> None:
        killed(line)
        hangs(line)

    report = launch(settings, pt_mix, tmp_path, say, ranks=2, patience=8)
    # The signals may come a step or two late.
    assert re.fullmatch(
        r"rank 1 was ended by SIGKILL; a fresh process group goes on after step [04] \(try 2 of 4\)",
        killed.one("SIGKILL"),
    )
    assert report.resumed_from in (4, 8)
    line = hangs.one("no sign of life for 8 s")
    assert f"(rank 1 did not answer); a fresh process group goes on after step {report.resumed_from}" in line
    (stacks,) = [file for file in tmp_path.glob("launch/*/stacks-0") if file.stat().st_size]
    assert "curate/train/loop.py" in stacks.read_text()
    same_outcome(two, tmp_path)


def test_what_one_rank_began_two_go_on_with_on_the_same_rows(
    settings: Train, pt_mix: Path, one: Path, tmp_path: Path
) -> None:
    done: list[int] = []
    with pytest.raises(Stopped):
        train(settings, pt_mix, tmp_path, print, Hooks(beat=done.append, stop=lambda: len(done) == 5))
    report = launch(settings, pt_mix, tmp_path, print, ranks=2)
    assert report.resumed_from == 5
    close(one, tmp_path)


def test_ranks_that_are_lost_again_and_again_without_a_new_checkpoint_end_the_training(
    settings: Train, pt_mix: Path, tmp_path: Path
) -> None:
    say = When("step 1/", send(tmp_path, 0, signal.SIGKILL), times=9)
    with pytest.raises(WorkersLost, match="rank 0 was ended by SIGKILL; that was try 1 after the checkpoint of step 0"):
        launch(settings, pt_mix, tmp_path, say, ranks=1, restarts=0)


def test_what_a_training_refuses_is_raised_as_it_was_there_and_not_tried_again(
    settings: Train, pt_mix: Path, two: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    model.mkdir()
    for name in ("config.json", "model.safetensors"):
        (model / name).write_bytes((two / name).read_bytes())
    (model / "tokenizer.json").write_text("{}")
    said: list[str] = []
    with pytest.raises(OtherTokenizer, match="the mix was tokenised with"):
        launch(replace(settings, model=str(model)), pt_mix, tmp_path / "out", said.append, ranks=1)
    assert not said


def test_a_full_disk_ends_the_training_in_words_and_is_not_tried_again(
    settings: Train, pt_mix: Path, tmp_path: Path
) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 17, limits[1]))  # less than a checkpoint, more than all else
    try:
        with pytest.raises(CheckpointFailed, match="step-00000004 could not be written: File too large"):
            launch(settings, pt_mix, tmp_path, print, ranks=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_asked_to_stop_two_ranks_save_and_one_goes_on_with_the_same_rows(
    settings: Train, pt_mix: Path, one: Path, tmp_path: Path
) -> None:
    options = {
        "--model": settings.model, "--max-steps": settings.steps, "--batch": settings.batch,
        "--rate": settings.learning_rate, "--warmup": settings.warmup, "--held-out-rows": settings.held_out_rows,
        "--checkpoint-every": settings.checkpoint_every, "--evaluate-every": settings.evaluate_every,
        "--say-every": settings.say_every, "--device": settings.device, "--threads": settings.threads,
    }  # fmt: skip
    arguments = [str(pt_mix), "--out", str(tmp_path / "out"), *(str(word) for pair in options.items() for word in pair)]
    command = [sys.executable, "-m", "curate", "train", *arguments, "--ranks", "2"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        next(line for line in running.stdout if line.startswith("step 2/"))
        running.send_signal(signal.SIGTERM)
        said, wrong = running.communicate()
    assert running.returncode == 3
    assert "SIGTERM: the training saves and ends" in said
    assert re.search(r"incomplete: asked to stop: step \d+ of 10 is saved in", wrong)
    found = newest(tmp_path / "out" / "checkpoints", print)
    assert found is not None
    assert 2 <= found.step < 10
    again = CliRunner().invoke(train_command, arguments)
    assert again.exit_code == 0
    assert f"going on after step {found.step}" in again.stdout
    close(one, tmp_path / "out")


TORCHRUN = """
from pathlib import Path
from curate.train.resume import OtherTraining
from curate.train.settings import Train
from curate.train.spikes import Spikes
from curate.train.worker import Job, carry_out
carry_out(Job(settings={settings!r}, mix=Path({mix!r}), out=Path({out!r}), patience=1800), print)
"""


@pytest.mark.slow
def test_torchrun_starts_the_same_training(settings: Train, pt_mix: Path, two: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(TORCHRUN.format(settings=settings, mix=str(pt_mix), out=str(tmp_path / "out")))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(script)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    same_outcome(two, tmp_path / "out")


@pytest.mark.slow
def test_ray_starts_the_same_training_and_raises_what_it_refuses(
    settings: Train, pt_mix: Path, two: Path, tmp_path: Path
) -> None:
    with on_ray(cpus=2):
        launch_on_ray(settings, pt_mix, tmp_path / "out", ranks=2)
        with pytest.raises(OtherTraining, match="seed 0, not 3"):
            launch_on_ray(replace(settings, seed=3), pt_mix, tmp_path / "out", ranks=2)
    same_outcome(two, tmp_path / "out")
