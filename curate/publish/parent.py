"""The version that another one extends: what it must be, and what is taken over from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from curate import cuts, files
from curate.dedup import near
from curate.dedup.ids import UniqueIds
from curate.dedup.index import FOLDER, INDEX
from curate.dedup.known import Known
from curate.dedup.minhash import MinHashDedup
from curate.dedup.stored import Stored, hashes
from curate.document import COLUMNS, RAW
from curate.mix.settings import Mix
from curate.publish.address import Held, located
from curate.publish.manifest import NAME, canonical, complete, entry
from curate.publish.place import MIXED
from curate.publish.settings import Version
from curate.publish.view import fill, view
from curate.stage import AnyStage, Splitter
from curate.table import batches

LINEAGE = "parents"  # the folder in which a version keeps the manifests of those that it comes from


class CannotExtend(ValueError):
    """A version can't be extended so, or by this recipe."""


@dataclass(frozen=True)
class Parent:
    """An open version: its manifest, and its index."""

    folder: Path
    manifest: dict[str, Any]
    stored: Stored
    far: Held | None = None  # in object storage: of its files only the index and the lineage are in `folder`

    @classmethod
    def open(cls, folder: str | Path) -> Parent:
        """The version in `folder`: sealed, complete, and with signatures that these kernels can compare.

        Its files are not hashed again. Raises `VersionAltered`, `SignaturesRefused`, `ArraysAltered`.
        """
        place = Path(folder)
        manifest = complete(place)
        stored = Stored.of_version(place)
        stored.check_kernel()
        return cls(place, manifest, stored)

    @classmethod
    def held(cls, version: Held, work: Path) -> Parent:
        """A stored version: on disk its view, of one in object storage what describes it is copied to `work`."""
        assert version.store is not None and version.ref is not None
        if version.store.on_disk:
            return cls.open(view(version.store, version.ref, version.manifest))
        names = [name for name in version.manifest["files"] if name.startswith((f"{FOLDER}/", f"{LINEAGE}/"))]
        fill(version.store, version.manifest, work, names)
        files.put_new(str(work / NAME), canonical(version.manifest))
        stored = Stored.of_version(work)
        stored.check_kernel()
        return cls(work, version.manifest, stored, version)

    def path(self, name: str) -> str:
        """Where one of its files lies."""
        return self.far.path(name) if self.far is not None else str(self.folder / name)

    @property
    def label(self) -> str:
        return f"{self.manifest['name']} {self.manifest['digest'][:16]}"

    @property
    def documents(self) -> int:
        return sum(self.manifest["rows"].values())

    def data(self) -> list[str]:
        """Paths of its data files."""
        return sorted(name for name in self.manifest["files"] if name.startswith("data/"))

    def link(self, folder: Path, names: Sequence[str]) -> dict[str, Any]:
        """Makes files of this version files of the one in `folder`; their entries in its manifest. In object storage
        data are objects already, and stay there."""
        for name in names:
            if self.far is not None and name.startswith("data/"):
                continue
            files.link_or_copy(str(self.folder / name), str(folder / name))
        return {name: self.manifest["files"][name] for name in names}

    def link_lineage(self, folder: Path) -> dict[str, Any]:
        """Its own manifest, and those that it keeps: what made the documents is known when its folder is gone."""
        entries = self.link(folder, [name for name in self.manifest["files"] if name.startswith(f"{LINEAGE}/")])
        name = f"{LINEAGE}/{self.manifest['digest'][:16]}.json"
        files.link_or_copy(str(self.folder / NAME), str(folder / name))
        return {**entries, name: entry(folder, name)}


def entries_of(folder: Path) -> dict[str, Any]:
    """The manifest's entries of the index in `folder`: digests are those that index.json has just been given."""
    place = folder / FOLDER
    listed = Stored.open(place).index.files
    entries = {f"{FOLDER}/{name}": {**said, "rows": None} for name, said in listed.items()}
    return {**entries, f"{FOLDER}/{INDEX}": entry(folder, f"{FOLDER}/{INDEX}")}


