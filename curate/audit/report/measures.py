"""How good the documents are: each measure's distribution by source, the domain's sources next to the general ones."""

from __future__ import annotations

from typing import Any

from curate.audit.gather.spread import Spread
from curate.audit.report.material import Material
from curate.audit.report.removal import limits_of

SOURCES = 48  # of a measure; the others are added up


def measures(material: Material) -> dict[str, Any]:
    """A row for each measure: those with limits first, in the order of the stages; then the others by name."""
    limits = limits_of(material)
    scores = _scores(material)
    order = {measure: place for place, measure in enumerate(limits)}
    found = sorted(material.spreads(), key=lambda row: (order.get(row[0], len(order)), row[0]))
    return {
        "measures": [
            _measure(material, measure, by, limits.get(measure, []), measure in scores)
            for measure, by in found
            if any(spread.documents for spread in by.values())
        ],
        "unjudged": unjudged(material),
    }


def _scores(material: Material) -> set[str]:
    """The measures that learned judges write."""
    recipe = material.subject.recipe
    judges = [] if recipe is None else [stage.get("stage", stage) for stage in recipe["stages"]]
    named = {f"{stage.get('name')}_score" for stage in judges}
    return named | {"fluency_gain", "perplexity"}


def _measure(
    material: Material, measure: str, by: dict[str, Spread], limits: list[dict[str, Any]], score: bool
) -> dict[str, Any]:
    bins = next(iter(by.values())).bins
    names = [name for name in material.roles if name in by]
    rows = [{"source": name, "role": material.roles[name], **by[name].data()} for name in names[:SOURCES]]
    for role in ("domain", "general"):
        rest = [by[name] for name in names[SOURCES:] if material.roles[name] == role]
        if rest:
            rows.append({"source": None, "role": role, **_together(rest).data()})
    roles = []
    for role in ("domain", "general"):
        some = [by[name] for name in names if material.roles[name] == role]
        if some:
            roles.append({"role": role, **_together(some).data()})
    return {
        "measure": measure,
        "score": score,
        "scale": bins.scale,
        "edges": list(bins.edges),
        "limits": limits,
        "roles": roles,
        "sources": rows,
    }


def _together(some: list[Spread]) -> Spread:
    whole = Spread.empty(some[0].bins)
    for spread in some:
        whole.merge(spread)
    return whole


def unjudged(material: Material) -> list[dict[str, Any]]:
    """Sources of which a stage measured nothing that its rules look at: they have another standard than the others."""
    rows = []
    for stage, rules in (material.subject.rules or {}).items():
        looked = {rule.measure for rule in rules if rule.among is None}
        for name in material.roles:
            mine = [
                spread
                for (measure, source), spread in (*material.stay.spreads.items(), *material.went.spreads.items())
                if source == name and measure in looked
            ]
            there = sum(1 for key, _ in material.stay.tallies["sources"] if key[0] == name)
            if looked and there and not any(spread.documents for spread in mine):
                rows.append({"stage": stage, "source": name, "role": material.roles[name]})
    return rows
