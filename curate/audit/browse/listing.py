"""Documents of a run or a version, filtered and in pages; read only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from curate import files
from curate.audit.keys import find
from curate.document import COLUMNS

PAGE = 20  # documents
KEPT, REMOVED, QUARANTINED = "kept", "removed", "quarantined"
_FOLDERS: Mapping[str, tuple[str, ...]] = {KEPT: ("kept", "data"), REMOVED: ("samples",), QUARANTINED: ("quarantine",)}
SHOWN = ("doc_id", "source", "role", "domain", "lang", "kind", "url", "locator", "license", "text", "stage", "reason")
CHOICES = 200  # values of a column that are offered


@dataclass(frozen=True, kw_only=True)
class Query:
    """Which documents are asked for; None asks nothing. `low` and `high` bound `measure`; `text` is looked for as it
    stands."""

    state: str = KEPT
    source: str | None = None
    lang: str | None = None
    stage: str | None = None
    reason: str | None = None
    measure: str | None = None
    low: float | None = None
    high: float | None = None
    text: str | None = None
    page: int = 1

    @property
    def words(self) -> dict[str, str]:
        """The query as an address says it."""
        said = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: str(value) for name, value in said.items() if value is not None and (name, value) != ("page", 1)}


@dataclass(frozen=True)
class Listing:
    """The documents below `place`: the directory of a run, or of a published version."""

    place: str

    @cached_property
    def states(self) -> tuple[str, ...]:
        """What of kept, removed and quarantined documents there is."""
        return tuple(state for state in _FOLDERS if self.paths(state))

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """The columns of kept documents that hold numbers, and may be asked for by value."""
        table = self._table(KEPT)
        schema = {} if table is None else table.collect_schema()
        return tuple(sorted(name for name, kind in schema.items() if name not in COLUMNS and kind.is_numeric()))

    def choices(self, state: str, column: str) -> Sequence[str]:
        """The values that `column` has in documents of a state."""
        return self._choices.get((state, column), ())

    @cached_property
    def _choices(self) -> dict[tuple[str, str], list[str]]:
        found = {}
        for state in self.states:
            table = self._table(state)
            assert table is not None
            there = table.collect_schema()
            for column in ("source", "lang", "stage", "reason"):
                if column in there:
                    values = table.select(pl.col(column).drop_nulls().unique()).collect(engine="streaming")[column]
                    found[state, column] = sorted(values)[:CHOICES]
        return found

    def page(self, query: Query) -> tuple[list[dict[str, Any]], bool]:
        """(the documents of the page, whether there are more). Reads no further than it must."""
        table = self._table(query.state)
        if table is None:
            return [], False
        there = table.collect_schema()
        for column in ("source", "lang", "stage", "reason"):
            value = getattr(query, column)
            if value is not None:
                table = table.filter(pl.col(column) == value) if column in there else table.filter(pl.lit(False))
        if query.measure is not None and query.measure in there:
            if query.low is not None:
                table = table.filter(pl.col(query.measure) >= query.low)
            if query.high is not None:
                table = table.filter(pl.col(query.measure) <= query.high)
        if query.text and "text" in there:
            table = table.filter(pl.col("text").str.contains(query.text, literal=True))
        extra = [query.measure] if query.measure in there else []
        names = [name for name in (*SHOWN, "error", *extra) if name in there]
        first = (query.page - 1) * PAGE
        rows = table.select(names).slice(first, PAGE + 1).collect().to_dicts()
        return rows[:PAGE], len(rows) > PAGE

    def document(self, doc_id: str) -> dict[str, Any] | None:
        """A document that is there with its text: kept or published, or in the sample of those that went."""
        if files.exists(files.join(self.place, "run.json")):
            for state, folder in ((KEPT, "kept"), (REMOVED, "samples")):
                found = find(self.place, folder, doc_id, ["doc_id"])
                if found is not None and found.height:
                    return {**found.drop("_file").row(0, named=True), "state": state}
            return None
        table = self._table(KEPT)
        found = None if table is None else table.filter(pl.col("doc_id") == doc_id).head(1).collect()
        return {**found.row(0, named=True), "state": KEPT} if found is not None and found.height else None

    def _table(self, state: str) -> pl.LazyFrame | None:
        paths = self.paths(state)
        if not paths:
            return None
        return pl.scan_parquet(list(paths), glob=False, missing_columns="insert", extra_columns="ignore")

    def paths(self, state: str) -> tuple[str, ...]:
        """The tables of a state."""
        return tuple(
            file.path
            for folder in _FOLDERS[state]
            for file in files.found(files.join(self.place, folder))
            if file.path.endswith(".parquet")
        )
