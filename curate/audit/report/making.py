"""How to make it again: recipe, versions of what ran, digests, inputs, the command."""

from __future__ import annotations

import json
from typing import Any

from curate.audit.excerpt import shown_url
from curate.audit.report.material import Material

INPUTS = 200
DATASET = "curate audit FOLDER --recipe RECIPE --out DIR"
RUN = "curate run RECIPE --out DIR && curate audit DIR --out AUDIT"


def making(material: Material) -> dict[str, Any]:
    subject = material.subject
    told, manifest = subject.told or {}, subject.manifest or {}
    inputs = [{**one, "file": shown_url(str(one["file"]))} for one in told.get("inputs", ())]
    version = manifest.get("digest")
    recipe = subject.recipe
    return {
        "command": DATASET if subject.silent else RUN,
        "recipe": None if recipe is None else json.dumps(recipe, ensure_ascii=False, indent=1, sort_keys=True),
        "stages": [
            {"stage": inner.get("name"), "is": inner.get("is"), "version": inner.get("version")}
            for stage in (recipe or {}).get("stages", ())
            for inner in [stage.get("stage", stage)]
        ],
        "versions": told.get("versions", manifest.get("environment")),
        "version": None if version is None else {
            "name": manifest["name"], "digest": version, "files": len(manifest["files"]),
            "parents": list(manifest["parents"]),
        },
        "inputs": {
            "files": len(inputs) if told else None,
            "bytes": sum(one["bytes"] for one in inputs) if told else None,
            "first": inputs[:INPUTS],
        },
    }  # fmt: skip
