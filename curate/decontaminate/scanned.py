"""A background without what leaked into it."""

from __future__ import annotations

import polars as pl

from curate.decontaminate.contact import answered
from curate.decontaminate.index import DECIDING, Index
from curate.decontaminate.match import matches

WHOLE = 0.9  # of an item's question


def clean(texts: pl.Series, index: Index) -> pl.Series:
    """`texts` without those that hold an item whole and with its answer."""
    found = matches(texts, index, WHOLE).filter(pl.col("part").is_in(sorted(DECIDING)))
    places = {name: place for place, name in enumerate(index.items)}
    leaked = {
        row
        for row, benchmark, split, item, start, end in found.select(
            "row", "benchmark", "split", "item", "start", "end"
        ).iter_rows()
        if answered(index.item(places[benchmark, split, item]), texts[row], start, end)
    }
    return texts.filter(~pl.Series(range(len(texts))).is_in(sorted(leaked)))
