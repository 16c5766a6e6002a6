"""Stacked shares: parts of a whole as one bar, the amount in each part that has room for it, a legend below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from curate.audit.page.markup import Html, exact, joined, percent, tag
from curate.audit.page.style import PALETTE

ROOM = 0.14  # of the width that a label inside needs, on a phone too
SERIES = len(PALETTE)
LIGHT = frozenset({1, 4, 6, 7})  # colours that dark letters stand on


class Share(NamedTuple):
    """A part: its name and how much of the whole it is."""

    name: Html
    share: float


def stacked(parts: Sequence[Share], label: Html) -> Html:
    """At most as many parts as there are colours: the caller adds up the rest."""
    if len(parts) > SERIES:
        raise ValueError(f"{len(parts)} parts, and {SERIES} colours that anybody tells apart")
    begin = 0.0
    pieces = []
    for place, part in enumerate(parts):
        width = 100 * part.share
        pieces.append(f'<rect class="s{place}" x="{begin:.2f}%" width="{max(0.0, width - 0.15):.2f}%" height="34"/>')
        if part.share >= ROOM:
            dark = " dark" if place in LIGHT else ""
            pieces.append(
                f'<text class="inbar{dark}" x="{begin + width / 2:.2f}%" y="21" text-anchor="middle" '
                f'data-value="{exact(part.share)}">{percent(part.share)}</text>'
            )
        begin += width
    legend = [
        tag(
            "li",
            Html(f'<i class="k{place}"></i>'),
            part.name,
            Html(f' <data value="{exact(part.share)}">{percent(part.share)}</data>'),
        )
        for place, part in enumerate(parts)
    ]
    plot = tag("svg", Html("".join(pieces)), height="34", aria_hidden="true", focusable="false")
    return joined([tag("span", label, class_="sr"), plot, tag("ul", *legend, class_="legend")])
