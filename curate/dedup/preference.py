"""Which of several copies is kept."""

from __future__ import annotations

import polars as pl

from curate.stage import Schema

READS: Schema = {"doc_id": pl.String(), "status": pl.String(), "date": pl.String()}
"""What `preference` looks at, beside `priority`, which is given with every document."""

ORDER = ("prefer_priority", "prefer_status", "prefer_date", "prefer_length", "doc_id", "shard", "row")
DESCENDING = (True, False, True, True, False, False, False)

_STATUS = {"in force": 0, "amended": 2, "repealed": 3}  # what says nothing of itself stands at 1


def preference(length: pl.Expr) -> list[pl.Expr]:
    """Columns by which copies are told apart, small enough to travel; `by_preference` sorts by them.

    In this order: the larger `priority` of the source; in force, then not stated, then amended, then repealed; the
    newer date, undated last; the longer text (`length`); the smaller doc_id, which decides for good.
    """
    return [
        pl.col("priority").fill_null(0).alias("prefer_priority"),
        pl.col("status").replace_strict(_STATUS, default=1, return_dtype=pl.UInt8).alias("prefer_status"),
        pl.col("date").fill_null("").alias("prefer_date"),
        length.fill_null(0).cast(pl.UInt32).alias("prefer_length"),
        pl.col("doc_id"),
    ]


def by_preference(rows: pl.DataFrame, *groups: str) -> pl.DataFrame:
    """`rows` sorted by the columns `groups`, and the best first among those where they are equal.

    Only documents of one id come down to (shard, row), and those are refused before copies are looked for.
    """
    return rows.sort(*groups, *ORDER, descending=[*(False for _ in groups), *DESCENDING])
