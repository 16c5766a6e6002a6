"""Keywords: what of a list that the user gives stands in a text, however it is written past a filter."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from curate.kernels import keywords as kernel
from curate.stage import Asset, Rule, Schema
from curate.stages.heuristics.lexicon import Lexicon, lexicon

SHOWN = 20  # matches that the evidence names, the first ones


@dataclass(frozen=True, kw_only=True)
class Keywords:
    """Entries of a list in each text: how many, how dense, of which category, and where.

    `entries` is a text file (an entry a line, `#` begins a comment), or CSV or JSON lines with `entry`, `category`,
    `weight`, `lang`, `domain`. Texts and entries are folded alike: width, case, traditional to simplified characters,
    letters of other scripts that look Latin in a word that is Latin otherwise. An entry of Chinese characters is found
    anywhere, one of letters as whole words, with `plurals` in singular and plural. Up to `gap` separators may stand
    between characters: at each place (加 微 信, v.i.a.g.r.a) of three or more, or anywhere in Chinese that stands by
    itself; what is invisible, anywhere. `allow` is a list of phrases: an entry that lies within one is no match.

    With NAME for the stage's name, NAME_hits: matches that do not overlap, the longest first. NAME_entries: distinct
    ones. NAME_density: the sum of their weights in 1,000 characters. NAME_category: the one with most weight.
    NAME_evidence: JSON, the first 20 matches with begin and end in characters, and as they stand there.

    It annotates; with `density` or `distinct` a document that has more is removed, its reason being the stage's name,
    if it has at least `least` matches and is of `kinds` and `langs` (None: all). A text of null has null measures.
    """

    entries: Asset
    allow: Asset | None = None
    plurals: bool = False
    gap: int = 3
    density: float | None = None
    distinct: int | None = None
    least: int = 1
    kinds: frozenset[str] | None = None
    langs: frozenset[str] | None = None
    name: str = "keywords"

    version = 1
    reads = {"text": pl.String(), "lang": pl.String(), "domain": pl.String(), "kind": pl.String()}

    def __post_init__(self) -> None:
        for field in ("entries", "allow"):
            if not isinstance(getattr(self, field), Asset | None):
                raise ValueError(f"{field} is {getattr(self, field)!r}; expected a list as Asset.of(path)")
        for field, lowest in (("gap", 0), ("density", 0), ("distinct", 0), ("least", 1)):
            value = getattr(self, field)
            if value is not None and not value >= lowest:
                raise ValueError(f"{field} is {value}; expected at least {lowest}")

    @property
    def writes(self) -> Schema:
        return {
            f"{self.name}_hits": pl.Int64(),
            f"{self.name}_entries": pl.Int64(),
            f"{self.name}_density": pl.Float64(),
            f"{self.name}_category": pl.String(),
            f"{self.name}_evidence": pl.String(),
            f"{self.name}_applies": pl.Boolean(),
        }

    @property
    def rules(self) -> tuple[Rule, ...]:
        limits = (("density", self.density), ("entries", self.distinct))
        return tuple(
            Rule(
                reason=self.name,
                measure=f"{self.name}_{measure}",
                high=limit,
                when=f"{self.name}_applies",
                evidence=f"{self.name}_evidence",
            )
            for measure, limit in limits
            if limit is not None
        )

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        words = lexicon(self.entries, self.allow, self.plurals)
        hits = _counted(kernel.find(docs["text"], words.trie, self.gap), words, docs)
        found = _summed(hits, words)
        rows = pl.DataFrame({"_row": pl.int_range(docs.height, dtype=pl.Int64, eager=True)})
        table = rows.join(found, on="_row", how="left", maintain_order="left").with_columns(
            _evidence(hits, words, docs["text"]).alias("evidence"), text=docs["text"]
        )
        there = pl.col("text").is_not_null()
        count = pl.when(there).then(pl.col("hits").fill_null(0))
        applies = pl.lit(True)
        for names, group in ((self.kinds, docs["kind"]), (self.langs, docs["lang"].str.split("-").list.first())):
            if names is not None:
                applies = applies & pl.lit(group.is_in(sorted(names)).fill_null(False))
        measures = table.select(
            count.alias("hits"),
            pl.when(there).then(pl.col("entries").fill_null(0)).alias("entries"),
            (pl.when(there).then(pl.col("weight").fill_null(0.0)) * 1000 / pl.col("text").str.len_chars().clip(1))
            .cast(pl.Float64)
            .alias("density"),
            "category",
            "evidence",
            (applies & (count.fill_null(self.least) >= self.least)).alias("applies"),
        )
        return docs.with_columns(measures[measure].alias(f"{self.name}_{measure}") for measure in measures.columns)


def _counted(hits: kernel.Hits, words: Lexicon, docs: pl.DataFrame) -> kernel.Hits:
    """The hits by the ordinals of their entries: of the document's language and domain, not excused, none in others."""
    owners = words.owners[hits.entries]
    applies = np.ones(len(owners), np.bool_)
    for field, group in (("lang", docs["lang"].str.split("-").list.first()), ("domain", docs["domain"])):
        wanted = np.array([getattr(entry, field) for entry in words.entries], object)
        if any(wanted):
            anything = "" if field == "lang" else None  # a document of unknown language may be of any
            found = np.array([anything if value is None else value for value in group], object)[hits.rows]
            asked = wanted[owners]
            applies &= (asked == "") | (asked == found) | (found == "")
    kept = np.flatnonzero(applies)
    hits = kernel.Hits(hits.rows[kept], owners[kept], hits.spans[kept])
    return kernel.settled(hits, hits.entries >= words.excused_from)


