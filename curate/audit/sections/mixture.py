"""The mix: asked and realised shares, epochs, fertility, the cap and its override."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curate.audit.page.markup import Html, data, joined, number, tag
from curate.audit.page.plot.bars import Bar, bars
from curate.audit.page.plot.shares import Share
from curate.audit.page.table import Column
from curate.audit.sections.parts import (
    BARS,
    behind,
    column,
    figure,
    heading,
    listed,
    paragraph,
    parted,
    role,
    section,
)
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
        _shares(mix["roles"], "role", say("m.roles")),
        _shares(mix["channels"], "channel", say("m.channels")),
        _shares(mix["languages"], "lang", say("m.by_lang")),
        _targets(mix["targets"]),
        _hidden(mix),
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
    lines = (("m.asked", "requested", "s4"), ("m.there", "realised", "s0"), ("m.cap", "cap", "s7"))
    known = [(say(key), mix[name], series) for key, name, series in lines if mix[name] is not None]
    top = max(share for _, share, _ in known) or 1
    drawn = [Bar(name, share / top, 0, number(share, "share"), series) for name, share, series in known]
    title = say("m.shares")
    heads = [Column(say("c.name"), "html"), column("share", "share")]
    return figure(title, bars(drawn, title), behind(title, heads, [[name, share] for name, share, _ in known]))


def _shares(rows: Sequence[Mapping[str, Any]], name: str, title: Html) -> Html:
    if not rows:
        return Html("")
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
    drawn = parted([Share(_named(row[name]), row["share"] or 0.0) for row in rows], title)
    return figure(title, drawn, behind(title, heads, cells))


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
        for row in known[:BARS]
    ]  # fmt: skip
    heads = [column("source"), column("role", "html"), column("tokens", "count"), column("fertility", "plain")]
    cells = [[row["source"], role(row["role"]), row["tokens"], row["tokens_per_character"]] for row in known]
    title = say("m.fertility")
    return figure(title, bars(drawn, title), behind(title, heads, cells))


def _named(name: str) -> Html:
    return joined([say.known(f"role.{name}", name)])
