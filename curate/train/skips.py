"""What a training leaves out and why: the decisions that were made on the way, in OUT/skips.json.

A decision is made once, written down before training goes on, and holds from the step that it says; a start on an older
checkpoint comes to the same weights, as it makes the recorded decisions again. Rows and documents are named by their
place in the mix, which is fixed by its digest, documents by their id too. Loads no torch.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SKIPS = "skips.json"
SKIP, BACK, NOTED = "skip", "roll back", "noted"
"""What was done: one step was not learnt from; training went back; the first two, of a part of the training that was
itself gone back behind, of which only the documents still count."""


class OtherSkips(ValueError):
    """skips.json is not what this training has written."""


@dataclass(frozen=True)
class LeftOut:
    """Rows of the mix, and documents by channel (rows of docs/CHANNEL.parquet), that are read and not learnt from."""

    rows: frozenset[int] = frozenset()
    documents: Mapping[str, frozenset[int]] = field(default_factory=dict)
    only: bool = False  # the other way round: all but these documents

    def left_out(self, row: int, channel: str, documents: NDArray[np.int64]) -> NDArray[np.bool_]:
        """For each place of a row whether it is left out."""
        if row in self.rows:
            return np.ones(len(documents), np.bool_)
        there = np.isin(documents, np.fromiter(self.documents.get(channel, ()), np.int64))
        return ~there if self.only else there

    def __or__(self, other: LeftOut) -> LeftOut:
        channels = {*self.documents, *other.documents}
        none: frozenset[int] = frozenset()
        return LeftOut(
            self.rows | other.rows,
            {name: self.documents.get(name, none) | other.documents.get(name, none) for name in channels},
        )

    @property
    def digest(self) -> str:
        """Equal for what leaves out the same."""
        data = [sorted(self.rows), {name: sorted(found) for name, found in self.documents.items() if found}]
        return sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Decided:
    """One decision. Made at `step`, it holds after step `since` (for `BACK` that of the checkpoint gone back to).

    `documents` are (channel, row of docs/CHANNEL.parquet, doc_id) that are left out from then on, `rows` rows of the
    mix. `rate` is what the scheduled rate is taken times. `suspects` is the evidence, most suspect first.
    """

    action: str
    step: int
    since: int
    onset: int
    reason: str
    rows: tuple[int, ...] = ()
    documents: tuple[tuple[str, int, str], ...] = ()
    rate: float = 1.0
    suspects: tuple[Mapping[str, Any], ...] = ()

    @property
    def left_out(self) -> LeftOut:
        found: dict[str, set[int]] = {}
        for channel, document, _ in self.documents:
            found.setdefault(channel, set()).add(document)
        return LeftOut(frozenset(self.rows), {name: frozenset(ordinals) for name, ordinals in found.items()})


class Decisions:
    """The decisions of the training in `out`, on the mix of digest `mix`; rank 0 alone writes (`writes`).

    Raises `OtherSkips` for a file of another mix.
    """

    def __init__(self, out: Path, mix: str, *, writes: bool = True) -> None:
        self._path, self._mix, self._writes = out / SKIPS, mix, writes
        self._made: list[Decided] = []
        if self._path.is_file():
            data = json.loads(self._path.read_text(encoding="utf-8"))
            if data["mix"] != mix:
                raise OtherSkips(f"{self._path} is of another mix; remove it with the training that it belongs to")
            self._made = [_decided(entry) for entry in data["decisions"]]

    def __iter__(self) -> Iterator[Decided]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    def at(self, step: int) -> Decided | None:
        """The recorded decision to make no update with `step`."""
        return next((made for made in self._made if made.action == SKIP and made.step == step), None)

    def add(self, decided: Decided) -> None:
        """Write down what was decided, before it is acted on. What was skipped after the step gone back to is noted."""
        if decided.action == BACK:
            self._made = [
                made if made.since <= decided.since else replace(made, action=NOTED, since=decided.since, rows=())
                for made in self._made
            ]
        self._made.append(decided)
        if self._writes:
            self._write()

    def standing(self, step: int, first: int | None = None) -> LeftOut:
        """What is left out of the steps after `step`, by the `first` decisions (None: all). Going back holds from
        wherever training goes on."""
        out = LeftOut()
        for made in self._made[:first]:
            if made.since <= step or made.action != SKIP:
                out = out | made.left_out
        return out

    @property
    def rate(self) -> float:
        """What the scheduled rate is taken times."""
        return min((made.rate for made in self._made), default=1.0)

    def _write(self) -> None:
        text = json.dumps(
            {"format": 1, "mix": self._mix, "decisions": [asdict(made) for made in self._made]},
            indent=1,
            ensure_ascii=False,
        )
        self._path.parent.mkdir(parents=True, exist_ok=True)
        pending = self._path.with_name(f"{SKIPS}.pending")
        with pending.open("w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(pending, self._path)


def _decided(entry: Mapping[str, Any]) -> Decided:
    documents: Sequence[tuple[str, int, str]] = [(channel, row, name) for channel, row, name in entry["documents"]]
    fields = {**entry, "rows": tuple(entry["rows"]), "documents": tuple(documents)}
    return Decided(**{**fields, "suspects": tuple(entry["suspects"])})
