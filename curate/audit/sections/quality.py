"""How good is it? Each measure's shape, the domain beside general text, by source, with the limits drawn in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curate.audit.page.markup import Html, data, joined, number, tag
from curate.audit.page.plot.histogram import histogram
from curate.audit.page.table import Column, folded
from curate.audit.sections.parts import (
    behind,
    coded,
    column,
    figure,
    heading,
    listed,
    measure_name,
    note,
    role,
    section,
    str_count,
)
from curate.audit.sections.sampled import sampled
from curate.audit.words import say

JUDGED, OTHERS = 48, 32  # measures with and without limits that are shown


def quality(report: Mapping[str, Any], sources: int) -> Html:
    """With at most so many sources of each measure; report.json has them all."""
    found = report["quality"]
    judged = [one for one in found["measures"] if one["limits"]]
    scores = [one for one in judged if one["score"]] + [
        one for one in found["measures"] if one["score"] and not one["limits"]
    ]
    rest = [one for one in found["measures"] if not one["limits"] and not one["score"]]
    parts = [tag("p", say("q.lead"), class_="lead"), _legend()]
    if scores:
        parts += [heading(say("q.scores")), tag("div", *(_panel(one, sources) for one in scores), class_="panels")]
    if plain := [one for one in judged if not one["score"]]:
        parts += [
            heading(say("q.judged")),
            tag("div", *(_panel(one, sources) for one in plain[:JUDGED]), class_="panels"),
        ]
    parts = [parts[0], *sampled(found["sampled"]), *parts[1:]]
    if found["unjudged"]:
        heads = [Column(say("c.stage"), "html"), column("source"), column("role", "html")]
        rows = [[coded(row["stage"]), row["source"], role(row["role"])] for row in found["unjudged"]]
        parts += [heading(say("q.unjudged")), listed(say("q.unjudged"), heads, rows)]
    if rest:
        parts.append(
            folded(say("q.others"), tag("div", *(_panel(one, sources // 2) for one in rest[:OTHERS]), class_="panels"))
        )
    return section("quality", say("s.quality"), *parts)


def _legend() -> Html:
    return tag(
        "ul",
        tag("li", Html('<i class="kdomain"></i>'), say("role.domain")),
        tag("li", Html('<i class="kgeneral"></i>'), say("role.general")),
        class_="legend",
    )


def _panel(measure: Mapping[str, Any], sources: int) -> Html:
    edges, limits = measure["edges"], [(limit["low"], limit["high"]) for limit in measure["limits"]]
    roles = {row["role"]: row for row in measure["roles"]}
    domain, general = roles.get("domain"), roles.get("general")
    shown = domain or general
    assert shown is not None
    both = domain is not None and general is not None
    plot = histogram(edges, shown["counts"], limits, general["counts"] if both and general else None, height=92)
    whole = tag("div", plot, class_="plot" if domain else "plot general")
    ends = tag("div", number(edges[0], "plain"), _middle(edges), number(edges[-1], "plain"), class_="axis")
    lines = [_limit(limit) for limit in measure["limits"]]
    if measure["scale"] == "log":
        lines.append(say("q.log"))
    return figure(
        measure_name(measure["measure"]),
        whole,
        ends,
        folded(
            say("q.by_source"), joined([_rows(measure, limits, sources), _table(measure, sources), _counts(measure)])
        ),
        about=joined(lines, " · ") if lines else None,
    )


def _middle(edges: Sequence[float]) -> Html:
    """The edge in the middle of the axis; nothing where there are few bins."""
    return number(edges[len(edges) // 2], "plain") if len(edges) > 4 and len(edges) % 2 else Html("<span></span>")


def _limit(limit: Mapping[str, Any]) -> Html:
    said = [
        say(f"q.limit_{side}", limit=number(limit[side], "plain"))
        for side in ("low", "high")
        if limit[side] is not None
    ]
    if limit["failed"] is not None:
        said.append(say("q.limit_failed", failed=number(limit["failed"])))
    return joined([coded(limit["reason"]), Html(" "), joined(said, ", ")])


def _rows(measure: Mapping[str, Any], limits: list[tuple[float | None, float | None]], sources: int) -> Html:
    """A line for each source: its shape, its mean, the edge below which half of it lies."""
    heads = [say("c.source"), Html("&nbsp;"), say("c.mean"), say("c.p50")]
    places = ("name", "plot", "value one", "value other")
    parts = [
        tag(
            "div",
            *(tag("div", head, class_=place) for head, place in zip(heads, places, strict=True)),
            class_="row head",
        )
    ]
    for row in measure["sources"][:sources]:
        drawn = histogram(measure["edges"], row["counts"], limits)
        cells = (
            tag("div", data(row["source"]) if row["source"] is not None else say("others"), class_="name"),
            tag("div", drawn, class_=f"plot {row['role']}"),
            tag("div", number(row["mean"], "plain"), class_="value one"),
            tag("div", number(row["p50_at_most"], "plain"), class_="value other"),
        )
        parts.append(tag("div", *cells, class_="row"))
    return tag("div", *parts, class_="rows")


def _table(measure: Mapping[str, Any], sources: int) -> Html:
    heads = [Column(say("c.source"), "html"), column("role", "html"), column("documents", "count"),
             *(column(name, "plain") for name in ("mean", "least", "p10", "p50", "p90", "greatest"))]  # fmt: skip
    cells = [
        [data(row["source"]) if row["source"] is not None else say("others"), role(row["role"]), row["documents"],
         row["mean"], row["least"], row["p10_at_most"], row["p50_at_most"], row["p90_at_most"], row["greatest"]]
        for row in measure["sources"][:sources]
    ]  # fmt: skip
    whole = listed(measure_name(measure["measure"]), heads, cells)
    left = len(measure["sources"]) - len(cells)
    return joined([whole, note(say("more", count=str_count(left)))]) if left > 0 else whole


def _counts(measure: Mapping[str, Any]) -> Html:
    """The bins that the plot is drawn from, those that hold something."""
    edges = measure["edges"]
    roles = {row["role"]: row["counts"] for row in measure["roles"]}
    heads = [column("from", "plain"), column("to", "plain")]
    heads += [Column(role(name), "count") for name in roles]
    rows: list[list[object]] = [
        [edges[place], edges[place + 1], *(counts[place] for counts in roles.values())]
        for place in range(len(edges) - 1)
        if any(counts[place] for counts in roles.values())
    ]
    return behind(say("q.counts"), heads, rows)
