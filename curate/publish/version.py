"""Publishes a version: an immutable folder with data, a card and a manifest, seen whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from curate import __version__, files
from curate.dedup.index import Parameters
from curate.engine import Engine
from curate.growing import appear, growing
from curate.mix.plan import Plan
from curate.mix.verify import verified
from curate.publish import signed
from curate.publish.counts import counts, together
from curate.publish.finish import finished
from curate.publish.manifest import FORMAT, NAME, canonical
from curate.publish.parent import CannotExtend, Parent, check_fresh, check_schema, entries_of
from curate.publish.place import (
    Lot,
    NotTheMix,
    Placed,
    Sent,
    domains_in,
    files_for,
    frozen,
    part_of,
    parts_of,
    placed,
    sent,
)
from curate.publish.settings import Version
from curate.stage import settings

__all__ = ["NothingToPublish", "VersionExists", "publish"]


class VersionExists(FileExistsError):
    """The folder holds another version; a version never changes."""


class NothingToPublish(ValueError):
    """No document was kept."""


def publish(
    version: Version,
    kept: Sequence[str],
    mix_dir: str | None,
    out: str,
    facts: Mapping[str, Any],
    engine: Engine,
    *,
    signatures: Parameters | None = None,
) -> dict[str, Any]:
    """Publish the documents of the mix in `mix_dir`, or without one all kept documents, into the local folder `out`.

    `facts` are JSON for the manifest (recipe, funnel, versions ...) and must hold nothing of the machine or of the
    time, since they are hashed. With `signatures` their index is written beside the documents, unless the version says
    no. A version that `extends` another one holds its files too, as hard links, and goes on with its index. Gives the
    manifest. The same version published again is left as it is; another one in its place raises `VersionExists`.
    Memory: a shard's ids, and the partition of a file that is at hand, in each task.
    """
    if out.startswith(files.S3):
        raise ValueError(f"{out}: a version is published into a local or shared folder; copy it from there")
    parent = None if version.extends is None else Parent.open(version.extends)
    if parent is not None and (mix_dir is not None or parent.manifest["mix"] is not None):
        raise CannotExtend(f"{version.extends}: a version of a mix is not extended but made anew")
    with growing(Path(out)) as folder:
        made = _Making(version, folder, facts, engine, parent)
        return shown(folder, Path(out), made.filled(kept, mix_dir, signatures if version.signatures else None))


def shown(folder: Path, target: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Gives the filled `folder` the name `target`, read-only, with the card and `manifest`, sealed."""
    written, manifest = finished(manifest)
    for name, data in written.items():
        files.put_new(str(folder / name), data)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            path.chmod(0o444)
    if not appear(folder, target):
        _same(target, manifest)
    return manifest


@dataclass(frozen=True)
class _Making:
    """A version that is being filled."""

    version: Version
    folder: Path
    facts: Mapping[str, Any]
    engine: Engine
    parent: Parent | None

    def filled(self, kept: Sequence[str], mix_dir: str | None, signatures: Parameters | None) -> dict[str, Any]:
        """Writes all files but the card and the manifest, which it gives."""
        parent = self.parent
        addition = 0 if parent is None else parent.manifest.get("additions", 0) + 1
        parameters = signatures if parent is None else parent.stored.parameters
        written, schema = _documents(kept, mix_dir, self.folder, self.engine, addition, parameters)
        said = {name: str(dtype) for name, dtype in schema.items()}
        mix = None if mix_dir is None else _mix(Path(mix_dir))
        listed = {file.path: dict(file.entry) for file in written}
        count = counts((part_of(file.path).split, *row) for file in written for row in file.counts)
        if mix is not None:
            _check_mix(count, mix)
        new = [signed.Written(file.path, file.rows) for file in written]
        grown: dict[str, Any] = {}
        if parent is not None:
            check_schema(parent, said)
            check_fresh(parent, self.folder, [file.path for file in written])
            signed.extend(self.folder, parent.stored, new, self.engine)
            listed |= parent.link(self.folder, parent.data()) | parent.link_lineage(self.folder)
            added = sum(count["rows"].values())
            count = together(parent.manifest, count)
            grown = {
                "additions": addition,
                "extends": {
                    "name": parent.manifest["name"],
                    "digest": parent.manifest["digest"],
                    "documents": parent.documents,
                    "added": added,
                },
                **({"withdrawn": parent.manifest["withdrawn"]} if "withdrawn" in parent.manifest else {}),
            }
        elif parameters is not None:
            signed.begin(self.folder, parameters, new, self.engine)
        if parameters is not None:
            listed |= entries_of(self.folder)
        manifest = {
            "format": FORMAT,
            "curate": __version__,
            "name": self.version.name,
            "number": self.version.number,
            # The parent stands below with its digest: where it lay, or where this one will, says nothing of it.
            "version": settings(replace(self.version, extends=None, store=None)),
            "parents": [*self.version.parents, *([parent.manifest["digest"]] if parent is not None else [])],
            "mix": mix,
            "schema": said,
            "files": listed,
            **count,
            **grown,
        }
        for name, value in self.facts.items():
            if name in manifest and name != "sources":
                raise ValueError(f"facts name '{name}', which the manifest says itself; give it another name")
            manifest["declared_sources" if name == "sources" else name] = value
        return manifest


