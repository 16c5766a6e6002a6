"""What people say who read a sample: the share of good documents with its interval, and how far readers agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curate.audit.page.markup import Html, number, tag
from curate.audit.page.table import Column
from curate.audit.sections.parts import column, heading, listed, note, paragraph
from curate.audit.words import say


def sampled(found: Mapping[str, Any] | None) -> list[Html]:
    """Nothing where nobody was asked."""
    if found is None:
        return []
    parts = [heading(say("q.sampled"))]
    if found["documents"]:
        shares = {name: number(found[name], "share") for name in ("share", "low", "high")}
        parts.append(paragraph(say("q.sampled_lead", documents=number(found["documents"]), **shares)))
    else:
        parts.append(paragraph(say("q.sampled_none")))
    if found["chosen"] or found["elsewhere"]:
        counts = {name: number(found[name]) for name in ("chosen", "elsewhere")}
        parts.append(note(say("q.sampled_left", **counts)))
    if not found["documents"]:
        return parts
    heads = [Column(say("q.reader")), column("documents", "count"), Column(say("q.good"), "count")]
    rows = [[row["reader"], row["documents"], row["good"]] for row in found["readers"]]
    parts.append(listed(say("q.readers"), heads, rows))
    if found["agreements"]:
        heads = [Column(say("q.one")), Column(say("q.other")), Column(say("q.both"), "count"),
                 Column(say("q.agreed"), "count"), Column(say("q.kappa"), "plain")]  # fmt: skip
        pairs = [[row["one"], row["other"], row["both"], row["agreed"], row["kappa"]] for row in found["agreements"]]
        parts.append(listed(say("q.agreement"), heads, pairs))
    for name, key in (("sources", "source"), ("languages", "lang")):
        heads = [column(key), column("documents", "count"), Column(say("q.good"), "count"), column("share", "share"),
                 Column(say("q.low"), "share"), Column(say("q.high"), "share")]  # fmt: skip
        groups = [
            ["" if row[key] is None else row[key], *(row[one] for one in ("documents", "good", "share", "low", "high"))]
            for row in found[name]
        ]
        parts.append(listed(say(f"q.sampled_{name}"), heads, groups))
    return [tag("div", *parts, class_="sampled")]
