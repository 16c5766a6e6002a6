"""A reading of texts gives their signatures and their sketches at once."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels.likeness import likeness
from curate.kernels.shingles import shingles
from curate.kernels.signatures import EMPTY, minhash
from curate.kernels.sketches import sketches
from curate.kernels.tokens import tokens
from curate.kernels.utf8 import BLOCK

TEXTS = st.lists(
    st.one_of(st.none(), st.lists(st.sampled_from(["a", "b,", "Cd", "高", "血压 "]), max_size=30).map(" ".join)),
    max_size=6,
)


@given(TEXTS, st.integers(1, 6), st.integers(1, 20), st.sampled_from([0.1, 0.5, 2.0]))
def test_likeness_is_signatures_and_sketches_of_the_same_shingles(
    texts: list[str | None], n: int, sketch: int, split: float
) -> None:
    column = pl.Series(texts, dtype=pl.String)
    found = likeness(column, n=n, permutations=16, sketch=sketch, split=split)
    assert np.array_equal(found.signatures, minhash(column, n, 16, split))
    expected = sketches(shingles(tokens(column, split=split), n), sketch)
    assert np.array_equal(found.sketches.values, expected.values)
    assert np.array_equal(found.sketches.starts, expected.starts)


def test_texts_of_many_blocks_keep_their_places() -> None:
    texts = pl.Series(["", "甲乙丙丁戊己", "a b c " * (BLOCK // 5), "中 b", None, "x" * BLOCK, "甲乙丙丁戊己"])
    found = likeness(texts, n=5, permutations=8, sketch=4)
    assert np.diff(found.sketches.starts).tolist() == [0, 2, 3, 1, 0, 1, 2]
    assert np.array_equal(found.signatures[1], found.signatures[6])
    assert (found.signatures[[0, 4]] == EMPTY).all()


def test_no_texts_have_no_likeness() -> None:
    found = likeness(pl.Series([], dtype=pl.String), n=5, permutations=8, sketch=4)
    assert found.signatures.shape == (0, 8)
    assert found.sketches.values.size == 0 and found.sketches.starts.tolist() == [0]


def test_stored_likeness_never_changes() -> None:
    # Published versions hold signatures and sketches: where these figures change, the format of the stored ones must
    # (curate/dedup/stored.py), or what was published before would be like nothing that comes after, without a word.
    texts = pl.Series(["後來，the Patient 服用 5 mg 華法林。", "一二三"])
    found = likeness(texts, n=5, permutations=4, sketch=3, split=0.1)
    assert found.signatures.tolist() == [
        [283190154, 81184752, 179594399, 88212405],
        [2568340696, 3577856230, 1274804670, 325060256],
    ]
    assert found.sketches.values.tolist() == [314140266, 598600975, 629325863, 3228400811]
    assert found.sketches.starts.tolist() == [0, 3, 4]
