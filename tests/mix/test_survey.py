from __future__ import annotations

from pathlib import Path

import polars as pl

from curate.engine import Inline
from curate.mix.build import build
from curate.mix.settings import Base, Mix
from curate.mix.survey import joined, skipped_gates, surveyed
from tests.mix import kept


def without(docs: pl.DataFrame, source: str, measure: str) -> pl.DataFrame:
    return docs.with_columns(pl.when(pl.col("source") != source).then(measure).alias(measure))


def test_a_source_that_was_not_measured_as_its_neighbours_were_is_named(tmp_path: Path) -> None:
    docs = without(kept.documents(), "eips", "quality_score")
    found = joined(map(surveyed, kept.shards(tmp_path, docs, [3, 70])))
    lines = skipped_gates(found)
    assert len(lines) == 1
    assert lines[0].startswith("source 'eips' (prose) was not measured by quality_score, as history, medquad, poetry")


def test_a_shard_without_the_measure_is_of_a_source_without_it(tmp_path: Path) -> None:
    docs = kept.documents()
    one = kept.shards(tmp_path / "one", docs.filter(pl.col("source") == "poetry").drop("chars"), [])
    others = kept.shards(tmp_path / "others", docs.filter(pl.col("source") != "poetry"), [20])
    lines = skipped_gates(joined(map(surveyed, [*one, *others])))
    assert len(lines) == 1 and "'poetry' (prose) was not measured by chars" in lines[0]


def test_sources_of_different_kinds_pass_different_gates(tmp_path: Path) -> None:
    docs = pl.concat([without(kept.documents("dialogue"), "gsm8k", "chars").with_columns(
        pl.lit(None, pl.Int64).alias("chars")), kept.documents()])  # fmt: skip
    assert skipped_gates(joined(map(surveyed, kept.shards(tmp_path, docs, [])))) == []


def test_a_measure_that_some_documents_lack_is_no_gate_that_was_skipped(tmp_path: Path) -> None:
    docs = kept.documents().with_columns(
        pl.when(pl.int_range(pl.len()) % 2 == 0).then("quality_score").alias("quality_score")
    )
    docs = without(docs, "eips", "quality_score")
    assert skipped_gates(joined(map(surveyed, kept.shards(tmp_path, docs, [])))) == []


def test_the_report_names_the_gate_and_the_base_model(tmp_path: Path) -> None:
    shards = kept.shards(tmp_path / "kept", without(kept.documents(), "toyhom", "chars"), [])
    base = Base("Qwen3-8B-Base", {"en": 0.6, "zh": 0.25}, "our guess")
    tokenizer = kept.tokenizer(tmp_path)
    report = build(Mix(tokenizer=tokenizer, base=base), shards, str(tmp_path / "mix"), Inline())
    assert any("'toyhom' (prose) was not measured by chars" in one for one in report.warnings)
    assert "base model: Qwen3-8B-Base: en 60 %, zh 25 % (our guess)" in report.lines()
    other = build(Mix(tokenizer=tokenizer), shards, str(tmp_path / "other"), Inline())
    assert "base model: not stated" in other.lines()
