"""Contamination: what the documents hold of benchmarks, with the texts that matched."""

from __future__ import annotations

from typing import Any

from curate.audit.report.material import Material
from curate.decontaminate.contact import CONTACTS


def contamination(material: Material) -> dict[str, Any]:
    went, stay = material.gone.gone.contacts, material.stay.contacts
    looked = [stage.get("stage", stage) for stage in (material.subject.recipe or {}).get("stages", ())]
    looked = [stage for stage in looked if stage.get("is") == "Decontaminate"]
    names = sorted({key[0] for part in (went, stay) for key in part.documents})
    rows = []
    for name in names:
        items = went.items.get(name, set()) | stay.items.get(name, set())
        row: dict[str, Any] = {"benchmark": name, "items_found": len(items)}
        for contact in CONTACTS:
            row[contact] = {"removed": went.documents.get((name, contact, True), 0),
                            "kept": stay.documents.get((name, contact, False), 0)}  # fmt: skip
        matches = [pick for part in (went, stay) for pick in part.matches.held.get((name,), [])]
        row["matches"] = [
            {"doc_id": pick.doc_id, **pick.shown} for pick in sorted(matches, key=lambda pick: (pick.rank, pick.doc_id))
        ][:3]
        rows.append(row)
    return {
        "looked": bool(looked),
        "indexes": [
            {"stage": stage["name"], "index": stage["index"]["asset"], "sha256": stage["index"]["sha256"]}
            for stage in looked
        ],
        "benchmarks": rows,
        "removed": sum(count for (_, removed), count in went.sources.items() if removed),
        "kept_with_a_match": sum(stay.sources.values()),
        "kept_with_a_question": _asked(stay.documents),
        "sources": [
            {"source": name, "removed": went.sources.get((name, True), 0), "kept": stay.sources.get((name, False), 0)}
            for name in material.roles
            if went.sources.get((name, True), 0) + stay.sources.get((name, False), 0)
        ],
    }


def _asked(documents: dict[tuple[str, str, bool], int]) -> int:
    """Documents that stay and hold a whole item or its question, by benchmark."""
    return sum(count for (_, contact, _), count in documents.items() if contact in ("item", "question"))
