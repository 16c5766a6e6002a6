"""Personal data: what a stage found and did, and what a second scan of the documents finds."""

from __future__ import annotations

import math
from typing import Any

from curate.audit.report.material import Material, share
from curate.stages.personal.find import KINDS


def personal(material: Material) -> dict[str, Any]:
    stages = [stage.get("stage", stage) for stage in (material.subject.recipe or {}).get("stages", ())]
    acting = [stage for stage in stages if stage.get("is") == "PersonalData"]
    found: dict[str, list[int]] = {}
    for (measure, _), spread in (*material.stay.spreads.items(), *material.went.spreads.items()):
        kind = measure.removeprefix("personal_")
        if measure.startswith("personal_") and kind not in ("cut", "added"):
            mine = found.setdefault(kind, [0, 0])
            mine[0] += round(math.fsum(spread.sums))
            mine[1] += spread.documents - (int(spread.counts[0]) if spread.bins.edges[0] == 0 else 0)
    left: dict[str, list[int]] = {}
    for (_, kind), (hits, documents) in material.stay.personal.items():
        mine = left.setdefault(kind, [0, 0])
        mine[0], mine[1] = mine[0] + hits, mine[1] + documents
    by_source: dict[str, int] = {}
    for (source, _), (hits, _) in material.stay.personal.items():
        by_source[source] = by_source.get(source, 0) + hits
    characters = material.stay.tallies["sources"].total()["characters"]
    hits = sum(by_source.values())
    return {
        "stages": [{"stage": stage["name"], "action": stage["action"]} for stage in acting],
        "found": [
            {"kind": kind, "finds": counts[0], "documents": counts[1]}
            for kind, counts in sorted(found.items(), key=lambda row: (-row[1][0], row[0]))
        ],
        "second_scan": {
            "kinds": list(KINDS),
            "finds": hits,
            "per_million_characters": None if not characters else round(1e6 * hits / characters, 4),
            "by_kind": [
                {"kind": kind, "finds": counts[0], "documents": counts[1],
                 "share": share(counts[1], material.documents)}
                for kind, counts in sorted(left.items(), key=lambda row: (-row[1][0], row[0]))
            ],
            "by_source": [{"source": name, "finds": by_source[name]} for name in material.roles if by_source.get(name)],
        },
    }  # fmt: skip
