"""What the sections have in common: their frame, figures, columns, documents beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from curate.audit.page.markup import Html, data, joined, number, tag, text
from curate.audit.page.plot.bars import Bar, bars
from curate.audit.page.plot.shares import SERIES, Share, stacked
from curate.audit.page.table import Column, folded, table
from curate.audit.words import say

KINDS = {
    "documents": "count", "characters": "count", "bytes": "bytes", "tokens": "count", "share": "share",
    "removed": "count", "kept": "count", "failed": "count", "records": "count", "finds": "count",
}  # fmt: skip
BARS = 24  # of a plot, the largest
LISTED = 60  # rows of a table on the page; report.json has them all


def section(name: str, title: Html, *content: str) -> Html:
    """A part of the page with its heading, which the list of sections leads to."""
    return tag("section", tag("h2", title, id=f"{name}-title"), *content, id=name, aria_labelledby=f"{name}-title")


def paragraph(words: str, kind: str = "") -> Html:
    return tag("p", words, class_=kind or None)


def note(words: str) -> Html:
    return tag("p", words, class_="note")


def heading(words: str) -> Html:
    return tag("h3", words)


def figure(caption: str, *content: str, about: str | None = None) -> Html:
    """A plot with its caption; its table comes last in `content`."""
    said = tag("figcaption", caption, *([tag("span", about, class_="note")] if about else []))
    return tag("figure", said, *content)


def behind(caption: Html, columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> Html:
    """The table of a plot, opened by a click."""
    return folded(say("table", what=caption), listed(caption, columns, rows))


def listed(caption: Html, columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> Html:
    """A table of at most LISTED rows, and how many more there are."""
    shown = table(caption, columns, rows[:LISTED])
    return shown if len(rows) <= LISTED else joined([shown, note(say("more", count=str_count(len(rows) - LISTED)))])


def str_count(value: int) -> Html:
    """How many rows are left out: no number of the data."""
    return Html(f"{value:,}")


def column(key: str, kind: str = "text") -> Column:
    return Column(say(f"c.{key}"), kind)


def named(value: object, otherwise: str = "unnamed") -> Html:
    """A name that data gave, or the word for none."""
    return say(otherwise) if value is None or value == "" else data(value)


def coded(value: object) -> Html:
    """A name of Curate's own or of a recipe: a stage, a reason, a measure."""
    return tag("code", text(str(value)))


def measure_name(name: str) -> Html:
    """A measure as people call it, with its name in the data."""
    key = f"measure.{name}"
    if key in say.words:
        return joined([say(key), Html(" "), coded(name)])
    if name.startswith("personal_") and f"personal.{name.removeprefix('personal_')}" in say.words:
        return joined([say(f"personal.{name.removeprefix('personal_')}"), Html(" "), coded(name)])
    return coded(name)


def role(name: object) -> Html:
    return say.known(f"role.{name}", str(name))


def names(values: Iterable[object]) -> Html:
    """Several names in a cell."""
    return joined([named(value) for value in values], ", ") or Html("")


def parted(parts: Sequence[Share], title: Html) -> Html:
    """Parts of a whole: one bar of them all, or where there are more than colours a bar for each of the largest."""
    if len(parts) <= SERIES:
        return stacked(parts, title)
    largest = sorted(parts, key=lambda part: -part.share)[:BARS]
    most = largest[0].share or 1
    return bars([Bar(part.name, part.share / most, 0, number(part.share, "share")) for part in largest], title)


def document(shown: Mapping[str, Any], *, went: bool) -> Html:
    """A document as an excerpt, with where it is from and what was measured of it."""
    about = [data(shown["source"]), *([data(shown["lang"])] if shown.get("lang") else [])]
    if shown.get("measure") and shown.get("value") is not None:
        about.append(joined([coded(shown["measure"]), Html(" "), number(shown["value"], "plain")]))
    about.append(joined([number(shown["characters"]), Html(" "), say("characters")]))
    if shown.get("url"):
        about.append(data(shown["url"]))
    body = tag("pre", text(shown["text"]), dir="auto", tabindex="0") if shown["text"] else note(say("r.no_text"))
    return tag("div", tag("p", joined(about, " · "), class_="about"), body, class_="doc went" if went else "doc")
