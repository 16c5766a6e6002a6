"""Documents picked to be looked at: the few that come first in an order that no shard or worker changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

EXCERPT = 600  # characters of a document that are taken along


class Pick(NamedTuple):
    """A document: what it is sorted by, and what is shown of it."""

    rank: float
    doc_id: str
    shown: dict[str, Any]  # source, lang, url, text, measure, value ...


@dataclass
class Picks:
    """For each key the `most` documents of the lowest rank, then of the lowest id."""

    most: int
    held: dict[tuple[str, ...], list[Pick]] = field(default_factory=dict)

    def add(self, key: tuple[str, ...], some: Iterable[Pick]) -> None:
        both = sorted([*self.held.get(key, []), *some], key=lambda pick: (pick.rank, pick.doc_id))
        if both:
            self.held[key] = both[: self.most]

    def merge(self, other: Picks) -> None:
        for key, some in other.held.items():
            self.add(key, some)
