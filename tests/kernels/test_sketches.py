"""Sketches are the smallest elements of each set, from which similarity is read."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels.shingles import shingles
from curate.kernels.sketches import sketches
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
