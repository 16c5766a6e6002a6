"""Which of several copies is kept."""

from __future__ import annotations

from math import inf

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.stage import Schema

READS: Schema = {name: pl.String() for name in ("doc_id", "origin_id", "content_hash", "status", "date")}
"""What `preference` looks at, beside `priority`, which is given with every document, and a measure of quality."""

ORDER = {  # column: whether the larger is preferred
    "prefer_priority": True,
    "prefer_status": False,
    "prefer_date": True,
    "prefer_quality": True,
    "prefer_length": True,
    "prefer_origin": False,
    "prefer_content": False,
    "doc_id": False,
    "shard": False,
    "row": False,
}

_LAST = chr(0x10FFFF)  # behind every id
_STATUS = {"in force": 0, "amended": 2, "repealed": 3}  # what says nothing of itself stands at 1
_DATE = r"^\s*(\d{4})" + r"(?:\D{0,3}(\d{1,2}))?" * 5
_WORTH = (10**10, 10**8, 10**6, 10**4, 100, 1)  # of year, month, day, hour, minute, second in one number


def reads(quality: str | None) -> Schema:
    """The columns that `preference` reads."""
    return READS if quality is None else {**READS, quality: pl.Float64()}


def preference(length: pl.Expr, quality: str | None = None) -> list[pl.Expr]:
    """Columns by which copies are told apart, small enough to travel; `by_preference` sorts by them.

    In this order: the larger `priority` of the source; in force, then not stated, then amended, then repealed; the
    newer date, undated last; the higher `quality`, where a measure of it is named, what has none last; the longer text
    (`length`); the smaller id of the input's own, what has none last; the smaller content_hash; the smaller doc_id,
    which decides for good. The input's id and the content stand before doc_id because that hashes the source's name or
    the place in a file: the same documents under other file names, or cut into files otherwise, are the same kept.
    """
    measure = pl.lit(None, pl.Float64) if quality is None else pl.col(quality)
    return [
        pl.col("priority").fill_null(0).alias("prefer_priority"),
        pl.col("status").replace_strict(_STATUS, default=1, return_dtype=pl.UInt8).alias("prefer_status"),
        moment(pl.col("date")).alias("prefer_date"),
        measure.fill_nan(None).fill_null(-inf).alias("prefer_quality"),
        length.fill_null(0).cast(pl.UInt32).alias("prefer_length"),
        pl.col("origin_id").fill_null(_LAST).alias("prefer_origin"),
        pl.col("content_hash").alias("prefer_content"),
        pl.col("doc_id"),
    ]


def moment(date: pl.Expr) -> pl.Expr:
    """Int64: a date as a number that grows with time, 20210503000000 for 2021-05-03; 0 where there is none.

    ISO 8601, as readers give it, and other dates that begin with the year (2021/5/3, 2021年5月3日, 20210503). Dates say
    as much as they know: 2021-05 stands before every day of that May and behind 2021, which stands before all of its
    months, so that of two dates that may be the same the one that says more is taken. Time zones and parts of a second
    are not looked at.
    """
    groups = date.str.extract_groups(_DATE)
    parts = [groups.struct[at].cast(pl.Int64, strict=False).fill_null(0) * worth for at, worth in enumerate(_WORTH)]
    return pl.sum_horizontal(parts)


def by_preference(rows: pl.DataFrame, *groups: str) -> pl.DataFrame:
    """`rows` sorted by the columns `groups`, and the best first among those where they are equal.

    Only documents of one id come down to (shard, row), and those are refused before copies are looked for.
    """
    return rows[ranks(rows, *groups)]


def ranks(rows: pl.DataFrame, *groups: str) -> NDArray[np.int64]:
    """Where in `rows` the first, second ... of `by_preference` are, without moving the other columns."""
    descending = [*(False for _ in groups), *ORDER.values()]
    order = rows.select(pl.arg_sort_by([*groups, *ORDER], descending=descending)).to_series()
    return order.to_numpy().astype(np.int64)
