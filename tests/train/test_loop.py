"""Training: what it leaves behind, that it repeats itself, and that it survives being killed."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig

from curate.train.data import Rows
from curate.train.evaluate import by_role
from curate.train.hooks import Hooks, LossNotFinite
from curate.train.loop import Stopped, train
from curate.train.model import OtherTokenizer
from curate.train.resume import OtherTraining
from curate.train.save import TrainReport
from curate.train.settings import Train, TrainRefused
from tests.train import packed

ROOT = Path(__file__).parents[2]
LEFT = ("config.json", "generation_config.json", "metrics.jsonl", "model.safetensors", "tokenizer.json")


@pytest.fixture(scope="module")
def settings(small: Train) -> Train:
    """Ten steps of a model so small that they take a second."""
    return replace(small, threads=2)


@pytest.fixture(scope="module")
def undisturbed(
    settings: Train, pt_mix: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[TrainReport, list[str]]:
    said: list[str] = []
    out = tmp_path_factory.mktemp("undisturbed") / "train"
    return train(settings, pt_mix, out, said.append), said


def same_outcome(one: Path, other: Path) -> None:
    for name in LEFT:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_the_loss_falls_in_both_roles_and_is_said_for_both(
    undisturbed: tuple[TrainReport, list[str]], pt_mix: Path
) -> None:
    report, said = undisturbed
    before, after = (by_role(losses, Rows(pt_mix).roles) for losses in (report.before, report.after))
    assert set(before) == {"domain", "general"}
    for role in before:
        assert after[role].nats < before[role].nats - 0.1
        assert (after[role].bits_per_byte or 9) < (before[role].bits_per_byte or 0)
        assert any(line.startswith(f"{role}  ") for line in said)
    assert report.general_rise == pytest.approx(after["general"].nats - before["general"].nats)
    steps = [line for line in said if line.startswith("step ")]
    assert len(steps) == 10
    assert all("domain" in line and "general" in line for line in steps)


def test_the_folder_loads_as_a_hugging_face_model(undisturbed: tuple[TrainReport, list[str]], pt_mix: Path) -> None:
    out = undisturbed[0].out
    model = AutoModelForCausalLM.from_pretrained(out)
    tokenizer = AutoTokenizer.from_pretrained(out)
    text = "高血压患者 can take it"
    ids = tokenizer(text)["input_ids"]
    assert ids == Rows(pt_mix).tokenizer.encode(text, add_special_tokens=False).ids
    assert tokenizer.decode(ids) == text
    assert tokenizer.eos_token_id == model.config.eos_token_id == Rows(pt_mix).end_id
    assert model(torch.tensor([ids])).logits.shape == (1, len(ids), model.config.vocab_size)
    assert model.lm_head.weight.data_ptr() == model.get_input_embeddings().weight.data_ptr()


def test_metrics_have_a_line_a_step_whose_channels_add_up(
    undisturbed: tuple[TrainReport, list[str]], pt_mix: Path
) -> None:
    report, _ = undisturbed
    channels = set(Rows(pt_mix).channels)
    lines = [json.loads(line) for line in (report.out / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(1, 11))
    assert [line["tokens"] for line in lines] == [512 * step for step in range(1, 11)]
    for line in lines:
        assert set(line) >= {"loss", "loss_domain", "loss_general", "lr", "grad_norm"}
        present = [line[f"loss_{channel}"] for channel in ("domain", "general") if line[f"loss_{channel}"] is not None]
        assert min(present) <= line["loss"] <= max(present)
        assert set(line["loss_by_channel"]) == channels
    assert any(line["loss_domain"] is None for line in lines)  # 12 % of the rows are domain rows
    assert any(line["loss_domain"] is not None for line in lines)


def test_train_json_says_how_the_model_came_about(
    undisturbed: tuple[TrainReport, list[str]], settings: Train, pt_mix: Path
) -> None:
    report, _ = undisturbed
    facts = json.loads((report.out / "train.json").read_text())
    assert facts["identity"]["mix"] == Rows(pt_mix).digest
    assert facts["settings"]["learning_rate"] == settings.learning_rate
    assert facts["versions"]["torch"] == torch.__version__
    for channel, loss in report.before.items():
        assert facts["report"]["before"][channel]["nats"] == loss.nats
    assert facts["report"]["tokens"] == report.tokens == 5120
    assert set(facts["files"]) >= set(LEFT)
    assert (report.out / "model.safetensors").stat().st_mode & 0o044 == 0o044


def test_the_same_settings_train_the_same_weights(
    undisturbed: tuple[TrainReport, list[str]], settings: Train, pt_mix: Path, tmp_path: Path
) -> None:
    again = train(replace(settings, checkpoint_every=0, say_every=7), pt_mix, tmp_path, lambda line: None)
    same_outcome(undisturbed[0].out, again.out)
    assert again.after == undisturbed[0].after


def test_another_seed_trains_other_weights(
    undisturbed: tuple[TrainReport, list[str]], settings: Train, pt_mix: Path, tmp_path: Path
) -> None:
    train(replace(settings, seed=1, checkpoint_every=0), pt_mix, tmp_path, lambda line: None)
    assert (tmp_path / "model.safetensors").read_bytes() != (undisturbed[0].out / "model.safetensors").read_bytes()


CHILD = """
import os, signal, sys
from pathlib import Path
from curate.train.loop import train
from curate.train.settings import Train
from curate.train.spikes import Spikes

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def say(line):
    print(line, flush=True)
    if {when!r} == "in the middle" and line.startswith("step 6/"):
        while not Path({out!r}, "checkpoints/step-00000004/COMMIT").exists():  # it is written meanwhile
            os.sched_yield()
        die()

