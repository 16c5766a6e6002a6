"""Rows of a mix against the same in plain Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from curate.kernels.compiled import frozen
from curate.kernels.rows import cut, packed

PADDING = 7
Filled = tuple[list[int], list[int], list[int], list[bool]]


def empty(places: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    return np.full((3, places), -99, np.int64), np.zeros(places, np.bool_)


def filled(wide: NDArray[np.int64], learned: NDArray[np.bool_]) -> Filled:
    return wide[0].tolist(), wide[1].tolist(), wide[2].tolist(), learned.tolist()


def expected(pieces: list[tuple[int, list[int], list[bool]]], places: int) -> Filled:
    """A row of (document, tokens, learned) pieces, each counted from 0, and padding."""
    ids, positions, documents, learned = [], [], [], []
    for document, tokens, mask in pieces:
        ids += tokens
        positions += range(len(tokens))
        documents += [document] * len(tokens)
        learned += [bool(place and kept) for place, kept in enumerate(mask)]
    missing = places - len(ids)
    return (
        ids + [PADDING] * missing,
        positions + list(range(missing)),
        documents + [-1] * missing,
        learned + [False] * missing,
    )


@given(
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=12),
    places=st.integers(1, 12),
    row=st.integers(0, 20),
    base=st.integers(0, 3),
    wide_ids=st.booleans(),
)
def test_a_cut_row_is_the_stretch_of_its_documents(
    lengths: list[int], places: int, row: int, base: int, wide_ids: bool
) -> None:
    total = sum(lengths)
    start = min(row * places, total - 1)
    end = min(start + places, total)
    tokens: NDArray[Any] = frozen(np.arange(100, 100 + total).astype("<u4" if wide_ids else "<u2"))
    starts = frozen(np.cumsum([0, *lengths[:-1]]).astype(np.int64))
    wide, learned = empty(places)
    cut(tokens, starts, start, end, base, PADDING, wide, learned)
    owner = [document for document, length in enumerate(lengths) for _ in range(length)]
    pieces = []
    for document in dict.fromkeys(owner[start:end]):
        ids = [100 + at for at in range(start, end) if owner[at] == document]
        pieces.append((document + base, ids, [True] * len(ids)))
    assert filled(wide, learned) == expected(pieces, places)


@given(
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=8),
    masked=st.lists(st.integers(0, 2), min_size=48, max_size=48),
    bounds=st.tuples(st.integers(0, 8), st.integers(0, 8)),
    least=st.sampled_from([1, 2]),
)
def test_a_packed_row_holds_its_documents_whole(
    lengths: list[int], masked: list[int], bounds: tuple[int, int], least: int
) -> None:
    first, last = sorted(min(bound, len(lengths)) for bound in bounds)
    offsets = np.cumsum([0, *lengths[:-1]])
    tokens: NDArray[Any] = frozen(np.arange(100, 100 + sum(lengths)).astype("<u2"))
    mask = frozen(np.array(masked[: sum(lengths)], np.uint8))
    ordinals = np.arange(len(lengths))[::-1] + 40
    columns = [frozen(column.astype(np.int64)) for column in (ordinals, offsets, np.array(lengths))]
    places = sum(lengths[first:last]) + 2
    wide, learned = empty(places)
    size = packed(tokens, mask, *columns, first, last, least, PADDING, wide, learned)
    pieces = [
        (
            int(ordinals[span]),
            tokens[offsets[span] : offsets[span] + lengths[span]].tolist(),
            [value >= least for value in masked[offsets[span] : offsets[span] + lengths[span]]],
        )
        for span in range(first, last)
    ]
    assert filled(wide, learned) == expected(pieces, places)
    assert size == places - 2


@pytest.mark.parametrize("kind", ["<u2", "<u4"])
def test_a_row_without_documents_is_padding(kind: str) -> None:
    none = frozen(np.empty(0, np.int64))
    wide, learned = empty(3)
    tokens, mask = frozen(np.empty(0, kind)), frozen(np.empty(0, np.uint8))
    assert packed(tokens, mask, none, none, none, 0, 0, 1, PADDING, wide, learned) == 0
    assert filled(wide, learned) == expected([], 3)
