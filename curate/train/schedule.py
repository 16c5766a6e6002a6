"""The learning rate of each step."""

from __future__ import annotations

from math import cos, pi

SMALL = 20_000_000  # parameters; below, a random start bears (and in a few hundred steps needs) a rate ten times higher


def usual_rate(parameters: int, *, from_weights: bool) -> float:
    """The rate where none was asked for.

    2e-5 to go on from trained weights, 3e-4 for a random start (Llama 2, table 1: 7 B and 13 B), 3e-3 for a small one.
    """
    if from_weights:
        return 2e-5
    return 3e-3 if parameters < SMALL else 3e-4


def rate(step: int, *, steps: int, warmup: int, peak: float, floor: float) -> float:
    """The rate of `step` (from 0): a straight rise over `warmup` steps, then a cosine from `peak` to `floor` of it."""
    if step < warmup:
        return peak * (step + 1) / warmup
    share = (step - warmup) / max(1, steps - 1 - warmup)
    return peak * (floor + (1 - floor) * (1 + cos(pi * min(1.0, share))) / 2)
