"""The mix: asked and realised shares, epochs, fertility, the cap and its override."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curate.audit.page.markup import Html, data, joined, number, tag
from curate.audit.page.plot.bars import Bar, bars
from curate.audit.page.plot.shares import SERIES, Share, stacked
from curate.audit.page.table import Column
from curate.audit.sections.parts import behind, column, figure, heading, listed, paragraph, role, section
from curate.audit.words import say


def mixture(report: Mapping[str, Any]) -> Html:
    mix = report["mix"]
    if mix is None:
        return section("mix", say("s.mix"), paragraph(say("m.none")))
    lead = say(
        "m.lead",
        realised=number(mix["realised"], "share"),
        cap=number(mix["cap"], "share"),
        unit=say.known(f"unit.{mix['unit']}", mix["unit"]),
        ratio=number(mix["general_per_domain"], "plain"),
    )
    rows = say(
        "m.rows",
        tokens=number(mix["tokens"]),
        rows=number(mix["rows"]),
        length=number(mix["row_length"]),
        full=number(mix["efficiency"], "share"),
    )
    parts = [tag("p", lead, class_="lead"), paragraph(rows), _domain(mix)]
    if mix["override"] is not None:
        said = mix["override"]
        words = say("m.override", share=number(said["share"], "share"), reason=data(said["reason"]))
        parts.append(tag("p", words, class_="answer caution"))
    parts += [
        _shares(mix["channels"], "channel", say("m.channels")),
        _shares(mix["languages"], "lang", say("m.by_lang")),
    ]
    parts.append(_fertility(mix["fertility"]))
    for key, name in (("m.held", "held_out"), ("m.unused", "unused")):
        if mix[name]:
            heads = [column("channel"), column("documents", "count"), column("tokens", "count")]
            parts.append(
                behind(say(key), heads, [[row["channel"], row["documents"], row["tokens"]] for row in mix[name]])
            )
    if mix["warnings"]:
        parts += [heading(say("m.warnings")), tag("ul", *(tag("li", data(warning)) for warning in mix["warnings"]))]
    return section("mix", say("s.mix"), *parts)


def _domain(mix: Mapping[str, Any]) -> Html:
    """Asked, there, and the cap, on one scale."""
    top = max(mix["requested"] or 0, mix["realised"] or 0, mix["cap"] or 0) or 1
    drawn = [
        Bar(say("m.asked"), (mix["requested"] or 0) / top, 0, number(mix["requested"], "share"), "s4"),
        Bar(say("m.there"), (mix["realised"] or 0) / top, 0, number(mix["realised"], "share"), "s0"),
        Bar(say("m.cap"), (mix["cap"] or 0) / top, 0, number(mix["cap"], "share"), "s7"),
    ]
    title = say("m.shares")
    cells = [
        [say(key), mix[name]] for key, name in (("m.asked", "requested"), ("m.there", "realised"), ("m.cap", "cap"))
    ]
    heads = [Column(say("c.name"), "html"), column("share", "share")]
    return figure(title, bars(drawn, title), behind(title, heads, cells))


def _shares(rows: Sequence[Mapping[str, Any]], name: str, title: Html) -> Html:
    if not rows:
        return Html("")
    largest = sorted(rows, key=lambda row: -(row["share"] or 0))[:SERIES]
    shown = [Share(_named(row[name]), row["share"] or 0.0) for row in rows if row in largest]
    heads = [
        Column(say(f"c.{name}"), "html"),
        column("documents", "count"),
        column("tokens", "count"),
        column("share", "share"),
    ]
    cells = [[_named(row[name]), row["documents"], row["tokens"], row["share"]] for row in rows]
    if name == "channel":
        heads += [column("asked_share", "share"), column("epochs", "plain")]
        cells = [[*cell, row["asked"], row["epochs"]] for cell, row in zip(cells, rows, strict=True)]
    return figure(title, stacked(shown, title), behind(title, heads, cells))


def _targets(rows: Sequence[Mapping[str, Any]]) -> Html:
    if not rows:
        return Html("")
    heads = [column("column"), column("value"), column("asked_share", "share"), column("there_share", "share")]
    cells = [[row["column"], row["value"], row.get("asked"), row.get("realised")] for row in rows]
    return joined([heading(say("m.targets")), listed(say("m.targets"), heads, cells)])


def _hidden(mix: Mapping[str, Any]) -> Html:
    if mix["with_hidden"] is None:
        return Html("")
    heads = [column("source"), column("judged", "count"), column("share", "share")]
    cells = [[row["source"], row["judged"], row["share"]] for row in mix["hidden"]]
    said = mix["with_hidden"]
    words = say("m.with_hidden", share=number(said["share"], "share"), error=number(said["error"], "share"))
    return joined([paragraph(words), behind(say("m.hidden"), heads, cells)])


def _fertility(rows: Sequence[Mapping[str, Any]]) -> Html:
    known = [row for row in rows if row["tokens_per_character"] is not None]
    if not known:
        return Html("")
    most = max(row["tokens_per_character"] for row in known) or 1
    drawn = [
        Bar(data(row["source"]), row["tokens_per_character"] / most, 0, number(row["tokens_per_character"], "plain"),
            "s0" if row["role"] == "domain" else "s1")
        for row in known[:24]
    ]  # fmt: skip
    heads = [column("source"), column("role", "html"), column("tokens", "count"), column("fertility", "plain")]
    cells = [[row["source"], role(row["role"]), row["tokens"], row["tokens_per_character"]] for row in known]
    title = say("m.fertility")
    return figure(title, bars(drawn, title), behind(title, heads, cells))


def _named(name: str) -> Html:
    return joined([say.known(f"role.{name}", name)])
