"""Withdraws documents from a version: a new one without them, which keeps a tombstone of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from curate import files
from curate.dedup import near
from curate.dedup.index import Withdrawn
from curate.dedup.stored import hashes
from curate.growing import growing
from curate.publish import signed
from curate.publish.address import held
from curate.publish.counts import counts, together
from curate.publish.finish import version_of
from curate.publish.keep import Kept, keep_made
from curate.publish.manifest import VersionAltered, apart, entry
from curate.publish.parent import Parent, entries_of
from curate.publish.place import counted, part_of
from curate.publish.settings import Version
from curate.publish.version import shown
from curate.stage import settings
from curate.table import FixedTable, batches

CONTENT = ("contamination", "licence", "takedown", "personal_data")
"""Reasons that lie in what a document says: stored copies go along, and newcomers like it are kept out."""

OTHER = ("quality", "superseded", "other")
"""Other reasons: it leaves alone, and a copy of it may come in, or the document itself with another content."""

KEYS = ("doc_id", "origin_id", "url")


class CannotWithdraw(ValueError):
    """What was named can't be withdrawn from this version."""


@dataclass(frozen=True)
class Withdrawal:
    """The new version's manifest, and the documents that went, those taken along behind the named ones."""

    manifest: dict[str, Any]
    gone: tuple[Withdrawn, ...]


def withdraw(
    version: str | Path,
    keys: Sequence[str],
    reason: str,
    out: str | Path,
    *,
    name: str | None = None,
    number: str | None = None,
    note: str = "",
) -> Withdrawal:
    """Makes the version in folder `out`: that in `version` without the documents that `keys` name by doc_id, origin_id
    or url (all of them, where several documents bear one).

    Only data files that hold one of them are written anew, the others are linked. For a reason in `CONTENT` stored
    documents near enough to one of them go along. Raises `CannotWithdraw`, `InVersion`, and what `Parent.open`
    raises. `name` is what the new version is called; by default the last part of `out`; `number` its number.
    """
    target = Path(out)
    apart(target.absolute().parent)
    parent = Parent.open(version)
    called = name if name is not None else target.name
    with growing(target) as folder:
        manifest, gone = _made(parent, keys, reason, folder, called, number, note)
        return Withdrawal(shown(folder, target, manifest), gone)


def withdraw_stored(
    address: str, keys: Sequence[str], reason: str, number: str, *, note: str = "", alone: bool = False
) -> tuple[Kept, tuple[Withdrawn, ...]]:
    """Publishes `number` of a stored version's name: that version without the documents that `keys` name. It shares
    all objects with it but the data files that held them, and what describes the whole.

    Of a version in object storage the signatures are copied to this machine (about 1.3 KB a document), of its data
    only the files that are written anew are read whole. Raises what `withdraw` and `keep` raise.
    """
    version = held(address)
    store = version.store
    if store is None:
        raise CannotWithdraw(f"{address} is a folder; expected STORE/NAME@VERSION, or give the folder of the new one")
    with store.work() as work:
        parent = Parent.held(version, work / "parent")
        manifest, gone = _made(parent, keys, reason, work / "made", version.manifest["name"], number, note)
        return keep_made(manifest, work / "made", store, alone=alone), gone


def _made(
    parent: Parent, keys: Sequence[str], reason: str, folder: Path, called: str, number: str | None, note: str
) -> tuple[dict[str, Any], tuple[Withdrawn, ...]]:
    """Fills `folder` with the new version, but for what is made of its manifest: that and the tombstones."""
    if reason not in (*CONTENT, *OTHER):
        raise CannotWithdraw(f"reason {reason!r}: expected one of {', '.join((*CONTENT, *OTHER))}")
    settled = _renamed(version_of(parent.manifest), called, number, parent.manifest["mix"] is not None)
    without = called if number is None else f"{called}@{number}"
    gone = _gone(parent, _named(parent, keys), reason, without, note)
    removed, listed = _without(parent, folder, {one.number: one.doc_id for one in gone})
    signed.withdraw(folder, parent.stored, gone)
    left = together(parent.manifest, counts(removed), -1)
    if not left["rows"]:
        raise CannotWithdraw(f"{parent.label}: nothing would be left; a version holds at least one document")
    before = parent.manifest.get("withdrawn", {})
    kept_as_they_are = {key: value for key, value in parent.manifest.items() if key not in ("digest", "extends")}
    manifest = {
        **kept_as_they_are,
        "name": called,
        "number": number,
        "version": settings(settled),
        "parents": [parent.manifest["digest"]],
        "mix": None,  # its ratio was that of the documents before
        "files": {**listed, **parent.link_lineage(folder), **entries_of(folder)},
        "withdrawn": {**before, reason: before.get(reason, 0) + len(gone)},
        **left,
    }
    return manifest, tuple(gone)


