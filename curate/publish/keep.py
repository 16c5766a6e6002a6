"""A version's folder into a store: objects first, then the manifest, and last of all the ref that makes it be there.

Whatever moment a publisher is killed at, the version is there whole or not at all. What it left is reached by no ref
and falls to gc; the next one takes over what is there.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.publish import objects, refs
from curate.publish.finish import called, finished
from curate.publish.latest import Latest, move
from curate.publish.manifest import NAME, VersionAltered, canonical, complete
from curate.publish.objects import Put
from curate.publish.refs import Ref
from curate.publish.returned import check_returned
from curate.publish.store import Store, named, numbered

HANDS = 4  # objects that are put at a time: a request to S3 waits, and costs no processor


@dataclass(frozen=True)
class Kept:
    """A version that is in a store: whether this call made it be there, what was put, and what `latest` is now."""

    ref: Ref
    manifest: dict[str, Any]
    new: bool
    put: Put
    latest: Latest

    def lines(self) -> list[str]:
        """In words."""
        done = "published" if self.new else "is there already, the very same"
        share = 100 * self.put.shared_bytes / max(1, self.put.new_bytes + self.put.shared_bytes)
        return [
            f"{self.ref} {done}: manifest {self.ref.manifest}",
            f"{self.put.new:,} objects are new ({self.put.new_bytes:,} bytes), {self.put.shared:,} were there already "
            f"({share:.1f} % of the bytes)",
            f"latest of {self.ref.name} is {self.latest.version}",
        ]


def keep(folder: str | Path, root: str, name: str, number: str, *, alone: bool = False, readmit: bool = False) -> Kept:
    """Publishes the version in `folder` as `name`@`number` in the store at `root`, which is made if nothing is there.

    On one disk the objects are hard links of the folder's files. Every file is hashed. Of several that publish
    different versions under one name and number at once exactly one is told that it did; the others get `RefExists`.
    Memory: about 50 MB for each of `HANDS` (parts of uploads under way), however large the version is.

    Raises `VersionAltered`, `ObjectAltered`, `BadName`, `RefExists`, `ConditionsIgnored` (unless `alone`, which says
    that nobody else publishes here meanwhile), `WithdrawnReturns` (unless `readmit`), `NoRoom`, `StoreRefused`.
    """
    named(name), numbered(number)
    manifest = complete(folder)
    if (manifest["name"], manifest["number"]) != (name, number):
        manifest = called(manifest, name, number)
    return keep_made(manifest, Path(folder), Store.made(root), alone=alone, readmit=readmit)


def keep_made(
    manifest: Mapping[str, Any], folder: Path, store: Store, *, alone: bool = False, readmit: bool = False
) -> Kept:
    """As `keep`, of a version by its manifest, and files that are in `folder` or in the store already. One without a
    digest is finished first: card and metadata are made of it. Raises `ObjectMissing` where a file is in neither.
    """
    made, whole = ({NAME: canonical(manifest)}, dict(manifest)) if "digest" in manifest else finished(manifest)
    ref = Ref(whole["name"], whole["number"], whole["number"], hashlib.sha256(made[NAME]).hexdigest())
    if not alone:
        store.check_conditions()
    others = _others(store, ref.name)
    if refs.check_free(store, ref) and not readmit:

        def place(name: str) -> str:
            here = folder / name
            return str(here) if here.is_file() else store.object(whole["files"][name]["sha256"])

        check_returned(store, whole, others.values(), place)
    putting = _Putting(store, folder, made, others)
    put = putting.all(whole)
    new = refs.create(store, ref)
    # From here on the version is reached. What gc took in the moment before is put once more.
    putting.all(whole, again=True)
    return Kept(ref, whole, new, put, move(store, ref.name, ref.version))


class _Putting:
    """Puts the files of one version."""

    def __init__(self, store: Store, folder: Path, made: Mapping[str, bytes], others: Mapping[Ref, Any]) -> None:
        self._store = store
        self._folder = folder
        self._made = made
        self._ahead = store.clock() - time.monotonic()
        self._relied = frozenset[str]() if store.on_disk else _digests(others)

    def all(self, manifest: Mapping[str, Any], again: bool = False) -> Put:
        """All files, the manifest last; with `again` those that are not there."""
        listed = {said["sha256"]: name for name, said in sorted(manifest["files"].items()) if name not in self._made}
        work = [(name, manifest["files"][name]) for name in listed.values()]
        with ThreadPoolExecutor(HANDS) as hands:
            done = sum(hands.map(lambda one: self._one(one[0], one[1], again), work), Put())
        for data in self._made.values():
            done += objects.put_bytes(self._store, data, self._now())
        return done

    def _now(self) -> float:
        """The time by the storage's clock, hours after the publisher began too."""
        return time.monotonic() + self._ahead

    def _one(self, name: str, said: Mapping[str, Any], again: bool) -> Put:
        digest, size = said["sha256"], said["bytes"]
        if (again or digest in self._relied) and objects.there(self._store, digest, size) is not None:
            return Put(shared=1, shared_bytes=size)
        path = self._folder / name
        if path.is_file():
            return objects.put_file(self._store, digest, size, str(path), self._now())
        if objects.there(self._store, digest, size) is None:
            raise objects.ObjectMissing(
                f"{name}: neither {path} is there nor the object {self._store.object(digest)}; restore it from a copy"
            )
        return Put(shared=1, shared_bytes=size)


def _others(store: Store, name: str) -> dict[Ref, dict[str, Any]]:
    """The manifests of the versions of a name. One that can't be read is passed over: publishing again mends it."""
    out = {}
    for ref in refs.readable(store, name)[0]:
        with suppress(objects.ObjectMissing, objects.ObjectAltered, VersionAltered, refs.RefAltered):
            out[ref] = refs.manifest_of(store, ref)
    return out


def reached(store: Store, some: list[Ref]) -> frozenset[str]:
    """The digests of all objects that these refs reach, their manifests too."""
    return _digests({ref: refs.manifest_of(store, ref) for ref in {ref.manifest: ref for ref in some}.values()})


def _digests(manifests: Mapping[Ref, Mapping[str, Any]]) -> frozenset[str]:
    files = {file["sha256"] for manifest in manifests.values() for file in manifest["files"].values()}
    return frozenset(files | {ref.manifest for ref in manifests})
