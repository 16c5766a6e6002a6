"""The walk removes a document only for one that is kept, and never compares all with all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from curate.dedup.walk import DEPTH, SHORT, jaccard, walk
from curate.kernels.sketches import Sketches

SETS = st.sets(st.integers(0, 60), max_size=40)


def sketched(sets: list[set[int]], size: int) -> Sketches:
    kept = [sorted(members)[:size] for members in sets]
    starts = np.concatenate([[0], np.cumsum([len(members) for members in kept])]).astype(np.int64)
    return Sketches(np.array([value for members in kept for value in members], np.uint32), starts)


def walked(sets: list[set[int]], limit: float = 0.7) -> tuple[list[int], NDArray[np.float64]]:
    """All in one component and one bucket."""
    groups = np.zeros(len(sets), np.uint64)
    kept, similarity = in_order(groups, np.zeros((len(sets), 1), np.uint32), sketched(sets, 1024), 1024, limit)
    return kept.tolist(), similarity


def in_order(
    groups: NDArray[np.uint64], bands: NDArray[np.uint32], sketches: Sketches, size: int, limit: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """`walk` where the documents lie as they are preferred and no sketch is packed."""
    return walk(np.arange(len(groups)), groups, bands, sketches, np.zeros(len(groups), np.bool_), size, limit)


@given(SETS, SETS)
def test_similarity_is_exact_where_the_sketch_holds_the_union(one: set[int], other: set[int]) -> None:
    found = jaccard(*sketched([one, other], 80), 0, 1, 80)
    assert found == (len(one & other) / len(one | other) if one | other else 0)


@given(SETS, SETS, st.integers(1, 30))
def test_similarity_is_that_of_the_smallest_of_the_union(one: set[int], other: set[int], size: int) -> None:
    smallest = set(sorted(one | other)[:size])
    found = jaccard(*sketched([one, other], size), 0, 1, size)
    assert found == (len(smallest & one & other) / len(smallest) if smallest else 0)


def test_the_estimate_of_long_documents_errs_by_no_more_than_theory_says() -> None:
    draw = np.random.default_rng(0)
    errors = []
    for _ in range(60):
        pool = draw.choice(1 << 32, 22_000, replace=False)
        found = jaccard(*sketched([set(pool[:20_000].tolist()), set(pool[2_000:].tolist())], 1024), 0, 1, 1024)
        errors.append(found - 18 / 22)
    assert np.std(errors) < 0.016  # theory: .012
    assert abs(np.mean(errors)) < 0.003


def test_a_chain_of_like_documents_is_not_merged_into_one() -> None:
    chain = [set(range(at, at + 100)) for at in range(0, 60, 12)]  # neighbours .79, the next but one .61
    kept, similarity = walked(chain)
    assert kept == [-1, 0, -1, 2, -1]
    assert similarity.tolist() == pytest.approx([0, 0.785714, 0.612903, 0.785714, 0.612903])


def test_the_nearest_kept_document_is_the_evidence_and_the_preferred_one_among_equals() -> None:
    base = set(range(100))
    kept, _ = walked([base, base | set(range(200, 240)), (base - {0}) | set(range(200, 239))])
    assert kept == [-1, 0, 0]
    far = [set(range(0, 100)), set(range(45, 145)), set(range(10, 110)) | set(range(120, 130))]
    kept, _ = walked(far, 0.5)
    assert kept == [-1, -1, 0]


@pytest.mark.parametrize("shingles", [5, SHORT - 1])
def test_short_documents_are_compared_whole(shingles: int) -> None:
    question = set(range(shingles))
    kept, similarity = walked([question, question | {999}, set(question)])
    assert kept == [-1, -1, 0]
    assert similarity.tolist() == [0, 0, 1]


def test_documents_of_different_components_never_meet() -> None:
    same = [set(range(50))] * 2
    groups = np.array([1, 2], np.uint64)
    kept, _ = in_order(groups, np.zeros((2, 3), np.uint32), sketched(same, 64), 64, 0.7)
    assert kept.tolist() == [-1, -1]


def test_in_a_crowded_band_only_the_last_kept_documents_are_looked_at() -> None:
    apart = [set(range(at, at + 100)) for at in range(0, 2000, 100)]
    kept, _ = walked([*apart, apart[20 - DEPTH], apart[20 - DEPTH - 1]])
    assert kept[20:] == [20 - DEPTH, -1]


def test_short_texts_of_one_template_are_looked_for_further_back() -> None:
    notices = [set(range(40)) | {1000 + at * 5 + own for own in range(5)} for at in range(300)]
    again = [notice | {9000 + word for word in range(4)} for notice in notices]
    kept, _ = walked([*notices, *again], 0.77)
    assert kept[:300] == [-1] * 300
    assert kept[300:] == list(range(300))


@pytest.mark.parametrize("alike", [True, False])
def test_a_component_of_many_documents_is_not_compared_all_with_all(alike: bool) -> None:
    # 40,000 copies, and 40,000 documents that share a band and nothing else: all with all would take ten minutes.
    count, length = 40_000, 64
    draw = np.random.default_rng(1)
    values = np.sort(draw.integers(0, 1 << 32, (1 if alike else count, length), dtype=np.uint32))
    sketches = Sketches(np.broadcast_to(values, (count, length)).ravel(), np.arange(0, count * length + 1, length))
    kept, _ = in_order(np.zeros(count, np.uint64), np.zeros((count, 20), np.uint32), sketches, 1024, 0.76)
    assert (kept >= 0).sum() == (count - 1 if alike else 0)


def test_short_texts_whose_elements_agree_by_chance_both_stay() -> None:
    def kept(checks: list[int], length: int) -> list[int]:
        groups, sets = np.zeros(2, np.uint64), sketched([set(range(length))] * 2, 1024)
        bands, small = np.zeros((2, 1), np.uint32), np.zeros(2, np.bool_)
        found, _ = walk(np.arange(2), groups, bands, sets, small, 1024, 0.7, np.array(checks, np.uint64))
        return found.tolist()

    for length in (1, 40):
        assert kept([5, 5], length) == kept([0, 7], length) == [-1, 0]
        assert kept([5, 7], length) == [-1, -1]
