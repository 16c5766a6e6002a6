"""Training a model of fluency: the same texts give the same file; a command makes one that a stage reads."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from curate.classifier.fluency import Training, make, train
from curate.cli import main
from curate.kernels.fluency import fluency, unpacked
from curate.stages.heuristics.fluency import BANDS, Fluency

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "classifiers" / "fluency"
SOURCE_DATA = ROOT.parent / "shared" / "data"
SAMPLES = pl.read_parquet(ROOT / "data_samples" / "general" / "reference.parquet")["body"].head(120)
SMALL = Training(cells=60_000, least=2)


def test_the_same_texts_give_the_same_file(tmp_path: Path) -> None:
    one = train(SAMPLES.to_list(), tmp_path / "one.bin", SMALL)
    assert train(SAMPLES.to_list(), tmp_path / "two.bin", SMALL).sha256 == one.sha256
    assert train(SAMPLES.head(100).to_list(), tmp_path / "three.bin", SMALL).sha256 != one.sha256


def test_what_was_seen_is_cheaper_than_what_was_not(tmp_path: Path) -> None:
    model = train(["the cat sat on the mat and the dog ran after it"] * 20, tmp_path / "model.bin", SMALL)
    cells = unpacked(model.verified(), "model.bin")
    seen, turned, unseen = fluency(
        pl.Series(["the dog sat on the mat", "mat the on sat dog the", "qrz wvk plox zzt brrk xyq"]), cells
    ).cost
    assert seen < turned < unseen


def test_the_table_is_filled_as_far_as_it_was_asked(tmp_path: Path) -> None:
    for full in (0.3, 0.6):
        model = train(SAMPLES.to_list(), tmp_path / "model.bin", Training(cells=60_000, full=full, least=2))
        assert np.mean(unpacked(model.verified(), "model.bin") > 0) <= full + 0.01


def test_a_tenth_is_held_out_and_parts_the_bands(tmp_path: Path) -> None:
    docs = pl.DataFrame({"text": [f"{text[:400]} {n}" for n in range(5) for text in SAMPLES], "lang": "en"})
    facts = make(docs, tmp_path, SMALL)
    assert 0.05 < facts["held_out"] / docs.height < 0.15
    low, high = facts["thirds"]["en"]
    assert 1 < low < high
    stage = Fluency.of(tmp_path)
    assert stage.thirds_en == (low, high)
    assert stage.thirds_zh == BANDS["zh"]


def test_the_command_writes_a_folder_that_the_stage_reads(tmp_path: Path) -> None:
    files = [str(ROOT / "data_samples" / "general" / name) for name in ("general.en.jsonl.zst", "general.zh.jsonl.gz")]
    for out in ("one", "two"):
        result = CliRunner().invoke(
            main, ["fluency", "train", *files, "--out", str(tmp_path / out), "--cells", "60000"], catch_exceptions=False
        )
        assert result.exit_code == 0, result.output
    names = ("fluency.json", "model.bin")
    assert [(tmp_path / "one" / name).read_bytes() for name in names] == [
        (tmp_path / "two" / name).read_bytes() for name in names
    ]
    assert Fluency.of(tmp_path / "one").model.path.name == "model.bin"


def test_a_model_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "texts.jsonl").write_text(json.dumps({"text": SAMPLES[0]}), "utf-8")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.bin").write_text("older")
    asked = ["fluency", "train", str(tmp_path / "texts.jsonl"), "--out", str(tmp_path / "model")]
    said = CliRunner().invoke(main, asked)
    assert said.exit_code == 2
    assert "is there already; name another folder" in said.output
    assert (tmp_path / "model" / "model.bin").read_text() == "older"


def test_the_shipped_model_tells_order_on_sources_that_it_has_not_seen() -> None:
    metrics = json.loads((SHIPPED / "metrics.json").read_text("utf-8"))
    model = (SHIPPED / "model.bin").read_bytes()
    assert metrics["model"] == hashlib.sha256(model).hexdigest()
    assert len(model) < 3_000_000
    card = (SHIPPED / "README.md").read_text("utf-8")
    for lang in ("en", "zh"):
        for name, row in metrics[lang]["unseen"].items():
            assert f"| {name} | {row['texts']} | {row['auc_gain']:.4f} |" in card
            if "wind_daily" not in name:  # pictures in base64
                assert row["auc_gain"] >= 0.98, name


def test_no_benchmark_and_only_open_text_is_trained_on() -> None:
    metrics = json.loads((SHIPPED / "metrics.json").read_text("utf-8"))
    card = (SHIPPED / "README.md").read_text("utf-8")
    assert all(name.startswith(("corpora/", "written/")) for name in metrics["sources"])
    for name in (
        "MedQuAD",
        "EIPs",
        "PEPs",
        "Standard Ebooks",
        "TAT-QA",
        "Toyhom",
        "Classical-Modern",
        "novel",
        "poetry",
    ):
        assert name in card


@pytest.mark.slow
@pytest.mark.skipif(not SOURCE_DATA.is_dir(), reason="the source data is not at ../shared/data")
def test_the_shipped_model_is_trained_again_byte_for_byte(tmp_path: Path) -> None:
    import subprocess
    import sys

    script = [sys.executable, str(SHIPPED / "train.py"), str(SOURCE_DATA), "--out", str(tmp_path)]
    subprocess.run(script, check=True, cwd=ROOT)
    for name in ("model.bin", "metrics.json"):
        assert (tmp_path / name).read_bytes() == (SHIPPED / name).read_bytes()
