"""Names of versions: create-only records that say which manifest a name stands for."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from curate import files
from curate.publish import objects
from curate.publish.latest import latest
from curate.publish.manifest import canonical, parsed
from curate.publish.settings import NUMBER
from curate.publish.store import LATEST, Store, named, numbered, order

FORMAT = "curate-ref-1"


class RefExists(FileExistsError):
    """The name stands for another version already; names never change."""


class NoSuchVersion(ValueError):
    """A store holds no version of this name."""


class RefAltered(ValueError):
    """A ref is not what was written."""


@dataclass(frozen=True)
class Ref:
    """`name`@`label` stands for the version `version`, whose manifest is the object `manifest`."""

    name: str
    label: str
    version: str
    manifest: str

    def __str__(self) -> str:
        return f"{self.name}@{self.label}"

    def data(self) -> bytes:
        return canonical({"format": FORMAT, **self.__dict__})


def create(store: Store, ref: Ref) -> bool:
    """Of any number of callers one gets True. False where the very same ref is there; raises `RefExists` where the
    name stands for another version.
    """
    if files.put_new(store.ref(ref.name, ref.label), ref.data()):
        return True
    _check_same(store, ref)
    return False


def check_free(store: Store, ref: Ref) -> bool:
    """Whether the name is free, False where the very same ref is there: what can be known before anything is put; what
    decides is `create`. Raises `RefExists`."""
    if not files.exists(store.ref(ref.name, ref.label)):
        return True
    _check_same(store, ref)
    return False


def _check_same(store: Store, ref: Ref) -> None:
    found = read(store, ref.name, ref.label)
    if found != ref:
        advice = (
            f"a tag is for good: give another one than {ref.label}"
            if ref.label != ref.version
            else "a published version never changes: give the next number (`curate diff` says which)"
        )
        raise RefExists(
            f"{store.root} has a {ref} already: its manifest is {found.manifest[:16]}..., this one's "
            f"{ref.manifest[:16]}...; {advice}"
        )


def read(store: Store, name: str, label: str) -> Ref:
    """Raises `NoSuchVersion`, `RefAltered`."""
    if label == LATEST:
        now = latest(store, name)
        if now is None:
            raise NoSuchVersion(_unknown(store, name, label))
        return replace(read(store, name, now.version), label=LATEST)
    path = store.ref(name, label)
    try:
        data = files.read_bytes(path)
    except FileNotFoundError:
        raise NoSuchVersion(_unknown(store, name, label)) from None
    try:
        said = json.loads(data)
        if said.pop("format") != FORMAT:
            raise ValueError("another format")
        ref = Ref(**said)
        store.object(ref.manifest)
        numbered(ref.version)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RefAltered(f"{path} was altered ({error}): restore it from a copy of the store") from None
    tagged = NUMBER.fullmatch(label) is None
    if (ref.name, ref.label) != (name, label) or ref.data() != data or not (tagged or ref.version == label):
        raise RefAltered(f"{path} was altered: it says {ref}, {ref.version}; restore it from a copy of the store")
    return ref


def every(store: Store, name: str | None = None) -> list[Ref]:
    """All refs, versions before tags, in the order of names and numbers. Raises `RefAltered` where one is none."""
    found, faults = readable(store, name)
    if faults:
        raise RefAltered("; ".join(faults))
    return found


def readable(store: Store, name: str | None = None) -> tuple[list[Ref], list[str]]:
    """The refs that can be read, in the order of `every`, and in words what is wrong with the others."""
    root = files.join(store.root, "refs")
    found, faults = [], []
    for relative, _ in sorted(files.listed(files.join(root, named(name)) if name is not None else root)):
        parts = relative.split("/") if name is None else [name, *relative.split("/")]
        if any(part.startswith(".") for part in parts):
            continue
        try:
            at, label = parts
            store.ref(at, label)
        except ValueError:
            faults.append(f"{files.join(root, *parts)} is no ref: refs lie at refs/NAME/VERSION; remove it")
            continue
        try:
            found.append(read(store, at, label))
        except RefAltered as error:
            faults.append(str(error))
    return sorted(found, key=_place), faults


def manifest_of(store: Store, ref: Ref) -> dict[str, Any]:
    """The manifest that a ref stands for, hashed. Raises `ObjectMissing`, `ObjectAltered`, `VersionAltered`, and
    `RefAltered` where it is that of another version."""
    manifest = parsed(objects.read(store, ref.manifest, str(ref)), store.object(ref.manifest))
    if (manifest["name"], manifest["number"]) != (ref.name, ref.version):
        raise RefAltered(
            f"{store.ref(ref.name, ref.version if ref.label == LATEST else ref.label)} was altered: its manifest is "
            f"that of {manifest['name']}@{manifest['number']}; restore it from a copy of the store"
        )
    return manifest


def _place(ref: Ref) -> tuple[Any, ...]:
    tag = not NUMBER.fullmatch(ref.label)
    return (ref.name, tag, ref.label if tag else "", order(ref.version))


def _unknown(store: Store, name: str, label: str) -> str:
    refs, _ = readable(store)
    there = [ref.label for ref in refs if ref.name == name]
    if there:
        return f"{store.root} has no {name}@{label}; of {name} it has {', '.join(there)}"
    names = sorted({ref.name for ref in refs})
    return f"{store.root} has no version of {name!r}; it has {', '.join(names) if names else 'none of any name'}"
