from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.mix.pack import packed

LENGTHS = st.lists(st.integers(1, 64), max_size=200).map(lambda lengths: np.array(lengths, np.int64))


@given(LENGTHS)
def test_no_row_is_overfull_none_is_empty_and_no_dialogue_is_cut_or_lost(lengths: np.ndarray) -> None:
    rows = packed(lengths, 64)
    assert len(rows) == len(lengths)
    filled = np.bincount(rows, lengths) if len(rows) else np.empty(0)
    assert (filled <= 64).all() and (filled > 0).all()


@given(LENGTHS)
def test_no_two_rows_could_be_one(lengths: np.ndarray) -> None:
    filled = np.sort(np.bincount(packed(lengths, 64), lengths)) if len(lengths) else np.empty(0)
    assert len(filled) < 2 or filled[0] + filled[1] > 64


def test_rows_of_dialogues_of_many_lengths_are_nearly_full() -> None:
    lengths = np.random.default_rng(0).lognormal(5, 0.8, 5000).clip(8, 1024).astype(np.int64)
    rows = packed(lengths, 1024)
    assert lengths.sum() / ((rows.max() + 1) * 1024) > 0.98


def test_rows_follow_the_order_of_the_draw_and_not_the_lengths() -> None:
    lengths = np.random.default_rng(1).integers(8, 1024, 4000)
    rows = packed(lengths, 1024)
    opened = [np.flatnonzero(rows == row) for row in range(int(rows.max()) + 1)]
    longest = [int(lengths[row].max()) for row in opened]
    half = len(longest) // 2
    assert abs(np.mean(longest[:half]) - np.mean(longest[half:])) < 50


def test_a_dialogue_longer_than_a_row_is_an_error_here() -> None:
    with pytest.raises(ValueError, match="expected 1 to 8"):
        packed(np.array([3, 9]), 8)