def _renamed(version: Version, name: str, number: str | None, mixed: bool) -> Version:
    limits = version.known_limits
    if mixed:
        limits += (
            "Documents were withdrawn after the mix was drawn: its ratio does not hold; mix anew before training.",
        )
    return replace(version, name=name, number=number, parents=(), signatures=True,
                   known_limits=tuple(dict.fromkeys(limits)))  # fmt: skip


def _named(parent: Parent, keys: Sequence[str]) -> list[str]:
    """The ids of the documents that `keys` name. Raises `CannotWithdraw` where one names none."""
    wanted, ids, seen = sorted(set(keys)), [], set()
    if not wanted:
        raise CannotWithdraw("nothing to withdraw: give at least one doc_id, origin_id or url")
    for path in parent.data():
        for docs in batches(parent.path(path), KEYS):
            found = docs.filter(pl.any_horizontal(pl.col(key).is_in(wanted) for key in KEYS))
            ids += found["doc_id"].to_list()
            seen |= {value for key in KEYS for value in found[key]}
    for key in wanted:
        if key not in seen:
            before = next((one for one in parent.stored.withdrawn if one.doc_id == key), None)
            raise CannotWithdraw(
                f"{parent.label}: no document has the doc_id, origin_id or url {key!r}"
                + (f"; it was withdrawn from {before.version} ({before.reason})" if before is not None else "")
            )
    return ids


def _gone(parent: Parent, ids: Sequence[str], reason: str, version: str, note: str) -> list[Withdrawn]:
    """Tombstones of the named documents, and for reasons of content of the stored ones near enough to them."""
    stored, blocks = parent.stored, reason in CONTENT
    _, numbers = near.numbers_of(stored, hashes(pl.Series("doc_id", ids)))
    numbers = np.sort(numbers[~stored.gone(numbers)])
    if len(numbers) != len(ids):
        raise VersionAltered(f"{parent.label}: {len(ids)} documents are named, its index knows {len(numbers)} of them")
    named = stored.doc_ids(numbers)
    gone = [Withdrawn(int(number), identity, reason, blocks, version, note)
            for number, identity in zip(numbers, named, strict=True)]  # fmt: skip
    if blocks:
        likeness = near.of_stored(stored, numbers)
        left, others = near.candidates(stored, likeness)
        fresh = ~stored.gone(others) & ~np.isin(others, numbers)
        left, others = left[fresh], others[fresh]
        enough = near.alike(stored, likeness, left, others) >= stored.parameters.limit
        along = dict(zip(others[enough][::-1].tolist(), left[enough][::-1].tolist(), strict=True))
        found = np.array(sorted(along), np.int64)
        gone += [Withdrawn(number, identity, reason, blocks, version, note, along=named[along[number]])
                 for number, identity in zip(found.tolist(), stored.doc_ids(found), strict=True)]  # fmt: skip
    return gone


def _without(parent: Parent, folder: Path, gone: Mapping[int, str]) -> tuple[list[tuple[Any, ...]], dict[str, Any]]:
    """Writes or links the data files: (what went, counted, with its split, the files' entries in the manifest)."""
    stored = parent.stored
    touched: dict[str, set[str]] = {}
    for block in stored.placed(np.array(sorted(gone), np.int64)).tolist():
        touched.setdefault(stored.index.blocks[block].data, set())
    for number, identity in gone.items():
        block = int(stored.placed(np.array([number], np.int64))[0])
        touched[stored.index.blocks[block].data].add(identity)
    removed: list[tuple[Any, ...]] = []
    entries = parent.link(folder, [path for path in parent.data() if path not in touched])
    for path, ids in sorted(touched.items()):
        rows = _rewritten(parent, path, ids, folder, removed)
        if rows:
            entries[path] = entry(folder, path)
        else:
            files.delete(str(folder / path))
    return removed, entries


def _rewritten(parent: Parent, path: str, ids: set[str], folder: Path, removed: list[tuple[Any, ...]]) -> int:
    """Writes one data file without the documents `ids`, which are counted into `removed`; the rows that are left.

    What is left has the bytes that it would have if those documents had never been there.
    """
    source = parent.path(path)
    went = 0
    schema = next(batches(source)).schema
    with FixedTable(str(folder / path), schema, weight="text") as table:
        for docs in batches(source):
            leaving = pl.col("doc_id").is_in(sorted(ids))
            out = docs.filter(leaving)
            went += out.height
            removed += [(part_of(path).split, *row) for row in counted(out).rows()]
            table.add(docs.filter(~leaving))
    if went != len(ids):
        raise VersionAltered(f"{source} holds {went} of {len(ids)} documents that the index says are there")
    return table.rows
