"""Odd sketches tell the similarity of two sets as closely as is said, whatever their sizes."""

import numpy as np
import pytest
from numpy.typing import NDArray

from curate.dedup.compact import COARSE, EXACT, FINE, SENT, WORDS, compact, differing, packed, unpacked
from curate.dedup.walk import estimate
from curate.kernels.sketches import Sketches

SIZE = 1024


def sketched(sets: list[NDArray[np.uint32]], size: int = SIZE) -> Sketches:
    kept = [np.unique(members)[:size] for members in sets]
    starts = np.concatenate([[0], np.cumsum([len(members) for members in kept])]).astype(np.int64)
    return Sketches(np.concatenate(kept).astype(np.uint32), starts)


def pair(draw: np.random.Generator, one: int, other: int, similarity: float) -> list[NDArray[np.uint32]]:
    """Two sets of `one` and `other` elements with that Jaccard similarity."""
    shared = round(similarity * (one + other) / (1 + similarity))
    pool = np.unique(draw.integers(0, 1 << 32, one + other + 100, dtype=np.uint32))
    draw.shuffle(pool)
    return [pool[:one], np.concatenate([pool[:shared], pool[one : one + other - shared]])]


def estimated(sets: list[NDArray[np.uint32]]) -> float:
    found = compact(sketched(sets), SIZE)
    return estimate(found.words.view(np.uint64), found.facts, differing(FINE), differing(COARSE), 0, 1)


@pytest.mark.parametrize(
    ("one", "other", "similarity", "error"),
    [
        (400, 400, 0.76, 0.008),
        (1000, 1000, 0.76, 0.011),
        (1000, 1000, 0.5, 0.025),
        (1000, 900, 0.85, 0.009),
        (20_000, 20_000, 0.76, 0.022),
        (20_000, 20_000, 0.9, 0.015),
        (1000, 1100, 0.8, 0.028),  # on two sides of what a full sketch holds
        (20_000, 17_000, 0.8, 0.028),
    ],
)
def test_the_estimate_errs_by_no_more_than_is_said(one: int, other: int, similarity: float, error: float) -> None:
    draw = np.random.default_rng(one + other)
    pairs = [pair(draw, one, other, similarity) for _ in range(80)]
    true = len(np.intersect1d(*pairs[0])) / len(np.union1d(*pairs[0]))
    errors = [estimated(sets) - true for sets in pairs]
    assert np.std(errors) < error
    assert abs(np.mean(errors)) < error / 3


def test_equal_sets_are_alike_and_sets_with_nothing_in_common_or_of_other_sizes_are_not() -> None:
    draw = np.random.default_rng(1)
    one, other = pair(draw, 500, 500, 0.0)
    assert estimated([one, one]) == 1
    assert estimated([one, other]) < 0.1
    assert estimated([one, draw.integers(0, 1 << 32, 50_000, dtype=np.uint32)]) == 0
    assert estimated([one[:0], one[:0]]) == 0


def test_what_is_packed_comes_back() -> None:
    draw = np.random.default_rng(2)
    sets = [draw.integers(0, 1 << 32, count, dtype=np.uint32) for count in (0, EXACT, EXACT + 1, 700, 5000, SENT)]
    small = np.array([True, True, True, False, True, False])
    whole = sketched(sets)
    sent = packed(whole, small, SIZE)
    assert np.diff(sent.starts).tolist() == [0, EXACT, SENT, 700, SENT, SENT]
    exact, found = unpacked(sent, small, SIZE)
    assert exact.tolist() == [True, True, False, True, False, True]
    expected = compact(whole, SIZE)
    assert np.array_equal(found.words, expected.words)
    assert np.array_equal(found.facts, expected.facts)
    assert found.words.shape == (6, WORDS)
    for at in (1, 3, 5):
        assert np.array_equal(sent.values[sent.starts[at] : sent.starts[at + 1]], np.unique(sets[at]))


def test_the_coarse_cells_are_the_folded_cells_of_the_lower_half() -> None:
    members = np.unique(np.random.default_rng(3).integers(0, 1 << 31, 300, dtype=np.uint32))
    found = compact(sketched([members]), SIZE)
    fine = found.words[0, : FINE // 32]
    assert np.array_equal(fine[: COARSE // 32] ^ fine[COARSE // 32 :], found.words[0, FINE // 32 :])
    assert found.facts.tolist() == [[len(members), len(members), 32]]