def _summed(hits: kernel.Hits, words: Lexicon) -> pl.DataFrame:
    """A row for each document with hits: their number, distinct entries, weight, and the category with most of it."""
    weights = np.array([entry.weight for entry in words.entries])
    names = pl.Series([entry.category for entry in words.entries], dtype=pl.String)
    each = pl.DataFrame(
        {"_row": hits.rows, "entry": hits.entries, "weight": weights[hits.entries], "category": names[hits.entries]}
    )
    most = (
        each.filter(pl.col("category") != "")
        .group_by("_row", "category")
        .agg(pl.col("weight").sum())
        .sort("_row", "weight", "category", descending=[False, True, False])
        .unique("_row", keep="first", maintain_order=True)
        .select("_row", "category")
    )
    return (
        each.group_by("_row")
        .agg(hits=pl.len().cast(pl.Int64), entries=pl.col("entry").n_unique().cast(pl.Int64), weight=pl.sum("weight"))
        .join(most, on="_row", how="left")
    )


def _evidence(hits: kernel.Hits, words: Lexicon, texts: pl.Series) -> pl.Series:
    """JSON of the first matches of each text; null where there is none."""
    out: list[str | None] = [None] * len(texts)
    _, starts = np.unique(hits.rows, return_index=True)
    within = np.arange(len(hits.rows)) - np.repeat(starts, np.diff([*starts, len(hits.rows)]))
    few = np.flatnonzero(within < SHOWN)
    some = kernel.Hits(hits.rows[few], hits.entries[few], hits.spans[few])
    places = kernel.characters(texts, some)
    ends = [*np.flatnonzero(np.diff(some.rows)) + 1, len(some.rows)]
    for first, last in pairwise([0, *ends] if len(some.rows) else []):
        row = int(some.rows[first])
        text = texts[row]
        told = []
        for ordinal, (begin, end) in zip(some.entries[first:last].tolist(), places[first:last].tolist(), strict=True):
            entry = words.entries[ordinal]
            match = {"entry": entry.entry, "category": entry.category, "begin": begin, "end": end}
            told.append(match | {"found": text[begin:end]})
        out[row] = json.dumps(told, ensure_ascii=False)
    return pl.Series(out, dtype=pl.String)
