"""Boosted trees: they learn what the measures tell, in the directions that are allowed, the same each time."""

from __future__ import annotations

import json

import numpy as np

from curate.classifier.trees import Training, Trees, train
from curate.kernels.trees import sums

SMALL = Training(rounds=40, depth=3)
CHANCE = np.random.default_rng(3)
ROWS = CHANCE.normal(size=(3_000, 4))
LABELS = ((ROWS[:, 0] > 0.3) ^ (ROWS[:, 1] > 0)).astype(np.float64)
ONES = np.ones(len(ROWS))


def odds(trees: Trees, rows: np.ndarray) -> np.ndarray:
    return trees.base + sums(rows, trees.columns, trees.limits, trees.leaves)


def test_they_learn_what_two_measures_say_together() -> None:
    trees = train(ROWS, LABELS, ONES, [0, 0, 0, 0], SMALL)
    assert ((odds(trees, ROWS) > 0) == LABELS).mean() > 0.95


def test_a_direction_holds_everywhere() -> None:
    trees = train(ROWS, LABELS, ONES, [1, 0, 0, 0], SMALL)
    for step in (0.1, 1.0, 5.0):
        more = ROWS.copy()
        more[:, 0] += step
        assert (odds(trees, more) >= odds(trees, ROWS) - 1e-4).all()


def test_the_same_rows_give_the_same_trees_and_json_keeps_them() -> None:
    one, two = (train(ROWS, LABELS, ONES, [0, 0, 0, 0], SMALL) for _ in range(2))
    assert json.dumps(one.as_json()) == json.dumps(two.as_json())
    again = Trees.of_json(json.loads(json.dumps(one.as_json())))
    assert np.array_equal(odds(again, ROWS), odds(one, ROWS))


def test_weights_move_the_balance() -> None:
    plain = train(ROWS, LABELS, ONES, [0] * 4, SMALL)
    heavy = train(ROWS, LABELS, np.where(LABELS == 1, 5.0, 1.0), [0] * 4, SMALL)
    assert odds(heavy, ROWS).mean() > odds(plain, ROWS).mean()


def test_one_kind_of_rows_that_tells_nothing_gives_trees_without_splits() -> None:
    trees = train(np.zeros((50, 2)), np.array([0.0, 1.0] * 25), np.ones(50), [0, 0], Training(rounds=2, depth=2))
    assert np.isinf(trees.limits).all()
