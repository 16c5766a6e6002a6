"""What changed since the last version?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curate.audit.page.markup import Html, data, number, tag
from curate.audit.page.plot.bars import Bar, bars
from curate.audit.page.table import Column
from curate.audit.sections.parts import behind, column, figure, named, paragraph, section
from curate.audit.words import say


def changes(report: Mapping[str, Any]) -> Html:
    found = report["changes"]
    if found is None:
        return section("changes", say("s.changes"), paragraph(say("v.none")))
    lead = say("v.lead", version=named(found["version"]), before=number(found["documents_before"]),
               now=number(found["documents_now"]))  # fmt: skip
    rows: list[tuple[Html, int]] = [
        (say(f"v.{name}"), found[name]) for name in ("same", "added", "removed", "changed", "same_text")
        if found[name] is not None
    ]  # fmt: skip
    rows += [(say("v.withdrawn", reason=data(one["reason"])), one["documents"]) for one in found["withdrawn"]]
    parts = [tag("p", lead, class_="lead")]
    if rows:
        most = max(count for _, count in rows) or 1
        drawn = [Bar(name, count / most, 0, number(count), f"s{place % 8}") for place, (name, count) in enumerate(rows)]
        title = say("v.table")
        heads = [Column(say("c.name"), "html"), column("documents", "count")]
        parts.append(figure(title, bars(drawn, title), behind(title, heads, [[name, count] for name, count in rows])))
    for key, name in (("v.sources", "source"), ("v.languages", "lang")):
        its = found["sources" if name == "source" else "languages"]
        if its:
            heads = [column(name), column("before", "count"), column("now", "count"),
                     column("share_before", "share"), column("share_now", "share")]  # fmt: skip
            cells = [[row[name], row["documents_before"], row["documents_now"], row["share_before"], row["share_now"]]
                     for row in its]  # fmt: skip
            parts.append(behind(say(key), heads, cells))
    return section("changes", say("s.changes"), *parts)
