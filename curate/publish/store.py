"""A store of versions, on disk or s3://: where what lies in it, and that it is one.

    store.json              what it is
    objects/AB/SHA256       the bytes with this digest, immutable: data files, cards, manifests
    refs/NAME/VERSION       create-only: the digest of the manifest that NAME VERSION, or NAME TAG, stands for
    latest/NAME...          the one name that moves (curate.publish.latest)
    views/NAME/VERSION/     on disk: folders of hard links to objects; made when they are asked for

A version is there when its ref is, which is written last; what a killed publisher leaves is reached by no ref.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

from curate import files, s3
from curate.publish.manifest import apart, canonical
from curate.publish.settings import NAME, NUMBER

FORMAT = "curate-store-1"
MARKER = "store.json"
WORK = "work"  # on disk: folders in which publishers work, so that what they make can be linked

TAG = re.compile(r"[a-z](?:[a-z0-9._-]{0,62}[a-z0-9])?")
LATEST = "latest"
DIGEST = re.compile(r"[0-9a-f]{64}")


class StoreRefused(ValueError):
    """What was given is no store, or a store can't be used so."""


class BadName(ValueError):
    """A name, a number or a tag that can't be one."""


class ConditionsIgnored(StoreRefused):
    """The endpoint puts objects whatever the condition says: two publishers could both be told that they won."""


