"""Where the documents come from: sources, hosts, licences with their evidence, dates, languages, domains."""

from __future__ import annotations

from typing import Any

from curate.audit.excerpt import visible
from curate.audit.gather.hosts import registered
from curate.audit.gather.tally import Tally
from curate.audit.licences import CLASSES, class_of
from curate.audit.report.material import Material, share

MOST = 5000  # rows of a list in the report; `distinct` says how many there are
HOSTS = 100


def origin(material: Material) -> dict[str, Any]:
    stay = material.stay
    whole = stay.tallies["sources"].total()
    stated = stay.stated
    hosts = stay.tallies["hosts"]
    return {
        "distinct": {
            "sources": len(material.roles),
            "languages": len({key[0] for key, _ in stay.tallies["languages"] if key[0] is not None}),
            "domains": len({key[1] for key, _ in stay.tallies["languages"] if key[1] is not None}),
            "licenses": len({key[0] for key, _ in stay.tallies["licenses"] if key[0] is not None}),
        },
        "totals": {**_counts(whole), "tokens": _all_tokens(material)},
        "sources": sources(material),
        "hosts": {
            "distinct": len([key for key, _ in hosts if key[0] is not None]),
            "uncounted_documents": hosts.dropped,
            "without_address": hosts.get(None)["documents"],
            "top": [
                {"host": visible(str(key[0])), **_counts(counts), "share": share(counts["bytes"], whole["bytes"])}
                for key, counts in hosts
                if key[0] is not None
            ][:HOSTS],
        },
        "licenses": licences(material),
        "license_classes": classes(material),
        "dates": {
            "first": stay.dates[0] if stay.dates else None,
            "last": stay.dates[1] if stay.dates else None,
            "stated": stated.get("date", 0),
            "years": [
                {"year": key[0], **_counts(counts)}
                for key, counts in sorted(stay.tallies["years"], key=lambda row: str(row[0][0]))
                if key[0] is not None
            ][-80:],
        },
        "languages": _single(stay.tallies["languages"], 0, "lang", whole),
        "domains": _single(stay.tallies["languages"], 1, "domain", whole),
        "kinds": _single(stay.tallies["kinds"], 0, "kind", whole),
        "language_domain": [
            {"lang": key[0], "domain": _name(key[1]), **_counts(counts)} for key, counts in stay.tallies["languages"]
        ][:MOST],
        "stated": {
            column: {"documents": stated.get(column, 0), "share": share(stated.get(column, 0), material.documents)}
            for column in ("url", "license", "date", "lang", "domain", "origin_id", "traced")
        },
    }


def sources(material: Material) -> list[dict[str, Any]]:
    """A row for each source, those of the domain first."""
    sums: dict[str, dict[str, int]] = {}
    domains: dict[str, set[str]] = {}
    for key, counts in material.stay.tallies["sources"]:
        mine = sums.setdefault(str(key[0]), dict.fromkeys(counts, 0))
        for name, value in counts.items():
            mine[name] += value
        if key[2] is not None:
            domains.setdefault(str(key[0]), set()).add(str(key[2]))
    langs: dict[str, list[str]] = {}
    for key, _ in material.stay.tallies["language_sources"]:
        langs.setdefault(str(key[1]), []).append(str(key[0] or "und"))
    held: dict[str, list[str | None]] = {}
    for key, _ in material.stay.tallies["licenses"]:
        held.setdefault(str(key[1]), []).append(key[0])
    whole = material.stay.tallies["sources"].total()
    tokens = material.tokens
    rows = []
    for name, role in material.roles.items():
        counts = sums.get(name, dict.fromkeys(whole, 0))
        rows.append({
            "source": _name(name), "role": role,
            "domains": sorted(str(_name(one)) for one in domains.get(name, ()))[:8],
            "languages": langs.get(name, [])[:4],
            "licenses": [_name(one) for one in held.get(name, [])][:8],
            "license_class": _strictest(held.get(name, [])),
            **_counts(counts), "share": share(counts["bytes"], whole["bytes"]),
            "tokens": None if tokens is None else tokens.get(name, 0),
            "tokens_per_character": None if tokens is None else share(tokens.get(name, 0), counts["characters"]),
        })  # fmt: skip
    return rows[:MOST]


