"""The annexes for compliance people, and what this audit cannot know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curate.audit.page.markup import Html, number, tag, text
from curate.audit.page.table import Column
from curate.audit.sections.parts import behind, column, heading, listed, note, section
from curate.audit.words import say

STATES = {"reached": "fine", "missed": "bad", "not_supplied": "unknown"}


def eu(report: Mapping[str, Any]) -> Html:
    found = report["annexes"]["eu"]
    heads = [
        Column(say("c.field"), "html"),
        column("section"),
        Column(say("c.value"), "html"),
        Column(say("c.said"), "html"),
    ]
    rows = [
        [
            say(f"eu.{row['field']}"),
            row["section"],
            _value(row["value"]),
            chip(f"from.{row['from']}", _origin(row["from"])),
        ]
        for row in found["fields"]
    ]
    parts = [tag("p", say("eu.lead"), class_="lead"), listed(say("eu.fields"), heads, rows)]
    domains = found["domains"]
    if domains["domains"]:
        words = say(
            "eu.domains",
            listed=number(domains["listed"]),
            domains=number(domains["domains"]),
            asked=number(domains["share_asked"], "share"),
            share=number(domains["share_of_content"], "share"),
        )
        heads = [
            column("domain"),
            column("documents", "count"),
            column("characters", "count"),
            column("bytes", "bytes"),
        ]
        rows = [[row["domain"], row["documents"], row["characters"], row["bytes"]] for row in domains["top"]]
        parts.append(behind(words, heads, rows))
    else:
        parts.append(note(say("eu.no_domains")))
    return section("eu", say("s.eu"), *parts)


def cn(report: Mapping[str, Any]) -> Html:
    found = report["annexes"]["cn"]
    heads = [
        Column(say("c.figure"), "html"),
        Column(say("c.asked"), "html"),
        Column(say("c.found"), "html"),
        Column(say("c.state"), "html"),
    ]
    rows = [
        [
            say(f"cn.{row['figure']}"),
            number(row["asked"], _kind(row)),
            _found(row),
            chip(f"cn.{row['state']}", STATES[row["state"]]),
        ]
        for row in found["figures"]
    ]
    parts = [tag("p", say("cn.lead"), class_="lead"), listed(say("cn.figures"), heads, rows)]
    limit = say("cn.sources", limit=number(found["unlawful_limit"], "share"))
    parts.append(heading(limit))
    if found["sources"]:
        heads = [
            column("source"),
            column("documents", "count"),
            column("found", "count"),
            column("share", "share"),
            Column(say("c.state"), "html"),
        ]
        cells = [
            [
                row["source"],
                row["documents"],
                row["found"],
                row["share"],
                chip(f"cn.{row['state']}", STATES[row["state"]]),
            ]
            for row in found["sources"]
        ]
        parts.append(listed(limit, heads, cells))
    else:
        parts.append(note(say("not_supplied")))
    return section("cn", say("s.cn"), *parts)


def unknown(report: Mapping[str, Any]) -> Html:
    items = [tag("li", say(f"u.{name}")) for name in report["not_supplied"]]
    return section(
        "unknown",
        say("s.unknown"),
        tag("p", say("u.lead"), class_="lead"),
        tag("ul", *items) if items else note(say("nothing")),
    )


def chip(key: str, state: str) -> Html:
    """A state in words, coloured."""
    return tag("span", say(key), class_=f"chip {state}")


def _origin(said: str) -> str:
    return {"measured": "fine", "declared": "fine", "not_supplied": "unknown"}[said]


def _value(value: object) -> Html:
    if value is None:
        return say("not_supplied")
    if isinstance(value, int | float):
        return number(value)
    return say(f"value.{value}") if f"value.{value}" in say.words else tag("span", text(value), class_="data")


def _kind(row: Mapping[str, Any]) -> str:
    return "count" if row["figure"] == "manual_documents" else "share"


def _found(row: Mapping[str, Any]) -> Html:
    return say("not_supplied") if row["found"] is None else number(row["found"], _kind(row))
