"""A training with bad documents, a bad rate or a bad end: what it leaves out, says, and comes to."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from curate.mix.reader import MixReader
from curate.train.data import Rows
from curate.train.guard import Diverged
from curate.train.hooks import Hooks
from curate.train.launch import launch
from curate.train.loop import Stopped, train
from curate.train.model import vocabulary
from curate.train.save import TrainReport
from curate.train.settings import Train
from curate.train.skips import OtherSkips
from curate.train.spikes import Spikes
from tests.train import packed
from tests.train.poison import first, garbage, poisoned, unused


@pytest.fixture(scope="module")
def settings(small: Train) -> Train:
    """Once over the mix, in a second or two."""
    return replace(small, steps=65, held_out_rows=8, checkpoint_every=10)


@pytest.fixture(scope="module")
def clean(settings: Train, pt_mix: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainReport:
    return train(settings, pt_mix, tmp_path_factory.mktemp("clean") / "out", lambda line: None)


@pytest.fixture(scope="module")
def twice(pt_mix: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str]]:
    """A mix with two documents of garbage in neighbouring steps, and their ids."""
    one = first(pt_mix, "poetry", 160)
    mix = tmp_path_factory.mktemp("twice") / "mix"
    bad = {("poetry", document): garbage(pt_mix, 60, document) for document in range(one, one + 4)}
    poisoned(pt_mix, mix, bad)
    reader = MixReader(mix)
    return mix, {reader.doc_id(*document) for document in bad}


@pytest.fixture(scope="module")
def whole(settings: Train, twice: tuple[Path, set[str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a training on them left, for which two such steps in a row are a sustained spike."""
    guarded = replace(settings, spikes=Spikes(in_a_row=2))
    return train(guarded, twice[0], tmp_path_factory.mktemp("whole") / "out", lambda line: None).out


