"""`curate train`: what it says, what it leaves, how it ends."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from transformers import LlamaConfig

from curate.cli import main
from curate.commands.training import OPTIONS
from curate.train.data import Rows
from curate.train.settings import Train
from tests.train import packed
from tests.train.conftest import built


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("pt"), "pt", 128)


@pytest.fixture(scope="module")
def shape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shape")
    LlamaConfig(**packed.SHAPE).save_pretrained(folder)
    return folder / "config.json"


def ran(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["train", *map(str, arguments)])


def test_a_training_is_explained_and_nothing_is_written(mix: Path, shape: Path, tmp_path: Path) -> None:
    done = ran(mix, "--out", tmp_path / "out", "--model", shape, "--explain", "--device", "cpu", "--schedule", "wsd")
    assert done.exit_code == 0, done.output
    for said in (
        "random start",
        "epochs",
        "wsd, over the last 20%",
        "memory a device: about",
        "Chinchilla's law advises",
    ):
        assert said in done.output, said
    assert not (tmp_path / "out").exists()


def test_a_model_is_trained_and_saved_with_what_there_is_to_know_of_it(mix: Path, shape: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = (mix, "--out", out, "--model", shape, "--stage", "pt", "--max-steps", 4, "--batch", 4,
                 "--micro-batch", 2,
                 "--rate", 0.01, "--warmup", 1, "--evaluate-every", 2, "--checkpoint-every", 2, "--device", "cpu",
                 "--held-out-rows", 2, "--tensorboard", "--threads", 2)  # fmt: skip
    done = ran(*arguments)
    assert done.exit_code == 0, done.output
    assert "step 4/4" in done.output
    assert done.output.count("held-out loss  ") == 2
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [set(line.get("held_out", ())) == set(Rows(mix).channels) for line in lines] == [False, True, False, True]
    assert list((out / "tensorboard").glob("events.out.tfevents.*"))
    assert len((out / "times.jsonl").read_text().splitlines()) == 4
    again = ran(*arguments)
    assert again.exit_code == 0
    assert "holds this training already" in again.output


def test_general_text_that_loses_more_than_it_may_ends_with_4_after_all_is_saved(
    mix: Path, shape: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    same = ("--batch", 4, "--device", "cpu", "--held-out-rows", 4, "--warmup", 0)
    assert ran(mix, "--out", first, "--model", shape, "--max-steps", 15, "--rate", 0.01, *same).exit_code == 0
    worse = (mix, "--out", second, "--model", first, "--max-steps", 2, "--rate", 0.3, *same)
    done = ran(*worse, "--general-drop-max", 0.001)
    assert done.exit_code == 4, done.output
    assert "the held-out loss of general text has risen by" in done.output
    assert (second / "train.json").is_file()
    assert ran(*worse, "--general-drop-max", 0.001).exit_code == 4
    assert ran(*worse).exit_code == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--stage", "sft"), "this is a mix for pt, not for sft"),
        (("--model", "no/such/model"), "expected 'tiny', a config.json or a Hugging Face folder"),
        (("--tune", "lora"), "there is nothing to adapt"),
        (("--max-steps", "3", "--epochs", "1"), "give one of them"),
        (("--rate", "1e30", "--warmup", "0", "--clip", "1e30", "--max-steps", "9"), "ower learning_rate"),
    ],
)
def test_what_can_not_be_done_is_refused_in_words(
    mix: Path, shape: Path, tmp_path: Path, wrong: tuple[str, ...], said: str
) -> None:
    done = ran(mix, "--out", tmp_path / "out", "--model", shape, "--device", "cpu", "--batch", 2, *wrong)
    assert done.exit_code == 2, done.output
    assert said in done.output


def test_every_setting_has_an_option() -> None:
    named = {name for name, _, _ in OPTIONS} | {"model", "stage", "steps", "lora_targets"}
    assert set(vars(Train())) - named == {"beta1", "beta2", "floor", "decay", "spikes"}


def test_the_commands_of_the_page_on_training_have_the_options_that_it_names() -> None:
    text = (Path(__file__).parents[1] / "docs" / "training.md").read_text(encoding="utf-8")
    lines = re.findall(r"(?m)^curate (train|eval) (.*)$", text)
    assert len(lines) >= 5
    for command, rest in lines:
        options = {option for parameter in main.commands[command].params for option in parameter.opts}
        assert {word for word in rest.split() if word.startswith("--")} <= options, rest
