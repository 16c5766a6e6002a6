"""Publishes a version: an immutable folder with data, a card and a manifest, seen whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from curate import __version__, files
from curate.engine import Engine
from curate.growing import appear, growing
from curate.publish.card import card
from curate.publish.manifest import FORMAT, NAME, canonical, sealed
from curate.publish.place import (
    COUNTED,
    SPLITS,
    Lot,
    NotTheMix,
    Placed,
    Sent,
    files_for,
    frozen,
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
    version: Version, kept: Sequence[str], mix_dir: str | None, out: str, facts: Mapping[str, Any], engine: Engine
) -> dict[str, Any]:
    """Publish the documents of the mix in `mix_dir`, or without one all kept documents, into the local folder `out`.

    `facts` are JSON for the manifest (recipe, funnel, versions ...) and must hold nothing of the machine or of the
    time, since they are hashed. Gives the manifest. The same version published again is left as it is; another one in
    its place raises `VersionExists`. Memory: a shard's ids, and the partition of a file that is at hand, in each task.
    """
    if out.startswith(files.S3):
        raise ValueError(f"{out}: a version is published into a local or shared folder; copy it from there")
    target = Path(out)
    with growing(target) as folder:
        manifest = _filled(version, kept, mix_dir, folder=folder, facts=facts, engine=engine)
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                path.chmod(0o444)
        if not appear(folder, target):
            _same(target, manifest)
    return manifest


def _filled(
    version: Version,
    kept: Sequence[str],
    mix_dir: str | None,
    *,
    folder: Path,
    facts: Mapping[str, Any],
    engine: Engine,
) -> dict[str, Any]:
    written, schema = _documents(kept, mix_dir, folder, engine)
    mix = None if mix_dir is None else _mix(Path(mix_dir))
    manifest = {
        "format": FORMAT,
        "curate": __version__,
        "name": version.name,
        "version": settings(version),
        "parents": list(version.parents),
        "mix": mix,
        "schema": {name: str(dtype) for name, dtype in schema.items()},
        "files": {file.path: {"sha256": file.sha256, "bytes": file.size, "rows": file.rows} for file in written},
        **_counts(written),
    }
    if mix is not None:
        _check_mix(manifest, mix)
    for name, value in facts.items():
        if name in manifest and name != "sources":
            raise ValueError(f"facts name '{name}', which the manifest says itself; give it another name")
        manifest["declared_sources" if name == "sources" else name] = value
    readme = card(version, manifest)
    files.put_new(str(folder / "README.md"), readme)
    digest = files.sha256(str(folder / "README.md"))
    manifest["files"]["README.md"] = {"sha256": digest, "bytes": len(readme), "rows": None}
    manifest = sealed(manifest)
    files.put_new(str(folder / NAME), canonical(manifest))
    return manifest


def _documents(
    kept: Sequence[str], mix_dir: str | None, folder: Path, engine: Engine
) -> tuple[list[Placed], pl.Schema]:
    """Write all data files; what was written, in the order of paths, and the schema."""
    schema = None
    for path in kept:
        schema = frozen(path)
        if schema is not None:
            break
    if schema is None:
        raise NothingToPublish("there are no kept documents to publish; look at the funnel for what removed them")
    scratch = str(folder / ".exchange")
    # Four partitions to a file bound memory; zstd seldom saves more than seven eighths.
    partitions = 4 * files_for(8 * sum(files.size(path) for path in kept))
    while True:
        send = partial(sent, schema=schema, mix=mix_dir, scratch=scratch, partitions=partitions)
        posts: list[Sent] = [post for _, post in sorted(engine.run(send, kept), key=lambda done: done[0])]
        numbers = [files_for(sum(post.text_bytes[split] for post in posts)) for split in range(len(SPLITS))]
        if max(numbers) <= partitions:
            break
        partitions = max(numbers)  # it saved more than that: sent again, so that no partition is larger than a file
        shutil.rmtree(scratch)
    lots = [
        Lot(split, number, of)
        for split, of in enumerate(numbers)
        if any(post.documents[split] for post in posts)
        for number in range(of)
    ]
    parcels = [post.parcel for post in posts]
    write = partial(placed, parcels=parcels, schema=schema, partitions=partitions, out=str(folder))
    written = [file for _, file in sorted(engine.run(write, lots), key=lambda done: done[0])]
    shutil.rmtree(scratch, ignore_errors=True)
    if not written:
        raise NothingToPublish("none of the kept documents belongs to the mix")
    return written, schema


def _counts(written: Sequence[Placed]) -> dict[str, Any]:
    """What the files hold, counted on what was written: rows and tokens by split, documents by source and language."""
    table = pl.DataFrame(
        [(file.path.split("/")[1].split("-")[0], *row) for file in written for row in file.counts],
        schema={
            "split": pl.String,
            **dict.fromkeys(COUNTED, pl.String),
            "documents": pl.Int64,
            "tokens": pl.Int64,
            "characters": pl.Int64,
        },
        orient="row",
    )
    counted = table["tokens"].sum() > 0
    tokens = {
        split: dict(
            table.filter(pl.col("split") == split)
            .group_by("channel")
            .agg(pl.col("tokens").sum())
            .sort("channel")
            .rows()
        )
        for split in SPLITS
        if counted and split in set(table["split"])
    }
    by_source = table.group_by("source", "role", "domain", "lang", "kind", "license").agg(
        pl.col("documents", "tokens", "characters").sum()
    )
    if not counted:
        by_source = by_source.drop("tokens")
    languages = table.group_by(pl.col("lang").fill_null("unknown")).agg(pl.col("documents").sum()).sort("lang")
    rows = {split: sum(file.rows for file in written if file.path.startswith(f"data/{split}-")) for split in SPLITS}
    return {
        "rows": {split: count for split, count in rows.items() if count},
        "tokens": tokens,
        "characters": int(table["characters"].sum()),
        "languages": dict(languages.rows()),
        "sources": by_source.sort(by_source.columns, nulls_last=True).to_dicts(),
    }


def _mix(folder: Path) -> dict[str, Any]:
    """What the manifest says of the mix: its report, which names the digests of its files, and its seed."""
    report: dict[str, Any] = json.loads((folder / "report.json").read_bytes())
    plan = json.loads((folder / "plan.json").read_bytes())
    return {**report, "seed": plan["seed"]}


def _check_mix(manifest: Mapping[str, Any], mix: Mapping[str, Any]) -> None:
    """What is published is the mix: the same documents and the same tokens, counted on the published files."""
    for split, part in (("train", mix["channels"]), ("validation", mix["held_out"])):
        expected = {name: count["tokens"] for name, count in part.items()}
        documents = sum(count["documents"] for count in part.values())
        found = manifest["tokens"].get(split, {})
        if found != expected or manifest["rows"].get(split, 0) != documents:
            raise NotTheMix(
                f"{split}: the mix has {documents} documents with tokens {expected}, among the kept ones are "
                f"{manifest['rows'].get(split, 0)} with {found}: mix the documents that are kept now"
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
