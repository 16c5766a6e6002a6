"""Sketches are the smallest elements of each set, from which similarity is read."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels.shingles import shingles
from curate.kernels.sketches import Sketches, similarities, sketches
from curate.kernels.tokens import tokens

TEXTS = st.lists(st.lists(st.sampled_from("abcdef高血压"), max_size=40).map(" ".join), max_size=6)


@given(TEXTS, st.integers(1, 20))
def test_a_sketch_holds_the_smallest_different_elements_in_order(texts: list[str], size: int) -> None:
    sets = shingles(tokens(pl.Series(texts, dtype=pl.String)), 3)
    found = sketches(sets, size)
    assert len(found.starts) == len(texts) + 1
    for text in range(len(texts)):
        elements = np.unique(sets.elements[sets.starts[text] : sets.starts[text + 1]])
        assert found.values[found.starts[text] : found.starts[text + 1]].tolist() == elements[:size].tolist()


@given(TEXTS.filter(len), TEXTS.filter(len), st.data())
def test_similarity_is_exact_where_the_union_is_no_larger_than_the_sketch(
    one: list[str], other: list[str], data: st.DataObject
) -> None:
    sets = [shingles(tokens(pl.Series(texts, dtype=pl.String)), 3) for texts in (one, other)]
    pairs = data.draw(st.lists(st.tuples(*(st.integers(0, len(texts) - 1) for texts in (one, other))), max_size=5))
    left, right = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    found = similarities(sketches(sets[0], 100), sketches(sets[1], 100), left, right, 100)
    for (a, b), similarity in zip(pairs, found, strict=True):
        x, y = (set(s.elements[s.starts[i] : s.starts[i + 1]].tolist()) for s, i in zip(sets, (a, b), strict=True))
        assert similarity == (len(x & y) / len(x | y) if x | y else 0.0)


@given(st.integers(1, 12))
def test_a_similarity_is_the_share_of_the_smallest_of_both(size: int) -> None:
    one = Sketches(np.array([1, 2, 4, 6, 7], np.uint32), np.array([0, 5]))
    other = Sketches(np.array([2, 3, 4, 8], np.uint32), np.array([0, 4]))
    union = [1, 2, 3, 4, 6, 7, 8][:size]
    found = similarities(one, other, np.array([0]), np.array([0]), size)
    assert found.tolist() == [len({2, 4} & set(union)) / len(union)]


def test_pairs_of_sketches_that_are_not_there_are_refused() -> None:
    one = Sketches(np.array([1], np.uint32), np.array([0, 1]))
    with pytest.raises(IndexError, match="sketches 0 to 1 are asked for; there are 1"):
        similarities(one, one, np.array([0, 1]), np.array([0, 0]), 8)
    with pytest.raises(ValueError, match="2 sketches on the left and 1 on the right"):
        similarities(one, one, np.array([0, 0]), np.array([0]), 8)