def decisions(out: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((out / "skips.json").read_text())["decisions"]
    return found


def left_out(out: Path) -> set[str]:
    return {str(doc_id) for made in decisions(out) for _, _, doc_id in made["documents"]}  # type: ignore[attr-defined]


def metrics(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("period", [1000, 20], ids=["random", "repeated"])
@pytest.mark.parametrize("channel", ["poetry", "eips"], ids=["zh", "en"])
def test_a_document_of_garbage_is_ranked_first_and_left_out_and_the_run_goes_on(
    settings: Train, pt_mix: Path, clean: TrainReport, tmp_path: Path, *, channel: str, period: int
) -> None:
    document = first(pt_mix, channel, 160)
    mix = poisoned(pt_mix, tmp_path / "run" / "mix", {(channel, document): garbage(pt_mix, period)})
    said: list[str] = []
    report = train(settings, mix, tmp_path / "out", said.append)

    doc_id = MixReader(mix).doc_id(channel, document)
    (made,) = [made for made in decisions(report.out) if made["suspects"][0]["doc_id"] == doc_id]  # type: ignore[index]
    assert made["documents"] == [[channel, document, doc_id]]
    assert f"  curate why {tmp_path / 'run'} {doc_id}" in said
    assert any(line.startswith(f"left out from here on: {doc_id}  loss ") for line in said)
    (skipped,) = [line for line in metrics(report.out) if line["step"] == made["step"]]
    assert f"loss of {channel}" in str(skipped["skipped"])
    assert len(metrics(report.out)) == 65

    listed = pl.read_parquet(report.out / "quarantine.parquet").filter(doc_id=doc_id)
    docs = MixReader(mix).docs(channel).row(document, named=True)
    assert listed["content_hash"].to_list() == [docs["content_hash"]]
    assert json.loads(listed["evidence"][0])["excerpt"]
    for name, loss in clean.after.items():
        assert report.after[name].nats == pytest.approx(loss.nats, abs=0.03)


def test_what_is_left_out_is_not_learnt_from_again(settings: Train, pt_mix: Path, tmp_path: Path) -> None:
    document = first(pt_mix, "eips", 140, least=500)
    mix = poisoned(pt_mix, tmp_path / "mix", {("eips", document): garbage(pt_mix, 1000)})
    report = train(settings, mix, tmp_path / "out", lambda line: None)
    rows = Rows(mix)
    (made,) = [
        made
        for made in decisions(report.out)
        if made["documents"] == [["eips", document, rows.reader.doc_id("eips", document)]]
    ]
    lines = metrics(report.out)
    for step in range(int(str(made["step"])) + 1, 66):
        batch = rows.batch(range((step - 1) * 4, step * 4))
        theirs = (batch.spans.channel == rows.channels.index("eips")) & (batch.spans.document == document)
        learnt = int(str(lines[step - 1]["supervised_tokens"])) - int(str(lines[step - 2]["supervised_tokens"]))
        assert learnt <= batch.supervised - batch.spans.tokens[theirs].sum()


def test_a_document_that_makes_the_loss_infinite_is_named_and_the_run_goes_on(
    settings: Train, pt_mix: Path, tmp_path: Path
) -> None:
    document, token = first(pt_mix, "poetry", 20), unused(pt_mix)
    mix = poisoned(pt_mix, tmp_path / "mix", {("poetry", document): np.array([token])})
    torch.manual_seed(0)
    shape = LlamaConfig(**packed.SHAPE | {"vocab_size": vocabulary(Rows(mix).tokenizer)})
    model = LlamaForCausalLM(shape)
    with torch.no_grad():
        model.model.embed_tokens.weight[token] = float("inf")  # as a broken conversion leaves it
    model.save_pretrained(tmp_path / "model")
    (tmp_path / "model" / "tokenizer.json").write_bytes((mix / "tokenizer.json").read_bytes())
    broken = replace(settings, model=str(tmp_path / "model"), steps=25)
    report = train(broken, mix, tmp_path / "out", lambda line: None)
    (made,) = [made for made in decisions(report.out) if "nan" in str(made["reason"])]
    assert made["documents"] == [["poetry", document, MixReader(mix).doc_id("poetry", document)]]
    assert report.after["poetry"].nats < report.before["poetry"].nats
    text = (report.out / "metrics.jsonl").read_text()
    assert "NaN" not in text  # which JSON doesn't know
    assert (metrics(report.out)[made["step"] - 1]["loss"], len(text.splitlines())) == (None, 25)  # type: ignore[operator]


def test_a_sustained_spike_goes_back_before_its_onset_and_leaves_its_documents_out(
    twice: tuple[Path, set[str]], whole: Path, clean: TrainReport
) -> None:
    bad = twice[1]
    (back,) = [made for made in decisions(whole) if made["action"] == "roll back"]
    assert int(str(back["since"])) < int(str(back["onset"])) < int(str(back["step"]))
    named = {doc_id for _, _, doc_id in back["documents"]}  # type: ignore[attr-defined]
    assert len(named) >= 2
    assert named <= bad <= left_out(whole)
    assert (back["rows"], back["rate"]) == ([], 1.0)
    assert bad <= set(pl.read_parquet(whole / "quarantine.parquet")["doc_id"])
    lines = metrics(whole)
    assert [line["step"] for line in lines] == list(range(1, 66))
    assert not [line for line in lines if line["step"] in (back["onset"], back["step"]) and "skipped" in line]
    after = json.loads((whole / "train.json").read_text())["report"]["after"]
    for name, loss in clean.after.items():
        assert after[name]["nats"] == pytest.approx(loss.nats, abs=0.03)


class Killed(BaseException):
    """As if the process was gone."""


def killed_at(words: str) -> Callable[[str], None]:
    """Ends the training at the first line with these words after it has begun to go back."""
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if words in line and any("going back to before it" in earlier for earlier in said[:-1]):
            raise Killed

    return say


@pytest.mark.parametrize("words", ["left out from here on", "went back to after this step", "step 43/"])
def test_a_training_that_ends_amid_a_spike_and_is_started_again_comes_to_the_same_weights(
    settings: Train, twice: tuple[Path, set[str]], whole: Path, tmp_path: Path, words: str
) -> None:
    mix, _ = twice
    guarded = replace(settings, spikes=Spikes(in_a_row=2))
    with pytest.raises(Killed):
        train(guarded, mix, tmp_path / "cut", killed_at(words))
    cut = train(guarded, mix, tmp_path / "cut", lambda line: None).out
    for name in ("model.safetensors", "metrics.jsonl", "skips.json"):
        assert (cut / name).read_bytes() == (whole / name).read_bytes(), name


def test_too_high_a_rate_goes_back_then_halves_the_rate_then_stops_with_a_report(
    settings: Train, pt_mix: Path, tmp_path: Path
) -> None:
    hot = replace(settings, learning_rate=1e30, warmup=0, clip=1e30)
    with pytest.raises(Diverged, match=r"though its rows were left out and then the rate halved.*skips\.json.*Lower"):
        train(hot, pt_mix, tmp_path, lambda line: None)
    once, again = [made for made in decisions(tmp_path) if made["action"] == "roll back"]
    assert (once["rate"], again["rate"]) == (1.0, 0.5)
    assert once["rows"]
    assert not once["documents"]
    assert not (tmp_path / "quarantine.parquet").exists()
    assert not (tmp_path / "train.json").exists()


def test_without_checkpoints_a_spike_that_lasts_stops_and_says_what_is_missing(
    settings: Train, pt_mix: Path, tmp_path: Path
) -> None:
    hot = replace(settings, learning_rate=1e30, warmup=0, clip=1e30, checkpoint_every=0)
    with pytest.raises(Diverged, match="there is no checkpoint to go back to; save some"):
        train(hot, pt_mix, tmp_path, lambda line: None)


def test_decisions_that_were_altered_are_refused(settings: Train, twice: tuple[Path, set[str]], tmp_path: Path) -> None:
    mix, _ = twice
    steps: list[int] = []
    with pytest.raises(Stopped):
        train(settings, mix, tmp_path, lambda line: None, Hooks(beat=steps.append, stop=lambda: len(steps) == 45))
    file = tmp_path / "skips.json"
    data = json.loads(file.read_text())
    data["decisions"][0]["documents"] = []
    file.write_text(json.dumps(data))
    with pytest.raises(OtherSkips, match="has changed since the checkpoint of step 45"):
        train(settings, mix, tmp_path, lambda line: None)
    file.unlink()
    with pytest.raises(OtherSkips):
        train(settings, mix, tmp_path, lambda line: None)


def test_two_ranks_leave_out_what_one_does(
    settings: Train, twice: tuple[Path, set[str]], whole: Path, tmp_path: Path
) -> None:
    mix, bad = twice
    two = launch(replace(settings, spikes=Spikes(in_a_row=2)), mix, tmp_path, lambda line: None, ranks=2).out
    assert bad <= left_out(two)
    plain = [
        [(made["action"], made["step"], made["since"], made["documents"], made["rows"]) for made in decisions(out)]
        for out in (whole, two)
    ]
    assert plain[0] == plain[1]
    for left, right in zip(metrics(whole), metrics(two), strict=True):
        assert left["loss"] == pytest.approx(right["loss"], rel=1e-4)
