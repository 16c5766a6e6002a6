"""What commands call a version: the folder in which it is seen, or STORE/NAME@VERSION (or @TAG, or @latest)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate import s3
from curate.publish import refs
from curate.publish.manifest import NAME as MANIFEST
from curate.publish.manifest import complete
from curate.publish.store import LATEST, MARKER, Store, labelled, named
from curate.publish.view import view


class CheckOutFirst(ValueError):
    """What is asked for maps files into memory, and the version lies in object storage."""


@dataclass(frozen=True)
class Held:
    """A version to read from: its manifest, and the place of each of its files."""

    label: str
    manifest: dict[str, Any]
    folder: Path | None
    store: Store | None
    ref: refs.Ref | None = None

    def path(self, name: str) -> str:
        """Where one of its files lies."""
        if self.folder is not None:
            return str(self.folder / name)
        assert self.store is not None
        return self.store.object(self.manifest["files"][name]["sha256"])

    @property
    def bytes(self) -> int:
        return size_of(self.manifest)


def size_of(manifest: dict[str, Any]) -> int:
    """Bytes of all files of a version."""
    return sum(int(file["bytes"]) for file in manifest["files"].values())


def split(text: str) -> tuple[str, str, str] | None:
    """(store, name, label) of STORE/NAME@LABEL; None for what is no such address. Raises `BadName`."""
    root, _, last = text.rpartition("/")
    name, mark, label = last.partition("@")
    if not mark or (not s3.is_object(text) and Path(text).is_dir()):
        return None
    return root or ".", named(name), label if label == LATEST else labelled(label)


def held(text: str) -> Held:
    """The version that `text` names, open for reading. Its files are not hashed.

    Raises `VersionAltered`, `NoSuchVersion`, `StoreRefused`, `BadName`, `ObjectMissing`, `ObjectAltered`.
    """
    at = split(text)
    if at is None:
        _check_folder(text)
        manifest = complete(text)
        return Held(f"{manifest['name']} {manifest['digest'][:16]}", manifest, Path(text), None)
    store = Store.open(at[0])
    ref = refs.read(store, at[1], at[2])
    return Held(f"{ref.name}@{ref.version}", refs.manifest_of(store, ref), None, store, ref)


def _check_folder(text: str) -> None:
    """Raises `NoSuchVersion` for a store, for a name in one without its number, and for object storage."""
    root, _, name = text.rstrip("/").rpartition("/")
    place = "s3://bucket/store" if s3.is_object(text) else text
    if not s3.is_object(text) and not (Path(text) / MARKER).is_file():
        place = root or "."
        if not (Path(place) / MARKER).is_file() or (Path(text) / MANIFEST).is_file():
            return
    example = name if place == (root or ".") else "medical"
    raise refs.NoSuchVersion(
        f"{text} is no version: expected STORE/NAME@VERSION, as {place}/{example}@1.0.0; `curate versions {place}` "
        "lists them"
    )


def located(text: str) -> Path:
    """The local folder in which the version is seen: a folder itself, of a store on disk its view, made if need be.

    Raises what `held` raises, and `CheckOutFirst` for object storage.
    """
    at = split(text)
    if at is None and not s3.is_object(text):
        return Path(text)
    version = held(text)
    assert version.store is not None and version.ref is not None
    if version.store.on_disk:
        return view(version.store, version.ref, version.manifest)
    raise CheckOutFirst(
        f"{text} lies in object storage, and this works on mapped files: copy it first ({said(version.bytes)}) "
        f"by `curate checkout {text} FOLDER`, and give that"
    )


def place_of(text: str) -> str:
    """`text`, or the folder in which the version STORE/NAME@VERSION is seen. Raises what `located` raises."""
    return text if split(text) is None else str(located(text))


def said(size: int) -> str:
    """Bytes in words."""
    for power, unit in ((9, "GB"), (6, "MB"), (3, "kB")):
        if size >= 10**power:
            return f"{size / 10**power:,.1f} {unit}"
    return f"{size:,} bytes"