def _documents(
    kept: Sequence[str],
    mix_dir: str | None,
    folder: Path,
    engine: Engine,
    addition: int = 0,
    signatures: Parameters | None = None,
) -> tuple[list[Placed], pl.Schema]:
    """Write all data files, and with `signatures` their blocks; what was written, in the order of paths, and the
    schema.
    """
    schema = None
    for path in kept:
        schema = frozen(path)
        if schema is not None:
            break
    if schema is None:
        raise NothingToPublish(
            "there are no kept documents to publish; look at the funnel for what removed them"
            + (": a version is extended by documents that it does not hold" if addition else "")
        )
    scratch = str(folder / ".exchange")
    parts = parts_of(sorted(set().union(*(found for _, found in engine.run(domains_in, kept))), key=str))
    # Four partitions to a file bound memory; zstd seldom saves more than seven eighths.
    partitions = 4 * files_for(8 * sum(files.size(path) for path in kept))
    while True:
        send = partial(sent, schema=schema, mix=mix_dir, scratch=scratch, partitions=partitions, parts=parts)
        posts: list[Sent] = [post for _, post in sorted(engine.run(send, kept), key=lambda done: done[0])]
        numbers = [files_for(sum(post.text_bytes[ordinal] for post in posts)) for ordinal in range(len(parts))]
        if max(numbers) <= partitions:
            break
        partitions = max(numbers)  # it saved more than that: sent again, so that no partition is larger than a file
        shutil.rmtree(scratch)
    lots = [
        Lot(parts[ordinal], ordinal, number, of, addition)
        for ordinal, of in enumerate(numbers)
        if any(post.documents[ordinal] for post in posts)
        for number in range(of)
    ]
    parcels = [post.parcel for post in posts]
    write = partial(
        placed,
        parcels=parcels,
        schema=schema,
        partitions=partitions,
        out=str(folder),
        scratch=scratch,
        signatures=signatures,
    )
    written = [file for _, file in sorted(engine.run(write, lots), key=lambda done: done[0])]
    shutil.rmtree(scratch, ignore_errors=True)
    if not written:
        raise NothingToPublish("none of the kept documents belongs to the mix")
    return written, schema


def _mix(folder: Path) -> dict[str, Any]:
    """What the manifest says of the mix: its report, which names the digests of its files, and its seed."""
    return {**verified(folder), "seed": Plan.read(folder / "plan.json").seed}


def _check_mix(counted: Mapping[str, Any], mix: Mapping[str, Any]) -> None:
    """What is published is the mix: the same documents and the same tokens, counted on the published files."""
    for split, part in (("train", mix["channels"]), ("validation", mix["held_out"])):
        expected = {name: count["tokens"] for name, count in part.items()}
        documents = sum(count["documents"] for count in part.values())
        found = counted["tokens"].get(split, {})
        if found != expected or counted["rows"].get(split, 0) != documents:
            raise NotTheMix(
                f"{split}: the mix has {documents} documents with tokens {expected}, among the kept ones are "
                f"{counted['rows'].get(split, 0)} with {found}: mix the documents that are kept now"
            )


def _same(target: Path, manifest: Mapping[str, Any]) -> None:
    there = target / NAME
    if not there.is_file():
        raise VersionExists(f"{target} is there already and is no version: publish elsewhere, or remove it")
    if there.read_bytes() != canonical(manifest):
        found = json.loads(there.read_bytes())
        raise VersionExists(
            f"{target} holds version {found.get('name')} with digest {str(found.get('digest'))[:16]}..., this one is "
            f"{manifest['name']} with {manifest['digest'][:16]}...: a version never changes; publish to another folder "
            "(a run: another --out)"
        )
