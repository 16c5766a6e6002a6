"""What differs between two versions: documents added, removed, changed and withdrawn."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from curate.dedup import near
from curate.dedup.index import FOLDER, INDEX, differing
from curate.dedup.stored import Stored, hashes
from curate.exchange import Outbox, Parcel, gather, prefix
from curate.publish.manifest import complete
from curate.publish.parent import LINEAGE
from curate.table import batches

RANGE = 1 << 19  # documents of a version that are compared at a time: 64 bytes each
SHOWN = 10  # ids that are named of each kind


@dataclass
class Group:
    """Documents that differ in one way: how many, and the smallest ids of them."""

    documents: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, ids: Sequence[str]) -> None:
        self.documents += len(ids)
        self.first = sorted([*self.first, *ids[:SHOWN]])[:SHOWN]


@dataclass
class Difference:
    """What B holds otherwise than A. `removed` are those that were not withdrawn; of these `near` have a near copy in
    B by the stored signatures, None where the two can't be compared. `grown` says that B comes from A.
    """

    a: dict[str, Any]
    b: dict[str, Any]
    same: int
    added: Group
    removed: Group
    changed: Group
    withdrawn: dict[str, Group]
    near: int | None
    grown: bool

    def data(self) -> dict[str, Any]:
        """As JSON."""

        def said(group: Group) -> dict[str, Any]:
            return {"documents": group.documents, "first": group.first}

        return {
            **{name: {"name": one["name"], "digest": one["digest"], "documents": sum(one["rows"].values())}
               for name, one in (("a", self.a), ("b", self.b))},
            "b_comes_from_a": self.grown,
            "same": self.same,
            "added": said(self.added),
            "removed": {**said(self.removed), "with_a_near_copy": self.near},
            "changed": said(self.changed),
            "withdrawn": {reason: said(group) for reason, group in sorted(self.withdrawn.items())},
        }  # fmt: skip

    def lines(self) -> list[str]:
        """In words."""
        said = self.data()
        a, b = (f"{one['name']} {one['digest'][:16]}, {one['documents']:,} documents" for one in (said["a"], said["b"]))
        out = [f"A: {a}", f"B: {b}"]
        if self.grown:
            out.append("B comes from A: it holds A's documents but those withdrawn, and what was added.")
        elif self.a["digest"] == self.b["digest"]:
            out.append("They are the same version.")
        else:
            out.append(
                "B does not come from A: made anew, it may keep another one of several copies, and so differ in which "
                "documents it holds and not in what they say."
            )
        out.append(f"{'same':<14}{self.same:>12,}")
        for name, group in (("added", self.added), ("changed", self.changed), ("removed", self.removed)):
            out.append(_line(name, group))
        if self.removed.documents and self.near is not None:
            out.append(f"  {self.near:,} of those removed have a near copy in B")
        out += [_line(f"withdrawn: {reason}", group) for reason, group in sorted(self.withdrawn.items())]
        return out


def _line(name: str, group: Group) -> str:
    more = " ..." if group.documents > len(group.first) else ""
    return f"{name:<14}{group.documents:>12,}  {' '.join(group.first)}{more}".rstrip()


def diff(a: str | Path, b: str | Path) -> Difference:
    """How the version in `b` differs from that in `a`: by doc_id, and by content_hash where both hold one.

    Texts are not read. Memory: `RANGE` documents of each, by ranges of their ids, and B's tombstones. Raises
    `VersionAltered`, and what opening the stored signatures raises.
    """
    one, other = complete(a), complete(b)
    ours, theirs = (_stored(folder, manifest) for folder, manifest in ((a, one), (b, other)))
    comparable = ours is not None and theirs is not None and _comparable(ours, theirs)
    before = set(ours.withdrawn) if ours is not None else set()  # a document may have come again since
    stones = theirs.withdrawn if theirs is not None else ()
    reasons = {stone.doc_id: stone.reason for stone in stones if stone not in before}
    out = Difference(one, other, 0, Group(), Group(), Group(), {}, 0 if comparable else None, _grown(one, other))
    partitions = 1 + max(sum(manifest["rows"].values()) for manifest in (one, other)) // RANGE
    with tempfile.TemporaryDirectory(prefix="curate-diff-") as scratch:
        sides = [
            _sent(Path(folder), manifest, f"{scratch}/{name}.rows", partitions)
            for name, folder, manifest in (("a", a, one), ("b", b, other))
        ]
        for partition in range(partitions):
            left, right = (_gathered(parcel, partition) for parcel in sides)
            both = left.join(right, on="doc_id", how="inner", suffix="_b")
            moved = both.filter(pl.col("content_hash") != pl.col("content_hash_b"))
            out.same += both.height - moved.height
            out.changed.add(_ids(moved))
            out.added.add(_ids(right.join(left, on="doc_id", how="anti")))
            gone = _ids(left.join(right, on="doc_id", how="anti"))
            for identity in gone:
                if identity in reasons:
                    out.withdrawn.setdefault(reasons[identity], Group()).add([identity])
            lost = [identity for identity in gone if identity not in reasons]
            out.removed.add(lost)
            if comparable and lost and ours is not None and theirs is not None and out.near is not None:
                out.near += _near(ours, theirs, lost)
    return out


def _stored(folder: str | Path, manifest: dict[str, Any]) -> Stored | None:
    return Stored.of_version(folder) if f"{FOLDER}/{INDEX}" in manifest["files"] else None


def _comparable(one: Stored, other: Stored) -> bool:
    """Whether the signatures mean the same; what counts as a copy is B's business."""
    odd = set(differing(one.parameters, other.parameters)) - {"threshold", "slack", "bands", "rows"}
    return not odd and one.index.kernel == other.index.kernel


def _grown(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return a["digest"] in b["parents"] or f"{LINEAGE}/{a['digest'][:16]}.json" in b["files"]


def _sent(folder: Path, manifest: dict[str, Any], path: str, partitions: int) -> Parcel:
    outbox = Outbox(path, partitions)
    for name in sorted(manifest["files"]):
        if name.startswith("data/"):
            for docs in batches(str(folder / name), ["doc_id", "content_hash"]):
                first = docs["doc_id"].str.slice(0, 16).str.to_integer(base=16, dtype=pl.UInt64)
                outbox.add(docs, prefix(first, partitions))
    return outbox.close()


def _gathered(parcel: Parcel, partition: int) -> pl.DataFrame:
    rows = gather([parcel], partition)
    return pl.DataFrame(schema={"doc_id": pl.String, "content_hash": pl.String}) if rows is None else rows


def _ids(rows: pl.DataFrame) -> list[str]:
    return rows["doc_id"].sort().to_list()


def _near(ours: Stored, theirs: Stored, ids: Sequence[str]) -> int:
    """How many of these documents of A have a copy in B that was not withdrawn."""
    found = 0
    for begin in range(0, len(ids), 1 << 13):
        _, numbers = near.numbers_of(ours, hashes(pl.Series("doc_id", ids[begin : begin + (1 << 13)])))
        numbers = numbers[~ours.gone(numbers)]
        likeness = near.of_stored(ours, numbers)
        left, others = near.candidates(theirs, likeness)
        there = ~theirs.gone(others)
        left, others = left[there], others[there]
        like = near.alike(theirs, likeness, left, others)
        found += len(set(left[like >= theirs.parameters.limit].tolist()))
    return found
