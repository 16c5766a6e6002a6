"""Personal data: what was found and done, and what a second scan still finds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curate.audit.page.markup import Html, data, number, tag
from curate.audit.page.plot.bars import Bar, bars
from curate.audit.page.table import Column
from curate.audit.sections.parts import behind, column, figure, note, paragraph, section
from curate.audit.words import say


def personal(report: Mapping[str, Any]) -> Html:
    found = report["personal"]
    acted = [
        paragraph(say("p.acted", stage=data(one["stage"]), action=say.known(f"action.{one['action']}", one["action"])))
        for one in found["stages"]
    ] or [paragraph(say("p.not_acted"))]
    scan = found["second_scan"]
    about = say("p.scan_note", finds=number(scan["finds"]), rate=number(scan["per_million_characters"], "plain"),
                kinds=number(len(scan["kinds"])))  # fmt: skip
    parts = [tag("div", *acted, class_="lead")]
    if found["found"]:
        parts.append(_kinds(say("p.found"), found["found"], share=False))
    parts.append(_kinds(say("p.scan"), scan["by_kind"], share=True, about=about, series="went"))
    if scan["by_source"]:
        rows = [[row["source"], row["finds"]] for row in scan["by_source"]]
        parts.append(behind(say("p.by_source"), [column("source"), column("finds", "count")], rows))
    return section("personal", say("s.personal"), *parts)


def _kinds(
    title: Html, rows: list[dict[str, Any]], *, share: bool, about: Html | None = None, series: str = "s0"
) -> Html:
    if not rows:
        return figure(title, note(say("b.none")), about=about)
    most = max(row["finds"] for row in rows) or 1
    drawn = [Bar(_kind(row["kind"]), row["finds"] / most, 0, number(row["finds"]), series) for row in rows]
    heads = [Column(say("c.kind"), "html"), column("finds", "count"), column("documents", "count")]
    heads += [column("share", "share")] if share else []
    cells = [[_kind(row["kind"]), row["finds"], row["documents"], *([row["share"]] if share else [])] for row in rows]
    return figure(title, bars(drawn, title), behind(title, heads, cells), about=about)


def _kind(kind: str) -> Html:
    return say.known(f"personal.{kind}", kind)
