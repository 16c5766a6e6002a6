"""Cut: what a source carries with its texts and is none of them goes, by patterns that the user gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from curate.document import COLUMNS
from curate.stage import Schema
from curate.stages.turns import turns, written


@dataclass(frozen=True, kw_only=True)
class Cutting:
    """What matches `find` becomes `put`, in documents of `sources` (None: of all).

    `find` is a regular expression in the syntax of Rust's regex crate: no look-around and no back references, so that
    its time grows with the text alone; `(?m)` lets ^ and $ be those of lines, `(?s)` lets . be a line end too. `put`
    may name groups as `${1}`.
    """

    find: str
    put: str = ""
    sources: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Cuts out of texts and of the turns of dialogues what matches any of `patterns`, one pattern after the other.

    For what a source puts around its texts: front matter, marks of a converter, pictures as text, the address that each
    answer ends with. What recurs on the pages of a site without a mark of its own is `LineDedup`'s. In a text that is
    cut, blank lines at both ends go, and of several between paragraphs one stays; a text that is nothing else is left
    empty, for `Length` to remove. `NAME_cut` and `NAME_added` are the characters that a document has fewer or more
    than before.

    Raises ValueError where a pattern is no regular expression, or matches where nothing stands.
    """

    patterns: tuple[Cutting, ...]
    name: str = "cut"

    version = 1
    reads = {"text": pl.String(), "messages": COLUMNS["messages"], "source": pl.String()}

    def __post_init__(self) -> None:
        for cutting in self.patterns:
            try:
                empty = pl.Series([""]).str.contains(cutting.find)[0]
            except pl.exceptions.ComputeError as error:
                raise ValueError(f"{cutting.find!r} is no regular expression of the regex crate: {error}") from None
            if empty:
                raise ValueError(
                    f"{cutting.find!r} matches where nothing stands; expected a pattern of some characters"
                )

    @property
    def writes(self) -> Schema:
        counts = {f"{self.name}_cut": pl.Int64(), f"{self.name}_added": pl.Int64()}
        return {"text": pl.String(), "messages": COLUMNS["messages"], **counts}

    def _met_by(self, source: str) -> Sequence[Cutting]:
        """The patterns that documents of `source` meet, in order."""
        return [cutting for cutting in self.patterns if cutting.sources is None or source in cutting.sources]

    @property
    def rules(self) -> tuple[()]:
        return ()

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        before = turns(docs)
        sources = docs["source"].gather(before.table["row"])
        after = before.table.with_columns(self._edited(before.table["content"], sources).alias("content"))
        edited = docs.with_columns(
            pl.when(before.rendered).then("text").otherwise(self._edited(docs["text"], docs["source"])).alias("text")
        )
        edited = written(edited, before, after)
        more = (edited["text"].str.len_chars().cast(pl.Int64) - docs["text"].str.len_chars().cast(pl.Int64)).fill_null(
            0
        )
        return edited.with_columns((-more).clip(0).alias(f"{self.name}_cut"), more.clip(0).alias(f"{self.name}_added"))

    def _edited(self, texts: pl.Series, sources: pl.Series) -> pl.Series:
        """`texts` without what the patterns of their sources match."""
        out = texts
        for source in sources.unique(maintain_order=True):
            found = self._met_by(source)
            rows = (sources == source).arg_true()
            if not found or not len(rows):
                continue
            old = texts.gather(rows)
            new = old
            for cutting in found:
                new = new.str.replace_all(cutting.find, cutting.put)
            tidy = new.str.replace_all(r"\n(?:[ \t]*\n){2,}", "\n\n").str.replace_all(r"\A\s*\n|\s+\z", "")
            kept = pl.select(pl.when(new == old).then(old).otherwise(tidy)).to_series()
            out = out.scatter(rows, kept)
        return out
