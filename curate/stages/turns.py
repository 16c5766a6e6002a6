"""Dialogues in an editor: what is edited in `text` must be edited in `messages` too, and both must say the same.

A dialogue's text is rendered from its messages. An editor takes the strings of the turns as texts of their own, and
renders the text again from what comes back.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from curate.document import MESSAGE

FIELDS = ("content", "reasoning", "tool_calls")


class Turns(NamedTuple):
    """The turns of a table's dialogues: `row` in the table, then the fields of `MESSAGE`."""

    table: pl.DataFrame
    rendered: pl.Series
    """Boolean, a value for each row of `docs`: its text is its messages' content, and is rendered again from it."""


def turns(docs: pl.DataFrame) -> Turns:
    """The turns of `docs`, which has `text` and `messages`; documents without messages have none."""
    dialogues = docs.select("messages").with_row_index("row").filter(pl.col("messages").list.len() > 0)
    table = dialogues.explode("messages").unnest("messages")
    told = _rendering(table)
    rendered = docs.select("text").with_row_index("row").join(told, on="row", how="left", maintain_order="left")
    return Turns(table, (rendered["text"] == rendered["rendering"]).fill_null(False).alias("rendered"))


def written(docs: pl.DataFrame, before: Turns, after: pl.DataFrame) -> pl.DataFrame:
    """`docs` with the turns of `after`, which has the rows of `before.table`, and the text that they render to."""
    if after.equals(before.table):
        return docs
    messages = after.group_by("row", maintain_order=True).agg(pl.struct(*MESSAGE.to_schema()).alias("messages"))
    both = docs.select("text", old="messages").with_row_index("row").with_columns(before.rendered)
    both = both.join(messages, on="row", how="left", maintain_order="left")
    both = both.join(_rendering(after), on="row", how="left", maintain_order="left")
    return docs.with_columns(
        both.select(
            pl.when("rendered").then("rendering").otherwise("text").alias("text"),
            pl.coalesce("messages", "old").alias("messages"),
        )
    )


def _rendering(table: pl.DataFrame) -> pl.DataFrame:
    """`row` and `rendering`: what `document.render` gives for the turns of each row."""
    content = pl.col("content").fill_null("")
    return table.group_by("row", maintain_order=True).agg(content.str.join("\n\n").alias("rendering"))