def licences(material: Material) -> list[dict[str, Any]]:
    """A row for each licence: its class of use, what states it, how much is under it."""
    recipe = material.subject.recipe
    declared = {} if recipe is None else {source["name"]: source["license"] for source in recipe["sources"]}
    whole = material.stay.tallies["sources"].total()
    rows: dict[str | None, dict[str, Any]] = {}
    for (licence, source), counts in material.stay.tallies["licenses"]:
        row = rows.setdefault(licence, {
            "license": _name(licence), "class": class_of(licence), "evidence": [], "sources": [],
            **dict.fromkeys(("documents", "characters", "bytes"), 0)})  # fmt: skip
        said = "nothing" if licence is None else ("recipe" if declared.get(source) == licence else "records")
        if said == "recipe" and material.subject.card.get("license") == licence:
            said = "card"
        row["evidence"] = sorted({*row["evidence"], said})
        row["sources"] = [*row["sources"], _name(source)]
        for name in ("documents", "characters", "bytes"):
            row[name] += counts[name]
    ordered = sorted(rows.values(), key=lambda row: (-row["bytes"], str(row["license"])))
    return [
        {**row, "share": share(row["bytes"], whole["bytes"]), "sources": row["sources"][:12]} for row in ordered[:MOST]
    ]


def classes(material: Material) -> list[dict[str, Any]]:
    """How much there is of each class of use, from the freest to the unknown."""
    sums = {name: dict.fromkeys(("documents", "characters", "bytes"), 0) for name in CLASSES}
    for key, counts in material.stay.tallies["licenses"]:
        mine = sums[class_of(key[0])]
        for name in mine:
            mine[name] += counts[name]
    whole = sum(counts["bytes"] for counts in sums.values())
    return [{"class": name, **counts, "share": share(counts["bytes"], whole)} for name, counts in sums.items()]


def domains_crawled(material: Material) -> list[dict[str, Any]]:
    """Registered domains by content, most first."""
    sums: dict[str, dict[str, int]] = {}
    for key, counts in material.stay.tallies["hosts"]:
        if key[0] is not None:
            mine = sums.setdefault(registered(key[0]), dict.fromkeys(("documents", "characters", "bytes"), 0))
            for name in mine:
                mine[name] += counts[name]
    ordered = sorted(sums.items(), key=lambda row: (-row[1]["bytes"], row[0]))
    return [{"domain": visible(name), **counts} for name, counts in ordered]


def _single(tally: Tally, place: int, name: str, whole: dict[str, int]) -> list[dict[str, Any]]:
    sums: dict[str | None, dict[str, int]] = {}
    for key, counts in tally:
        mine = sums.setdefault(key[place], dict.fromkeys(("documents", "characters", "bytes"), 0))
        for column in mine:
            mine[column] += counts[column]
    ordered = sorted(sums.items(), key=lambda row: (-row[1]["bytes"], str(row[0])))
    return [
        {name: _name(value), **counts, "share": share(counts["bytes"], whole["bytes"])}
        for value, counts in ordered[:MOST]
    ]


def _counts(counts: dict[str, int]) -> dict[str, int]:
    return {name: counts[name] for name in ("documents", "characters", "bytes")}


def _all_tokens(material: Material) -> int | None:
    return None if material.tokens is None else sum(material.tokens.values())


def _strictest(held: list[str | None]) -> str:
    return max(map(class_of, held), key=CLASSES.index, default="unknown")


def _name(value: str | None) -> str | None:
    """A name that data gave, short and inert."""
    return None if value is None else visible(value)[:120]
