"""Data that Curate did not make, measured for an audit: the stages of a recipe run over it and remove nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import yaml

from curate import files
from curate.apply import sources_of
from curate.audit.silent import silent
from curate.audit.subject import Subject, measured_subject
from curate.engine import Engine
from curate.job import run
from curate.look import look
from curate.progress import Reporter
from curate.read import UnknownFormat
from curate.recipe import EVERYTHING, Recipe, RecipeRefused, Source, load
from curate.shipped import shipped
from curate.stage import AnyStage

CARD = 1 << 20  # bytes of a README.md that are looked at


def measured(
    place: str,
    out: str,
    engine: Engine,
    report: Reporter,
    *,
    recipe: str | None = None,
    text: str | None = None,
    key: str | None = None,
) -> Subject:
    """The documents at `place` (a file, a folder, a glob; a Hugging Face dataset's folder), measured in `out`, a run's
    directory, by the stages of `recipe` (default: those of the quickstart).

    Raises `RecipeRefused` where nothing there can be read, and what `job.run` raises.
    """
    stages = load(recipe if recipe is not None else shipped("pipelines/quickstart.py")).stages
    card = card_of(place)
    name = re.sub(r"[^\w.-]+", "-", os.path.basename(place.rstrip("/"))).strip("-.") or "dataset"
    whole = Recipe(
        name=name,
        sources=_sources(place, card, text, key),
        stages=silent(_readable(stages)),
        tolerance=1.0,
        expects=frozenset({EVERYTHING}),
    )
    run(whole, out, engine, report)
    return measured_subject(place, out, name, stages, card)


def _readable(stages: Sequence[AnyStage]) -> Sequence[AnyStage]:
    """With an extractor first, where the recipe has none: a folder may hold pages."""
    if any("raw" in stage.reads for stage in stages):
        return stages
    from curate.stages.extract import Extract

    return (Extract(), *stages)


def _sources(place: str, card: Mapping[str, Any], text: str | None, key: str | None) -> tuple[Source, ...]:
    """A source for each group of files, with what the card says of all of them."""
    local = place if "://" in place else os.path.abspath(place)
    try:
        seen = look(local)
    except (UnknownFormat, FileNotFoundError) as error:
        raise RecipeRefused(f"{error}; expected a run, a version, or a folder of documents") from None
    groups = [group for group in seen.groups if group.readable]
    if not groups:
        raise RecipeRefused(f"{place}: nothing that was looked at becomes a document; curate init says what lies there")
    paths = [
        local if group.path in (".", os.path.basename(local)) else files.join(local, group.path) for group in groups
    ]
    license_ = card.get("license")
    return tuple(
        replace(source, text=text if text is not None else group.text, key=key, license=license_)
        for source, group in zip(sources_of(paths), groups, strict=True)
    )


def card_of(place: str) -> dict[str, Any]:
    """What a Hugging Face dataset card beside the data declares: license and title; {} without one."""
    path = files.join(place, "README.md")
    if not os.path.isdir(place) or not files.exists(path):
        return {}
    head = re.match(r"\A---\s*\n(.*?)\n---\s*\n", files.read_bytes(path)[:CARD].decode("utf-8", "replace"), re.DOTALL)
    if head is None:
        return {}
    try:
        said = yaml.safe_load(head[1])
    except yaml.YAMLError:
        return {}
    if not isinstance(said, dict):
        return {}
    license_ = said.get("license_name") or said.get("license")
    if isinstance(license_, list):
        license_ = license_[0] if len(license_) == 1 else None
    told = {"license": license_, "title": said.get("pretty_name")}
    return {name: str(value)[:200] for name, value in told.items() if isinstance(value, str) and value.strip()}
