"""What people say of documents: a file of labels that only grows, and what the labels say together."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from curate.audit.intervals import kappa, wilson

GOOD, BAD = "good", "bad"
LABELS = (GOOD, BAD)
TAKEN_BACK = "none"


class NotLabels(ValueError):
    """The file holds something else than labels of `curate browse`."""


@dataclass(frozen=True, kw_only=True)
class Label:
    """One reader's word on one document, with the document's text, so that a judge can be trained on the file alone.

    `label` is good, bad, or none where the reader takes the word back. `sample` names the drawn sample that the
    document is of; a share of good ones is an estimate only there.
    """

    doc_id: str
    reader: str
    label: str
    note: str | None = None
    sample: str | None = None
    of: str | None = None  # the run or version
    source: str | None = None
    role: str | None = None
    domain: str | None = None
    lang: str | None = None
    kind: str | None = None
    text: str | None = None


class Quality(NamedTuple):
    """Of `read` documents, `good` were good: `share`, with its 95 % interval."""

    read: int
    good: int
    share: float
    low: float
    high: float


class Agreement(NamedTuple):
    """Two readers of `both` same documents; `kappa` is None where each said the same of all."""

    one: str
    other: str
    both: int
    agreed: int
    kappa: float | None


@dataclass(frozen=True)
class Said:
    """Labels, one of each reader and document, and what they say together."""

    labels: tuple[Label, ...]

    def where(self, counts: Callable[[Label], bool]) -> Said:
        return Said(tuple(label for label in self.labels if counts(label)))

    def readers(self) -> list[str]:
        return sorted({label.reader for label in self.labels})

    def agreements(self) -> list[Agreement]:
        """How far each two readers agree on the documents that both have read."""
        by_reader: dict[str, dict[str, str]] = defaultdict(dict)
        for label in self.labels:
            by_reader[label.reader][label.doc_id] = label.label
        found = []
        for one, other in combinations(sorted(by_reader), 2):
            both = sorted(by_reader[one].keys() & by_reader[other].keys())
            if both:
                first, second = ([by_reader[reader][doc_id] for doc_id in both] for reader in (one, other))
                agreed = sum(a == b for a, b in zip(first, second, strict=True))
                found.append(Agreement(one, other, len(both), agreed, kappa(first, second)))
        return found

    def settled(self) -> list[Label]:
        """A label of each document: what most of its readers say. Where as many say the one as the other, none."""
        votes: dict[str, dict[str, list[Label]]] = defaultdict(lambda: defaultdict(list))
        for label in self.labels:
            votes[label.doc_id][label.label].append(label)
        found = []
        for said in votes.values():
            first, *others = sorted(said.values(), key=len, reverse=True)
            if not others or len(first) > len(others[0]):
                found.append(first[0])
        return found

    def quality(self, by: Callable[[Label], str | None]) -> dict[str | None, Quality]:
        """The share of good documents in each group that `by` names, by what most readers of a document say (a tie
        counts as bad)."""
        votes: dict[str, list[Label]] = defaultdict(list)
        for label in self.labels:
            votes[label.doc_id].append(label)
        groups: dict[str | None, list[bool]] = defaultdict(list)
        for said in votes.values():
            good = sum(label.label == GOOD for label in said)
            groups[by(said[0])].append(2 * good > len(said))
        return {
            group: Quality(len(found), sum(found), sum(found) / len(found), *wilson(sum(found), len(found)))
            for group, found in sorted(groups.items(), key=lambda item: str(item[0]))
        }


class Labelled:
    """The labels of a file, JSON lines; one later line about a document by the same reader replaces the earlier."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock = Lock()
        self._last: dict[tuple[str, str], Label] = {}
        if self.path.exists():
            for number, line in enumerate(self.path.read_text("utf-8").splitlines(), 1):
                self._know(self._parsed(line, number))

    def add(self, label: Label) -> None:
        """Writes the label behind the others; it is on the disk when this returns."""
        with self._lock, self.path.open("a", encoding="utf-8") as file:
            said = {name: value for name, value in asdict(label).items() if value is not None}
            file.write(json.dumps(said, ensure_ascii=False) + "\n")
            file.flush()
            self._know(label)

    def of(self, doc_id: str, reader: str) -> Label | None:
        """What a reader says of a document."""
        return self._last.get((doc_id, reader))

    def said(self) -> Said:
        """The last word of each reader on each document, in the order in which they first spoke."""
        return Said(tuple(self._last.values()))

    def _know(self, label: Label) -> None:
        if label.label == TAKEN_BACK:
            self._last.pop((label.doc_id, label.reader), None)
        else:
            self._last[label.doc_id, label.reader] = label

    def _parsed(self, line: str, number: int) -> Label:
        try:
            found = json.loads(line)
            label = Label(**found)
        except (ValueError, TypeError) as error:
            raise NotLabels(
                f"{self.path}, line {number}: {error}; expected a label that curate browse wrote, as "
                '{"doc_id": "...", "reader": "ann", "label": "good"}: give another --labels'
            ) from error
        if label.label not in (*LABELS, TAKEN_BACK):
            raise NotLabels(f"{self.path}, line {number}: label {label.label!r}; expected good or bad")
        return label


def browsed(path: str | Path) -> bool:
    """Whether a local file begins as one of labels does."""
    try:
        with Path(path).open(encoding="utf-8") as file:
            first = json.loads(file.readline())
    except (OSError, ValueError):
        return False
    return isinstance(first, dict) and {"doc_id", "reader", "label"} <= first.keys()


def described(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Those of `names` that a document's row has."""
    return {name: row[name] for name in names if row.get(name) is not None}
