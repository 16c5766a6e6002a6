"""Tombstones: what a version says of the documents that were withdrawn from it or from those it grew from."""

from __future__ import annotations

import hashlib
import json

from curate import files
from curate.dedup.index import FOLDER, WITHDRAWN, Withdrawn
from curate.publish.address import Held
from curate.publish.manifest import VersionAltered

__all__ = ["Withdrawn", "tombstones"]


def tombstones(version: Held) -> tuple[Withdrawn, ...]:
    """Those of the version, by number; none where it stores no signatures. About 1 KB each in memory.

    Raises `VersionAltered` where the file is not the one that the manifest names.
    """
    name = f"{FOLDER}/{WITHDRAWN}"
    said = version.manifest["files"].get(name)
    if said is None:
        return ()
    found = files.read_bytes(version.path(name))
    if hashlib.sha256(found).hexdigest() != said["sha256"]:
        raise VersionAltered(f"{version.label}: {name} is not the file that was published")
    return tuple(Withdrawn(**one) for one in json.loads(found))
