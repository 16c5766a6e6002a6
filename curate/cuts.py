"""Cuts: ranges of characters that a corpus stage takes out of documents whose text it can't rewrite.

The text of a shard is not written again for a few lines that go: the ranges lie over it, as verdicts do, and are
applied whenever the shard is read on.
"""

from __future__ import annotations

from itertools import chain, pairwise

import polars as pl

from curate.stage import BrokenStage

COLUMN = "cuts"
TYPE = pl.List(pl.Struct({"start": pl.UInt32, "end": pl.UInt32}))
"""Ranges [start, end) in characters, rising and apart; null where nothing is cut."""


def cut(docs: pl.DataFrame, stage: str) -> pl.DataFrame:
    """`docs` without the column `cuts`, and without the characters that it names in `text`, where that is there.

    Raises `BrokenStage` where ranges overlap, fall or leave the text; `stage` is named in it.
    """
    if "text" not in docs.columns or docs[COLUMN].null_count() == docs.height:
        return docs.drop(COLUMN)
    texts = docs["text"].to_list()
    rows = docs.select("doc_id" if "doc_id" in docs.columns else pl.lit("?").alias("doc_id"), COLUMN).with_row_index()
    for row, identity, ranges in rows.filter(pl.col(COLUMN).is_not_null()).iter_rows():
        bounds = [0, *chain.from_iterable((part["start"], part["end"]) for part in ranges), len(texts[row])]
        if any(before > after for before, after in pairwise(bounds)):
            raise BrokenStage(f"{stage}: the cuts of document {identity} do not rise within its text: {bounds[1:-1]}")
        texts[row] = "".join(texts[row][begin:end] for begin, end in zip(bounds[::2], bounds[1::2], strict=True))
    return docs.with_columns(pl.Series("text", texts, pl.String)).drop(COLUMN)
