"""Fingerprints are of the folded tokens in their order, and of nothing else."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels.fingerprints import fingerprints
from curate.kernels.tokens import spaced

WORDS = st.lists(st.sampled_from(["a", "B", "c,", "高", "血", "壓", "压"]), max_size=12).map(" ".join)


@given(st.lists(st.one_of(st.none(), WORDS), max_size=8), st.integers(1, 60))
def test_fingerprints_are_equal_just_where_token_streams_are(texts: list[str | None], size: int) -> None:
    column = pl.Series(texts, dtype=pl.String)
    found = fingerprints(column, size=size)
    lines = spaced(column).fill_null("").to_list()
    values = [tuple(row) for row in found.values.tolist()]
    assert [a == b for a in values for b in values] == [a == b for a in lines for b in lines]
    assert found.tokens.tolist() == [len(line.split()) for line in lines]


def test_a_repeated_word_changes_the_fingerprint() -> None:
    found = fingerprints(pl.Series(["a b", "a a b", "a b b", "b a", ""])).values
    assert len(np.unique(found[:, 0])) == len(np.unique(found[:, 1])) == 5


def test_stored_fingerprints_never_change() -> None:
    assert fingerprints(pl.Series(["Curate 策展"])).values.tolist() == [[8276178349459943422, 6430496505714358247]]
