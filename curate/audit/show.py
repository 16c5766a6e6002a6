"""The audit's page, made of the report alone: whatever it shows, report.json says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curate.audit.page.bilingual import switch
from curate.audit.page.markup import Html, data, joined, number, tag
from curate.audit.page.shell import page
from curate.audit.sections import annexes
from curate.audit.sections.changes import changes
from curate.audit.sections.contact import contact
from curate.audit.sections.copies import copies
from curate.audit.sections.faults import faults
from curate.audit.sections.making import making
from curate.audit.sections.mixture import mixture
from curate.audit.sections.origin import origin
from curate.audit.sections.personal import personal
from curate.audit.sections.quality import quality
from curate.audit.sections.removal import removal
from curate.audit.sections.verdict import verdict
from curate.audit.words import say

NAMED = (
    "verdict",
    "origin",
    "removal",
    "quality",
    "copies",
    "contamination",
    "personal",
    "mix",
    "changes",
    "faults",
    "making",
    "eu",
    "cn",
    "unknown",
)


LARGEST = 3_000_000  # bytes of a page
SOURCES = (16, 8, 4, 2)  # of each measure: what a report of many measures and sources has fewer of


def show(report: Mapping[str, Any], language: str = "en") -> bytes:
    """The report as a page that first shows `language`, zh or en, and holds both: of at most LARGEST bytes."""
    whole = b""
    for sources in SOURCES:
        whole = _page(report, language, sources)
        if len(whole) <= LARGEST:
            break
    return whole


def _page(report: Mapping[str, Any], language: str, sources: int) -> bytes:
    subject = report["subject"]
    buttons, labels = switch(language, tag("span", say("language"), class_="sr"))
    main = tag(
        "main",
        verdict(report),
        origin(report),
        removal(report),
        quality(report, sources),
        copies(report),
        contact(report),
        personal(report),
        mixture(report),
        changes(report),
        faults(report),
        making(report),
        annexes.eu(report),
        annexes.cn(report),
        annexes.unknown(report),
    )
    title = tag("h1", data(subject["title"] or subject["name"]))
    head = tag(
        "header",
        tag("div", tag("div", tag("p", say(f"kind.{subject['kind']}"), class_="kind"), title), labels, class_="top"),
        _tiles(report),
        _contents(report),
    )
    foot = tag("footer", tag("p", say("made_by", version=data(report["curate"]))), tag("p", say("no_claim")))
    skip = tag("a", say("skip"), href="#verdict", class_="skip")
    name = f"{say.plain('audit', language)}: {subject['title'] or subject['name']}"
    return page(name, joined([buttons, skip, head, main, foot]), language)


def _tiles(report: Mapping[str, Any]) -> Html:
    totals, mix, removal_ = report["origin"]["totals"], report["mix"], report["removal"]
    tiles = [
        (number(totals["documents"]), say("documents")),
        (number(totals["bytes"], "bytes"), say("bytes")),
        (number(totals["tokens"]), say("tokens"))
        if totals["tokens"] is not None
        else (number(totals["characters"]), say("characters")),
        (number(report["origin"]["distinct"]["sources"]), say("sources")),
    ]
    if mix is not None:
        tiles.append((number(mix["realised"], "share"), say("domain_share")))
    if removal_["kept_share"] is not None:
        key = "would_share" if removal_["hypothetical"] else "kept_share"
        tiles.append((number(removal_["kept_share"], "share"), say(key)))
    return tag(
        "ul", *(tag("li", tag("b", value), tag("span", what, class_="what")) for value, what in tiles), class_="tiles"
    )


def _contents(report: Mapping[str, Any]) -> Html:
    would = report["removal"]["hypothetical"]
    links = [
        tag("li", tag("a", say("s.removal_would" if name == "removal" and would else f"s.{name}"), href=f"#{name}"))
        for name in NAMED
    ]
    return tag("nav", tag("span", say("contents"), class_="sr"), tag("ol", *links))
