"""Which items a text holds, how much of each, and where."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.decontaminate.index import DECIDING, ENOUGH, MENTION, PARTS, QUOTATION, UNIT, Index
from curate.decontaminate.quotations import Place, quoted
from curate.decontaminate.standing import mentioned
from curate.kernels import overlap
from curate.kernels.alignment import aligned
from curate.kernels.overlap import Stream
from curate.kernels.utf8 import blocks

CANDIDATE, LONG_CANDIDATE = 0.12, 0.2  # the share of n-grams from which on a part is aligned
BRIEF = 60  # tokens of a part of which an edit takes much
SURE = 0.98  # and up to which

Characters = dict[str, NDArray[np.int64]]

SCHEMA = {
    "row": pl.UInt32,
    "ordinal": pl.UInt32,
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

    `row` is the ordinal of the text, `ordinal` that of the item in the index, `start` and `end` the characters of the
    text between which the part was found. A score is the share of the part that lies in one place, by its n-grams or,
    where that is more, by its tokens in their order: each counts less the more items share it and the more common it
    is, and where what was found is less than `ENOUGH` the share falls in proportion.
    """
    tables = [_found(block, first, index, least) for first, block in blocks(texts)]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *tables])


def _found(texts: pl.Series, first: int, index: Index, least: float) -> pl.DataFrame:
    read = overlap.stream(texts)
    low = np.where(index.units.lengths < BRIEF, CANDIDATE, LONG_CANDIDATE)
    leasts = np.where(index.alignable, np.minimum(low, least), least) * 1000
    leasts[index.beside] = 0
    found = overlap.overlaps(read, index.known, index.units, leasts.astype(np.uint16))
    rows, units = found.texts, found.units
    weights, places = _aligned(read, found, index)
    shares = weights / index.units.totals[units]
    scores = shares * np.minimum(1.0, weights / (ENOUGH * UNIT))
    kept = np.flatnonzero(scores.round(6) >= least)
    rows, units, places = rows[kept], units[kept], places[kept]
    scores, shares = scores[kept].round(6), shares[kept]
    spans = np.stack([read.tokens.spans[places[:, 0], 0], read.tokens.spans[places[:, 1] - 1, 1]], axis=1)
    names = [index.items[owner] for owner in index.owners[units]]
    characters = _characters(texts, rows, spans)
    table = {
        "row": rows + first,
        "ordinal": index.owners[units],
        "benchmark": [name[0] for name in names],
        "split": [name[1] for name in names],
        "item": [name[2] for name in names],
        "part": _parts(texts, read, rows, units, shares, places, characters, index),
        "score": scores,
        **characters,
    }
    return pl.DataFrame(table, schema=SCHEMA).sort(
        "row", "score", "benchmark", "split", "item", "part", descending=[False, True, *[False] * 4]
    )


def _aligned(read: Stream, found: overlap.Overlaps, index: Index) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(what of each candidate was found, the tokens between which it was): by its n-grams or aligned, whichever is
    more."""
    weights, places = found.weights.copy(), found.places.copy()
    totals = index.units.totals[found.units].astype(np.int64)
    chosen = np.flatnonzero(index.alignable[found.units] & (weights < SURE * totals))
    units = found.units[chosen]
    reach = overlap.reach(index.units.lengths[units].astype(np.int64))
    low = np.maximum(read.tokens.starts[found.texts[chosen]], places[chosen, 1] - reach)
    high = np.minimum(read.tokens.starts[found.texts[chosen] + 1], places[chosen, 0] + reach)
    # A companion is looked for before and behind the passage in whose row it follows: its words may be the passage's.
    beside = index.beside[units]
    passage = found.places[np.maximum(chosen - 1, 0)]
    behind = np.minimum(read.tokens.starts[found.texts[chosen] + 1], passage[:, 1] + reach)
    before = np.maximum(read.tokens.starts[found.texts[chosen]], passage[:, 0] - reach)
    first = np.stack([np.where(beside, passage[:, 1], low), np.where(beside, behind, high)], axis=1)
    inside = aligned(read.tokens.hashes, read.weights, index.pieces, units, first)
    second = np.stack([before, passage[:, 0]], axis=1)[beside]
    ahead = aligned(read.tokens.hashes, read.weights, index.pieces, units[beside], second)
    rows = np.flatnonzero(beside)[ahead[:, 0] > inside[beside, 0]]
    inside[rows] = ahead[ahead[:, 0] > inside[beside, 0]]
    alone = np.where(beside, 0, found.alone[chosen])
    sums = np.minimum(inside[:, 0] + alone, totals[chosen])
    more = sums > weights[chosen]
    better, wider = chosen[more], alone[more] > 0  # short pieces were found beside what was aligned
    weights[better] = sums[more]
    places[better, 0] = np.where(wider, np.minimum(places[better, 0], inside[more, 1]), inside[more, 1])
    places[better, 1] = np.where(wider, np.maximum(places[better, 1], inside[more, 2]), inside[more, 2])
    return weights, places


def _parts(
    texts: pl.Series,
    read: Stream,
    rows: NDArray[np.int64],
    units: NDArray[np.int64],
    shares: NDArray[np.float64],
    places: NDArray[np.int64],
    characters: Characters,
    index: Index,
) -> list[str]:
    """The part of each match; a question that a law holds as its own words, without what asks, is a quotation,
    and one of which prose says no more than its words a mention."""
    parts = [PARTS[part] for part in index.parts[units]]
    row, text = -1, ""
    for n, part in enumerate(parts):
        if part not in DECIDING:
            continue
        if rows[n] != row:
            row, text = int(rows[n]), texts[int(rows[n])]
            first, last = read.tokens.starts[row], read.tokens.starts[row + 1]
            hashes, weights = read.tokens.hashes[first:last], read.weights[first:last]
        start, end = int(characters["start"][n]), int(characters["end"][n])
        begin, stop = (places[n] - first).tolist()
        place = Place(text, start, end, hashes, weights, begin, stop)
        item, share = index.item(int(index.owners[units[n]])), float(shares[n])
        if quoted(item, place, share):
            parts[n] = QUOTATION
        elif mentioned(part, item, place, share):
            parts[n] = MENTION
    return parts


def _characters(texts: pl.Series, rows: NDArray[np.int64], spans: NDArray[np.int64]) -> Characters:
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
