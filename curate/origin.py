"""How a version came to be, as its card and manifest say it: nothing of the machine, nothing of the time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from curate import files
from curate.audit.funnel import funnel
from curate.engine import Engine
from curate.ledger import Record, read_ledger, total
from curate.publish.manifest import NAME, VersionAltered
from curate.publish.settings import Version
from curate.publish.version import publish

SOURCE = ("name", "role", "domain", "lang", "license")


class NothingPublished(ValueError):
    """What was given holds no version, and nothing that one could be made of."""


def facts(
    recipe: Mapping[str, Any],
    rules: Mapping[str, Any],
    versions: Mapping[str, str],
    records: Sequence[Record],
    run: str | None,
) -> dict[str, Any]:
    """From a recipe and its stages' rules as JSON, the versions of what ran, a run's records and fingerprint."""
    refused = sum(int(record.reading.get("quarantined", 0)) for record in records)
    version = recipe.get("version")
    placeless = {**version, "extends": None, "store": None} if version else version
    return {
        "recipe": {**recipe, "version": placeless},
        "rules": dict(rules),  # the limits, which settings of stages do not all name
        "environment": dict(versions),
        "run": run,
        "funnel": funnel(records).to_dicts(),
        "sources": [{name: source[name] for name in SOURCE} for source in recipe["sources"]],
        "benchmarks": [{"stage": stage["name"], "index": stage["index"]} for stage in recipe["stages"]
                       if stage["is"] == "Decontaminate"],
        "quarantined": refused + sum(count.quarantined.count for count in total(records)),
    }  # fmt: skip


def version_in(place: str, version: Version | None, engine: Engine) -> Path:
    """The folder of a version: `place` itself, or of a run's directory `version/`. Where a run has none it is made of
    what the run kept (of its mix, if there is one) with the settings `version`; no signatures are stored then.

    Raises `NothingPublished`, and what `publish` raises.
    """
    for folder in (Path(place), Path(place) / "version"):
        if (folder / NAME).is_file():
            return folder
    described = files.join(place, "run.json")
    kept = [file.path for file in files.found(files.join(place, "kept"))]
    if not files.exists(described) or not kept:
        raise NothingPublished(
            f"{place} holds neither a version ({NAME}, or version/{NAME}) nor a run (run.json, kept/): give the folder "
            "of a version, or the directory of a run"
        )
    if version is None:
        raise NothingPublished(
            f"the run in {place} published no version; to make one of what it kept say what people will call it: "
            "--title, and --license"
        )
    said = json.loads(files.read_bytes(described))
    mixed = files.join(place, "mix")
    folder = Path(place) / "version"
    publish(version, kept, mixed if files.exists(files.join(mixed, "plan.json")) else None, str(folder),
            facts(said["recipe"], said["rules"], said["versions"], read_ledger(place), None), engine)  # fmt: skip
    if not (folder / NAME).is_file():
        raise VersionAltered(f"{folder} was made and is not there; publish again")
    return folder
