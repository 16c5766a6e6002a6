"""Annex: the sampling figures that China's GB/T 45654-2025 names for training data, beside what is there.

By hand at least 4,000 documents drawn from all, of which 96 % pass; by keywords and classifiers at least 10 % of all,
of which 98 % pass; a source with more than 5 % unlawful or harmful content is not used. The same figures stand in
TC260-003-2024 (5.1 and 9.2), which the standard follows; GB/T 45652-2025 has the requirements on the data themselves.
The figures are settings; showing them is no claim of conformity.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curate.audit.report.material import Limits, Material, share
from curate.audit.report.sampled import sampled

REACHED, MISSED, NOT_SUPPLIED = "reached", "missed", "not_supplied"


def cn_sampling(material: Material) -> dict[str, Any]:
    limits = material.limits
    said = material.facts.get("sampling")
    sampling: Mapping[str, Any] = said if isinstance(said, Mapping) else {}
    manual, technical = _read(material) or _part(sampling, "manual"), _part(sampling, "technical")
    flagged = _flagged(material)
    if technical is None and flagged is not None:
        checked = sum(row["documents"] for row in flagged)
        technical = {"documents": checked, "passed": checked - sum(row["found"] for row in flagged)}
    by_source = _declared(sampling) or flagged
    return {
        "figures": [
            _figure("manual_documents", limits.sample_documents, manual and manual["documents"]),
            _figure("manual_pass", limits.sample_pass, manual and share(manual["passed"], manual["documents"])),
            _figure(
                "technical_share",
                limits.technical_share,
                technical and share(technical["documents"], _judged(material)),
            ),
            _figure(
                "technical_pass",
                limits.technical_pass,
                technical and share(technical["passed"], technical["documents"]),
            ),
        ],
        "manual_by": None if manual is None else "declared" if _read(material) is None else "labels",
        "technical_by": None if technical is None else "declared" if _part(sampling, "technical") else "keywords",
        "unlawful_limit": limits.unlawful,
        "sources": [{**row, "state": _state(row, limits)} for row in by_source or ()],
        "documents": material.documents,
    }


def _figure(name: str, asked: float, found: Any) -> dict[str, Any]:
    state = NOT_SUPPLIED if found is None else REACHED if found >= asked else MISSED
    return {"figure": name, "asked": asked, "found": found, "state": state}


def _read(material: Material) -> dict[str, int] | None:
    """Documents of a drawn sample that people read; None without labels of any."""
    found = sampled(material)
    return (
        None if found is None or not found["documents"] else {"documents": found["documents"], "passed": found["good"]}
    )


def _part(sampling: Mapping[str, Any], name: str) -> dict[str, int] | None:
    said = sampling.get(name)
    if not isinstance(said, Mapping) or not {"documents", "passed"} <= set(said):
        return None
    return {"documents": int(said["documents"]), "passed": int(said["passed"])}


def _declared(sampling: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = sampling.get("sources")
    return [
        {
            "source": str(row["source"])[:120],
            "documents": int(row["documents"]),
            "found": int(row["found"]),
            "share": share(int(row["found"]), int(row["documents"])),
        }
        for row in (rows if isinstance(rows, list) else ())
    ]


def _flagged(material: Material) -> list[dict[str, Any]] | None:
    """Documents in which a stage of keywords found anything, by source; None where the recipe has no such stage."""
    stages = [stage.get("stage", stage) for stage in (material.subject.recipe or {}).get("stages", ())]
    names = [stage["name"] for stage in stages if stage.get("is") == "Keywords"]
    if not names:
        return None
    rows = []
    for source in material.roles:
        documents = found = 0
        for part in (material.stay, material.went):
            spreads = [spread for name in names if (spread := part.spreads.get((f"{name}_hits", source))) is not None]
            documents += max((spread.documents for spread in spreads), default=0)
            found += max((spread.documents - int(spread.counts[0]) for spread in spreads), default=0)
        rows.append({"source": source, "documents": documents, "found": found, "share": share(found, documents)})
    return rows


def _judged(material: Material) -> int:
    return material.documents + (
        0 if material.subject.silent else sum(counts[0] for counts in material.went.gone.first.values())
    )


def _state(row: Mapping[str, Any], limits: Limits) -> str:
    if row["share"] is None:
        return NOT_SUPPLIED
    return REACHED if row["share"] <= limits.unlawful else MISSED
