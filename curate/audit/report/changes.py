"""What changed since another version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from curate import files
from curate.audit.report.material import Material, share
from curate.audit.subject import is_version
from curate.publish.diff import diff
from curate.publish.manifest import complete


def changes(material: Material, against: str | None) -> dict[str, Any] | None:
    """Against the version in folder `against`; else what the subject's own manifest says of the one that it extends."""
    manifest = material.subject.manifest
    if against is None:
        told = (manifest or {}).get("extends")
        gone = (manifest or {}).get("withdrawn")
        if told is None and gone is None:
            return None
        return {
            "version": (told or {}).get("name"),
            "digest": (told or {}).get("digest"),
            "compared": False,
            "documents_before": (told or {}).get("documents"),
            "documents_now": material.documents,
            "same": None,
            "added": (told or {}).get("added"),
            "removed": None,
            "changed": None,
            "same_text": None,
            "withdrawn": [{"reason": reason, "documents": count} for reason, count in sorted((gone or {}).items())],
            "sources": [],
            "languages": [],
        }
    other = complete(against)
    own = _own_version(material)
    found = None if own is None else diff(against, own).data()
    return {
        "version": other["name"],
        "digest": other["digest"],
        "compared": found is not None,
        "documents_before": sum(other["rows"].values()),
        "documents_now": material.documents,
        "same": None if found is None else found["same"],
        "added": None if found is None else found["added"]["documents"],
        "removed": None if found is None else found["removed"]["documents"],
        "changed": None if found is None else found["changed"]["documents"],
        "same_text": None if found is not None else _same_text(material, against),
        "withdrawn": []
        if found is None
        else [{"reason": reason, "documents": group["documents"]} for reason, group in found["withdrawn"].items()],
        "sources": _beside(material, other, "source"),
        "languages": _beside(material, other, "lang"),
    }


def _own_version(material: Material) -> str | None:
    if material.subject.kind == "version":
        return material.subject.place
    place = files.join(material.subject.place, "version")
    return place if material.subject.kind == "run" and is_version(place) else None


def _same_text(material: Material, against: str) -> int:
    """Documents whose content, as it was read, the other version holds too."""
    theirs = [file.path for file in files.found(files.join(against, "data"))]
    ours = pl.scan_parquet(list(material.subject.documents), glob=False).select("content_hash")
    there = pl.scan_parquet(theirs, glob=False).select("content_hash").unique()
    return int(ours.join(there, on="content_hash", how="semi").select(pl.len()).collect(engine="streaming").item())


def _beside(material: Material, other: Mapping[str, Any], column: str) -> list[dict[str, Any]]:
    """Documents and characters then and now, by source or language."""
    before: dict[str, list[int]] = {}
    for row in other["sources"]:
        mine = before.setdefault(str(row[column]), [0, 0])
        mine[0], mine[1] = mine[0] + row["documents"], mine[1] + row["characters"]
    now: dict[str, list[int]] = {}
    tally = "sources" if column == "source" else "language_sources"
    for key, counts in material.stay.tallies[tally]:
        mine = now.setdefault(str(key[0]), [0, 0])
        mine[0], mine[1] = mine[0] + counts["documents"], mine[1] + counts["characters"]
    totals = [max(1, sum(counts[1] for counts in side.values())) for side in (before, now)]
    names = sorted(
        {*before, *now}, key=lambda name: (-max(before.get(name, [0, 0])[1], now.get(name, [0, 0])[1]), name)
    )
    return [
        {
            column: name,
            "documents_before": before.get(name, [0, 0])[0],
            "documents_now": now.get(name, [0, 0])[0],
            "share_before": share(before.get(name, [0, 0])[1], totals[0]),
            "share_now": share(now.get(name, [0, 0])[1], totals[1]),
        }
        for name in names[:60]
    ]
