"""Components are those of the graph, whatever the order of its edges."""

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.dedup.components import components

NODE = st.integers(0, 12).map(lambda number: number << 30)


def plain(edges: list[tuple[int, int]]) -> dict[int, int]:
    """The smallest node that each node can be reached from."""
    names = {node: node for edge in edges for node in edge}
    for _ in names:
        for one, other in edges:
            names[one] = names[other] = min(names[one], names[other])
    return names


@given(st.lists(st.tuples(NODE, NODE), max_size=20), st.randoms(use_true_random=False))
def test_every_node_is_named_by_the_smallest_of_its_component(edges: list[tuple[int, int]], draw: Random) -> None:
    expected = plain(edges)
    draw.shuffle(edges)
    turned = [edge if draw.random() < 0.5 else edge[::-1] for edge in edges]
    nodes, names = components(
        np.array([one for one, _ in turned], np.uint64), np.array([other for _, other in turned], np.uint64)
    )
    assert nodes.tolist() == sorted(expected)
    assert dict(zip(nodes.tolist(), names.tolist(), strict=True)) == expected


def test_a_chain_of_a_million_documents_is_one_component() -> None:
    chain = np.arange(1_000_000, dtype=np.uint64)
    for left, right in ((chain[:-1], chain[1:]), (chain[:0:-1], chain[-2::-1])):
        _, names = components(left, right)
        assert not names.any()
