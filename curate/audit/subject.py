"""What is audited, whatever it is: a run, a published version, or documents that were measured for the audit."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

from curate import files
from curate.audit.gather.removed import Lost
from curate.audit.lost import taken_in
from curate.ledger import Record, read_ledger
from curate.publish.manifest import NAME, complete
from curate.recipe import RecipeRefused
from curate.stage import AnyStage, Rule, Splitter

Rules = Mapping[str, tuple[Rule, ...]]

RUN, VERSION, DATASET = "run", "version", "dataset"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """`documents` are Parquet files with Curate's columns. `rules` by stage, in the order of the recipe; None where
    nothing says which there were. `told` is run.json, `manifest` that of a version. `silent`: nothing was removed, the
    rules say what would have gone. `card` is what the dataset's own card declares.
    """

    kind: str
    name: str
    place: str
    documents: tuple[str, ...]
    rules: Rules | None = None
    lost: tuple[Lost, ...] = ()
    records: tuple[Record, ...] = ()
    told: Mapping[str, Any] | None = None
    manifest: Mapping[str, Any] | None = None
    mix: Mapping[str, Any] | None = None
    silent: bool = False
    card: Mapping[str, Any] = field(default_factory=dict)

    @property
    def recipe(self) -> Mapping[str, Any] | None:
        """The recipe as JSON, where one is recorded."""
        known = self.told if self.told is not None else self.manifest
        return None if known is None else known.get("recipe")


def is_run(place: str) -> bool:
    """Whether `place` is the directory of a run that ended."""
    return files.exists(files.join(place, "run.json")) and files.exists(files.join(place, "ledger.jsonl"))


def is_version(place: str) -> bool:
    """Whether `place` is the folder of a published version."""
    path = files.join(place, NAME)
    return files.exists(path) and b'"format": "curate-version-' in files.read_bytes(path)


def run_subject(place: str) -> Subject:
    """The run in directory `place`, with its mix and version where it made them."""
    told = _json(files.join(place, "run.json"))
    records = read_ledger(place)
    report = files.join(place, "mix", "report.json")
    manifest = files.join(place, "version", NAME)
    return Subject(
        kind=RUN,
        name=str(told["recipe"]["name"]),
        place=place,
        documents=_parquet(place, "kept"),
        rules=rules_of(told["recipe"]["stages"], told["rules"]),
        lost=_lost(place, records),
        records=tuple(records),
        told=told,
        manifest=_json(manifest) if files.exists(manifest) else None,
        mix=_json(report) if files.exists(report) else None,
    )


def version_subject(place: str) -> Subject:
    """The published version in folder `place`, whose files are all there. Raises `VersionAltered`."""
    manifest = complete(place)
    rules = manifest.get("rules")
    stages = manifest.get("recipe", {}).get("stages", [])
    return Subject(
        kind=VERSION,
        name=str(manifest["name"]),
        place=place,
        documents=_parquet(place, "data"),
        rules=None if rules is None else rules_of(stages, rules),
        manifest=manifest,
        mix=manifest["mix"],
    )


def measured_subject(place: str, run: str, name: str, stages: Sequence[AnyStage], card: Mapping[str, Any]) -> Subject:
    """Documents of `place` that `stages` measured in the run directory `run`, where nothing was removed."""
    there = run_subject(run)
    rules = {
        stage.name: stage.rules
        for stage in stages
        if not isinstance(stage, Splitter) and stage.rules and "raw" not in stage.reads
    }
    return replace(there, kind=DATASET, name=name, rules=rules, silent=True, card=card)


def opened(place: str) -> Subject | None:
    """The run or the version at `place`; None for anything else."""
    if is_run(place):
        return run_subject(place)
    if is_version(place):
        return version_subject(place)
    if files.exists(files.join(place, "run.json")):
        raise RecipeRefused(
            f"{place}: the run did not end (there is no ledger.jsonl): run its recipe again, it goes on"
        )
    return None


def rules_of(stages: Sequence[Mapping[str, Any]], said: Mapping[str, Sequence[Mapping[str, Any]]]) -> Rules:
    """The rules of each stage that has some, as run.json records them."""
    return {str(stage["name"]): its for stage in stages if (its := tuple(map(_rule, said.get(stage["name"], ()))))}


def _rule(said: Mapping[str, Any]) -> Rule:
    return Rule(
        reason=said["reason"],
        measure=said["measure"],
        low=-inf if said["low"] == "-inf" else float(said["low"]),
        high=inf if said["high"] == "inf" else float(said["high"]),
        among=None if said["among"] is None else frozenset(said["among"]),
        when=said["when"],
        evidence=said["evidence"],
    )


def _lost(run: str, records: Sequence[Record]) -> tuple[Lost, ...]:
    measures = {posixpath.basename(path): path for path in _parquet(run, "measures")}
    out = []
    for path in _parquet(run, "verdicts"):
        name = posixpath.basename(path)
        segment, _, shard = name.removesuffix(".parquet").partition(".")
        told = measures.get(name)
        out.append(
            Lost(
                f"verdicts/{name}",
                f"measures/{name}" if told is not None else None,
                taken_in(records, segment, shard),
            )
        )
    return tuple(out)


def _parquet(place: str, folder: str) -> tuple[str, ...]:
    return tuple(file.path for file in files.found(files.join(place, folder)) if file.path.endswith(".parquet"))


def _json(path: str) -> Any:
    return json.loads(files.read_bytes(path))
