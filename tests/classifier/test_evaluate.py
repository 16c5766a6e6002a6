"""Figures of an evaluation against what can be counted by hand, and pages that show text without running it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.classifier.card import UNSAID, card
from curate.classifier.evaluate import Evaluation, NotEvaluable, at, auc, evaluate, reliability, roc
from curate.classifier.folder import assets
from curate.classifier.make import LABELLED
from curate.classifier.model import NotAJudge
from curate.classifier.report import lines, page
from curate.shipped import shipped
from tests.classifier.texts import BOILERPLATE, REAL

MODEL, FACTS = assets(shipped("classifiers/quality"))


def documents(evil: str = "") -> pl.DataFrame:
    rows = [
        {"text": text + evil, "label": label, "source": f"{label}.jsonl", "lang": name[:2]}
        for label, texts in (("clean", REAL), ("noise", BOILERPLATE))
        for name, text in texts.items()
    ]
    return pl.DataFrame(rows, schema=dict(LABELLED))


@pytest.fixture(scope="module")
def found() -> Iterator[Evaluation]:
    yield evaluate(documents(), MODEL, FACTS, label="clean")


@given(st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=2, max_size=40))
def test_auc_is_the_chance_that_one_scores_higher_than_the_other(rows: list[tuple[int, bool]]) -> None:
    above, below = (np.array([score / 10 for score, up in rows if up is side]) for side in (True, False))
    if not len(above) or not len(below):
        assert auc(above, below) is None
        return
    wins = np.mean([(a > b) + (a == b) / 2 for a in above for b in below])
    assert auc(above, below) == pytest.approx(wins, abs=1e-4)
    score, positive = np.concatenate([above, below]), np.arange(len(rows)) < len(above)
    x, y = np.array(roc(score, positive)).T
    assert np.trapezoid(y, x) == pytest.approx(wins, abs=5e-3)


def test_rates_at_a_threshold_are_those_that_can_be_counted() -> None:
    score, positive = np.array([0.9, 0.8, 0.4, 0.7, 0.1]), np.array([True, True, True, False, False])
    assert at(score, positive, 0.5) == {
        "threshold": 0.5, "kept": 0.6, "precision": 0.6667, "recall": 0.6667, "f1": 0.6667, "others_kept": 0.5,
    }  # fmt: skip


def test_a_score_that_is_right_as_often_as_it_says_has_no_calibration_error() -> None:
    score = np.repeat([0.25, 0.75], 400)
    positive = np.concatenate([np.arange(400) % 4 == 0, np.arange(400) % 4 != 0])
    assert reliability(score, positive)["ece"] == 0
    assert reliability(1 - score, positive)["ece"] == 0.5


def test_labels_languages_and_sources_are_told_apart(found: Evaluation) -> None:
    data = found.data
    assert data["documents"] == len(REAL) + len(BOILERPLATE)
    assert data["confusion"]["clean"]["clean"] == len(REAL)
    assert set(data["languages"]) == {"en", "zh"}
    assert set(data["sources"]) == {f"{one}.jsonl {one} {lang}" for one in ("clean", "noise") for lang in ("en", "zh")}
    assert data["labels"]["clean"]["f1"] == 1 == data["labels"]["noise"]["auc"]
    assert found.near.height == 30 or found.near.height == data["documents"]
    gaps = (found.near["score"] - 0.5).abs()
    assert gaps.is_sorted()


def test_the_report_is_a_table_and_a_page_that_loads_and_runs_nothing(found: Evaluation) -> None:
    text = "\n".join(lines(found.data))
    assert "| en | clean |" in text and "Threshold" in text
    shown = page(found, "a <b> title")
    assert shown.count("<svg") == 1 and "<polyline" in shown
    assert not any(word in shown for word in ("<script", "src=", "href=", "@import", "url("))
    assert "a &lt;b&gt; title" in shown


def test_text_of_documents_stays_text_on_the_page() -> None:
    evil = " </td><script>alert(1)</script> | x \x1b[31m"
    table = documents(evil).with_columns((pl.col("source") + "<script>|").alias("source"))
    evaluation = evaluate(table, MODEL, FACTS, label="clean")
    assert "<script>" not in page(evaluation, "t")
    assert all(line.count("|") == line.count("\\|") + 6 for line in lines(evaluation.data) if "<script>" in line)
    assert "\x1b" not in "".join(lines(evaluation.data))


def test_labels_that_the_judge_does_not_know_are_refused() -> None:
    with pytest.raises(NotEvaluable, match="'poem'"):
        evaluate(documents().with_columns(pl.lit("poem").alias("label")), MODEL, FACTS, label="clean")
    with pytest.raises(NotAJudge, match="'poem'"):
        evaluate(documents(), MODEL, FACTS, label="poem")
    with pytest.raises(NotEvaluable, match="no document"):
        evaluate(documents().clear(), MODEL, FACTS, label="clean")


def test_one_side_alone_is_measured_as_far_as_it_goes() -> None:
    found = evaluate(documents().filter(label="clean"), MODEL, FACTS, label="clean")
    assert found.data["reliability"]["ece"] is None and found.data["roc"] == []
    assert "<svg" in page(found, "t")


def test_a_card_says_what_is_known_and_what_nobody_has_said(tmp_path: Path) -> None:
    folder = tmp_path / "judge"
    folder.mkdir()
    for one in (MODEL, FACTS):
        (folder / one.path.name).write_bytes(one.path.read_bytes())
    bare = card(folder)
    assert UNSAID in bare and "not stated" in bare and MODEL.sha256 in bare and "Not measured" in bare
    full = card(folder, licences="CC0-1.0; learned from my own notes", limits="It can't read verse.")
    assert UNSAID not in full and "It can't read verse." in full and "| licence | CC0-1.0; learned" in full


def test_a_folder_whose_parts_do_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAJudge, match=r"there is no model\.ftz"):
        card(tmp_path)
    (tmp_path / "model.ftz").write_bytes(MODEL.path.read_bytes() + b" ")
    (tmp_path / "judge.json").write_bytes(FACTS.path.read_bytes())
    with pytest.raises(NotAJudge, match="is of the model"):
        card(tmp_path)


HEAD = b'{"format":"curate judge 1","name":"x","model":{"sha256":"x"},'


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"{}", b'{"format": "curate judge 1"}', b"[" * 100_000, b"\xff", b'{"format": "other"}',
     HEAD + b'"labels":["a","b"],"calibration":{"a":{"":[-1,0]}}}',
     HEAD + b'"labels":["a","b"],"calibration":{"c":{}}}',
     HEAD + b'"labels":["a","b"],"calibration":{"a":{"":[NaN,0]}}}', HEAD + b'"labels":["a"],"calibration":{}}'],
)  # fmt: skip
def test_a_judge_json_that_is_none_is_refused(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "model.ftz").write_bytes(MODEL.path.read_bytes())
    (tmp_path / "judge.json").write_bytes(raw)
    with pytest.raises(NotAJudge):
        assets(tmp_path)
