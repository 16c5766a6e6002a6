"""Which documents a judge is trained on, calibrated on and tested on: by hash, and never a twin on both sides."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from curate.document import content_hash, share_of

TRAIN, VALID, TEST = "train", "valid", "test"

LARGE = 0.05
"""A cluster of more than this share of a label's documents (pages from one template chain into one) is trained on: one
draw of the hash would otherwise decide what the whole test is about."""


def parts(
    docs: pl.DataFrame, *, seed: int = 0, valid: float = 0.1, test: float = 0.1, held_out: Sequence[str] = ()
) -> pl.Series:
    """`part` of each document, from the columns `text`, `label`, `source` and `cluster` (UInt64, null where a document
    is like no other).

    What goes together, a cluster or a single document, is drawn as a whole, by the hash of its smallest text: neither
    the order nor the number of files changes it, and each source gives about the same shares. All documents of the
    sources `held_out` are tested on, and with them every cluster that one of them belongs to.
    """
    table = docs.select("label", "source", "cluster", digests(docs["text"])).with_row_index("row")
    alone = pl.format("alone {}", "digest")
    table = table.with_columns(
        pl.when(pl.col("cluster").is_null()).then(alone).otherwise(pl.format("cluster {}", "cluster")).alias("unit"),
        pl.col("source").is_in(list(held_out)).alias("held"),
        pl.len().over("label").alias("of"),
    )
    units = table.group_by("unit").agg(
        pl.col("digest").min(),
        pl.col("held").any(),
        (pl.len() / pl.col("of").min()).alias("share"),
        pl.len().alias("size"),
    )
    drawn = units.with_columns(
        pl.Series("draw", [share_of(digest, f"parts {seed}") for digest in units["digest"]], pl.Float64)
    ).with_columns(
        pl.when("held").then(pl.lit(TEST))
        .when((pl.col("share") > LARGE) & (pl.col("size") > 1)).then(pl.lit(TRAIN))
        .when(pl.col("draw") < test).then(pl.lit(TEST))
        .when(pl.col("draw") < test + valid).then(pl.lit(VALID))
        .otherwise(pl.lit(TRAIN))
        .alias("part")
    )  # fmt: skip
    return table.join(drawn.select("unit", "part"), on="unit", how="left").sort("row")["part"]


def digests(texts: pl.Series) -> pl.Series:
    """`digest`: what a text is known by, wherever it came from."""
    return pl.Series("digest", [content_hash((text or "").encode()) for text in texts], pl.String)
