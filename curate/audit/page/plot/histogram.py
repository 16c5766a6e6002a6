"""Histograms: the shape of a measure, with the limits drawn in and what lies beyond them shaded.

Heights go by the square root: most documents have little of what a measure looks for, and the few that have more are
what one wants to see.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

from curate.audit.page.markup import Html

HEIGHT = 40  # units of the drawing; it is stretched to its box


def histogram(
    edges: Sequence[float],
    counts: Sequence[int],
    limits: Sequence[tuple[float | None, float | None]] = (),
    beside: Sequence[int] | None = None,
    height: int | None = None,
) -> Html:
    """`counts` as an area, each bin one wide; `beside` as a line over it, both of the same height at their highest.

    `limits` are (low, high) of rules.
    """
    wide = len(counts)
    parts = [
        f'<rect class="beyond" x="{a:.3f}" width="{b - a:.3f}" height="{HEIGHT}"/>' for a, b in _beyond(edges, limits)
    ]
    parts.append(f'<path class="area" d="{_area(counts)}"/>')
    if beside is not None:
        parts.append(f'<path class="step" d="{_steps(beside)}"/>')
    parts.append(f'<path class="base" d="M0 {HEIGHT}H{wide}"/>')
    drawn = [_sides(edges, pair) for pair in limits]
    places = sorted(
        {place(edges, limit) for pair in drawn for limit in pair if limit is not None and _within(edges, limit)}
    )
    parts += [f'<path class="limit" d="M{at:.3f} 0V{HEIGHT}"/>' for at in places]
    tall = "" if height is None else f' height="{height}"'
    return Html(
        f'<svg viewBox="0 0 {wide} {HEIGHT}" preserveAspectRatio="none"{tall} aria-hidden="true" focusable="false">'
        + "".join(parts) + "</svg>"
    )  # fmt: skip


def place(edges: Sequence[float], value: float) -> float:
    """Where a value stands, in bins from the left."""
    if value <= edges[0]:
        return 0.0
    if value >= edges[-1]:
        return float(len(edges) - 1)
    at = bisect_right(edges, value) - 1
    return at + (value - edges[at]) / (edges[at + 1] - edges[at])


def _sides(edges: Sequence[float], pair: tuple[float | None, float | None]) -> tuple[float | None, float | None]:
    """Where the limits stand: a rule lets its limit pass, so of whole numbers the next one is the first beyond it."""
    low, high = pair
    whole = all(float(edge).is_integer() for edge in edges)
    return low, (math.floor(high) + 1 if whole and high is not None else high)


def _within(edges: Sequence[float], value: float) -> bool:
    return edges[0] <= value <= edges[-1]


def _beyond(edges: Sequence[float], limits: Sequence[tuple[float | None, float | None]]) -> list[tuple[float, float]]:
    """What every rule calls too little, and what every rule calls too much: rules for other scripts differ."""
    limits = [_sides(edges, pair) for pair in limits]
    lows = [place(edges, low) for low, _ in limits if low is not None]
    highs = [place(edges, high) for _, high in limits if high is not None]
    out = [(0.0, min(lows))] if lows and min(lows) > 0 else []
    whole = float(len(edges) - 1)
    return out + ([(max(highs), whole)] if highs and max(highs) < whole else [])


def _heights(counts: Sequence[int]) -> list[float]:
    most = max([*counts, 1])
    # What is there can be seen: at least a twentieth of the height.
    return [0.0 if not count else max(HEIGHT / 20, HEIGHT * 0.96 * math.sqrt(count / most)) for count in counts]


def _area(counts: Sequence[int]) -> str:
    path, at = f"M0 {HEIGHT}", 0.0
    for height in _heights(counts):
        path += (f"V{HEIGHT - height:.1f}" if height != at else "") + "h1"
        at = height
    return path + f"V{HEIGHT}z"


def _steps(counts: Sequence[int]) -> str:
    heights = _heights(counts)
    return f"M0 {HEIGHT - heights[0]:.1f}h1" + "".join(f"V{HEIGHT - height:.1f}h1" for height in heights[1:])
