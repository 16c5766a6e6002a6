"""Takes away what no version reaches: what killed publishers left, and nothing else."""

from __future__ import annotations

import re
import shutil
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
    own; where a ref or a manifest can't be read nothing is taken. Raises what `refs.every` and `manifest_of` raise.
    """
    kept = reached(store, refs.every(store))
    now = store.clock()
    old, young, young_bytes = [], 0, 0
    for relative, stamp in files.listed(store.root):
        if not _is_garbage(relative, kept):
            continue
        if now - stamp.modified < grace:
            young, young_bytes = young + 1, young_bytes + stamp.size
        else:
            old.append((relative, stamp))
    kept = reached(store, refs.every(store))
    taken = []
    for relative, stamp in sorted(old, key=lambda one: one[0]):
        path = files.join(store.root, relative)
        if not _is_garbage(relative, kept):
            continue
        if not dry:
            there = files.stamp(path)  # once more: a publisher that relies on it has touched it since
            if there is None or there.modified != stamp.modified:
                continue
            files.delete(path)
        taken.append((relative, stamp.size))
    if store.on_disk and not dry:
        _sweep(Path(store.root))
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


def _sweep(root: Path) -> None:
    """Takes away folders that are left empty."""
    for place in (root / WORK, root / "views", root / "objects"):
        for folder in sorted((path for path in place.glob("**/") if path != place), reverse=True):
            if not any(folder.iterdir()):
                shutil.rmtree(folder, ignore_errors=True)
