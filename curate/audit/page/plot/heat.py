"""A heat map: a table whose cells are the darker the more they hold, each with its number."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from curate.audit.page.markup import Html, joined, number, tag

STEPS = 10


def heat(
    caption: Html,
    rows: Sequence[tuple[str, Html]],
    columns: Sequence[tuple[str, Html]],
    cells: Mapping[tuple[str, str], float],
) -> Html:
    """`cells` by (row, column), shown as counts; shades go by the square root, or one large cell pales the others."""
    most = max([*cells.values(), 1])
    head = tag("tr", tag("td"), *(tag("th", name, scope="col") for _, name in columns))
    body = [
        tag("tr", tag("th", name, scope="row"), *(_cell(cells.get((row, column)), most) for column, _ in columns))
        for row, name in rows
    ]
    whole = tag(
        "table",
        tag("caption", tag("span", caption, class_="sr")),
        tag("thead", head),
        tag("tbody", joined(body)),
        class_="heat",
    )
    return tag("div", whole, class_="scroll", tabindex="0", role="group")


def _cell(value: float | None, most: float) -> Html:
    if not value:
        return tag("td", number(None))
    step = min(STEPS - 1, int(STEPS * math.sqrt(value / most)))
    return tag("td", number(value), class_=f"h{step}")
