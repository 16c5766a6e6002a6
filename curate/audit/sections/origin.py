"""Where does it come from?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curate.audit.page.markup import Html, data, joined, number, tag
from curate.audit.page.plot.bars import Bar, bars
from curate.audit.page.plot.columns import Item, columns
from curate.audit.page.plot.heat import heat
from curate.audit.page.plot.shares import Share, stacked
from curate.audit.page.table import Column
from curate.audit.sections.parts import (
    BARS,
    behind,
    column,
    figure,
    heading,
    named,
    names,
    note,
    parted,
    role,
    section,
)
from curate.audit.words import say

HOSTS = 20
LANGUAGES, DOMAINS = 12, 10  # of the heat map

AMOUNTS = [
    column("documents", "count"),
    column("characters", "count"),
    column("bytes", "bytes"),
    column("share", "share"),
]


def origin(report: Mapping[str, Any]) -> Html:
    found = report["origin"]
    return section(
        "origin",
        say("s.origin"),
        tag("p", say("o.lead"), class_="lead"),
        _sources(found["sources"]),
        _classes(found),
        _single(found["languages"], "lang", say("o.languages")),
        _heat(found["language_domain"]),
        _hosts(found["hosts"]),
        _single(found["kinds"], "kind", say("o.kinds")) if len(found["kinds"]) > 1 else Html(""),
        _years(found["dates"]),
    )


def _sources(rows: Sequence[Mapping[str, Any]]) -> Html:
    most = max((row["share"] or 0 for row in rows), default=0) or 1
    drawn = [
        Bar(
            joined([data(row["source"]), Html(' <span class="note">'), role(row["role"]), Html("</span>")]),
            (row["share"] or 0) / most,
            0,
            number(row["share"], "share"),
            "s0" if row["role"] == "domain" else "s1",
        )
        for row in rows[:BARS]
    ]
    heads = [
        column("source"),
        column("role", "html"),
        column("domains", "html"),
        column("lang", "html"),
        column("license", "html"),
        column("class", "html"),
        *AMOUNTS,
        column("tokens", "count"),
        column("fertility", "plain"),
    ]
    cells = [
        [
            row["source"],
            role(row["role"]),
            names(row["domains"]),
            names(row["languages"]),
            names(row["licenses"]),
            say(f"class.{row['license_class']}"),
            *_amounts(row),
            row["tokens"],
            row["tokens_per_character"],
        ]
        for row in rows
    ]
    title = say("o.by_source")
    return figure(title, bars(drawn, title), behind(title, heads, cells))


def _classes(found: Mapping[str, Any]) -> Html:
    rows = [row for row in found["license_classes"] if row["documents"]]
    parts = [Share(say(f"class.{row['class']}"), row["share"] or 0.0) for row in rows]
    heads = [column("license"), column("class", "html"), column("evidence", "html"), column("source", "html"), *AMOUNTS]
    cells = [
        [
            named(row["license"]),
            say(f"class.{row['class']}"),
            joined([say(f"by.{one}") for one in row["evidence"]], ", "),
            names(row["sources"]),
            *_amounts(row),
        ]
        for row in found["licenses"]
    ]
    heads[0] = Column(heads[0].head, "html")
    title = say("o.by_class")
    return figure(title, stacked(parts, title), behind(say("o.licenses"), heads, cells))


def _single(rows: Sequence[Mapping[str, Any]], name: str, title: Html) -> Html:
    parts = [Share(named(row[name]), row["share"] or 0.0) for row in rows]
    heads = [Column(say(f"c.{name}"), "html"), *AMOUNTS]
    cells = [[named(row[name]), *_amounts(row)] for row in rows]
    return figure(title, parted(parts, title), behind(title, heads, cells))


def _heat(rows: Sequence[Mapping[str, Any]]) -> Html:
    langs: dict[str, int] = {}
    fields: dict[str, int] = {}
    cells: dict[tuple[str, str], float] = {}
    for row in rows:
        lang, domain = row["lang"] or "", row["domain"] or ""
        langs[lang] = langs.get(lang, 0) + row["characters"]
        fields[domain] = fields.get(domain, 0) + row["characters"]
        cells[lang, domain] = row["characters"]
    down = sorted(langs, key=lambda lang: (-langs[lang], lang))[:LANGUAGES]
    across = sorted(fields, key=lambda field: (-fields[field], field))[:DOMAINS]
    title = say("o.heat")
    return figure(title, heat(title, [(one, named(one)) for one in down], [(one, named(one)) for one in across], cells))


def _hosts(found: Mapping[str, Any]) -> Html:
    title = say("o.hosts")
    about = say("o.hosts_note", distinct=number(found["distinct"]), without=number(found["without_address"]))
    rows = found["top"]
    if not rows:
        return joined([heading(title), note(about)])
    most = rows[0]["share"] or 1
    drawn = [
        Bar(data(row["host"]), (row["share"] or 0) / most, 0, number(row["share"], "share"), "s4")
        for row in rows[:HOSTS]
    ]
    cells = [[row["host"], *_amounts(row)] for row in rows]
    return figure(title, bars(drawn, title), behind(title, [column("host"), *AMOUNTS], cells), about=about)


def _years(found: Mapping[str, Any]) -> Html:
    if not found["years"]:
        return note(say("o.no_dates"))
    title = say("o.years")
    about = say("o.dates", stated=number(found["stated"]), first=data(found["first"]), last=data(found["last"]))
    plot = columns([Item(row["year"], row["documents"]) for row in found["years"]])
    heads = [column("year"), *AMOUNTS[:3]]
    cells = [[row["year"], row["documents"], row["characters"], row["bytes"]] for row in found["years"]]
    return figure(title, plot, behind(title, heads, cells), about=about)


def _amounts(row: Mapping[str, Any]) -> list[object]:
    return [row["documents"], row["characters"], row["bytes"], row["share"]]