def check_schema(parent: Parent, schema: Mapping[str, str]) -> None:
    """What is added has the columns of what is there. Raises `CannotExtend`."""
    theirs = parent.manifest["schema"]
    for name in sorted({*theirs, *schema}):
        if theirs.get(name) != schema.get(name):
            raise CannotExtend(
                f"{parent.folder}: column '{name}' is {theirs.get(name, 'not there')}, of the new documents it is "
                f"{schema.get(name, 'not there')}; a version has one schema: use the stages that made {parent.label}"
            )


def check_fresh(parent: Parent, folder: Path, paths: Sequence[str]) -> None:
    """None of the new documents is there already. Raises `CannotExtend`."""
    for path in paths:
        for docs in batches(str(folder / path), ["doc_id"]):
            _, numbers = near.numbers_of(parent.stored, hashes(docs["doc_id"]))
            numbers = numbers[~parent.stored.gone(numbers)]
            if len(numbers):
                raise CannotExtend(
                    f"document {parent.stored.doc_ids(numbers[:1])[0]} is in {parent.label} already, and so are "
                    f"{len(numbers) - 1} more of its batch: compare with it by Known among the stages"
                )


def _columns(stages: Sequence[AnyStage]) -> dict[str, str]:
    """The columns of a version that a recipe with these stages publishes."""
    columns: dict[str, pl.DataType] = {**COLUMNS, **MIXED}
    for stage in (UniqueIds(), *stages):
        if not isinstance(stage, Splitter | Known):
            columns |= {name: dtype for name, dtype in stage.writes.items() if name not in (*RAW, cuts.COLUMN)}
    return {name: str(dtype) for name, dtype in columns.items()}


def check_extension(version: Version, stages: Sequence[AnyStage], mix: Mix | None, place: Callable[[str], str]) -> None:
    """Raises `CannotExtend` where a recipe can't add to the version that it `extends`; said before any work starts."""
    if version.extends is None:
        return
    folder = str(located(place(str(version.extends))))
    if mix is not None:
        raise CannotExtend(
            f"version {version.name} extends {version.extends} and has a mix: what is added to a version of kept "
            "documents has none, since another ratio moves all of its documents. Extend first, and then mix the whole "
            "in a recipe that reads it"
        )
    parent = Parent.open(folder)
    if parent.manifest["mix"] is not None:
        raise CannotExtend(
            f"{folder} is a version of a mix, which is not extended but made anew: its ratio holds for it as a whole"
        )
    index = parent.stored.folder / INDEX
    digest = files.sha256(str(index))
    places = [at for at, stage in enumerate(stages) if isinstance(stage, Known) and stage.index.sha256 == digest]
    if not places:
        raise CannotExtend(
            f"version {version.name} extends {parent.label}, and no stage compares with it, so documents would be "
            f"there twice: put Known.of({folder!r}) among the stages, behind those that edit text"
        )
    for stage in stages[places[-1] + 1 :]:
        if isinstance(stage, Splitter) or not {"text", cuts.COLUMN}.isdisjoint(stage.writes):
            raise CannotExtend(
                f"stage {stage.name} changes texts behind Known, which compares them with {parent.label}: what is "
                "compared would not be what is published; put Known behind it"
            )
    check_schema(parent, _columns(stages))
    for stage in stages:
        if isinstance(stage, MinHashDedup):
            for setting in ("n", "permutations", "threshold", "slack"):
                ours, theirs = getattr(stage, setting), getattr(parent.stored.parameters, setting)
                if ours != theirs:
                    raise CannotExtend(
                        f"stage {stage.name}: {setting} is {ours}, {parent.label} was made with {theirs}; documents of "
                        "one version are compared alike: use its settings, or publish the whole anew"
                    )
