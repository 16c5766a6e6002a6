"""Every byte of versions hashed again: of a folder, of one version in a store, or of a whole store."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curate import files
from curate.dedup.index import FOLDER, INDEX
from curate.dedup.stored import Stored
from curate.publish import refs
from curate.publish.latest import latest, moved
from curate.publish.manifest import NAME, VersionAltered, listed, read
from curate.publish.objects import ObjectAltered, ObjectMissing
from curate.publish.refs import NoSuchVersion, Ref, RefAltered
from curate.publish.store import BadName, Store, StoreRefused

HANDS = 4  # objects that are hashed at a time


class Faulty(ValueError):
    """A store holds what is not what was published."""


@dataclass
class Verified:
    """What a look at a store found: versions, objects and bytes that were hashed, and every fault in words."""

    versions: int = 0
    objects: int = 0
    bytes: int = 0
    faults: list[str] = field(default_factory=list)

    def line(self) -> str:
        """In words."""
        count = len(self.faults)
        found = f"{count:,} fault{'s' if count > 1 else ''}" if count else "all is what it was"
        return f"{self.versions:,} versions, {self.objects:,} objects, {self.bytes:,} bytes: {found}"


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
        listed(folder, name, there, manifest)
        found, expected = files.sha256(str(folder / name)), manifest["files"][name]["sha256"]
        if found != expected:
            raise VersionAltered(f"{folder / name} was altered: SHA-256 is {found}, the manifest says {expected}")
    if f"{FOLDER}/{INDEX}" in manifest["files"]:
        Stored.of_version(folder).check(
            {name.removeprefix(f"{FOLDER}/"): said["sha256"] for name, said in manifest["files"].items()}
        )
    return manifest


def verify_store(store: Store, some: list[Ref] | None = None) -> Verified:
    """Hashes every object that the refs reach (by default all of the store's) once, and names what is wrong: the
    object, and each file and version that holds it. Memory: the manifests' lists of files, and a few MB.
    """
    out = Verified()
    chosen, out.faults = refs.readable(store) if some is None else (some, [])
    holders: dict[str, list[tuple[Ref, str]]] = {}
    sizes: dict[str, int] = {}
    seen: set[tuple[str, str]] = set()
    for ref in chosen:
        try:
            manifest = refs.manifest_of(store, ref)
        except (ObjectMissing, ObjectAltered) as error:
            out.faults.append(f"manifest of {error}")
            continue
        except (RefAltered, VersionAltered) as error:
            out.faults.append(f"{ref}: {error}")
            continue
        seen.add((ref.name, ref.version))
        for name, said in sorted(manifest["files"].items()):
            holders.setdefault(said["sha256"], []).append((ref, name))
            sizes[said["sha256"]] = said["bytes"]
    out.versions = len(seen)
    with ThreadPoolExecutor(HANDS) as hands:
        for digest, fault in zip(holders, hands.map(lambda one: _fault(store, one, sizes[one]), holders), strict=True):
            out.objects += 1
            out.bytes += sizes[digest]
            if fault is not None:
                held = ", ".join(f"{name} of {ref}" for ref, name in holders[digest])
                out.faults.append(f"object {store.object(digest)} {fault}: it is {held}; restore it from a copy")
    if some is None:
        out.faults += _latest_faults(store)
    return out


def _fault(store: Store, digest: str, size: int) -> str | None:
    path = store.object(digest)
    try:
        there = files.size(path)
        found = files.sha256(path)
    except FileNotFoundError:
        return "is missing"
    if there != size:
        return f"was altered: {there:,} bytes, the manifest says {size:,}"
    return None if found == digest else f"was altered: its SHA-256 is {found}"


def _latest_faults(store: Store) -> Iterator[str]:
    for name in moved(store):
        try:
            now = latest(store, name)
            if now is not None:
                refs.read(store, name, now.version)
        except NoSuchVersion as error:
            yield f"latest of {name}: {error}; set it by `curate tag STORE/NAME@VERSION latest`"
        except (BadName, StoreRefused) as error:
            yield f"latest of {name}: {error}"
        except RefAltered:
            continue  # named already, as the ref
