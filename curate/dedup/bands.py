"""Bands of a signature: how many, of how many rows, and the chance that gives two documents to meet.

Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, section 3.4.
"""

from __future__ import annotations

MEETING = 0.9975
"""The chance that two documents at the threshold share a band; what else is lost of recall, verification loses."""

CURVE = (0.6, 0.7, 0.8, 0.9)
"""Similarities at which the chance to meet is told."""


def bands_and_rows(threshold: float, permutations: int) -> tuple[int, int]:
    """(bands, rows): as many rows as possible, then as few bands, for a chance of `MEETING` at the threshold.

    More rows mean fewer chance meetings, which cost time; verification alone decides about removal. 20 and 6 for .8 and
    128. Raises `ValueError` where even bands of one row are not enough.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold is {threshold}; a Jaccard similarity lies above 0 and at most at 1")
    for rows in range(permutations, 0, -1):
        most = permutations // rows
        if chance_to_meet(threshold, most, rows) >= MEETING:
            return next(n for n in range(1, most + 1) if chance_to_meet(threshold, n, rows) >= MEETING), rows
    raise ValueError(
        f"{permutations} permutations cannot make documents at a similarity of {threshold} meet with a chance of "
        f"{MEETING}; raise one of the two"
    )


def chance_to_meet(similarity: float, bands: int, rows: int) -> float:
    """The chance that two documents of that Jaccard similarity share a band."""
    return float(1 - (1 - similarity**rows) ** bands)


def curve(threshold: float, permutations: int) -> dict[float, float]:
    """The chance to meet at each similarity of `CURVE`, with the bands and rows for this threshold."""
    bands, rows = bands_and_rows(threshold, permutations)
    return {similarity: chance_to_meet(similarity, bands, rows) for similarity in CURVE}


def told(threshold: float, permutations: int) -> str:
    """`curve` in words: '0.6: 0.615, ...'."""
    chances = curve(threshold, permutations)
    return ", ".join(f"{similarity:g}: {chance:.3f}" for similarity, chance in chances.items())
