"""A background without what leaked into it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from curate.decontaminate.background import Background, count, default
from curate.decontaminate.benchmarks import Item
from curate.decontaminate.building import build
from curate.decontaminate.contact import answered
from curate.decontaminate.index import DECIDING, Index, unpack
from curate.decontaminate.match import matches

WHOLE = 0.9  # of an item's question


def clean(texts: pl.Series, index: Index) -> pl.Series:
    """`texts` without those that hold an item whole and with its answer."""
    found = matches(texts, index, WHOLE).filter(pl.col("part").is_in(sorted(DECIDING)))
    leaked = {
        row
        for row, ordinal, start, end in found.select("row", "ordinal", "start", "end").iter_rows()
        if answered(index.item(ordinal), texts[row], start, end)
    }
    return texts.filter(~pl.Series(range(len(texts))).is_in(sorted(leaked)))


def background(items: Sequence[Item], texts: Iterable[pl.Series]) -> Background:
    """The background that comes with Curate and the documents of `texts` beside it, but for those that hold an item."""
    index = unpack(build(items), "the items")
    return default().plus(count(clean(column, index) for column in texts))
