"""Shingles are runs of n tokens; a text shorter than one is compared whole."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels.shingles import shingles
from curate.kernels.tokens import tokens

WORDS = st.lists(st.sampled_from(["a", "b", "c", "高", "血", "压"]), max_size=12).map(" ".join)


def sets(texts: list[str], n: int) -> list[list[int]]:
    found = shingles(tokens(pl.Series(texts, dtype=pl.String)), n)
    return [found.elements[a:b].tolist() for a, b in zip(found.starts, found.starts[1:], strict=False)]


def plain(text: str, n: int) -> list[tuple[str, ...]]:
    words = text.split()
    return [tuple(words[at : at + n]) for at in range(max(1, len(words) - n + 1))] if words else []


@given(st.lists(WORDS, max_size=6), st.integers(1, 7))
def test_hashes_are_equal_just_where_runs_of_n_tokens_are(texts: list[str], n: int) -> None:
    names = {}
    for text, found in zip(texts, sets(texts, n), strict=True):
        expected = plain(text, n)
        assert len(found) == len(expected)
        for run, value in zip(expected, found, strict=True):
            assert names.setdefault(run, value) == value
    assert len(set(names.values())) == len(names)


def test_a_text_shorter_than_a_shingle_is_one_shingle_and_an_empty_one_has_none() -> None:
    assert [len(found) for found in sets(["春眠", "春眠不觉晓", "春眠不觉晓处", "", "。"], 5)] == [1, 1, 2, 0, 0]
    (short,), (other,), (longer,) = sets(["春眠", "春晓", "春眠不觉晓"], 5)
    assert len({short, other, longer}) == 3


def test_the_hash_of_a_shingle_does_not_depend_on_what_stands_around_it() -> None:
    alone, inside = sets(["three four five six seven", "one two three four five six seven eight"], 5)
    assert alone[0] in inside


def test_a_shingle_has_at_least_one_token() -> None:
    with pytest.raises(ValueError, match="0 tokens long; expected 1 or more"):
        sets(["a"], 0)
