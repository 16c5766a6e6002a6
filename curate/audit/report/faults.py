"""Quarantine and errors: what could not be read or judged, and what was skipped."""

from __future__ import annotations

from typing import Any

from curate.audit.excerpt import shown_url, visible
from curate.audit.report.material import Material, share
from curate.audit.tables import scan

EXAMPLES = 12


def faults(material: Material) -> dict[str, Any]:
    subject = material.subject
    if not subject.records:
        told = (subject.manifest or {}).get("quarantined")
        return {
            "supplied": told is not None,
            "records": None,
            "quarantined": told,
            "share": None,
            "tolerance": _tolerance(material),
            "balanced": None,
            "by_reason": [],
            "examples": [],
            "skipped": [],
        }
    reading = [record.reading for record in subject.records if record.reading]
    records = sum(one["records"] for one in reading)
    skipped: dict[str, int] = {}
    for one in reading:
        for reason, count in one["skipped"].items():
            skipped[reason] = skipped.get(reason, 0) + count
    quarantined = sum(one["quarantined"] for one in reading) + sum(count.quarantined.count for count in material.counts)
    table = scan(subject.place, "quarantine")
    rows: list[dict[str, Any]] = []
    examples: list[dict[str, Any]] = []
    if table is not None:
        counted = table.group_by("stage", "reason", "source").len().collect().sort("stage", "reason", "source")
        rows = [
            {"stage": row[0], "reason": row[1], "source": row[2], "records": row[3]} for row in counted.iter_rows()
        ][:200]
        first = table.sort("source", "locator").head(EXAMPLES).collect()
        examples = [
            {
                "stage": row["stage"],
                "reason": row["reason"],
                "source": row["source"],
                "locator": shown_url(row["locator"] or "")[:200],
                "error": visible(row["error"] or "")[:300],
            }
            for row in first.iter_rows(named=True)
        ]
    return {
        "supplied": True,
        "records": records,
        "quarantined": quarantined,
        "share": share(quarantined, records),
        "tolerance": _tolerance(material),
        "balanced": _balanced(material, records, skipped),
        "by_reason": rows,
        "examples": examples,
        "skipped": [{"reason": reason, "records": count} for reason, count in sorted(skipped.items())],
    }


def _tolerance(material: Material) -> float | None:
    recipe = material.subject.recipe
    return None if recipe is None or material.subject.silent else recipe.get("tolerance")


def _balanced(material: Material, records: int, skipped: dict[str, int]) -> bool:
    """Law 1 again, from the ledger and the files: what was read is what was kept, removed, skipped or quarantined."""
    reading = [record.reading for record in material.subject.records if record.reading]
    flow = sum(one["documents"] for one in reading)
    fine = records == flow + sum(skipped.values()) + sum(one["quarantined"] for one in reading)
    for count in material.counts:
        fine = (
            fine
            and count.ids_in.count == flow
            and flow + count.children.count
            == (count.kept.count + count.removed.count + count.quarantined.count + count.parents.count)
        )
        flow = count.kept.count
    return fine and flow == material.documents
