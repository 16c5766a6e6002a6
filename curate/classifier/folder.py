"""A judge's folder: the model, and judge.json, which says what it was made of and how its scores are to be read.

model.ftz      the weights, quantised (fastText's format)
judge.json     labels, settings, digests of inputs, the split, calibration, digest of the model
metrics.json   what it does on text that was kept from the training
README.md      the card that people read (`curate classifier card`)
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from curate.classifier.calibration import Curve
from curate.classifier.model import NotAJudge
from curate.stage import Asset

MODEL, FACTS, METRICS, CARD = "model.ftz", "judge.json", "metrics.json", "README.md"
FORMAT = "curate judge 1"


@dataclass(frozen=True)
class Facts:
    """What judge.json says that scoring depends on."""

    name: str
    labels: tuple[str, ...]
    """The first is what a judge scores where it is not told otherwise."""
    model: str
    """SHA-256 of the model that it belongs to."""
    calibration: Mapping[str, Mapping[str, Curve]]
    """For each label the curves of its groups; empty where scores are the model's own."""


def written(data: Mapping[str, Any], path: Path) -> None:
    """JSON as it stands in a judge's folder: the same data, the same bytes."""
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


@lru_cache(maxsize=16)
def facts_of(asset: Asset) -> Facts:
    """judge.json, its digest verified. Raises `AssetChanged`, `NotAJudge`."""
    return parsed(asset.verified(), str(asset.path))


def parsed(raw: bytes, origin: str) -> Facts:
    """What a judge.json says, checked. Raises `NotAJudge`."""
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise NotAJudge(f"{origin}: no JSON ({error}); expected what `curate classifier train` writes") from None
    try:
        if data["format"] != FORMAT:
            raise NotAJudge(f"{origin}: format {data['format']!r}, expected {FORMAT!r}")
        found = Facts(
            _text(data["name"]),
            tuple(_text(label) for label in data["labels"]),
            _text(data["model"]["sha256"]),
            {
                _text(label): {_text(group): _curve(curve) for group, curve in groups.items()}
                for label, groups in data["calibration"].items()
            },
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, NotAJudge):
            raise
        raise NotAJudge(
            f"{origin}: {type(error).__name__} {error}; expected name, labels, model.sha256 and calibration, "
            "as `curate classifier train` writes them"
        ) from None
    if len(found.labels) < 2 or len(set(found.labels)) != len(found.labels):
        raise NotAJudge(f"{origin}: labels {found.labels}; expected two or more, each once")
    if not set(found.calibration) <= set(found.labels):
        raise NotAJudge(f"{origin}: calibration of {sorted(set(found.calibration) - set(found.labels))}, no label")
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _curve(value: Any) -> Curve:
    slope, shift = (float(part) for part in value)
    if not (math.isfinite(slope) and math.isfinite(shift) and slope > 0):
        raise ValueError(f"the curve {value} does not rise")
    return Curve(slope, shift)


def assets(folder: Path) -> tuple[Asset, Asset]:
    """(model, judge.json) of a judge's folder as they are now, fitting each other. Raises `NotAJudge`."""
    for name in (MODEL, FACTS):
        if not (folder / name).is_file():
            raise NotAJudge(f"{folder}: there is no {name}; expected a folder that `curate classifier train` wrote")
    model, facts = Asset.of(folder / MODEL), Asset.of(folder / FACTS)
    said = facts_of(facts)
    if said.model != model.sha256:
        raise NotAJudge(
            f"{folder}: {FACTS} is of the model {said.model[:16]}..., {MODEL} is {model.sha256[:16]}...; "
            "take both from one training"
        )
    return model, facts
