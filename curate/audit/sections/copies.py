"""Duplicates: clusters by size, the largest, between sources, with earlier versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curate.audit.page.markup import Html, data, joined, number, tag, text
from curate.audit.page.plot.columns import Item, columns
from curate.audit.page.table import Column
from curate.audit.sections.parts import behind, column, figure, heading, listed, note, paragraph, section
from curate.audit.words import say


def copies(report: Mapping[str, Any]) -> Html:
    found = report["copies"]
    if not found["looked"]:
        return section("copies", say("s.copies"), paragraph(say("d.not_looked")))
    facts = {
        "documents": number(found["documents"]),
        "share": number(found["share"], "share"),
        "clusters": number(found["clusters"]),
    }
    return section(
        "copies",
        say("s.copies"),
        tag("p", say("d.lead_looked", **facts), class_="lead"),
        _sizes(found["sizes"]),
        _between(found["between"]),
        _versions(found["with_versions"]),
        _largest(found["largest"]),
    )


def _sizes(rows: Sequence[Mapping[str, Any]]) -> Html:
    if not rows:
        return Html("")
    drawn = columns([Item(_range(row), row["clusters"]) for row in rows], magnitude=True)
    heads = [column("from", "count"), column("to", "count"), column("clusters", "count"), column("removed", "count")]
    cells = [[row["from"], row["to"], row["clusters"], row["removed"]] for row in rows]
    title = say("d.sizes")
    return figure(title, drawn, behind(title, heads, cells))


def _range(row: Mapping[str, Any]) -> str:
    """How the sizes of a column are written below it: by the least of them, short enough for a phone."""
    return str(row["from"]) if row["from"] == row["to"] else f"{row['from']}+"


def _between(rows: Sequence[Mapping[str, Any]]) -> Html:
    if not rows:
        return Html("")
    heads = [column("source"), Column(say("c.for"), "html"), column("documents", "count")]
    cells = [
        [
            row["source"],
            say("d.elsewhere") if row["kept_source"] is None else data(row["kept_source"]),
            row["documents"],
        ]
        for row in rows
    ]
    return joined([heading(say("d.between")), listed(say("d.between"), heads, cells)])


def _versions(rows: Sequence[Mapping[str, Any]]) -> Html:
    if not rows:
        return Html("")
    heads = [column("version"), column("source"), column("documents", "count")]
    cells = [[row["version"], row["source"], row["documents"]] for row in rows]
    return joined([heading(say("d.versions")), listed(say("d.versions"), heads, cells)])


def _largest(rows: Sequence[Mapping[str, Any]]) -> Html:
    if not rows:
        return Html("")
    blocks = []
    for row in rows:
        about = [
            joined([number(row["size"]), Html(" "), say("documents")]),
            joined([number(row["removed"]), Html(" "), say("c.removed")]),
            say(f"reason.{row['reason']}"),
        ]
        about += [data(row[name]) for name in ("source", "lang", "url") if row[name]]
        body = tag("pre", text(row["text"]), dir="auto", tabindex="0") if row["text"] else note(say("d.elsewhere"))
        blocks.append(tag("div", tag("p", joined(about, " · "), class_="about"), body, class_="doc"))
    return joined([heading(say("d.largest")), tag("div", *blocks, class_="two")])
