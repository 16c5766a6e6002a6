"""Takes away what no version reaches: what killed publishers left, and nothing else."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from curate import files
from curate.publish import refs
from curate.publish.keep import reached
from curate.publish.store import DIGEST, MARKER, WORK, Store

GRACE = 24 * 3600
"""Seconds. What is younger may belong to a publisher that has not written its ref yet: none takes a day from its first
object to its ref but one of very many terabytes, which wants a longer grace. Counted by the storage's clock."""


TIMES = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class NoTime(ValueError):
    """A length of time that is none."""


def seconds(said: str) -> float:
    """A length of time in seconds: 90, 30m, 24h, 7d. Raises `NoTime`."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", said)
    if match is None:
        raise NoTime(f"{said!r} is no length of time; expected seconds, or a number with m, h or d: 30m, 24h, 7d")
    return float(match[1]) * TIMES[match[2]]


@dataclass(frozen=True)
class Garbage:
    """What is reached by nothing: paths below the store with their bytes, and how much is left because it is young."""

    taken: tuple[tuple[str, int], ...]
    young: int
    young_bytes: int

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.taken)

    def lines(self, dry: bool) -> list[str]:
        """In words."""
        done = "would be taken away" if dry else "taken away"
        return [f"{len(self.taken):,} files that no version reaches {done} ({self.bytes:,} bytes); "
                f"{self.young:,} more are younger than the grace ({self.young_bytes:,} bytes)"]  # fmt: skip


def gc(store: Store, *, grace: float = GRACE, dry: bool = False) -> Garbage:
    """Takes away objects that no ref reaches, and unfinished files, that are older than `grace` seconds.

    Refs are read twice, before what is there is listed and after, so that a version that appears meanwhile keeps its
    own; where a ref or a manifest can't be read nothing is taken. A folder in which somebody works goes as a whole or
    not at all. Raises what `refs.every` and `manifest_of` raise.
    """
    kept = reached(store, refs.every(store))
    now = store.clock()
    old, young, young_bytes = [], 0, 0
    unfinished: dict[str, float] = {}
    for relative, stamp in files.listed(store.root):
        if not _is_garbage(relative, kept):
            continue
        folder = _unfinished(relative) if store.on_disk else None
        if folder is not None and folder not in unfinished:
            unfinished[folder] = _changed(Path(store.root) / folder)
        if now - (stamp.modified if folder is None else unfinished[folder]) < grace:
            young, young_bytes = young + 1, young_bytes + stamp.size
        else:
            old.append((relative, stamp))
    kept = reached(store, refs.every(store))
    # Once more: a publisher goes on with its folder, or has touched since what it relies on.
    at_work = {folder for folder, changed in unfinished.items() if _changed(Path(store.root) / folder) != changed}
    taken: list[tuple[str, int]] = []
    emptied: set[str] = set()
    for relative, stamp in sorted(old, key=lambda one: one[0]):
        path = files.join(store.root, relative)
        folder = _unfinished(relative) if store.on_disk else None
        if not _is_garbage(relative, kept) or folder in at_work:
            continue
        if not dry:
            there = files.stamp(path)
            if there is None or there.modified != stamp.modified:
                continue
            files.delete(path)
            if folder is not None:
                emptied.add(folder)
        taken.append((relative, stamp.size))
    for folder in emptied:
        shutil.rmtree(Path(store.root) / folder, ignore_errors=True)
    return Garbage(tuple(taken), young, young_bytes)


def _is_garbage(relative: str, kept: frozenset[str]) -> bool:
    """Whether a file of a store is none that a version or the store itself needs."""
    parts = relative.split("/")
    name = parts[-1]
    if parts[0] == "views":
        return any(".partial-" in part for part in parts[:-1])
    if parts[0] == "objects":
        return not (len(parts) == 3 and DIGEST.fullmatch(name) and parts[1] == name[:2] and name in kept)
    if name.startswith(".") and name.endswith(".partial"):
        return True
    return parts[0] == WORK or (len(parts) == 1 and name.startswith("probe-") and name != MARKER)


def _unfinished(relative: str) -> str | None:
    """The folder, below the store, in which the publisher or the view at work made the file; None for other files.

    Its files are links to objects, as old as these, so that the folder alone says when somebody worked in it.
    """
    parts = relative.split("/")
    if parts[0] == WORK and len(parts) > 2:
        return "/".join(parts[:2])
    if parts[0] == "views":
        for at, part in enumerate(parts[:-1], 1):
            if ".partial-" in part:
                return "/".join(parts[:at])
    return None


def _changed(folder: Path) -> float:
    """When something in a folder was last made, linked, written or removed; 0 where it is gone."""
    times = [0.0]
    for place, _, names in os.walk(folder):
        for path in (place, *(os.path.join(place, name) for name in names)):
            with suppress(FileNotFoundError):
                times.append(os.lstat(path).st_mtime)
    return max(times)
