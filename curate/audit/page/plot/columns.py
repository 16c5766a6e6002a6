"""Columns over ranges: clusters by their size, years, steps of training. The amount stands on each column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from curate.audit.page.markup import Html, exact, text

HEIGHT = 130
FOOT = 20
LEAST = 8  # columns that there is room for: a single one is no wall


class Item(NamedTuple):
    """What is written below a column, and how much it is."""

    name: str
    value: int


def columns(items: Sequence[Item], *, magnitude: bool = False) -> Html:
    """`magnitude` draws heights by their logarithm, as for cluster sizes, of which there are few large ones."""
    scaled = [math.log10(item.value + 1) if magnitude else float(item.value) for item in items]
    most = max([*scaled, 1e-9])
    wide = 100 / max(LEAST, len(items))
    every = max(1, math.ceil(len(items) / 12))
    parts = []
    for place, (item, height) in enumerate(zip(items, scaled, strict=True)):
        tall = (HEIGHT - FOOT - 18) * height / most if item.value else 0.0
        middle = (place + 0.5) * wide
        if tall:
            parts.append(
                f'<rect class="stay" x="{place * wide + wide * 0.12:.2f}%" width="{wide * 0.76:.2f}%" '
                f'y="{HEIGHT - FOOT - tall:.1f}" height="{tall:.1f}" rx="2"/>'
            )
        if item.value and len(items) <= 12:
            parts.append(
                f'<text x="{middle:.2f}%" y="{HEIGHT - FOOT - tall - 5:.1f}" text-anchor="middle" '
                f'data-value="{exact(item.value)}">{_short(item.value)}</text>'
            )
        if place % every == 0:
            parts.append(
                f'<text class="soft" x="{middle:.2f}%" y="{HEIGHT - 4}" text-anchor="middle">{text(item.name)}</text>'
            )
    return Html(
        f'<svg height="{HEIGHT}" aria-hidden="true" focusable="false">'
        f'<rect class="back" y="{HEIGHT - FOOT}" width="100%" height="1"/>{"".join(parts)}</svg>'
    )


def _short(value: int) -> str:
    for limit, unit in ((10**9, "G"), (10**6, "M"), (10**4, "k")):
        if value >= limit:
            return f"{value / (1000 if unit == 'k' else limit):.3g}{unit}"
    return f"{value:,}"
