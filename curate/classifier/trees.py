"""Trains boosted trees on measures: gradient boosting of a logistic loss, with directions that experience dictates.

A measure may be told to speak in one direction only (more repetition is never a sign of clean text): what the trees
learn from one collection of texts then holds better for others, where formats and subjects differ (monotone constraints
as in XGBoost, by bounds on the leaves). The same rows give the same trees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.kernels.trees import histograms


@dataclass(frozen=True, kw_only=True)
class Training:
    rounds: int = 250
    depth: int = 4
    rate: float = 0.1
    bins: int = 48  # of each measure, at most 256
    ridge: float = 5.0
    least: float = 5.0  # weight of a leaf's second derivatives


class Trees(NamedTuple):
    """Complete trees, as `kernels.trees.sums` reads them, and what is added to their sum."""

    base: float
    columns: NDArray[np.int64]
    limits: NDArray[np.float64]
    leaves: NDArray[np.float64]

    def as_json(self) -> dict[str, Any]:
        rows = zip(self.columns.tolist(), self.limits.tolist(), self.leaves.tolist(), strict=True)
        trees = [
            {"columns": columns, "limits": [None if limit == inf else limit for limit in limits], "leaves": leaves}
            for columns, limits, leaves in rows
        ]
        return {"base": self.base, "trees": trees}

    @classmethod
    def of_json(cls, data: dict[str, Any]) -> Trees:
        trees = data["trees"]
        limits = [[inf if limit is None else limit for limit in tree["limits"]] for tree in trees]
        return cls(
            float(data["base"]),
            np.array([tree["columns"] for tree in trees], np.int64),
            np.array(limits, np.float64),
            np.array([tree["leaves"] for tree in trees], np.float64),
        )


def train(
    rows: NDArray[np.float64],
    labels: NDArray[np.float64],
    weights: NDArray[np.float64],
    directions: Sequence[int],
    training: Training,
) -> Trees:
    """Trees whose sum is the log-odds of label 1. `directions`: 1 where more of a measure may only raise it, -1 where
    it may only lower it, 0 where it is free."""
    shares = np.linspace(0, 1, training.bins + 1)[1:-1]
    edges = [np.unique(np.round(np.quantile(column, shares), 6)) for column in rows.T]
    found = [np.searchsorted(edge, column) for edge, column in zip(edges, rows.T, strict=True)]
    binned = np.column_stack(found).astype(np.uint8)
    base = round(float(np.log((weights * labels).sum() / (weights * (1 - labels)).sum())), 6)
    sums = np.full(len(rows), base)
    columns, limits, leaves = [], [], []
    for _ in range(training.rounds):
        chance = 1 / (1 + np.exp(-sums))
        first, second = weights * (chance - labels), weights * chance * (1 - chance)
        where, features, cuts, values = _tree(binned, first, second, np.array(directions), edges, training)
        sums += values[where]
        columns.append(features)
        limits.append(cuts)
        leaves.append(values)
    return Trees(base, np.array(columns), np.array(limits), np.array(leaves))


def _tree(
    binned: NDArray[np.uint8],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    directions: NDArray[np.int64],
    edges: Sequence[NDArray[np.float64]],
    training: Training,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """(the leaf of each row, columns and limits of the nodes, values of the leaves)."""
    width = training.bins
    node = np.zeros(len(binned), np.int64)
    low, high = np.full(1, -inf), np.full(1, inf)
    features: list[int] = []
    cuts: list[float] = []
    for level in range(training.depth):
        count = 2**level
        below, above = np.empty(2 * count), np.empty(2 * count)
        chosen, border = np.zeros(count, np.int64), np.full(count, width, np.int64)
        left_g, left_h = (histograms(binned, node, values, count, width).cumsum(axis=2) for values in (first, second))
        for at in range(count):
            g, h = left_g[at], left_h[at]
            bounds = (low[at], high[at])
            best = _split(g, h, directions, bounds, training)
            below[2 * at : 2 * at + 2], above[2 * at : 2 * at + 2] = low[at], high[at]
            if best is not None and best[1] < len(edges[best[0]]):
                chosen[at], border[at], middle = best
                rising = directions[chosen[at]]
                above[2 * at + (rising < 0)] = middle if rising else high[at]
                below[2 * at + (rising > 0)] = middle if rising else low[at]
                cuts.append(float(edges[chosen[at]][border[at]]))
            else:
                cuts.append(inf)
            features.append(int(chosen[at]))
        node = 2 * node + (binned[np.arange(len(binned)), chosen[node]] > border[node])
        low, high = below, above
    g, h = (np.bincount(node, values, 2**training.depth) for values in (first, second))
    values = np.clip(-g / (h + training.ridge), low, high) * training.rate
    return node, np.array(features), np.array(cuts), np.round(values, 6)


def _split(
    g: NDArray[np.float64],
    h: NDArray[np.float64],
    directions: NDArray[np.int64],
    bounds: tuple[float, float],
    training: Training,
) -> tuple[int, int, float] | None:
    """(column, bin, value between the two sides) of the best split of a node; None where none is worth it."""

    def value(g: NDArray[np.float64], h: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.clip(-g / (h + training.ridge), *bounds)

    def score(value: NDArray[np.float64], g: NDArray[np.float64], h: NDArray[np.float64]) -> NDArray[np.float64]:
        return -(2 * g * value + (h + training.ridge) * value * value)

    total_g, total_h = g[:, -1:], h[:, -1:]
    left, right = value(g, h), value(total_g - g, total_h - h)
    whole = score(value(total_g, total_h), total_g, total_h)
    gain = score(left, g, h) + score(right, total_g - g, total_h - h) - whole
    gain[(h < training.least) | (total_h - h < training.least) | ((right - left) * directions[:, None] < 0)] = -1
    column, bin_ = divmod(int(gain.argmax()), gain.shape[1])
    if gain[column, bin_] <= 1e-3:
        return None
    return column, bin_, float(left[column, bin_] + right[column, bin_]) / 2
