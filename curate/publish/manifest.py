"""The manifest: what a version holds, every file with its digest, in one canonical form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from curate import files
from curate.dedup.index import FOLDER, INDEX
from curate.dedup.stored import Stored

FORMAT = "curate-version-1"
NAME = "manifest.json"


class VersionAltered(ValueError):
    """A published file is not what its manifest says, or is missing, or was added."""


class InVersion(ValueError):
    """What is to be written would lie in the folder of a published version."""


def apart(place: str | Path) -> None:
    """Refuses a local place that is, or lies in, a published version's folder: a file more there alters the version.

    Raises `InVersion`.
    """
    path = Path(place).absolute()
    for folder in (path, *path.parents):
        if (folder / NAME).is_file() and f'"format": "{FORMAT}"'.encode() in (folder / NAME).read_bytes():
            raise InVersion(f"{path} lies in the published version {folder}, which never changes; give another place")


def canonical(data: Mapping[str, Any]) -> bytes:
    """JSON with sorted keys, two spaces, UTF-8 and a newline at the end: equal data are equal bytes."""
    return json.dumps(data, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def sealed(data: Mapping[str, Any]) -> dict[str, Any]:
    """`data` with its own digest: SHA-256 of its canonical form without `digest`. It names the version for good."""
    rest = {name: value for name, value in data.items() if name != "digest"}
    return {**rest, "digest": hashlib.sha256(canonical(rest)).hexdigest()}


def read(out: str | Path) -> dict[str, Any]:
    """The manifest of the version in folder `out`, which is what it was when it was sealed; its files are not looked
    at. Raises `VersionAltered`.
    """
    folder = Path(out)
    path = folder / NAME
    if not path.is_file():
        raise VersionAltered(f"{path} is missing: {folder} is not a published version")
    data = path.read_bytes()
    try:
        manifest: dict[str, Any] = json.loads(data)
    except ValueError as error:
        raise VersionAltered(f"{path} was altered: it is not JSON any more ({error})") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise VersionAltered(f"{path} was altered, or is no manifest of format {FORMAT}")
    if canonical(sealed(manifest)) != data:
        raise VersionAltered(f"{path} was altered: its own digest does not match")
    return manifest


def complete(out: str | Path) -> dict[str, Any]:
    """The manifest of a version whose files are all there and as long as it says: what can be known without reading
    them. Raises `VersionAltered`.
    """
    folder = Path(out)
    manifest = read(folder)
    there = {file.relative: file.size for file in files.found(str(folder))}
    del there[NAME]
    for name in sorted(set(there) | set(manifest["files"])):
        _listed(folder, name, there, manifest)
        expected = manifest["files"][name]["bytes"]
        if there[name] != expected:
            raise VersionAltered(f"{folder / name} was altered: {there[name]} bytes, the manifest says {expected}")
    return manifest


def verify(out: str | Path) -> dict[str, Any]:
    """The manifest of the version in folder `out`, after every file was hashed again, and its index looked at.

    Raises `VersionAltered`, which names the first file (in the order of their paths, the manifest before all) that was
    altered, is missing or was added; `SignaturesRefused` or `ArraysAltered` where the files are those that were
    published and still no index.
    """
    folder = Path(out)
    manifest = read(folder)
    there = {file.relative for file in files.found(str(folder))} - {NAME}
    for name in sorted(there | set(manifest["files"])):
        _listed(folder, name, there, manifest)
        found, expected = files.sha256(str(folder / name)), manifest["files"][name]["sha256"]
        if found != expected:
            raise VersionAltered(f"{folder / name} was altered: SHA-256 is {found}, the manifest says {expected}")
    if f"{FOLDER}/{INDEX}" in manifest["files"]:
        Stored.of_version(folder).check(
            {name.removeprefix(f"{FOLDER}/"): said["sha256"] for name, said in manifest["files"].items()}
        )
    return manifest


def _listed(folder: Path, name: str, there: Container[str], manifest: Mapping[str, Any]) -> None:
    if name not in there:
        raise VersionAltered(f"{folder / name} is missing; the manifest lists it")
    if name not in manifest["files"]:
        raise VersionAltered(f"{folder / name} was added; the manifest does not list it")
