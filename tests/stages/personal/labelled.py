"""The labelled set, and how finders are measured on it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import polars as pl

from curate.stages.personal.find import KINDS, find

CASES = Path(__file__).parent / "personal_cases.jsonl"


class Case(NamedTuple):
    """A sentence, where it holds what, and where it holds what only looks like it."""

    lang: str
    text: str
    spans: set[tuple[int, int, str]]
    looks: list[tuple[int, int]]


class Score(NamedTuple):
    """Of one kind: spans found as labelled (place and kind), found and not labelled, labelled and not found."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)


def cases() -> list[Case]:
    rows = map(json.loads, CASES.read_text("utf-8").splitlines())
    return [
        Case(row["lang"], row["text"], {(a, b, kind) for a, b, kind in row["spans"]}, [(a, b) for a, b in row["not"]])
        for row in rows
    ]


def spans_of(texts: list[str], kinds: frozenset[str] = frozenset(KINDS)) -> list[set[tuple[int, int, str]]]:
    """What is found in each text, in characters."""
    hits, utf8 = find(pl.Series(texts, dtype=pl.String), kinds)
    found: list[set[tuple[int, int, str]]] = [set() for _ in texts]
    for row, start, end, kind in hits:
        begin = int(utf8.offsets[row])
        first = len(utf8.data[begin:start].tobytes().decode())
        found[row].add((first, first + len(utf8.data[start:end].tobytes().decode()), kind))
    return found


def scores(some: list[Case]) -> dict[str, Score]:
    """By kind, and of all as `all`."""
    right, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    for case, found in zip(some, spans_of([case.text for case in some]), strict=True):
        for counter, spans in ((right, found & case.spans), (wrong, found - case.spans), (missed, case.spans - found)):
            counter.update(kind for _, _, kind in spans)
            counter["all"] += len(spans)
    return {kind: Score(right[kind], wrong[kind], missed[kind]) for kind in [*KINDS, "all"]}
