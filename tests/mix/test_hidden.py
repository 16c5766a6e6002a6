from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from curate.engine import Inline
from curate.mix import hidden
from curate.mix.build import build
from curate.mix.hidden import _estimate, hidden_domain
from curate.mix.settings import Mix
from curate.mix.survey import joined, surveyed
from tests.mix import kept


def with_hidden() -> pl.DataFrame:
    """Half of the medical texts stand in a general source beside the others."""
    docs = kept.documents()
    inside = (pl.col("source") == "toyhom") & (pl.int_range(pl.len()).over("source") % 2 == 0)
    return docs.with_columns(
        pl.when(inside).then(pl.lit("web")).otherwise("source").alias("source"),
        pl.when(inside).then(pl.lit("general")).otherwise("role").alias("role"),
        pl.when(inside).then(pl.lit("general")).otherwise("domain").alias("domain"),
    )


def test_domain_text_in_a_general_source_is_counted_and_passes_the_cap(tmp_path: Path) -> None:
    mix = Mix(tokenizer=kept.tokenizer(tmp_path), domain_share=0.14, held_out=0)
    report = build(mix, kept.shards(tmp_path / "kept", with_hidden(), [30]), str(tmp_path / "mix"), Inline())
    found = report.hidden["web"]
    assert found["share"] > 0.9 and found["judged"] == found["documents"] == 8 and found["error"] == 0
    assert report.hidden["poetry"]["share"] < 0.1
    share, error = report.with_hidden or (0.0, 1.0)
    assert share > report.realised + 0.03 and error == 0
    assert any("above the cap of 15 %: most of it is in 'web'" in one for one in report.warnings)
    assert any(line.startswith("domain text in general sources: with it the domain is") for line in report.lines())


def test_measures_that_the_documents_carry_are_read_and_no_text_is_judged(tmp_path: Path) -> None:
    docs = with_hidden().with_columns((pl.col("source") == "eips").cast(pl.Float64).alias("medical_score"))
    shards = kept.shards(tmp_path / "kept", docs, [30])
    survey = joined(map(surveyed, shards))
    found = hidden_domain(Mix(tokenizer=kept.tokenizer(tmp_path)), shards, survey, Inline(), None)
    assert found["eips"]["share"] == 1 and found["web"]["share"] == 0


def test_a_sample_by_hash_says_its_error_and_is_the_same_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hidden, "SAMPLE", 40)
    shards = kept.shards(tmp_path / "kept", with_hidden(), [30])
    survey, mix = joined(map(surveyed, shards)), Mix(tokenizer=kept.tokenizer(tmp_path))
    found = hidden_domain(mix, shards, survey, Inline(), str(tmp_path / "cache"))
    assert 0 < sum(one["judged"] for one in found.values()) < sum(one["documents"] for one in found.values())
    assert found == hidden_domain(mix, shards, survey, Inline(), str(tmp_path / "cache"))
    other = kept.shards(tmp_path / "other", with_hidden().sample(fraction=1, shuffle=True, seed=1), [5, 60])
    assert found == hidden_domain(mix, other[::-1], survey, Inline(), None)


def test_the_standard_error_is_how_far_samples_lie_from_the_truth() -> None:
    generator = np.random.default_rng(3)
    size = generator.integers(100, 5000, 4000).astype(float)
    is_domain = generator.random(4000) < 0.1
    truth = (size * is_domain).sum() / size.sum()
    off, errors = [], []
    for _ in range(400):
        one = generator.choice(4000, 500, replace=False)
        b, y = size[one], is_domain[one]
        found = _estimate(4000, 500, 0, b.sum(), (b * y).sum(), (b**2).sum(), (b**2 * y).sum())
        off.append(found["share"] - truth)
        errors.append(found["error"])
    assert np.std(off) == pytest.approx(np.mean(errors), rel=0.15)


def test_a_domain_that_no_judge_knows_is_not_counted(tmp_path: Path) -> None:
    docs = kept.documents().with_columns(pl.lit("chemistry").alias("domain"))
    mix = Mix(tokenizer=kept.tokenizer(tmp_path))
    report = build(mix, kept.shards(tmp_path / "kept", docs, []), str(tmp_path / "mix"), Inline())
    assert report.hidden == {} and report.with_hidden is None
