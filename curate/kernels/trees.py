"""Boosted decision trees: applied to rows of measures, and the sums that they are grown by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curate.kernels.compiled import kernel


def sums(
    rows: NDArray[np.float64], columns: NDArray[np.int64], limits: NDArray[np.float64], leaves: NDArray[np.float64]
) -> NDArray[np.float64]:
    """f64[n]: of each row the leaves that it falls into, summed tree by tree.

    `columns` and `limits` are [trees, 2^depth - 1], the nodes of complete trees level by level: a row goes right where
    its value in that column is above the limit. `leaves` is [trees, 2^depth].
    """
    out = np.zeros(len(rows))
    _sums(np.ascontiguousarray(rows), columns, limits, leaves, out)
    return out


@kernel
def _sums(
    rows: NDArray[np.float64],
    columns: NDArray[np.int64],
    limits: NDArray[np.float64],
    leaves: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    inner = columns.shape[1]
    for row in range(len(rows)):
        total = 0.0
        for tree in range(len(columns)):
            node = 0
            while node < inner:
                node = 2 * node + (2 if rows[row, columns[tree, node]] > limits[tree, node] else 1)
            total += leaves[tree, node - inner]
        out[row] = total


def histograms(
    binned: NDArray[np.uint8], nodes: NDArray[np.int64], values: NDArray[np.float64], count: int, width: int
) -> NDArray[np.float64]:
    """f64[count, columns, width]: the sum of `values` over the rows of each node and bin, in the order of rows."""
    out = np.zeros((count, binned.shape[1], width))
    _histograms(binned, nodes, values, out)
    return out


@kernel
def _histograms(
    binned: NDArray[np.uint8], nodes: NDArray[np.int64], values: NDArray[np.float64], out: NDArray[np.float64]
) -> None:
    for row in range(len(binned)):
        for column in range(binned.shape[1]):
            out[nodes[row], column, binned[row, column]] += values[row]
