"""Plots of an evaluation as SVG, drawn here: nothing to load, nothing that runs, readable by any browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_SIZE, _LEFT, _TOP, _GAP = 260, 52, 34, 96
_COLOURS = ("#1f5fa8", "#b8442c", "#3b7d3b")

Line = tuple[str, Sequence[tuple[float, float]]]


def plots(data: dict[str, Any]) -> str:
    """Three panels beside each other: ROC, the rates at each threshold, and the reliability of scores."""
    curve = data["curve"]
    rates: list[Line] = [
        (name, [(row["threshold"], row[key]) for row in curve if row[key] is not None])
        for name, key in (("precision", "precision"), ("recall", "recall"), ("others kept", "others_kept"))
    ]
    bins = [(row["score"], row["share"]) for row in data["reliability"]["bins"]]
    panels = [
        _panel(0, "ROC", "others kept", "kept of the label", [("", data["roc"])], diagonal=True),
        _panel(1, "Thresholds", "threshold", "share", rates),
        _panel(2, "Reliability", "score", "share that is of the label", [("", bins)], diagonal=True, dots=True),
    ]
    width, height = 3 * (_SIZE + _GAP), _SIZE + _TOP + 56
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="12" role="img">\n'
        f'<rect width="{width}" height="{height}" fill="white"/>\n{"".join(panels)}</svg>\n'
    )


def _panel(
    place: int, title: str, across: str, up: str, lines: Sequence[Line], *, diagonal: bool = False, dots: bool = False
) -> str:
    left = _LEFT + place * (_SIZE + _GAP)
    bottom = _TOP + _SIZE

    def at(x: float, y: float) -> str:
        return f"{left + _SIZE * x:.1f},{bottom - _SIZE * y:.1f}"

    out = [f'<text x="{left}" y="{_TOP - 12}" font-weight="bold">{title}</text>\n']
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = left + _SIZE * tick, bottom - _SIZE * tick
        out.append(f'<path d="M{x:.1f} {_TOP}V{bottom}M{left} {y:.1f}H{left + _SIZE}" stroke="#ddd"/>')
        out.append(f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{tick:g}</text>')
        out.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>\n')
    out.append(f'<text x="{left + _SIZE / 2}" y="{bottom + 36}" text-anchor="middle">{across}</text>')
    out.append(
        f'<text transform="translate({left - 38} {_TOP + _SIZE / 2}) rotate(-90)" text-anchor="middle">{up}</text>\n'
    )
    if diagonal:
        out.append(f'<polyline points="{at(0, 0)} {at(1, 1)}" stroke="#999" stroke-dasharray="4" fill="none"/>\n')
    for number, (name, points) in enumerate(lines):
        colour = _COLOURS[number % len(_COLOURS)]
        path = " ".join(at(x, y) for x, y in points)
        out.append(f'<polyline points="{path}" stroke="{colour}" stroke-width="1.8" fill="none"/>\n')
        for x, y in points if dots else ():
            cx, cy = at(x, y).split(",")
            out.append(f'<circle cx="{cx}" cy="{cy}" r="3" fill="{colour}"/>')
        if name:
            y_text = _TOP + _SIZE / 2 + 16 * number
            out.append(f'<text x="{left + 12}" y="{y_text}" fill="{colour}">{name}</text>\n')
    return "".join(out)
