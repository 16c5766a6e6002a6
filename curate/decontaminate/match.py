"""Which items a text holds, how much of each, and where."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.decontaminate.index import ENOUGH, PARTS, UNIT, Index
from curate.kernels.overlap import overlaps
from curate.kernels.utf8 import blocks

SCHEMA = {
    "row": pl.UInt32,
    "benchmark": pl.String,
    "split": pl.String,
    "item": pl.String,
    "part": pl.String,
    "score": pl.Float64,
    "start": pl.Int64,
    "end": pl.Int64,
}


def matches(texts: pl.Series, index: Index, least: float) -> pl.DataFrame:
    """The parts of items that score at least `least` in a text: columns as `SCHEMA`, by row, the best first.

    `row` is the ordinal of the text, `start` and `end` the characters of it between which the part was found. A score
    is the share of the part that lies in one place: each n-gram counts less the more items share it, and where what was
    found is less than `ENOUGH` the share falls in proportion.
    """
    tables = [_found(block, first, index, least) for first, block in blocks(texts)]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *tables])


def _found(texts: pl.Series, first: int, index: Index, least: float) -> pl.DataFrame:
    rows, units, weights, spans = overlaps(texts, index.known, index.units, least)
    scores = weights / index.units.totals[units] * np.minimum(1.0, weights / (ENOUGH * UNIT))
    kept = np.flatnonzero(scores.round(6) >= least)
    rows, units, scores, spans = rows[kept], units[kept], scores[kept].round(6), spans[kept]
    names = [index.items[owner] for owner in index.owners[units]]
    table = {
        "row": rows + first,
        "benchmark": [name[0] for name in names],
        "split": [name[1] for name in names],
        "item": [name[2] for name in names],
        "part": [PARTS[part] for part in index.parts[units]],
        "score": scores,
        **_characters(texts, rows, spans),
    }
    return pl.DataFrame(table, schema=SCHEMA).sort(
        "row", "score", "benchmark", "split", "item", "part", descending=[False, True, *[False] * 4]
    )


def _characters(texts: pl.Series, rows: NDArray[np.int64], spans: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """`spans` in characters in place of bytes; one pass over each text that has any. `rows` ascend."""
    out = np.empty_like(spans)
    begin = 0
    for end in (*(np.flatnonzero(np.diff(rows)) + 1).tolist(), len(rows)):
        if end == begin:
            continue  # there are no rows at all
        data = np.frombuffer(texts[int(rows[begin])].encode(), np.uint8)
        characters = np.concatenate([[0], np.cumsum((data & 0xC0) != 0x80)])  # all but continuation bytes
        out[begin:end] = characters[spans[begin:end]]
        begin = end
    return {"start": out[:, 0], "end": out[:, 1]}
