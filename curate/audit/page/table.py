"""Tables: with captions and heads for those who hear them, and a box to scroll in where a screen is narrow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from curate.audit.page.markup import Html, data, joined, number, tag


class Column(NamedTuple):
    """A column: its head, and how its cells are shown: count, share, bytes, plain (numbers), text (data) or html."""

    head: Html
    kind: str = "text"


def table(caption: Html, columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> Html:
    """The first column names the row."""
    heads = (tag("th", column.head, scope="col", class_=_align(column)) for column in columns)
    body = (
        tag(
            "tr",
            *(
                _cell(column, value, first=place == 0)
                for place, (column, value) in enumerate(zip(columns, row, strict=True))
            ),
        )
        for row in rows
    )
    whole = tag(
        "table",
        tag("caption", tag("span", caption, class_="sr")),
        tag("thead", tag("tr", *heads)),
        tag("tbody", joined(body)),
    )
    return tag("div", whole, class_="scroll", tabindex="0", role="group")


def folded(summary: Html, content: Html) -> Html:
    """What is opened by a click."""
    return tag("details", tag("summary", summary), content)


def _align(column: Column) -> str | None:
    return None if column.kind in ("text", "html") else "n"


def _cell(column: Column, value: object, *, first: bool) -> Html:
    shown = _shown(column, value)
    if first:
        return tag("th", shown, scope="row")
    return tag("td", shown, class_=_align(column))


def _shown(column: Column, value: object) -> Html:
    if column.kind == "html" and isinstance(value, Html):
        return value
    if column.kind in ("text", "html"):
        return number(None) if value is None or value == "" else data(value)
    if value is not None and not isinstance(value, int | float):
        raise TypeError(f"{value!r} in a column of numbers")
    return number(value, column.kind)