def watch(event, arguments):
    # The second checkpoint is written and waits for its COMMIT alone.
    if {when!r} == "before COMMIT" and event == "os.rename" and "step-00000008" in str(arguments[0]):
        die()

sys.addaudithook(watch)
train({settings!r}, Path({mix!r}), Path({out!r}), say)
"""


@pytest.mark.parametrize("when", ["in the middle", "before COMMIT"])
def test_a_training_killed_and_started_again_ends_with_the_same_weights(
    undisturbed: tuple[TrainReport, list[str]], settings: Train, pt_mix: Path, tmp_path: Path, *, when: str
) -> None:
    code = CHILD.format(when=when, settings=settings, mix=str(pt_mix), out=str(tmp_path))
    child = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert child.returncode == -signal.SIGKILL, child.stderr
    assert (tmp_path / "checkpoints" / "step-00000004" / "COMMIT").exists()
    assert (tmp_path / "checkpoints" / "step-00000008").exists() == (when == "before COMMIT")

    said: list[str] = []
    report = train(settings, pt_mix, tmp_path, said.append)
    assert "going on after step 4" in said
    assert report.resumed_from == 4
    same_outcome(undisturbed[0].out, tmp_path)
    assert (report.before, report.after, report.tokens) == (
        undisturbed[0].before,
        undisturbed[0].after,
        undisturbed[0].tokens,
    )


def test_asked_to_stop_before_the_first_step_it_does_none(settings: Train, pt_mix: Path, tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(Stopped, match="before a step was done"):
        train(settings, pt_mix, tmp_path / "out", said.append, Hooks(stop=lambda: True))
    assert not [line for line in said if line.startswith("step")]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("left", [0, 2], ids=["none", "two"])
def test_a_training_whose_metrics_were_lost_goes_on_all_the_same(
    undisturbed: tuple[TrainReport, list[str]], settings: Train, pt_mix: Path, tmp_path: Path, left: int
) -> None:
    whole = undisturbed[0].out
    shutil.copytree(whole, tmp_path / "out")
    (tmp_path / "out" / "train.json").unlink()
    shutil.rmtree(tmp_path / "out" / "checkpoints" / "step-00000010", ignore_errors=True)
    lines = (whole / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "out" / "metrics.jsonl").write_bytes(b"".join(lines[:left]) + lines[left][:9])
    out = train(settings, pt_mix, tmp_path / "out", lambda line: None).out
    assert (out / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    assert (out / "metrics.jsonl").read_bytes() == b"".join([*lines[:left], *lines[8:]])


def test_a_finished_training_is_not_done_again(
    undisturbed: tuple[TrainReport, list[str]], settings: Train, pt_mix: Path
) -> None:
    report, _ = undisturbed
    changed = (report.out / "model.safetensors").stat().st_mtime_ns
    assert train(settings, pt_mix, report.out, lambda line: None) == report
    assert (report.out / "model.safetensors").stat().st_mtime_ns == changed


def test_a_folder_with_another_training_is_refused(
    undisturbed: tuple[TrainReport, list[str]], settings: Train, pt_mix: Path, sft_mix: Path, tmp_path: Path
) -> None:
    out = undisturbed[0].out
    with pytest.raises(OtherTraining, match="seed 0, not 3"):
        train(replace(settings, seed=3), pt_mix, out, lambda line: None)
    with pytest.raises(OtherTraining, match="another mix"):
        train(settings, sft_mix, out, lambda line: None)
    (tmp_path / "checkpoints").symlink_to(out / "checkpoints")  # begun, not finished
    with pytest.raises(OtherTraining, match="batch 4, not 2"):
        train(replace(settings, batch=2), pt_mix, tmp_path, lambda line: None)


def test_a_trained_model_is_trained_on_from_its_folder(
    undisturbed: tuple[TrainReport, list[str]], settings: Train, pt_mix: Path, tmp_path: Path
) -> None:
    first = undisturbed[0]
    more = replace(settings, model=str(first.out), steps=2, warmup=0, checkpoint_every=0, learning_rate=1e-3)
    report = train(more, pt_mix, tmp_path, lambda line: None)
    for channel, loss in report.before.items():
        assert loss.nats == pytest.approx(first.after[channel].nats, rel=1e-6)


def test_a_mix_of_another_tokenizer_is_refused_before_anything_is_written(
    undisturbed: tuple[TrainReport, list[str]], settings: Train, pt_mix: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    AutoModelForCausalLM.from_pretrained(undisturbed[0].out).save_pretrained(model)
    (model / "tokenizer.json").write_text("{}")
    with pytest.raises(OtherTokenizer):
        train(replace(settings, model=str(model)), pt_mix, tmp_path / "train", lambda line: None)
    assert not (tmp_path / "train").exists()


def test_a_loss_that_is_not_finite_stops_training_with_step_rows_and_rate(
    settings: Train, pt_mix: Path, tmp_path: Path
) -> None:
    hot = replace(settings, learning_rate=1e30, warmup=0, clip=1e30, spikes=None)
    with pytest.raises(LossNotFinite, match=r"step [2-9], on 4 rows from row \d+ of the mix: .* Lower learning_rate"):
        train(hot, pt_mix, tmp_path, lambda line: None)
    assert not (tmp_path / "train.json").exists()


def test_weights_lost_in_the_last_step_are_not_saved(settings: Train, pt_mix: Path, tmp_path: Path) -> None:
    hot = replace(settings, steps=1, learning_rate=1e30, weight_decay=1e10, warmup=0)
    with pytest.raises(LossNotFinite, match=r"the held-out loss of .* is nan: the weights are lost"):
        train(hot, pt_mix, tmp_path, lambda line: None)
    assert not (tmp_path / "model.safetensors").exists()


def test_dialogues_are_trained_on_their_answers_and_epochs_are_counted(
    settings: Train, sft_mix: Path, tmp_path: Path
) -> None:
    rows = Rows(sft_mix)
    LlamaConfig(**packed.SHAPE | {"max_position_embeddings": 512}).save_pretrained(tmp_path)
    said: list[str] = []
    longer = replace(settings, model=str(tmp_path / "config.json"), batch=len(rows) // 3, steps=4, checkpoint_every=0)
    report = train(longer, sft_mix, tmp_path / "train", said.append)
    template = sft_mix / "chat_template.jinja"
    assert (report.out / "chat_template.jinja").read_bytes() == template.read_bytes()
    end = rows.tokenizer.token_to_id("<|im_end|>")
    assert rows.stop == end
    assert json.loads((report.out / "generation_config.json").read_text())["eos_token_id"][0] == end
    question = [{"role": "user", "content": "高血压?"}]
    assert "<|im_start|>user" in AutoTokenizer.from_pretrained(report.out).apply_chat_template(question, tokenize=False)
    assert 0 < report.supervised_tokens < report.tokens
    assert report.epochs == pytest.approx(4 / 3)
    assert said.count(f"epoch 2 begins: all {len(rows)} rows have been read") == 1


def test_a_gpu_that_is_not_there_is_said(settings: Train, pt_mix: Path, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(TrainRefused, match="torch finds no GPU"):
        train(replace(settings, device="cuda"), pt_mix, tmp_path, lambda line: None)
