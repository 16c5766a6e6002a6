"""What a recipe is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where documents come from, and what is known of all of them.

    `path` is a file, a directory or a glob, local (relative to the recipe's file) or s3://. `key` names the column that
    identifies a record (url, case number); `text` the column that holds the text. `take` samples documents by the hash
    of their id before anything is spent on them. `priority`: where documents of two sources are near-duplicates, the
    higher one's is kept.
    """

    name: str
    path: str
    role: str = "general"
    domain: str | None = None
    lang: str | None = None
    kind: str = "prose"
    license: str | None = None
    key: str | None = None
    text: str | None = None
    format: str | None = None
    take: float = 1.0
    priority: int = 0
    date: str | None = None
    status: str | None = None
