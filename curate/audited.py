"""The audit: opens or measures what it is given, counts it, and writes the page, the report and its tables."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from curate import files
from curate.audit.browse.labels import Labelled, NotLabels, Said
from curate.audit.report.build import build, written
from curate.audit.report.material import Limits, gather
from curate.audit.sheets import sheets
from curate.audit.show import show
from curate.audit.subject import is_version, opened
from curate.engine import Engine
from curate.measuring import measured
from curate.progress import Reporter
from curate.publish.address import place_of
from curate.publish.manifest import apart
from curate.recipe import RecipeRefused

PAGE, REPORT, TABLES, RUN, WOULD_GO = "index.html", "report.json", "tables", "run", "would_go"


def audit(
    place: str,
    out: str,
    engine: Engine,
    report: Reporter,
    *,
    against: str | None = None,
    language: str = "en",
    recipe: str | None = None,
    facts: str | None = None,
    labels: str | None = None,
    text: str | None = None,
    key: str | None = None,
) -> dict[str, Any]:
    """Audit the run, the version or the documents at `place` into `out`: index.html, report.json, tables/*.csv.

    Documents that Curate did not make are measured in `out`/run by the stages of `recipe` (default: the quickstart's);
    what would have gone, and why, is written to `out`/would_go as verdicts. `labels` is a file of `curate browse`.
    Gives the report. Raises `RecipeRefused` where `place` or `against` can't be read, `NotLabels`, `VersionAltered`,
    and what measuring raises.
    """
    if "://" not in out:
        apart(out)
    place, against = place_of(place), None if against is None else place_of(against)
    if against is not None and not is_version(against):
        raise RecipeRefused(
            f"{against} is no published version; --against compares with one (a folder with manifest.json)"
        )
    declared, said = _facts(facts), _labels(labels)
    subject = opened(place)
    if subject is None:
        subject = measured(place, files.join(out, RUN), engine, report, recipe=recipe, text=text, key=key)
    elif recipe is not None or text is not None or key is not None:
        raise RecipeRefused(
            f"{place} is a {subject.kind} of Curate's: what measured it is recorded, and no recipe is needed"
        )
    for old in files.found(files.join(out, WOULD_GO)):
        files.delete(old.path)
    would = files.join(out, WOULD_GO)
    material = gather(subject, engine, report, silent=would, limits=_limits(declared), facts=declared, labels=said)
    found = build(material, against)
    _put(files.join(out, REPORT), written(found))
    _put(files.join(out, PAGE), show(found, language))
    for name, content in sheets(found).items():
        _put(files.join(out, TABLES, name), content)
    return found


def _put(path: str, content: bytes) -> None:
    with files.rewrite(path) as file:
        file.write(content)


def _facts(path: str | None) -> Mapping[str, Any]:
    """What somebody declares, from a JSON file (docs/audit.md)."""
    if path is None:
        return {}
    try:
        said = json.loads(files.read_bytes(path))
    except ValueError as error:
        raise RecipeRefused(f"{path}: not JSON ({error})") from None
    if not isinstance(said, dict):
        raise RecipeRefused(f"{path}: expected a JSON object of facts, found {type(said).__name__}")
    return said


def _labels(path: str | None) -> Said | None:
    """What people said of documents. A file that is not there is no file without labels."""
    if path is None:
        return None
    if not files.exists(path):
        raise NotLabels(f"{path}: there is no such file; expected the --labels of curate browse")
    return Labelled(path).said()


def _limits(facts: Mapping[str, Any]) -> Limits:
    known = {field.name for field in dataclasses.fields(Limits)}
    said = facts.get("limits", {})
    for name, value in said.items():
        if name not in known:
            raise RecipeRefused(f"the facts set the limit {name!r}; there are {', '.join(sorted(known))}")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise RecipeRefused(f"the facts set the limit {name} to {value!r}; expected a number")
    return Limits(**said)
