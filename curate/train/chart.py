"""Lines over steps as inline SVG, with the numbers beside them in a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import floor, isfinite, log10

WIDTH, HEIGHT = 720, 280
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 34
POINTS = 200  # of a line at most; more are not seen, and each is a row of the table

STYLES = (
    ("#0072b2", ""), ("#d55e00", "7 3"), ("#009e73", "2 3"), ("#cc79a7", "9 3 2 3"), ("#e69f00", "12 4"),
    ("#56b4e9", "4 2"), ("#000000", "1 4"), ("#7f7f7f", "6 2 1 2"),
)  # fmt: skip
"""Colours of Okabe and Ito (2008), told apart with any kind of colour vision, and dashes beside them for print."""

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Chart:
    """Lines by name, each of points (x, y), x ascending."""

    lines: Mapping[str, Points]
    x: str = "step"

    def thin(self) -> Chart:
        """At most `POINTS` points a line: means of neighbours."""
        return Chart({name: thinned(points) for name, points in self.lines.items() if points}, self.x)

    def svg(self, title: str) -> str:
        """An SVG element; `title` is what it shows, for who can't see it."""
        every = [spot for points in self.lines.values() for spot in points]
        low_x, high_x = _range([x for x, _ in every])
        low_y, high_y = _range([y for _, y in every])
        marks_x, marks_y = ticks(low_x, high_x), ticks(low_y, high_y)
        low_y, high_y = min(low_y, marks_y[0]), max(high_y, marks_y[-1])

        def place(x: float, y: float) -> tuple[float, float]:
            return (
                LEFT + (x - low_x) / (high_x - low_x) * (WIDTH - LEFT - RIGHT),
                HEIGHT - BOTTOM - (y - low_y) / (high_y - low_y) * (HEIGHT - TOP - BOTTOM),
            )

        parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">']
        for mark in marks_y:
            _, at = place(low_x, mark)
            parts.append(f'<line x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - RIGHT}" y2="{at:.1f}" class="grid"/>')
            parts.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" class="right">{number(mark)}</text>')
        for mark in marks_x:
            if low_x <= mark <= high_x:
                parts.append(
                    f'<text x="{place(mark, low_y)[0]:.1f}" y="{HEIGHT - 14}" class="mid">{number(mark)}</text>'
                )
        for points, (colour, dash) in zip(self.lines.values(), _styles(len(self.lines)), strict=True):
            spots = [place(*spot) for spot in points]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
            dashes = f' stroke-dasharray="{dash}"' if dash else ""
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"{dashes}/>')
            if len(spots) < 30:
                parts.extend(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{colour}"/>' for x, y in spots)
        return "".join([*parts, "</svg>"])

    def legend(self) -> str:
        """Names beside samples of their lines."""
        items = []
        for name, (colour, dash) in zip(self.lines, _styles(len(self.lines)), strict=True):
            dashes = f' stroke-dasharray="{dash}"' if dash else ""
            line = f'<line x1="0" y1="4" x2="34" y2="4" stroke="{colour}" stroke-width="2"{dashes}/>'
            sample = f'<svg viewBox="0 0 34 8" class="sample">{line}</svg>'
            items.append(f"<li>{sample} {escape(name)}</li>")
        return f'<ul class="legend">{"".join(items)}</ul>'

    def table(self) -> str:
        """The numbers: a row for each x that any line has."""
        found: dict[float, dict[str, float]] = {}
        for name, points in self.lines.items():
            for x, y in points:
                found.setdefault(x, {})[name] = y
        head = "".join(f"<th>{escape(name)}</th>" for name in (self.x, *self.lines))
        rows = []
        for x in sorted(found):
            cells = (number(found[x][name]) if name in found[x] else "" for name in self.lines)
            rows.append(f"<tr><td>{number(x)}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def thinned(points: Points) -> list[tuple[float, float]]:
    """At most `POINTS` of the finite points: means of equally many neighbours, at the last one's x."""
    finite = [(x, y) for x, y in points if isfinite(y)]
    size = -(-len(finite) // POINTS) or 1
    groups = [finite[start : start + size] for start in range(0, len(finite), size)]
    return [(group[-1][0], sum(y for _, y in group) / len(group)) for group in groups]


def ticks(low: float, high: float) -> list[float]:
    """Round numbers, four to eight of them, that enclose [low, high]."""
    rough = (high - low) / 5
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    first = floor(low / step)
    count = 0
    while (first + count) * step < high - 1e-9 * step:
        count += 1
    return [(first + place) * step for place in range(count + 1)]


def number(value: float) -> str:
    """Four digits that matter, no more."""
    if value == 0:
        return "0"
    if abs(value) < 1e-3:
        return f"{value:.2e}"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == round(value) else f"{value:.4g}"


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    if high - low < 1e-12 * max(1.0, abs(high)):
        return low - max(abs(low), 1.0) / 10, high + max(abs(high), 1.0) / 10
    return low, high


def _styles(count: int) -> list[tuple[str, str]]:
    return [STYLES[place % len(STYLES)] for place in range(count)]
