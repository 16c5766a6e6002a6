"""Documents that were withdrawn for what they say, and would come back: a recipe run again knows no tombstone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import polars as pl

from curate import files
from curate.dedup.index import FOLDER, WITHDRAWN
from curate.publish.address import Held
from curate.publish.store import Store
from curate.publish.tombstones import tombstones
from curate.table import batches

TOMBSTONES = f"{FOLDER}/{WITHDRAWN}"
SHOWN = 5  # documents that are named


class WithdrawnReturns(ValueError):
    """A version to be published holds what another one of its name withdrew for its content."""


def check_returned(
    store: Store, manifest: Mapping[str, Any], others: Iterable[Mapping[str, Any]], place: Callable[[str], str]
) -> None:
    """Raises `WithdrawnReturns` where the version holds a document, by its id, that one of the `others` of its name
    withdrew for what it says (a takedown, say). `place` gives the path of one of its files.

    Ids are read only where the others have tombstones that this one has not: a version that comes from them has theirs.
    """
    held = [Held(str(other["number"]), dict(other), None, store) for other in others if other.get("withdrawn")]
    stones = {stone.doc_id: stone for other in held for stone in tombstones(other) if stone.blocks}
    if stones and TOMBSTONES in manifest["files"]:
        for stone in json.loads(files.read_bytes(place(TOMBSTONES))):
            stones.pop(stone["doc_id"], None)
    found: list[str] = []
    for name in sorted(manifest["files"]):
        if stones and name.startswith("data/"):
            for docs in batches(place(name), ["doc_id"]):
                found += docs.filter(pl.col("doc_id").is_in(sorted(stones)))["doc_id"].to_list()
    if found:
        named = ", ".join(f"{one} ({stones[one].reason})" for one in sorted(found)[:SHOWN])
        more = f" and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
        raise WithdrawnReturns(
            f"{manifest['name']}@{manifest['number']} would bring back what other versions of its name withdrew: "
            f"{named}{more}. Withdraw from the newest of them; of a version that was made anew withdraw these first "
            "(`curate withdraw FOLDER ID ... --reason REASON --out NEW`) and publish NEW; or, where they may be there "
            "again, `curate publish --readmit`"
        )
