"""How sure a share is that was counted on a sample, and how far two readers agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import sqrt

Z = 1.96  # of a two-sided interval of 95 %


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927, J. Am. Stat. Assoc. 22:209)."""
    share = hits / trials
    middle = share + Z * Z / (2 * trials)
    spread = Z * sqrt(share * (1 - share) / trials + Z * Z / (4 * trials * trials))
    scale = 1 + Z * Z / trials
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def kappa(one: Sequence[str], other: Sequence[str]) -> float | None:
    """Agreement of two readers of the same documents beyond chance, -1 to 1 (Cohen 1960, Educ. Psychol. Meas. 20:37).

    None where chance alone would make them agree always: both gave one label to all.
    """
    if not one or len(one) != len(other):
        raise ValueError(f"{len(one)} and {len(other)} labels; expected one of each reader for every document")
    whole, left, right = len(one), Counter(one), Counter(other)
    agreed = sum(a == b for a, b in zip(one, other, strict=True)) / whole
    chance = sum(left[label] * right[label] for label in left) / whole**2
    return None if chance == 1 else (agreed - chance) / (1 - chance)
