"""Settings of a stage given as text, as on a command line: `low=200`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from curate.recipe import RecipeRefused
from curate.stage import Asset, Cost


def fields_of(stage: Any) -> dict[str, Any]:
    """The settings of a stage by name."""
    return {field.name: getattr(stage, field.name) for field in dataclasses.fields(stage)}


def changed(stage: Any, options: Mapping[str, str]) -> Any:
    """`stage` with those of the settings that it has, all at once: one may make no sense without another.

    Raises `RecipeRefused`.
    """
    new = {field: _value(stage, field, value) for field, value in options.items() if field in fields_of(stage)}
    try:
        return dataclasses.replace(stage, **new)
    except ValueError as refusal:
        raise RecipeRefused(f"{stage.name}: {refusal}") from refusal


def _value(stage: Any, field: str, value: str) -> Any:
    """A setting from text, as the type of what `stage` holds now."""
    now = fields_of(stage)[field]
    if isinstance(now, Asset | Cost) or (isinstance(now, tuple) and any(map(dataclasses.is_dataclass, now))):
        like = "(...)" if isinstance(now, tuple) else f"{type(now).__name__}(...)"
        raise RecipeRefused(f"setting {field} is given in a recipe: {field}={like}")
    try:
        new: Any
        if isinstance(now, bool):
            new = {"true": True, "false": False}[value.lower()]
        elif isinstance(now, int) and re.fullmatch(r"-?\d+", value):
            new = int(value)
        elif isinstance(now, int | float) or (now is None and not _is_text(stage, field)):
            new = float(value)
        elif isinstance(now, frozenset) or (now is None and _is_set(stage, field)):
            new = frozenset(value.split(","))
        elif isinstance(now, tuple) and all(isinstance(one, int | float) for one in now):
            new = tuple(float(one) for one in value.split(","))
        else:
            new = value
    except (KeyError, ValueError):
        raise RecipeRefused(f"setting {field}={value}: expected something like {now!r}") from None
    return new


def _is_text(stage: Any, field: str) -> bool:
    """Whether a setting that is None now is text otherwise."""
    return _type(stage, field) in ("str | None", str | None)


def _is_set(stage: Any, field: str) -> bool:
    """Whether a setting that is None now is a set of words otherwise."""
    return _type(stage, field) in ("frozenset[str] | None", frozenset[str] | None)


def _type(stage: Any, field: str) -> Any:
    return {one.name: one.type for one in dataclasses.fields(stage)}[field]
