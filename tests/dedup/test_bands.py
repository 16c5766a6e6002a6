"""Bands and rows make documents at the threshold meet."""

import pytest

from curate.dedup.bands import CURVE, MEETING, bands_and_rows, chance_to_meet, curve


@pytest.mark.parametrize("permutations", [64, 96, 128, 200, 256])
@pytest.mark.parametrize("threshold", [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95])
def test_documents_at_the_threshold_meet_with_no_more_bands_than_that_takes(
    threshold: float, permutations: int
) -> None:
    bands, rows = bands_and_rows(threshold, permutations)
    assert bands * rows <= permutations
    assert chance_to_meet(threshold, bands, rows) >= MEETING >= 0.99
    assert chance_to_meet(threshold, bands - 1, rows) < MEETING
    assert chance_to_meet(threshold, permutations // (rows + 1), rows + 1) < MEETING


def test_twenty_bands_of_six_rows_are_the_default() -> None:
    assert bands_and_rows(0.8, 128) == (20, 6)
    found = curve(0.8, 128)
    assert tuple(found) == CURVE
    assert [round(chance, 3) for chance in found.values()] == [0.615, 0.918, 0.998, 1.0]


def test_the_optimum_of_datasketch_would_lose_most_pairs_at_the_threshold() -> None:
    assert chance_to_meet(0.8, 9, 13) == pytest.approx(0.4, abs=0.01)


@pytest.mark.parametrize(("threshold", "permutations"), [(0.0, 128), (1.5, 128), (0.05, 16)])
def test_what_cannot_be_met_is_refused(threshold: float, permutations: int) -> None:
    with pytest.raises(ValueError, match=f"threshold is {threshold}|16 permutations cannot"):
        bands_and_rows(threshold, permutations)
