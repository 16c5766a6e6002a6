"""What a version stores that is like some documents."""

from __future__ import annotations

import numpy as np
import polars as pl

from curate.dedup import near
from curate.dedup.stored import Stored
from curate.stage import Schema

NEAREST: Schema = {
    "row": pl.Int64(),
    "doc_id": pl.String(),
    "similarity": pl.Float64(),
    "data": pl.String(),  # the file that holds it, or held it
    "withdrawn": pl.String(),  # the reason, where it was
}


def nearest(stored: Stored, texts: pl.Series, least: float | None = None, top: int = 5) -> pl.DataFrame:
    """Of each text the `top` stored documents that are as like as `least` (by default as what counts as a copy).

    Columns of `NEAREST`, the nearest first. Documents meet by their bands, so below the threshold only some are found
    (with 20 bands of 6 rows: of those at .7 nine in ten, at .5 one in four). Documents withdrawn for reasons of content
    are among them, the others that were withdrawn are not.
    """
    limit = stored.parameters.limit if least is None else least
    found = near.likeness_of(texts, stored.parameters)
    left, numbers = near.candidates(stored, found)
    heard = ~np.isin(numbers, stored.unheard)
    left, numbers = left[heard], numbers[heard]
    like = near.alike(stored, found, left, numbers)
    enough = like >= limit
    left, numbers, like = left[enough], numbers[enough], like[enough]
    order = np.lexsort((numbers, -like, left))
    rank = np.arange(len(order)) - np.searchsorted(left[order], left[order])
    order = order[rank < top]
    some = numbers[order]
    blocks = [stored.index.blocks[block].data for block in stored.placed(some).tolist()]
    gone = [stored.tombstones[number].reason if number in stored.tombstones else None for number in some.tolist()]
    return pl.DataFrame(
        {
            "row": left[order],
            "doc_id": stored.doc_ids(some),
            "similarity": like[order],
            "data": blocks,
            "withdrawn": gone,
        },
        schema=NEAREST,
    )
