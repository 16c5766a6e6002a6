"""What a judge said of a run's documents becomes labelled documents that another judge is trained on."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from curate.answered import NotJudged, labels
from curate.cli import main
from curate.engine import Inline
from curate.job import run
from curate.labelled import Labels, labelled
from curate.progress import Lines
from curate.recipe import Recipe, Source
from curate.stage import AnyStage
from tests import faults


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Scores by length and labels by language, and nobody whose id ends in 9."""

    name: str = "llm"
    version = 1
    reads = {"text": pl.String(), "lang": pl.String(), "origin_id": pl.String()}
    rules = ()

    @property
    def writes(self) -> dict[str, pl.DataType]:
        return {"llm_score": pl.Float64()} if self.name == "llm" else {f"{self.name}_label": pl.String()}

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        asked = ~pl.col("origin_id").str.ends_with("9")
        values = {
            "llm_score": (pl.col("text").str.len_chars() % 6).cast(pl.Float64),
            f"{self.name}_label": pl.when(pl.col("lang") == "zh").then(pl.lit("chinese")).otherwise(pl.lit("other")),
        }
        return docs.with_columns(pl.when(asked).then(values[name]).alias(name) for name in self.writes)


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    faults.corpus(tmp_path / "in", 100, 2)
    stages: tuple[AnyStage, ...] = (Judged(), Judged(name="topic"))
    recipe = Recipe(name="judged", sources=(Source(name="web", path=str(tmp_path / "in")),), stages=stages)
    with open(os.devnull, "w") as nowhere:
        run(recipe, str(tmp_path / "run"), Inline(), Lines(nowhere))
    return tmp_path / "run"


def rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_scores_become_good_and_bad_examples_and_what_lies_between_or_was_not_asked_about_is_none(judged: Path) -> None:
    out = judged.parent / "labelled.jsonl"
    counts = labels(str(judged), "llm", str(out), high=4, low=1)
    kept = pl.read_parquet(judged / "kept" / "*.parquet")
    good = kept.filter(pl.col("llm_score") >= 4)
    assert counts == {"good": good.height, "bad": kept.filter(pl.col("llm_score") <= 1).height}
    assert sorted(row["text"] for row in rows(out) if row["label"] == "good") == sorted(good["text"])
    assert {row["source"] for row in rows(out)} == {"web"} and {row["lang"] for row in rows(out)} == {"zh", "en"}


def test_without_a_lower_limit_all_below_is_bad_and_labels_are_taken_as_they_are(judged: Path) -> None:
    counts = labels(str(judged), "llm", str(judged.parent / "a.jsonl"), high=4)
    assert sum(counts.values()) == 90
    assert labels(str(judged), "topic", str(judged.parent / "b.jsonl")) == {"chinese": 50, "other": 40}


def test_the_command_writes_what_the_training_of_a_judge_reads(judged: Path) -> None:
    out = judged.parent / "labelled.jsonl"
    arguments = [
        "classifier",
        "labels",
        str(judged),
        "--judge",
        "llm",
        "--out",
        str(out),
        "--high",
        "3",
        "--as",
        "yes:no",
    ]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert " yes" in done.output and " no" in done.output
    with open(os.devnull, "w") as nowhere:
        found = labelled([Labels(None, str(out))], Lines(nowhere)).docs
    assert found.height == 90
    assert set(found["label"]) == {"yes", "no"} and set(found["source"]) == {"web"}


def test_a_judge_that_is_not_there_or_gave_no_label_is_refused(judged: Path) -> None:
    out = judged.parent / "labelled.jsonl"
    for judge, high, said in (("nobody", 1.0, "there are llm_score, topic_label"), ("llm", None, "--high")):
        with pytest.raises(NotJudged, match=said):
            labels(str(judged), judge, str(out), high=high)
    with pytest.raises(NotJudged, match="nothing was written"):
        labels(str(judged), "llm", str(out), high=99, low=-1)
    assert not out.exists()


def test_bad_examples_that_reach_into_good_ones_are_refused(judged: Path) -> None:
    with pytest.raises(NotJudged, match="up to 4 and good ones begin at 2; expected --low below --high"):
        labels(str(judged), "llm", str(judged.parent / "out.jsonl"), high=2, low=4)
    assert not (judged.parent / "out.jsonl").exists()
