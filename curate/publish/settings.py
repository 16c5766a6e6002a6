"""What a version is called, and what its card says that no count can."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,94}[a-z0-9])?")
DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
NUMBER = re.compile(
    r"(?=.{1,64}\Z)(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-([0-9a-z]+(?:\.[0-9a-z]+)*))?", re.ASCII
)
"""Of a version: MAJOR.MINOR.PATCH, and what may stand before it (-rc.1), in lower case, since it is part of paths."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """A dataset version. `name` names it for programs (medical-zh-en-1), `title` for people.

    `license` is the licence of the collection as a whole, an SPDX identifier; each document keeps its own. `parents`
    are digests of the versions that this one was made from. `known_limits` are sentences for the card.

    With `signatures` the version stores those of its documents, by the parameters of the recipe's MinHashDedup, so that
    later documents can be compared with them (about 1.3 KB a document; see docs/deduplication.md). `extends` is the
    folder of a version (relative to the recipe) that this one adds documents to: it holds all of that one's too.

    `date` (YYYY-MM-DD) is when it is published, `url` where it may be found, `personal_data` are sentences on what of
    persons is in it and what was done about it: for the card and for croissant.json, which say nothing where nothing is
    said here.

    `number` is its number, MAJOR.MINOR.PATCH; `store` (a folder, relative to the recipe, or s3://bucket/prefix) is the
    store into which a run puts it under `name` and `number`.
    """

    name: str
    title: str
    license: str = "other"
    description: str = ""
    known_limits: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    signatures: bool = True
    extends: str | Path | None = None
    url: str | None = None
    date: str | None = None
    personal_data: tuple[str, ...] = ()
    number: str | None = None
    store: str | None = None

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or ".." in self.name:
            raise ValueError(
                f"version name {self.name!r}: expected at most 96 lower-case letters, digits, '.', '_' and '-', "
                "the first and last a letter or digit, and no '..'"
            )
        if not self.title.strip():
            raise ValueError(f"version {self.name}: it needs a title")
        if self.date is not None and not DATE.fullmatch(self.date):
            raise ValueError(f"version {self.name}: date {self.date!r}; expected YYYY-MM-DD")
        if self.number is not None and not NUMBER.fullmatch(self.number):
            raise ValueError(f"version {self.name}: number {self.number!r}; expected MAJOR.MINOR.PATCH, as "
                             "1.0.0 or 2.1.0-rc.1, at most 64 characters")  # fmt: skip
        if self.store is not None and self.number is None:
            raise ValueError(f"version {self.name}: what goes into a store has a number; give number='1.0.0'")
        if self.extends is not None and not self.signatures:
            raise ValueError(f"version {self.name}: what extends a version stores signatures too, as that one does")
