"""Quarantine and errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curate.audit.page.markup import Html, number, tag
from curate.audit.sections.parts import behind, column, heading, listed, paragraph, section
from curate.audit.words import say


def faults(report: Mapping[str, Any]) -> Html:
    found = report["faults"]
    if not found["supplied"]:
        return section("faults", say("s.faults"), paragraph(say("f.none")))
    facts = {"quarantined": number(found["quarantined"]), "records": number(found["records"]),
             "share": number(found["share"], "share")}  # fmt: skip
    if found["tolerance"] is None:
        lead = say("f.lead_free", **facts)
    else:
        lead = say("f.lead", **facts, tolerance=number(found["tolerance"], "share"))
    parts = [tag("p", lead, class_="lead")]
    if found["by_reason"]:
        heads = [column("stage"), column("reason"), column("source"), column("records", "count")]
        rows = [[row["stage"], row["reason"], row["source"], row["records"]] for row in found["by_reason"]]
        parts += [heading(say("f.by")), listed(say("f.by"), heads, rows)]
    if found["examples"]:
        heads = [column("place"), column("reason"), column("error")]
        rows = [[row["locator"], row["reason"], row["error"]] for row in found["examples"]]
        parts.append(behind(say("f.examples"), heads, rows))
    if found["skipped"]:
        heads = [column("reason"), column("records", "count")]
        parts.append(behind(say("f.skipped"), heads, [[row["reason"], row["records"]] for row in found["skipped"]]))
    return section("faults", say("s.faults"), *parts)
