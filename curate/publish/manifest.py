"""The manifest: what a version holds, every file with its digest, in one canonical form."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from curate import files

FORMAT = "curate-version-2"
NAME = "manifest.json"

PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,3}")
"""What the path of a file in a version looks like: nothing that leads elsewhere on any system."""


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
        if (folder / NAME).is_file() and b'"format": "curate-version-' in (folder / NAME).read_bytes():
            raise InVersion(f"{path} lies in the published version {folder}, which never changes; give another place")


def canonical(data: Mapping[str, Any]) -> bytes:
    """JSON with sorted keys, two spaces, UTF-8 and a newline at the end: equal data are equal bytes."""
    return json.dumps(data, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def entry(folder: Path, path: str) -> dict[str, Any]:
    """What the manifest says of a file: SHA-256 and bytes; of a Parquet file rows and bytes of its columns too."""
    place = str(folder / path)
    said: dict[str, Any] = {"sha256": files.sha256(place), "bytes": files.size(place), "rows": None}
    if path.endswith(".parquet"):
        footer = pq.read_metadata(place)
        groups = range(footer.num_row_groups)
        said |= {"rows": footer.num_rows, "columns_bytes": sum(footer.row_group(at).total_byte_size for at in groups)}
    return said


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
    return parsed(path.read_bytes(), str(path))


def parsed(data: bytes, path: str) -> dict[str, Any]:
    """The manifest in `data`, which is what it was when it was sealed. `path` names it in errors. Raises
    `VersionAltered`.
    """
    try:
        manifest: dict[str, Any] = json.loads(data)
    except ValueError as error:
        raise VersionAltered(f"{path} was altered: it is not JSON any more ({error})") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        if isinstance(found, str) and re.fullmatch(r"curate-version-\d+", found):
            raise VersionAltered(
                f"{path} is a manifest of format {found}, this Curate reads {FORMAT}: use the Curate that made it, or "
                "publish the version anew"
            )
        raise VersionAltered(f"{path} was altered, or is no manifest of format {FORMAT} (it says {found!r})")
    if canonical(sealed(manifest)) != data:
        raise VersionAltered(f"{path} was altered: its own digest does not match")
    for name in manifest["files"]:
        if not PATH.fullmatch(name) or any(part.startswith(".") for part in name.split("/")):
            raise VersionAltered(
                f"{path} lists a file {name!r}: expected letters, digits, '_', '-' and '.', below its folder; "
                "it was made by somebody who means harm, or altered"
            )
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
        listed(folder, name, there, manifest)
        expected = manifest["files"][name]["bytes"]
        if there[name] != expected:
            raise VersionAltered(f"{folder / name} was altered: {there[name]} bytes, the manifest says {expected}")
    return manifest


def listed(folder: Path, name: str, there: Container[str], manifest: Mapping[str, Any]) -> None:
    """Raises `VersionAltered` where a file is not there, or is none of the manifest's."""
    if name not in there:
        raise VersionAltered(f"{folder / name} is missing; the manifest lists it")
    if name not in manifest["files"]:
        raise VersionAltered(f"{folder / name} was added; the manifest does not list it")
