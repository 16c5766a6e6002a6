"""Rates rise in a straight line and fall by their shape; batches grow, and their rows follow each other."""

from __future__ import annotations

from itertools import chain, pairwise

import pytest

from curate.train.schedule import Course, Rate


def rates(shape: str, steps: int = 100, warmup: int = 10) -> list[float]:
    schedule = Rate(steps=steps, warmup=warmup, peak=1.0, floor=0.1, shape=shape)
    return [schedule.at(step) for step in range(steps)]


@pytest.mark.parametrize("shape", ["cosine", "linear", "wsd"])
def test_the_rate_rises_straight_to_its_peak_and_ends_at_its_floor(shape: str) -> None:
    found = rates(shape)
    assert found[:10] == pytest.approx([0.1 * step for step in range(1, 11)])
    assert found[10] == pytest.approx(1.0)
    assert found[-1] == pytest.approx(0.1)
    assert all(later <= sooner for sooner, later in pairwise(found[10:]))


def test_cosine_and_linear_are_half_way_down_in_the_middle() -> None:
    assert rates("cosine")[54] == pytest.approx(0.55, abs=0.02)
    assert rates("linear")[54] == pytest.approx(0.55, abs=0.02)
    assert rates("cosine")[30] > rates("linear")[30]


def test_wsd_stays_at_its_peak_and_falls_in_its_last_fifth() -> None:
    found = rates("wsd")
    assert set(found[10:80]) == {1.0}
    assert found[80] < 1
    falls = [sooner - later for sooner, later in pairwise(found[79:])]
    assert falls == pytest.approx([0.9 / 20] * 20)


@pytest.mark.parametrize("shape", ["cosine", "linear", "wsd"])
@pytest.mark.parametrize(("steps", "warmup"), [(1, 0), (1, 8), (2, 1), (5, 5), (3, 0)])
def test_short_trainings_have_a_rate_for_every_step(shape: str, steps: int, warmup: int) -> None:
    assert all(0 < value <= 1 for value in rates(shape, steps, warmup))


def test_a_batch_grows_in_a_straight_line_and_no_row_is_left_out_or_read_twice() -> None:
    course = Course(batch=16, start=4, ramp=6)
    assert [course.size(step) for step in range(9)] == [4, 6, 8, 10, 12, 14, 16, 16, 16]
    assert list(chain.from_iterable(course.rows(step) for step in range(9))) == list(range(102))


@pytest.mark.parametrize("course", [Course(batch=16, start=4, ramp=6), Course(batch=5, start=5)], ids=str)
@pytest.mark.parametrize("rows", [1, 4, 5, 33, 54, 55, 100])
def test_enough_steps_are_taken_to_read_what_is_wanted_and_none_more(course: Course, rows: int) -> None:
    steps = course.steps(rows)
    assert course.first(steps) >= rows > course.first(steps - 1)
