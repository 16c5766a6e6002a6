"""Connected components of a graph of documents, by union-find in one process.

A document is its place: the shard in the upper 32 bits, the row in the lower.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curate.kernels.compiled import kernel


def components(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """(documents, component of each) of the graph with the edges left[i] - right[i].

    Documents are sorted and different; a component is named by the smallest document in it, whatever the edges' order.
    """
    nodes = np.unique(np.concatenate([left, right]))
    parents = np.arange(len(nodes), dtype=np.int64)
    _unite(nodes, parents, np.ascontiguousarray(left), np.ascontiguousarray(right))
    return nodes, nodes[parents]


def telling(keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """bool[documents, bands]: the keys (u64 of the same shape) that tell who is connected with whom.

    Documents with a key in common are connected. A key that no document before has is needed, for those elsewhere; one
    that another has already, only where it connects the two for the first time. So each different key is told once, and
    once more for each document but one of a component: 20 rows and then one for each further copy of one text.
    """
    documents, bands = keys.shape
    slots = 1 << int(2 * documents * bands).bit_length()
    owners = np.full(slots, -1, np.int64)
    needed = np.zeros((documents, bands), np.bool_)
    _telling(np.ascontiguousarray(keys), np.empty(slots, np.uint64), owners, np.arange(documents), needed)
    return needed


@kernel
def _root(parents: NDArray[np.int64], node: int) -> int:
    while parents[node] != node:
        parents[node] = parents[parents[node]]  # halves the path for the next who comes along
        node = parents[node]
    return node


@kernel
def _unite(
    nodes: NDArray[np.uint64], parents: NDArray[np.int64], left: NDArray[np.uint64], right: NDArray[np.uint64]
) -> None:
    """Points each node at the smallest one of its component."""
    for edge in range(len(left)):
        one = _root(parents, np.searchsorted(nodes, left[edge]))
        other = _root(parents, np.searchsorted(nodes, right[edge]))
        if one < other:
            parents[other] = one
        else:
            parents[one] = other
    for node in range(len(parents)):
        parents[node] = _root(parents, node)


@kernel
def _telling(
    keys: NDArray[np.uint64],
    table: NDArray[np.uint64],
    owners: NDArray[np.int64],
    parents: NDArray[np.int64],
    needed: NDArray[np.bool_],
) -> None:
    mask = np.uint64(len(table) - 1)
    for document in range(keys.shape[0]):
        for band in range(keys.shape[1]):
            key = keys[document, band]
            slot = key & mask  # a key is a hash
            while owners[slot] >= 0 and table[slot] != key:
                slot = (slot + np.uint64(1)) & mask
            if owners[slot] < 0:
                table[slot], owners[slot] = key, document
                needed[document, band] = True
                continue
            one, other = _root(parents, document), _root(parents, owners[slot])
            if one != other:
                parents[max(one, other)] = min(one, other)
                needed[document, band] = True
