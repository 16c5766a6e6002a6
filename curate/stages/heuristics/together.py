"""Several rule sets in one pass over the text: what each of them measures, at the price of the dearest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels.measures import CJK, PER_WORD, WORDS, Grams, Measures, measures
from curate.stage import Rule, Schema, Stage
from curate.stages.heuristics.routing import Groups


class Wants(NamedTuple):
    """What a set asks of the kernel beyond the counts that it makes anyway."""

    grams: Grams | None = None
    stop_words: tuple[str, ...] = ()
    short: int | None = None


@runtime_checkable
class RuleSet(Stage, Protocol):
    """A stage whose measures all come from `kernels.measures`."""

    @property
    def wants(self) -> Wants: ...
    def columns(self, found: Measures, of: Groups) -> Mapping[str, NDArray[np.float64] | pl.Series]:
        """Its measures, a value for each text; Booleans as series."""
        ...


@dataclass(frozen=True, kw_only=True)
class Together:
    """The rule sets `sets` as one stage: all their measures from one pass over the text, all their rules at once.

    Gives what they give one after another, but a document that several of them remove is told so by each.
    At most one of them may measure n-grams.
    """

    name: str = "together"
    sets: tuple[RuleSet, ...]

    version = 1

    def __post_init__(self) -> None:
        for one in self.sets:
            if isinstance(one, type) or not isinstance(one, RuleSet):
                said = one.__name__ if isinstance(one, type) else type(one).__name__
                raise ValueError(
                    f"{said} can't be measured together with others; expected GopherQuality(), GopherRepetition(), "
                    "C4(), FineWeb(); put it beside `Together`"
                )
        if not self.sets:
            raise ValueError("no sets are given; expected some, as sets=(GopherQuality(), FineWeb())")
        asked = [one.name for one in self.sets if one.wants.grams is not None]
        if len(asked) > 1:
            raise ValueError(f"{' and '.join(asked)} both measure n-grams; put one of them beside `Together`")
        written = [column for one in self.sets for column in one.writes]
        twice = sorted({column for column in written if written.count(column) > 1})
        if twice:
            raise ValueError(f"two of the sets write column '{twice[0]}'; each may stand here once")

    @property
    def reads(self) -> Schema:
        return {column: dtype for one in self.sets for column, dtype in one.reads.items()}

    @property
    def writes(self) -> Schema:
        return {column: dtype for one in self.sets for column, dtype in one.writes.items()}

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(rule for one in self.sets for rule in one.rules)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        return measured_by(self.sets, docs)


def measured_by(sets: tuple[RuleSet, ...], docs: pl.DataFrame) -> pl.DataFrame:
    """`docs` with the measures of all `sets`; null where there is no text."""
    wants = [one.wants for one in sets]
    found = measures(
        docs["text"],
        next((want.grams for want in wants if want.grams is not None), None),
        stop_words=next((want.stop_words for want in wants if want.stop_words), ()),
        short=next((want.short for want in wants if want.short is not None), 0),
    )
    there, of = docs["text"].is_not_null(), Groups(docs)
    for one in sets:
        columns = one.columns(found, of)
        docs = docs.with_columns(
            column.alias(name)
            if isinstance(column, pl.Series)
            else pl.when(there).then(pl.Series(column)).cast(one.writes[name]).alias(name)
            for name, column in columns.items()
        )
    return docs


def words_of(found: Measures) -> NDArray[np.float64]:
    """Words of each text: those with spaces, and one for every `PER_WORD` CJK characters."""
    return np.asarray(found.counts[:, WORDS] + found.counts[:, CJK] / PER_WORD, np.float64)


def most_are_cjk(found: Measures) -> pl.Series:
    """Whether most words of each text are of a script without spaces."""
    return pl.Series(found.counts[:, CJK] > PER_WORD * found.counts[:, WORDS])


def share(part: NDArray[np.int64], whole: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.float64]:
    """`part` of `whole`; 0 where there is nothing."""
    return np.asarray(np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0), np.float64)
