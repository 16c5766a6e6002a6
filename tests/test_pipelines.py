"""The recipes that come with Curate, but for the quickstart, which has a file of its own."""

from __future__ import annotations

import json
import os
from pathlib import Path

import polars as pl

from curate.engine import Inline
from curate.job import run
from curate.progress import Lines
from curate.recipe import load

ROOT = Path(__file__).parent.parent


def test_dialogues_are_judged_and_mixed_half_and_half(tmp_path: Path) -> None:
    with Path(os.devnull).open("w") as nowhere:
        outcome = run(load(ROOT / "pipelines/dialogues.py"), str(tmp_path / "out"), Inline(), Lines(nowhere))
    verdicts = pl.read_parquet(tmp_path / "out/verdicts/*.parquet")
    assert outcome.read == 600
    assert outcome.kept > 0.95 * outcome.read
    assert "truncated_answer" in set(verdicts["reason"])
    report = json.loads((tmp_path / "out/mix/report.json").read_text("utf-8"))
    assert abs(report["general_per_domain"] - 1) < 0.02
    assert (tmp_path / "out/version/manifest.json").is_file()
