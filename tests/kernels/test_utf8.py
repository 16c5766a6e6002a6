"""A column's bytes are read as they lie, and cut into blocks of about one size."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels import utf8

TEXTS = st.lists(st.one_of(st.none(), st.text("aé中𠮷 ", max_size=20)), max_size=8)


@given(TEXTS, st.data())
def test_bytes_and_lengths_are_those_of_the_texts(texts: list[str | None], data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(texts)))
    end = data.draw(st.integers(begin, len(texts)))
    column = pl.Series(texts, dtype=pl.String)[begin:end]
    expected = [(text or "").encode() for text in texts[begin:end]]
    assert utf8.lengths(column).tolist() == [len(text) for text in expected]
    found, offsets = utf8.of(column)
    assert [found[a:b].tobytes() for a, b in pairwise(offsets)] == expected


@given(TEXTS, st.integers(1, 50))
def test_blocks_cut_by_bytes_and_lose_no_text(texts: list[str | None], size: int) -> None:
    column = pl.Series(texts, dtype=pl.String)
    found = list(utf8.blocks(column, size))
    assert [text for _, block in found for text in block] == texts
    for first, block in found:
        assert block.to_list() == texts[first : first + len(block)]
        assert len(block) == 1 or utf8.lengths(block).sum() <= size


def test_a_long_text_is_a_block_by_itself_and_short_ones_fill_theirs() -> None:
    texts = pl.Series(["aaaa", "b", "", None, "c" * 12, "dd", "ee", "f"])
    assert [first for first, _ in utf8.blocks(texts, 4)] == [0, 1, 4, 5, 7]


def test_a_single_text_is_not_copied() -> None:
    column = pl.Series(["x", "高" * 1000, None])
    (found, _), (again, _) = utf8.of(column[1:2]), utf8.of(column[1:2])
    assert np.shares_memory(found, again)
    assert found.tobytes().decode() == "高" * 1000


def test_a_column_of_another_type_is_refused_by_name() -> None:
    for read in (utf8.of, utf8.lengths, lambda texts: list(utf8.blocks(texts))):
        with pytest.raises(TypeError, match="'n' is Int64"):
            read(pl.Series("n", [1]))
