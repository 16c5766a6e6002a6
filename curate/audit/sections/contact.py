"""Contamination by benchmarks, with the texts that matched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curate.audit.page.markup import Html, data, joined, number, tag, text
from curate.audit.page.table import Column
from curate.audit.sections.parts import column, heading, listed, names, paragraph, section
from curate.audit.words import say

CONTACTS = ("item", "question", "passage")


def contact(report: Mapping[str, Any]) -> Html:
    found = report["contamination"]
    if not found["looked"]:
        return section("contamination", say("s.contamination"), paragraph(say("b.not_looked")))
    indexes = names(one["index"] for one in found["indexes"])
    parts = [tag("p", say("b.looked", indexes=indexes), class_="lead")]
    rows = found["benchmarks"]
    if not rows:
        return section("contamination", say("s.contamination"), *parts, paragraph(say("b.none")))
    heads = [column("benchmark"), column("items", "count")]
    heads += [Column(say(f"b.{one}_{side}"), "count") for one in CONTACTS for side in ("gone", "left")]
    cells = [
        [row["benchmark"], row["items_found"], *(row[one][side] for one in CONTACTS for side in ("removed", "kept"))]
        for row in rows
    ]
    parts += [heading(say("b.table")), listed(say("b.table"), heads, cells)]
    parts += [_match(match) for row in rows[:12] for match in row["matches"][:2]]
    return section("contamination", say("s.contamination"), *parts)


def _match(match: Mapping[str, Any]) -> Html:
    part = say.known(f"part.{match['part']}", match["part"])
    about = say("b.match", item=data(match["item"]), score=number(match["score"], "share"), part=part)
    sides = [
        tag("div", tag("h4", say(key)), tag("pre", text(match[name]), class_="quote", dir="auto", tabindex="0"))
        for key, name in (("b.says", "says"), ("b.span", "span"))
    ]
    kind = "doc went" if match["removed"] else "doc"
    return tag("div", tag("p", joined([about]), class_="about"), tag("div", *sides, class_="two"), class_=kind)
