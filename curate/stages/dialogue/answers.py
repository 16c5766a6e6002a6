"""The answers of dialogues, each beside what was asked: a table that the stages of this room measure."""

from __future__ import annotations

import polars as pl

from curate.document import COLUMNS
from curate.stages.turns import turns

READS = {"text": pl.String(), "messages": COLUMNS["messages"]}
"""What the stages of this room read."""


def spoken(docs: pl.DataFrame) -> pl.DataFrame:
    """The turns of all dialogues in order: `row` in `docs`, `turn` (from 1) `of` so many, and a message's fields."""
    table = turns(docs).table
    return table.with_columns((pl.int_range(pl.len()).over("row") + 1).alias("turn"), pl.len().over("row").alias("of"))


def answers(docs: pl.DataFrame) -> pl.DataFrame:
    """The assistant's turns that say something: `row`, `turn`, `of`, `question`, `answer`.

    The question is what the user said last before it, "" where nobody asked; tools in between do not change it.
    """
    table = spoken(docs).with_columns(
        pl.when(pl.col("role") == "user").then(pl.col("content")).forward_fill().over("row").alias("question")
    )
    said = table.filter((pl.col("role") == "assistant") & (pl.col("content").str.strip_chars() != ""))
    return said.select("row", "turn", "of", pl.col("question").fill_null(""), pl.col("content").alias("answer"))


def spread(docs: pl.DataFrame, measured: pl.DataFrame, **absent: float | int | str | bool | None) -> pl.DataFrame:
    """`docs` with the columns of `measured`, which has a line for each dialogue's `row`; elsewhere what is `absent`."""
    rows = pl.DataFrame({"row": pl.int_range(docs.height, eager=True, dtype=pl.get_index_type())})
    table = rows.join(measured, on="row", how="left", maintain_order="left")
    return docs.with_columns(
        table[name] if value is None else table[name].fill_null(value) for name, value in absent.items()
    )
