"""What differs between two versions: documents added, removed, changed and withdrawn."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from curate import files
from curate.dedup import near
from curate.dedup.index import FOLDER, INDEX, differing
from curate.dedup.stored import Stored, hashes
from curate.exchange import Outbox, Parcel, gather, prefix
from curate.publish.address import Held, held, located
from curate.publish.change import Change, beside, change, licenses, means, shared, tokens
from curate.publish.parent import LINEAGE
from curate.publish.tombstones import tombstones
from curate.table import batches

RANGE = 1 << 19  # documents of a version that are compared at a time: 80 bytes each
COMPARED = ("doc_id", "content_hash", "license")
SHOWN = 10  # ids that are named of each kind


class NoVerdicts(ValueError):
    """What was given as a run says nothing of why documents were removed."""


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
    """What B holds otherwise than A. `removed` are those that were not withdrawn, by `why` where a run is at hand that
    says it; of these `near` have a near copy in B by the stored signatures, None where the two can't be compared.
    `relicensed` are in both, under another licence. `grown` says that B comes from A.
    """

    a: dict[str, Any]
    b: dict[str, Any]
    same: int
    added: Group
    removed: Group
    changed: Group
    relicensed: Group
    withdrawn: dict[str, Group]
    near: int | None
    grown: bool
    why: dict[str, int] = field(default_factory=dict)
    measures: dict[str, tuple[float | None, float | None]] = field(default_factory=dict)

    @property
    def change(self) -> Change:
        """Its size, by stated rules."""
        gone = self.removed.documents + sum(group.documents for group in self.withdrawn.values())
        return change(self.a, self.b, added=self.added.documents, gone=gone, changed=self.changed.documents,
                      relicensed=self.relicensed.documents)  # fmt: skip

    def data(self) -> dict[str, Any]:
        """As JSON."""

        def said(group: Group) -> dict[str, Any]:
            return {"documents": group.documents, "first": group.first}

        return {
            "a": _side(self.a),
            "b": _side(self.b),
            "b_comes_from_a": self.grown,
            "same": self.same,
            "added": said(self.added),
            "removed": {**said(self.removed), "with_a_near_copy": self.near},
            "changed": said(self.changed),
            "relicensed": said(self.relicensed),
            "removed_because": dict(sorted(self.why.items())),
            "withdrawn": {reason: said(group) for reason, group in sorted(self.withdrawn.items())},
            "tokens": beside(tokens(self.a), tokens(self.b)),
            "licenses": beside(licenses(self.a), licenses(self.b)),
            "measures": {name: {"a": one, "b": other} for name, (one, other) in sorted(self.measures.items())},
            "files": shared(self.a, self.b),
            "change": {"size": self.change.size, "because": list(self.change.because), "next": self.change.next},
        }  # fmt: skip

    def lines(self) -> list[str]:
        """In words."""
        said = self.data()
        a, b = (
            f"{one['name']}{'@' + one['number'] if one['number'] else ''} {one['digest'][:16]}, "
            f"{one['documents']:,} documents"
            for one in (said["a"], said["b"])
        )
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
        if self.relicensed.documents:
            out.append(_line("relicensed", self.relicensed))
        if self.removed.documents and self.near is not None:
            out.append(f"  {self.near:,} of those removed have a near copy in B")
        out += [f"  removed because: {reason} {count:,}" for reason, count in sorted(self.why.items())]
        out += [_line(f"withdrawn: {reason}", group) for reason, group in sorted(self.withdrawn.items())]
        for title in ("tokens", "licenses"):
            out += [f"{title}: {name}  {pair['a']:,} -> {pair['b']:,}"
                    for name, pair in said[title].items() if pair["a"] != pair["b"]]  # fmt: skip
        out += [f"mean of {name}: {_mean(one)} -> {_mean(other)}"
                for name, (one, other) in sorted(self.measures.items()) if one != other]  # fmt: skip
        both = said["files"]
        out.append(f"files: {both['shared']:,} of {both['of']:,} shared, {both['new_bytes']:,} bytes are new")
        out.append(f"change: {self.change.size} ({'; '.join(self.change.because)})"
                   + (f"; as {self.change.next}" if self.change.next else ""))  # fmt: skip
        return out


def _mean(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"


def _side(manifest: dict[str, Any]) -> dict[str, Any]:
    said = {name: manifest[name] for name in ("name", "number", "digest")}
    return {**said, "documents": sum(manifest["rows"].values())}


def _line(name: str, group: Group) -> str:
    more = " ..." if group.documents > len(group.first) else ""
    return f"{name:<14}{group.documents:>12,}  {' '.join(group.first)}{more}".rstrip()


def diff(a: str | Path, b: str | Path, run: str | None = None) -> Difference:
    """How version `b` differs from `a`: by doc_id, and by content_hash where both hold one. Each is a folder or
    STORE/NAME@VERSION. `run` is the run that made B, whose verdicts say why documents of A did not come through.

    Texts are not read. In object storage near copies are not looked for, since signatures are mapped. Memory: `RANGE`
    documents of each, by ranges of their ids, and B's tombstones. Raises `VersionAltered`, and what opening the stored
    signatures raises.
    """
    left_held, right_held = held(str(a)), held(str(b))
    one, other = left_held.manifest, right_held.manifest
    ours, theirs = (_stored(str(place), version) for place, version in ((a, left_held), (b, right_held)))
    comparable = ours is not None and theirs is not None and _comparable(ours, theirs)
    before = set(tombstones(left_held))  # a document may have come again since
    stones = tombstones(right_held)
    reasons = {stone.doc_id: stone.reason for stone in stones if stone not in before}
    out = Difference(
        one, other, 0, Group(), Group(), Group(), Group(), {}, 0 if comparable else None, _grown(one, other)
    )
    partitions = 1 + max(sum(manifest["rows"].values()) for manifest in (one, other)) // RANGE
    ours_means, their_means = means(left_held), means(right_held)
    for name in {*ours_means, *their_means}:
        out.measures[name] = (ours_means.get(name), their_means.get(name))
    with tempfile.TemporaryDirectory(prefix="curate-diff-") as scratch:
        sides = [
            _sent(version, f"{scratch}/{name}.rows", partitions)
            for name, version in (("a", left_held), ("b", right_held))
        ]
        causes = None if run is None else _causes(run, f"{scratch}/run.rows", partitions)
        for partition in range(partitions):
            left, right = (_gathered(parcel, partition) for parcel in sides)
            both = left.join(right, on="doc_id", how="inner", suffix="_b")
            moved = both.filter(pl.col("content_hash") != pl.col("content_hash_b"))
            out.same += both.height - moved.height
            out.changed.add(_ids(moved))
            out.relicensed.add(_ids(both.filter(pl.col("license").ne_missing(pl.col("license_b")))))
            out.added.add(_ids(right.join(left, on="doc_id", how="anti")))
            gone = _ids(left.join(right, on="doc_id", how="anti"))
            for identity in gone:
                if identity in reasons:
                    out.withdrawn.setdefault(reasons[identity], Group()).add([identity])
            lost = [identity for identity in gone if identity not in reasons]
            out.removed.add(lost)
            if causes is not None and lost:
                _count_causes(out.why, causes, partition, lost)
            if comparable and lost and ours is not None and theirs is not None and out.near is not None:
                out.near += _near(ours, theirs, lost)
    return out


def _stored(place: str, version: Held) -> Stored | None:
    if f"{FOLDER}/{INDEX}" not in version.manifest["files"] or (version.store and not version.store.on_disk):
        return None
    return Stored.of_version(located(place))


def _causes(run: str, path: str, partitions: int) -> Parcel:
    """The verdicts of a run: doc_id, and the stage and reason that removed it."""
    found = files.found(files.join(run, "verdicts"))
    if not found:
        raise NoVerdicts(f"{run}: there are no verdicts/ in it; expected the directory of the run that made B")
    outbox = Outbox(path, partitions)
    for file in found:
        with files.open_read(file.path) as opened:
            rows = pl.read_parquet(opened, columns=["doc_id", "stage", "reason"])
        first = rows["doc_id"].str.slice(0, 16).str.to_integer(base=16, dtype=pl.UInt64)
        outbox.add(rows, prefix(first, partitions))
    return outbox.close()


def _count_causes(why: dict[str, int], causes: Parcel, partition: int, lost: Sequence[str]) -> None:
    """Counts the first reason of each document; one without any did not come to the run's stages."""
    rows = gather([causes], partition)
    gone = pl.DataFrame({"doc_id": lost})
    if rows is None:
        rows = pl.DataFrame(schema={"doc_id": pl.String, "stage": pl.String, "reason": pl.String})
    met = gone.join(rows.unique("doc_id", keep="first", maintain_order=True), on="doc_id", how="left")
    for stage, reason, count in met.group_by("stage", "reason").len().rows():
        name = "not in the run's sources, or lost to its splits" if stage is None else f"{stage}: {reason}"
        why[name] = why.get(name, 0) + count


def _comparable(one: Stored, other: Stored) -> bool:
    """Whether the signatures mean the same; what counts as a copy is B's business."""
    odd = set(differing(one.parameters, other.parameters)) - {"threshold", "slack", "bands", "rows"}
    return not odd and one.index.kernel == other.index.kernel


def _grown(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return a["digest"] in b["parents"] or f"{LINEAGE}/{a['digest'][:16]}.json" in b["files"]


def _sent(version: Held, path: str, partitions: int) -> Parcel:
    outbox = Outbox(path, partitions)
    for name in sorted(version.manifest["files"]):
        if name.startswith("data/"):
            for docs in batches(version.path(name), COMPARED):
                first = docs["doc_id"].str.slice(0, 16).str.to_integer(base=16, dtype=pl.UInt64)
                outbox.add(docs, prefix(first, partitions))
    return outbox.close()


def _gathered(parcel: Parcel, partition: int) -> pl.DataFrame:
    rows = gather([parcel], partition)
    return pl.DataFrame(schema=dict.fromkeys(COMPARED, pl.String)) if rows is None else rows


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
