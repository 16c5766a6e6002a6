"""`latest`: the one name that moves. It moves by compare-and-swap, so that of two that move it none is overwritten.

Each move has a counter. On S3 one object latest/NAME.json is replaced by If-Match on its ETag; equal bytes have equal
ETags, so without the counter a swap back to an earlier version could be mistaken for no swap at all. On disk, which has
links and no If-Match, move number N is the create-only file latest/NAME/N, and the highest one holds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from curate import files, s3
from curate.publish.manifest import canonical
from curate.publish.store import Store, StoreRefused, named, numbered, order

TRIES = 50  # a swap that is lost was won by somebody: fifty in a row are no race but a fault


@dataclass(frozen=True)
class Latest:
    """The version that `latest` of a name stands for, and how many times it was moved."""

    name: str
    version: str
    counter: int
    etag: str | None = None

    def data(self) -> bytes:
        return canonical({"counter": self.counter, "name": self.name, "version": self.version})


def latest(store: Store, name: str) -> Latest | None:
    """None where no version of this name was published."""
    named(name)
    if store.on_disk:
        moves = [relative for relative, _ in files.listed(files.join(store.root, "latest", name)) if relative.isdigit()]
        if not moves:
            return None
        last = max(moves, key=int)
        path = files.join(store.root, "latest", name, last)
        return _read(path, files.read_bytes(path), name, int(last), None)
    path = _object(store, name)
    there = s3.whole(path)
    return None if there is None else _read(path, there[0], name, None, there[1])


def moved(store: Store) -> list[str]:
    """The names whose `latest` was ever set."""
    there = {relative.split("/")[0] for relative, _ in files.listed(files.join(store.root, "latest"))}
    return sorted(name if store.on_disk else name.removesuffix(".json") for name in there if not name.startswith("."))


def move(store: Store, name: str, version: str, *, back: bool = False) -> Latest:
    """`latest` stands for `version` from now on, unless it stands for a later one and we do not mean to go `back`.

    What comes before a release (1.1.0-rc.1) is no later one than any release: who follows `latest` did not ask for it.
    """
    numbered(version)
    for _ in range(TRIES):
        now = latest(store, name)
        if now is not None and (now.version == version or (not back and _rank(now.version) > _rank(version))):
            return now
        wanted = Latest(name, version, 1 if now is None else now.counter + 1)
        if _swapped(store, now, wanted):
            return wanted
    raise StoreRefused(f"{store.root}: latest of {name} was moved by others {TRIES} times in a row; try again")


def _rank(version: str) -> tuple[Any, ...]:
    """What `latest` moves forward by: releases behind what comes before one, then the order of numbers."""
    number = order(version)
    return (number[3], *number)


def _swapped(store: Store, now: Latest | None, wanted: Latest) -> bool:
    if store.on_disk:
        return files.put_new(files.join(store.root, "latest", wanted.name, f"{wanted.counter:09d}"), wanted.data())
    path = _object(store, wanted.name)
    if now is None:
        return s3.put_new(path, wanted.data())
    return s3.replace(path, wanted.data(), str(now.etag))


def _object(store: Store, name: str) -> str:
    return files.join(store.root, "latest", f"{name}.json")


def _read(path: str, data: bytes, name: str, counter: int | None, etag: str | None) -> Latest:
    """What the `data` at `path` say: of `name`, and on disk move number `counter`."""
    try:
        said = json.loads(data)
        found = Latest(named(said["name"]), numbered(said["version"]), int(said["counter"]), etag)
        if found.name != name or counter not in (None, found.counter) or found.data() != data:
            raise ValueError(f"it says move {found.counter} of {found.name} to {found.version}")
    except (ValueError, KeyError, TypeError) as error:
        raise StoreRefused(f"{path} was altered ({type(error).__name__}: {error}): remove it, and set it by "
                           "`curate tag STORE/NAME@VERSION latest`") from None  # fmt: skip
    return found
