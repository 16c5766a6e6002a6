"""Folders of versions: hard links to a store's objects on one disk, copies elsewhere."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from curate import files
from curate.growing import appear, growing
from curate.publish import objects
from curate.publish.manifest import NAME, VersionAltered, apart, canonical, complete, read
from curate.publish.refs import Ref
from curate.publish.store import Store, enclosing


class CannotCheckOut(ValueError):
    """A version can't be seen at this place."""


def view(store: Store, ref: Ref, manifest: Mapping[str, Any]) -> Path:
    """The folder of the version in its own store on disk, made if it is not there. Costs no room: links."""
    folder = store.view(ref.name, ref.version)
    if not (folder / NAME).is_file():
        _made(store, manifest, folder)
    try:
        there = complete(folder)
    except VersionAltered as error:
        raise VersionAltered(f"{error}: remove the view {folder} (objects are not in it) and ask again") from None
    if there != dict(manifest):
        raise VersionAltered(
            f"{folder} is not the view of {ref}: remove that folder (objects are not in it) and ask again"
        )
    return folder


def checkout(store: Store, manifest: Mapping[str, Any], target: str | Path) -> Path:
    """The version as a folder at `target`: hard links where the store is on the same disk, else copies, which are
    hashed on the way. It is seen whole or not at all. One that is there already is left, if it is the same version and
    no file of it is missing or of another length.

    Raises `CannotCheckOut`, `ObjectMissing`, `ObjectAltered`, `NoRoom`.
    """
    folder = Path(target)
    apart(folder.absolute().parent)
    if (above := enclosing(folder)) is not None:
        raise CannotCheckOut(f"{folder} lies in the store {above}; give a place outside of it")
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        try:
            there = complete(folder)
        except (VersionAltered, NotADirectoryError) as error:
            raise CannotCheckOut(
                f"{folder} is there already and is no whole version ({error}); give a new place, or remove it"
            ) from None
        if there["digest"] != manifest["digest"]:
            raise CannotCheckOut(
                f"{folder} holds {there['name']} {there['digest'][:16]}, this is {manifest['digest'][:16]}; give a new "
                "place"
            )
        return folder
    _made(store, manifest, folder)
    return folder


def room_for(store: Store, manifest: Mapping[str, Any], target: str | Path) -> tuple[int, bool]:
    """(bytes of the version's files, whether they are linked and so cost no room). Raises `NoRoom` where copies of them
    would not fit."""
    size = sum(int(file["bytes"]) for file in manifest["files"].values())
    place = Path(target).absolute()
    place = next(path for path in (place, *place.parents) if path.exists())
    linked = store.on_disk and place.stat().st_dev == Path(store.root).stat().st_dev
    free = shutil.disk_usage(place).free
    if not linked and free < size:
        raise objects.NoRoom(errno.ENOSPC, f"the version takes {size:,} bytes, there is room for {free:,}", str(place))
    return size, linked


def fill(store: Store, manifest: Mapping[str, Any], folder: Path, names: Iterable[str]) -> None:
    """Puts some files of a version into `folder`."""
    for name in names:
        said = manifest["files"][name]
        objects.get(store, said["sha256"], said["bytes"], str(folder / name), f"{manifest['name']}: {name}")


def _made(store: Store, manifest: Mapping[str, Any], target: Path) -> None:
    with growing(target) as folder:
        fill(store, manifest, folder, sorted(manifest["files"]))
        files.put_new(str(folder / NAME), canonical(manifest))
        (folder / NAME).chmod(0o444)
        if not appear(folder, target):
            read(target)  # another process made it meanwhile