@dataclass(frozen=True)
class Store:
    """A store at `root`, a local folder or s3://bucket/prefix."""

    root: str

    @classmethod
    def open(cls, root: str) -> Store:
        """The store that is there. Raises `StoreRefused` where there is none, or one of another format."""
        store = cls(_absolute(root))
        marker = files.join(store.root, MARKER)
        try:
            data = files.read_bytes(marker)
        except (FileNotFoundError, NotADirectoryError):
            raise StoreRefused(
                f"{root} is no store of versions (there is no {MARKER}); `curate publish` makes one: give the place "
                "that was its --store"
            ) from None
        _check_format(marker, data)
        return store

    @classmethod
    def made(cls, root: str) -> Store:
        """The store at `root`, made if nothing is there. Raises `StoreRefused`, `InVersion`."""
        store = cls(_absolute(root))
        marker = files.join(store.root, MARKER)
        if not files.exists(marker):
            if store._holds_others() and not files.exists(marker):  # other publishers may have begun meanwhile
                raise StoreRefused(
                    f"{root} holds other files and is no store (there is no {MARKER}): give an empty or a new place"
                )
            if store.on_disk:
                apart(store.root)
                if (above := enclosing(store.root)) is not None:
                    raise StoreRefused(f"{root} lies in the store {above}; give that, or a place outside of it")
            if files.put_new(marker, canonical({"format": FORMAT})):
                return store
        _check_format(marker, files.read_bytes(marker))
        return store

    def _holds_others(self) -> bool:
        """Whether something is there that no publisher puts before the marker."""
        return any(not name.startswith((f".{MARKER}", "probe-")) for name, _ in files.listed(self.root))

    @property
    def on_disk(self) -> bool:
        return not s3.is_object(self.root)

    def object(self, digest: str) -> str:
        """The path of an object."""
        if not DIGEST.fullmatch(digest):
            raise StoreRefused(f"{digest!r} is no SHA-256 (64 hex digits): what names it was altered")
        return files.join(self.root, "objects", digest[:2], digest)

    def ref(self, name: str, label: str) -> str:
        """The path of a ref; `label` is a version's number or a tag. Raises `BadName`."""
        return files.join(self.root, "refs", named(name), labelled(label))

    def view(self, name: str, number: str) -> Path:
        """On disk the folder in which a version is seen."""
        return Path(self.root) / "views" / named(name) / numbered(number)

    @contextmanager
    def work(self) -> Iterator[Path]:
        """A folder of one's own to make a version in, gone afterwards: on disk within the store, so that its files
        can be linked; else where this machine keeps temporary files.
        """
        if self.on_disk:
            folder = Path(self.root) / WORK / uuid4().hex[:12]
            folder.mkdir(parents=True)
        else:
            folder = Path(tempfile.mkdtemp(prefix="curate-"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def clock(self) -> float:
        """Seconds since 1970 by the storage's own clock, by which its objects have their times."""
        path = files.join(self.root, f"probe-{uuid4().hex[:16]}")
        files.put_new(path, b"")
        there = files.stamp(path)
        files.delete(path)
        if there is None:
            raise StoreRefused(f"{path} was put and is not there: the storage does not keep what it takes")
        return there.modified

    def check_conditions(self) -> None:
        """Raises `ConditionsIgnored` where the storage does not keep create-only and compare-and-swap. Tried once in a
        process; a disk keeps them by its links.
        """
        if not self.on_disk and not _keeps(self.root, os.environ.get("AWS_ENDPOINT_URL")):
            raise ConditionsIgnored(
                f"{self.root}: the endpoint {os.environ.get('AWS_ENDPOINT_URL', 'of AWS')} overwrites an object that "
                "was to be put only if none is there (If-None-Match, If-Match): of two publishers of one name both "
                "would be told that they won. Use storage that keeps conditions, or, where you are certain that nobody "
                "else publishes here meanwhile, say --alone"
            )


def enclosing(place: str | Path) -> Path | None:
    """The store on disk in which a place lies, where it does; it holds what its publishers put and nothing else."""
    return next((path for path in Path(place).absolute().parents if (path / MARKER).is_file()), None)


def named(name: str) -> str:
    """The name of a data set, which is part of paths. Raises `BadName`."""
    if not NAME.fullmatch(name) or ".." in name:
        raise BadName(
            f"name {name!r}: expected at most 96 lower-case letters, digits, '.', '_' and '-', the first and last a "
            "letter or digit, and no '..'"
        )
    return name


def numbered(number: str) -> str:
    """The number of a version. Raises `BadName`."""
    if not NUMBER.fullmatch(number):
        raise BadName(f"version {number!r}: expected MAJOR.MINOR.PATCH, as 1.0.0 or 2.1.0-rc.1 (semver.org), "
                      "at most 64 characters")  # fmt: skip
    return number


def labelled(label: str) -> str:
    """A version's number, or a tag. Raises `BadName`."""
    if label == LATEST or not (NUMBER.fullmatch(label) or (TAG.fullmatch(label) and ".." not in label)):
        raise BadName(
            f"{label!r} is neither a version (MAJOR.MINOR.PATCH) nor a tag: expected for a tag a lower-case letter, "
            "then letters, digits, '.', '_' and '-', no '..', and not 'latest', which moves by itself"
        )
    return label


def tagged(tag: str) -> str:
    """What may be a tag: no number, which a version of its own may yet want. Raises `BadName`."""
    if NUMBER.fullmatch(tag):
        raise BadName(f"{tag!r} is a number, which a version has of its own: expected a tag that begins with a letter")
    return labelled(tag)


def order(number: str) -> tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]:
    """What versions are sorted by: 1.0.0-rc.1 stands before 1.0.0 (semver.org, 11)."""
    match = NUMBER.fullmatch(numbered(number))
    assert match is not None
    early = tuple((not part.isdigit(), int(part) if part.isdigit() else 0, part)
                  for part in (match[4] or "").split(".") if part)  # fmt: skip
    return int(match[1]), int(match[2]), int(match[3]), not early, early


def _absolute(root: str) -> str:
    if s3.is_object(root):
        s3.parts(root)
        return root.rstrip("/")
    return str(Path(root).absolute())


def _check_format(marker: str, data: bytes) -> None:
    try:
        said = json.loads(data)
    except ValueError:
        said = None
    found = said.get("format") if isinstance(said, dict) else None
    if isinstance(found, str) and found != FORMAT and re.fullmatch(r"curate-store-\d+", found):
        raise StoreRefused(
            f"{marker} is of format {found!r}, this Curate reads {FORMAT!r}: use the Curate that made it"
        )
    if found != FORMAT:
        raise StoreRefused(
            f"{marker} was altered, or is none of Curate's: it says {data[:60]!r}, expected "
            f"{canonical({'format': FORMAT})!r}; write that there, and run `curate verify` on the store"
        )


@lru_cache(maxsize=16)
def _keeps(root: str, endpoint: str | None) -> bool:
    return s3.keeps_conditions(root)
