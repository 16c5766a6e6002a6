"""The report: everything that the page shows, as JSON data."""

from __future__ import annotations

import json
from importlib.resources import files as packaged
from typing import Any

from curate import __version__
from curate.audit.excerpt import visible
from curate.audit.report.changes import changes
from curate.audit.report.cn import cn_sampling
from curate.audit.report.contact import contamination
from curate.audit.report.copies import copies
from curate.audit.report.eu import eu_summary
from curate.audit.report.faults import faults
from curate.audit.report.making import making
from curate.audit.report.material import Material
from curate.audit.report.measures import measures
from curate.audit.report.mixture import mixture
from curate.audit.report.origin import origin
from curate.audit.report.personal import personal
from curate.audit.report.removal import removal
from curate.audit.report.sampled import sampled
from curate.audit.report.verdict import verdicts

FORMAT = "curate-audit-1"


def build(material: Material, against: str | None = None) -> dict[str, Any]:
    """The report of what was gathered; JSON data by the schema of `schema()`. Every share in it is of bytes of text,
    unless its name says of what.
    """
    subject = material.subject
    report: dict[str, Any] = {
        "format": FORMAT,
        "curate": __version__,
        "subject": {
            "kind": subject.kind,
            "name": visible(subject.name),
            "title": _title(material),
            "digest": (subject.manifest or {}).get("digest"),
            "removes": not subject.silent,
        },
        "origin": origin(material),
        "removal": removal(material),
        "quality": {**measures(material), "sampled": sampled(material)},
        "copies": copies(material),
        "contamination": contamination(material),
        "personal": personal(material),
        "mix": mixture(material),
        "changes": changes(material, against),
        "faults": faults(material),
        "making": making(material),
        "annexes": {"eu": eu_summary(material), "cn": cn_sampling(material)},
        "not_supplied": not_supplied(material),
    }
    report["verdict"] = verdicts(material, report)
    return report


def written(report: dict[str, Any]) -> bytes:
    """report.json: sorted keys, so that equal reports are equal bytes."""
    return (
        json.dumps(report, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False).encode(
            "utf-8", "backslashreplace"
        )
        + b"\n"
    )


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that report.json keeps."""
    data: dict[str, Any] = json.loads(packaged("curate.audit").joinpath("report.schema.json").read_bytes())
    return data


def not_supplied(material: Material) -> list[str]:
    """What neither the data nor a recipe say, so that nobody takes silence for an answer."""
    subject, stated = material.subject, material.stay.stated
    whole = material.documents
    missing = [column for column in ("url", "license", "date", "origin_id", "domain") if stated.get(column, 0) < whole]
    if material.tokens is None:
        missing.append("tokens")
    if subject.mix is None:
        missing.append("mix")
    if subject.silent:
        missing += ["removed_before", "roles", "quality_of_extraction"]
    if subject.kind == "version" and subject.rules is None:
        missing.append("rules")
    if subject.kind == "version":
        missing.append("removed_texts")
    if subject.manifest is None:
        missing.append("version")
    if not (subject.told or subject.manifest):
        missing.append("recipe")
    return missing


def _title(material: Material) -> str | None:
    said = (material.subject.manifest or {}).get("version", {}).get("title") or material.subject.card.get("title")
    return None if said is None else visible(str(said))[:200]
