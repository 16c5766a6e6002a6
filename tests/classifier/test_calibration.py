"""Calibration: one threshold means one thing in every group, and no order is ever changed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.classifier.calibration import Curve, calibrated, curves, fitted
from curate.classifier.evaluate import reliability

CHANCE = np.random.default_rng(0)


def sample(shift: float, size: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Scores of a model whose log odds are three times too large, and off by `shift`; and the truth."""
    truth = CHANCE.normal(0, 2, size)
    positive = CHANCE.random(size) < 1 / (1 + np.exp(-truth))
    return 1 / (1 + np.exp(-(3 * truth + shift))), positive


def test_a_group_that_is_off_is_brought_back() -> None:
    score, positive = sample(2.5)
    curve = fitted(score, positive)
    assert curve is not None
    assert curve.slope == pytest.approx(1 / 3, abs=0.04) and curve.shift == pytest.approx(-2.5 / 3, abs=0.15)
    before, after = (reliability(some, positive)["ece"] for some in (score, curve(score)))
    assert after < 0.03
    assert before > 0.1


def test_each_group_has_its_own_curve_and_others_that_of_all() -> None:
    (one, up), (two, down) = sample(-4), sample(4)
    scores, positive = np.concatenate([one, two]), np.concatenate([up, down])
    langs = ["zh"] * len(one) + ["en"] * len(two)
    found = curves(scores, positive, langs, [None] * len(langs))
    assert set(found) == {"", "zh", "en"}
    assert found["zh"].shift > 0.5 and found["en"].shift < -0.5
    half = np.full(4, 0.5)
    got = calibrated(half, found, ["zh", "en", "fr", "zh-TW"], None)
    assert got[0] == got[3] > 0.7 and got[1] < 0.3 and got[2] == found[""](half)[0]


def test_a_domain_in_a_language_has_the_narrowest_say() -> None:
    found = {"": Curve(1, 0), "zh": Curve(1, 1), "zh/law": Curve(1, 2)}
    got = calibrated(np.full(4, 0.5), found, ["zh", "zh", "en", None], ["law", "web", "law", "law"])
    assert got.round(3).tolist() == [0.881, 0.731, 0.5, 0.5]


def test_documents_of_no_domain_count_in_every_domain_of_their_language() -> None:
    score, positive = sample(0, 800)
    domains = ["law" if up else None for up in positive]
    assert set(curves(score, positive, ["en"] * 800, domains)) == {"", "en", "en/law"}


def test_too_few_or_one_sided_documents_give_no_curve() -> None:
    score, positive = sample(0, 60)
    assert fitted(score, positive) is None
    assert fitted(np.full(500, 0.9), np.ones(500, np.bool_)) is None


def test_perfectly_separated_documents_give_a_finite_curve() -> None:
    score = np.concatenate([np.full(200, 0.9999), np.full(200, 0.0001)])
    curve = fitted(score, score > 0.5)
    assert curve is not None and curve(np.array([0.5]))[0] == pytest.approx(0.5, abs=0.01)
    assert 0.9 < curve(np.array([0.9999]))[0] < 1


def test_a_model_that_has_it_the_wrong_way_round_is_not_turned_about() -> None:
    score, positive = sample(0)
    assert fitted(score, ~positive) is None


@given(st.floats(0.02, 50), st.floats(-20, 20), st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_a_curve_never_changes_an_order(slope: float, shift: float, scores: list[float]) -> None:
    found = Curve(slope, shift)(np.sort(np.array(scores)))
    assert (np.diff(found) >= 0).all() and ((found >= 0) & (found <= 1)).all()
