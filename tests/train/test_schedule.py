"""The rate rises in a straight line, then falls as a cosine to its floor."""

from __future__ import annotations

from itertools import pairwise

import pytest

from curate.train.schedule import rate, usual_rate


def rates(steps: int, warmup: int) -> list[float]:
    return [rate(step, steps=steps, warmup=warmup, peak=1.0, floor=0.1) for step in range(steps)]


def test_the_rate_rises_straight_to_its_peak_and_ends_at_its_floor() -> None:
    found = rates(100, 10)
    assert found[:10] == pytest.approx([0.1 * step for step in range(1, 11)])
    assert found[10] == pytest.approx(1.0)
    assert found[54] == pytest.approx(0.1 + 0.9 / 2, abs=0.02)
    assert found[-1] == pytest.approx(0.1)
    assert all(later < sooner for sooner, later in pairwise(found[10:]))


@pytest.mark.parametrize(("steps", "warmup"), [(1, 0), (1, 8), (2, 1), (5, 5), (3, 0)])
def test_short_trainings_have_a_rate_for_every_step(steps: int, warmup: int) -> None:
    assert all(0 < value <= 1 for value in rates(steps, warmup))


def test_trained_weights_get_a_lower_rate_than_a_random_start() -> None:
    assert usual_rate(2_000_000, from_weights=True) < usual_rate(7 * 10**9, from_weights=False)
    assert usual_rate(7 * 10**9, from_weights=False) < usual_rate(2_000_000, from_weights=False)
