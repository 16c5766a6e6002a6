from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from curate.cli import main
from tests.mix import kept


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mixing")
    kept.tokenizer(folder / "model")
    run = folder / "run"
    kept.shards(run / "kept", kept.documents(), [30, 60])
    (run / "run.json").write_text("{}")
    return folder


def mix(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["mix", *map(str, words)])


def test_a_run_is_mixed_and_planned_anew_over_its_tokens(folder: Path) -> None:
    made = mix(
        folder / "run", "--tokenizer", folder / "model", "--row-length", 128, "--out", folder / "mix", "--inline"
    )
    assert made.exit_code == 0 and made.output.startswith("pt mix: ") and "12 % asked" in made.output
    other = mix(folder / "mix", "--domain-share", 0.05, "--out", folder / "other")
    assert other.exit_code == 0 and "5 % asked" in other.output and "rows of 128" in other.output
    assert json.loads((folder / "other" / "plan.json").read_text())["domain_share"] == 0.05
    again = mix(folder / "mix", "--seed", 1, "--out", folder / "third")
    assert again.exit_code == 2 and "seed is 0 there and 1 here" in again.stderr
    said = mix(folder / "mix", "--domain-share", 0.05, "--plan-only")
    assert said.exit_code == 0 and said.output == other.output
    both = mix(folder / "mix", folder / "other", "--tokenizer", folder / "model", "--out", folder / "third")
    assert both.exit_code == 2 and "is a mix, and only of one at a time" in both.stderr
    assert not (folder / "third").exists()


def test_a_plan_is_said_without_writing_anything(folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    said = mix(
        folder / "run" / "kept", "--tokenizer", folder / "model" / "tokenizer.json", "--plan-only", "--inline",
        "--share", "lang.zh=0.6", "--weight", "poetry=2", "--epochs", 2,
    )  # fmt: skip
    assert said.exit_code == 0 and "lang: zh" in said.output and "(60 % asked)" in said.output
    assert "poetry.zh" in said.output and sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--tokenizer", "MODEL"], "--out DIR is missing"),
        (["--out", "x"], "--tokenizer is missing"),
        (["--tokenizer", "MODEL", "--out", "x", "--domain-share", "0.3"], "above the cap of 15 %"),
        (["--tokenizer", "MODEL", "--out", "x", "--share", "zh=0.3"], "expected COLUMN.VALUE=SHARE"),
        (["--tokenizer", "MODEL", "--out", "x", "--weight", "poetry"], "expected NAME=NUMBER"),
        (["--tokenizer", "MODEL", "--out", "x", "--override", "because"], "--domain-share, which is missing"),
        (["--tokenizer", "MODEL", "--out", "x", "--override", "because", "--domain-share", ".1"], "is not above it"),
        (["--tokenizer", "MODEL", "--out", "x", "--unit", "examples"], "unit='examples' is of sft mixes"),
        (["--tokenizer", "MODEL", "--out", "s3://bucket/mix", "--inline"], "a local or shared file system"),
        (["--tokenizer", "nowhere", "--out", "x"], "nowhere is not there: expected a tokenizer.json or"),
        (["--tokenizer", "PLAN", "--out", "x", "--inline"], "the tokenizer is JSON of something else"),
        (["--tokenizer", "TEXT", "--out", "x", "--inline"], "the tokenizer is no JSON"),
        (["--tokenizer", "MODEL", "--out", "x", "--tokens", "90", "--inline"], "there is room for 10 of the domain"),
        (
            ["--tokenizer", "MODEL", "--out", "x", "--weight", "medquad=0", "--weight", "toyhom=0", "--inline"],
            "none of its text can be drawn: its sources have weight 0",
        ),
        (["--tokenizer", "MODEL", "--out", "x", "--deny-license", "MIT", "--inline"], "'poetry': 60 documents"),
        (["--tokenizer", "MODEL", "--out", "x", "--tokens", "400000", "--inline"], "are there: give more, or take"),
    ],
)
def test_what_cannot_be_is_refused_with_code_2(folder: Path, words: list[str], says: str) -> None:
    places = {"MODEL": "model", "x": "x", "PLAN": "run/run.json", "TEXT": "run/kept/00000.parquet"}
    given = [str(folder / places[word]) if word in places else word for word in words]
    refused = mix(folder / "run", *given)
    assert refused.exit_code == 2 and says in refused.stderr and not (folder / "x").exists()


def test_a_folder_without_kept_shards_is_refused(folder: Path) -> None:
    refused = mix(folder / "model", "--tokenizer", folder / "model", "--out", folder / "x")
    assert refused.exit_code == 2 and "there are no kept shards" in refused.stderr


def test_the_cap_is_lifted_with_a_reason(folder: Path) -> None:
    words = [
        "--tokenizer",
        folder / "model",
        "--domain-share",
        0.3,
        "--override",
        "measured",
        "--plan-only",
        "--inline",
    ]
    said = mix(folder / "run", *words)
    assert said.exit_code == 0 and "the cap is lifted to 30 %: measured" in said.output
