"""Bars: a funnel of what stayed and went, and amounts by name. Bars stretch with the page, their words do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from curate.audit.page.markup import Html, joined, tag


class Bar(NamedTuple):
    """`share` of the width in the first colour, `more` behind it in the second; `value` stands at the end."""

    name: Html
    share: float
    more: float
    value: Html
    series: str = "stay"


def bars(rows: Sequence[Bar], label: Html) -> Html:
    """A list of bars; `label` tells what is drawn to who hears it, and the numbers stand beside."""
    parts = []
    for row in rows:
        cells = (
            tag("div", row.name, class_="name"),
            tag("div", _bar(row), class_="plot", aria_hidden="true"),
            tag("div", row.value, class_="value"),
        )
        parts.append(tag("div", *cells, class_="bar"))
    return tag("div", tag("span", label, class_="sr"), *parts, class_="bars")


def _bar(row: Bar) -> Html:
    first = _width(row.share)
    second = _width(row.more)
    if second:
        second = max(second, 0.6)  # what is there can be seen
        first = min(first, 100 - second)
    pieces = [Html('<rect class="back" width="100%" height="16" rx="3"/>')]
    if first:
        pieces.append(Html(f'<rect class="{row.series}" width="{first:.2f}%" height="16" rx="3"/>'))
    if second:
        pieces.append(Html(f'<rect class="went" x="{first:.2f}%" width="{second:.2f}%" height="16" rx="2"/>'))
    return tag("svg", joined(pieces), height="16", focusable="false")


def _width(share: float) -> float:
    return 100 * max(0.0, min(1.0, share))
