"""Objects of a store: bytes under their SHA-256. Put once, never changed, the same for whoever puts them."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from curate import files, s3
from curate.publish.store import Store

FRESH = 6 * 3600
"""Seconds for which an object that is there may be relied upon without a word. An older one that nobody may have
reached so far is touched (on S3 put anew), so that gc lets it be: a quarter of gc's grace."""


class ObjectAltered(ValueError):
    """Bytes that are not those that their digest says."""


class ObjectMissing(ValueError):
    """An object that something names is not there."""


class NoRoom(OSError):
    """The disk was full half-way."""


@dataclass(frozen=True)
class Put:
    """How many objects and bytes were put, and how many of both were there already."""

    new: int = 0
    new_bytes: int = 0
    shared: int = 0
    shared_bytes: int = 0

    def __add__(self, other: Put) -> Put:
        return Put(self.new + other.new, self.new_bytes + other.new_bytes, self.shared + other.shared,
                   self.shared_bytes + other.shared_bytes)  # fmt: skip


def there(store: Store, digest: str, size: int) -> files.Stamp | None:
    """The object's stamp; None if it is not there. Raises `ObjectAltered` where it is not as long as it must be."""
    path = store.object(digest)
    stamp = files.stamp(path)
    if stamp is not None and stamp.size != size:
        raise ObjectAltered(
            f"object {path} was altered: {stamp.size:,} bytes, it had {size:,}. `curate verify` names the versions "
            "that hold it; restore it from a copy of the store or from a checked-out version"
        )
    return stamp


def put_file(store: Store, digest: str, size: int, path: str, now: float) -> Put:
    """Makes the file at `path` an object: on one disk by a hard link, else by a copy. Its bytes are hashed on the way,
    in bounded memory; raises `ObjectAltered` where they are not those of `digest`, and then nothing is there. `now` is
    the time by the storage's clock.
    """
    target, stamp = store.object(digest), there(store, digest, size)
    if stamp is not None and _young(store, target, stamp, now):
        return Put(shared=1, shared_bytes=size)
    if store.on_disk and not s3.is_object(path):
        found = files.sha256(path)
        if found != digest:
            raise _other(path, found, digest)
        with _room(target):
            _touched(path)  # before it is linked: gc must not find an object that is old already
            try:
                files.link_or_copy(path, target)
            except FileExistsError:  # another publisher has the same
                return Put(shared=1, shared_bytes=size)
            _read_only(target)
            files.to_disk(os.path.dirname(target))
        return Put(1, size)
    with _room(target):
        try:
            _copied(path, files.create(target) if stamp is None else files.renew(target), digest)
        except FileExistsError:
            return Put(shared=1, shared_bytes=size)
    return Put(1, size)


def put_bytes(store: Store, data: bytes, now: float) -> Put:
    """Makes `data` an object."""
    digest = hashlib.sha256(data).hexdigest()
    target, stamp = store.object(digest), there(store, digest, len(data))
    if stamp is not None and _young(store, target, stamp, now):
        return Put(shared=1, shared_bytes=len(data))
    with _room(target):
        if stamp is not None and not store.on_disk:
            with files.renew(target) as file:
                file.write(data)
        elif not files.put_new(target, data):  # another publisher has the same
            return Put(shared=1, shared_bytes=len(data))
    if store.on_disk:
        _read_only(target)
    return Put(1, len(data))


def read(store: Store, digest: str, what: str) -> bytes:
    """A small object, hashed. `what` names in an error what was looked for."""
    path = store.object(digest)
    try:
        data = files.read_bytes(path)
    except FileNotFoundError:
        raise ObjectMissing(
            f"{what}: object {path} is missing; restore it from a copy of the store or from a checked-out version"
        ) from None
    found = hashlib.sha256(data).hexdigest()
    if found != digest:
        raise ObjectAltered(f"{what}: object {path} was altered: its SHA-256 is {found}; restore it from a copy")
    return data


def get(store: Store, digest: str, size: int, target: str, what: str) -> None:
    """Makes the local file `target` of an object: on one disk a hard link, else a copy that is hashed on the way.

    `what` names in an error what was looked for. Raises `ObjectMissing`, `ObjectAltered`, `NoRoom`.
    """
    path = store.object(digest)
    if there(store, digest, size) is None:
        raise ObjectMissing(
            f"{what}: object {path} is missing; restore it from a copy of the store or from a checked-out version"
        )
    with _room(target):
        if store.on_disk and _one_disk(path, target):
            files.link_or_copy(path, target)
        else:
            _copied(path, files.create(target), digest)
    _read_only(target)


def _one_disk(path: str, target: str) -> bool:
    folder = os.path.dirname(target)
    os.makedirs(folder, exist_ok=True)
    return os.stat(path).st_dev == os.stat(folder).st_dev


def _copied(path: str, target: BinaryIO, digest: str) -> None:
    with files.open_read(path) as source, target as file:
        hashed = hashlib.sha256()
        while block := source.read(files.PART):
            hashed.update(block)
            file.write(block)
        if hashed.hexdigest() != digest:
            raise _other(path, hashed.hexdigest(), digest)


def _other(path: str, found: str, digest: str) -> ObjectAltered:
    return ObjectAltered(
        f"{path} was altered: SHA-256 is {found}, the manifest says {digest}; nothing was published. Publish from an "
        "unaltered copy, or run the recipe again"
    )


def _young(store: Store, path: str, stamp: files.Stamp, now: float) -> bool:
    """Whether gc lets the object at `path` be from now on; on disk it is made young for that."""
    return _touched(path) if store.on_disk else now - stamp.modified < FRESH


def _touched(path: str) -> bool:
    """Gives the file the time of now; False where a gc has just taken it away."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    except PermissionError:  # another user's: `keep` looks once more when its ref is there
        return True
    return True


def _read_only(path: str) -> None:
    with suppress(PermissionError):  # linked from a file of another user
        os.chmod(path, 0o444)


class _room:
    """Says what to do when the disk is full half-way."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            folder = os.path.dirname(self._path)
            free = shutil.disk_usage(folder).free if os.path.isdir(folder) else 0
            raise NoRoom(
                error.errno,
                f"the disk is full ({free / 1e6:,.1f} MB free): no version was published. Make room and publish again; "
                "what was put already is taken over",
                self._path,
            ) from error
