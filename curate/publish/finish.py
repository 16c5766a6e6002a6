"""The last files of a version, made from its manifest alone: the card, the metadata for machines, the manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from curate.publish.card import card
from curate.publish.croissant import CROISSANT, croissant
from curate.publish.manifest import NAME, canonical, sealed
from curate.publish.settings import Version
from curate.stage import settings

CARD = "README.md"


def finished(manifest: Mapping[str, Any]) -> tuple[dict[str, bytes], dict[str, Any]]:
    """(bytes by path of README.md, croissant.json and manifest.json; the manifest, which lists the first two and bears
    its digest)."""
    manifest = json.loads(canonical(manifest))  # as whoever reads it again has it, in the order of its names
    version = version_of(manifest)
    made = {CARD: card(version, manifest), CROISSANT: croissant(version, manifest)}
    listed = {name: said for name, said in manifest["files"].items() if name not in made}
    for name, data in made.items():
        listed[name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), "rows": None}
    whole = sealed({**manifest, "files": listed})
    return {**made, NAME: canonical(whole)}, whole


def version_of(manifest: Mapping[str, Any]) -> Version:
    """The settings that a version was published with."""
    said = {name: value for name, value in manifest["version"].items() if name != "is"}
    return Version(**said | {name: tuple(said[name]) for name in ("known_limits", "parents", "personal_data")})


def called(manifest: Mapping[str, Any], name: str, number: str) -> dict[str, Any]:
    """The manifest of the same version under another name and number, not yet finished: it has no digest."""
    version = replace(version_of(manifest), name=name, number=number)
    rest = {key: value for key, value in manifest.items() if key != "digest"}
    return {**rest, "name": name, "number": number, "version": settings(version)}
