"""Connected components of a graph of documents, by union-find in one process.

An edge takes 16 bytes and the arrays about 40 more for each document in it: 10^8 edges are at home in 8 GB.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curate.kernels.compiled import kernel


def components(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """(documents, component of each) of the graph with the edges left[i] - right[i].

    Documents are sorted and different; a component is named by the smallest document in it, whatever the edges' order.
    """
    nodes, ends = np.unique(np.concatenate([left, right]), return_inverse=True)
    parents = np.arange(len(nodes), dtype=np.int64)
    _unite(parents, ends[: len(left)].astype(np.int64), ends[len(left) :].astype(np.int64))
    return nodes, nodes[parents]


@kernel
def _root(parents: NDArray[np.int64], node: int) -> int:
    while parents[node] != node:
        parents[node] = parents[parents[node]]  # halves the path for the next who comes along
        node = parents[node]
    return node


@kernel
def _unite(parents: NDArray[np.int64], left: NDArray[np.int64], right: NDArray[np.int64]) -> None:
    """Points each node at the smallest one of its component."""
    for edge in range(len(left)):
        one, other = _root(parents, left[edge]), _root(parents, right[edge])
        if one < other:
            parents[other] = one
        else:
            parents[one] = other
    for node in range(len(parents)):
        parents[node] = _root(parents, node)
