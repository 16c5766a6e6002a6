"""What was removed, and why? The funnel, the reasons, and documents to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curate.audit.page.markup import Html, data, joined, number, tag
from curate.audit.page.plot.bars import Bar, bars
from curate.audit.page.table import Column, folded
from curate.audit.sections.parts import (
    behind,
    coded,
    column,
    document,
    figure,
    heading,
    listed,
    measure_name,
    note,
    paragraph,
    role,
    section,
)
from curate.audit.words import say

REASONS = 20  # of which samples are on the page
AT_ONCE = 3  # reasons whose samples are open


def removal(report: Mapping[str, Any]) -> Html:
    found = report["removal"]
    would = found["hypothetical"]
    title = say("s.removal_would" if would else "s.removal")
    if not found["supplied"]:
        return section("removal", title, paragraph(say("r.not_supplied")), _rules(found["rules"]))
    return section(
        "removal",
        title,
        tag("p", say("r.lead_would" if would else "r.lead"), class_="lead"),
        _funnel(found),
        _reasons(found),
        _by_source(found["stages"]),
        _uneven(found["uneven"]),
        _rules(found["rules"]),
        _samples(found),
    )


def _funnel(found: Mapping[str, Any]) -> Html:
    rows = found["stages"]
    most = max((row["documents_in"] + row["split_into"] for row in rows), default=1) or 1
    drawn = [
        Bar(
            coded(row["stage"]),
            row["kept"] / most,
            row["removed"] / most,
            joined([number(row["kept"]), Html(' <span class="none">\u2212</span>'), number(row["removed"])]),
        )
        for row in rows
    ]
    legend = tag(
        "ul",
        tag("li", Html('<i class="stay2"></i>'), say("r.funnel_legend_kept")),
        tag("li", Html('<i class="went2"></i>'), say("r.funnel_legend_gone")),
        class_="legend",
    )
    gone = "would" if found["hypothetical"] else "removed"
    heads = [
        Column(say("c.stage"), "html"),
        column("in", "count"),
        column(gone, "count"),
        column("share", "share"),
        column("quarantined", "count"),
        column("parts", "count"),
        column("kept", "count"),
        column("bytes_removed", "bytes"),
        column("sized", "count"),
        column("tokens_removed", "count"),
        column("cut", "count"),
        column("added", "count"),
    ]
    cells = [
        [
            coded(row["stage"]),
            row["documents_in"],
            row["removed"],
            row["removed_share"],
            row["quarantined"],
            row["split_into"],
            row["kept"],
            row["bytes_removed"],
            row["documents_of_known_size"],
            row["tokens_removed_about"],
            row["characters_cut"],
            row["characters_added"],
        ]
        for row in rows
    ]
    title = say("r.funnel")
    return figure(title, bars(drawn, title), legend, behind(say("r.funnel_table"), heads, cells))


def _reasons(found: Mapping[str, Any]) -> Html:
    rows = found["reasons"]
    if not rows:
        return Html("")
    most = rows[0]["documents"] or 1
    drawn = [
        Bar(
            joined([coded(row["reason"]), Html(' <span class="note">'), data(row["stage"]), Html("</span>")]),
            row["documents"] / most,
            0,
            number(row["documents"]),
            "went",
        )
        for row in rows[:REASONS]
    ]
    heads = [
        Column(say("c.reason"), "html"),
        column("stage"),
        column("documents", "count"),
        column("share", "share"),
        column("bytes", "bytes"),
        column("source", "html"),
    ]
    cells = [
        [
            coded(row["reason"]),
            row["stage"],
            row["documents"],
            row["share"],
            row["bytes"],
            joined(
                [joined([data(one["source"]), Html(" "), number(one["documents"])]) for one in row["sources"][:12]],
                ", ",
            ),
        ]
        for row in rows
    ]
    title = say("r.reasons")
    return figure(title, bars(drawn, title), behind(title, heads, cells))


def _by_source(stages: Sequence[Mapping[str, Any]]) -> Html:
    rows = [(stage["stage"], one) for stage in stages if stage["removed"] for one in stage["sources"]]
    if not rows:
        return Html("")
    heads = [
        Column(say("c.stage"), "html"),
        column("source"),
        column("role", "html"),
        column("in", "count"),
        column("removed", "count"),
        column("share", "share"),
    ]
    cells = [
        [coded(stage), row["source"], role(row["role"]), row["documents_in"], row["removed"], row["removed_share"]]
        for stage, row in sorted(rows, key=lambda pair: -pair[1]["removed"])
    ]
    return behind(say("r.by_source"), heads, cells)


def _uneven(rows: Sequence[Mapping[str, Any]]) -> Html:
    if not rows:
        return Html("")
    heads = [
        Column(say("c.stage"), "html"),
        column("source"),
        column("role", "html"),
        column("in", "count"),
        column("removed", "count"),
        column("share", "share"),
    ]
    cells = [
        [
            coded(row["stage"]),
            row["source"],
            role(row["role"]),
            row["documents_in"],
            row["removed"],
            row["removed_share"],
        ]
        for row in rows
    ]
    return joined([heading(say("r.uneven")), listed(say("r.uneven"), heads, cells)])


def _rules(rows: Sequence[Mapping[str, Any]]) -> Html:
    if not rows:
        return Html("")
    heads = [
        Column(say("c.reason"), "html"),
        column("stage"),
        column("measure", "html"),
        column("low", "plain"),
        column("high", "plain"),
        column("among"),
        column("when"),
        column("failed", "count"),
    ]
    cells = [
        [
            coded(row["reason"]),
            row["stage"],
            measure_name(row["measure"]),
            row["low"],
            row["high"],
            ", ".join(row["among"]) if row["among"] else None,
            row["when"],
            row["failed"],
        ]
        for row in rows
    ]
    return behind(say("r.rules"), heads, cells)


def _samples(found: Mapping[str, Any]) -> Html:
    some = found["samples"][:REASONS]
    if not some:
        return Html("")
    would = found["hypothetical"]
    blocks = []
    for place, sample in enumerate(some):
        gone = [document(one, went=True) for one in sample["went"]] or [note(say("r.no_text"))]
        stayed = [document(one, went=False) for one in sample["stayed"]]
        left = tag("div", tag("h4", say("r.would" if would else "r.went")), *gone)
        key = {"nearest": "r.stayed", "same_source": "r.stayed_source", "twin": "r.twin"}[sample["stayed_for"]]
        right = tag("div", tag("h4", say(key)), *stayed) if stayed else Html("")
        count = next(row["documents"] for row in found["reasons"] if _same(row, sample))
        summary = joined([coded(sample["reason"]), Html(" "), data(sample["stage"]), Html(" · "), number(count)])
        block = folded(summary, tag("div", left, right, class_="two"))
        blocks.append(Html(block.replace("<details>", "<details open>", 1)) if place < AT_ONCE else block)
    return joined([heading(say("r.samples_would" if would else "r.samples")), *blocks])


def _same(row: Mapping[str, Any], sample: Mapping[str, Any]) -> bool:
    return bool((row["stage"], row["reason"]) == (sample["stage"], sample["reason"]))
