"""A kept shard to tokens, once: each document's tokens, to the partition of its place in the draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from uuid import uuid4

import numpy as np
import polars as pl

from curate import files
from curate.exchange import Outbox, Parcel
from curate.mix.channels import CELLS, Channel, numbered
from curate.mix.chat.render import LEFT_OUT as UNWRITTEN
from curate.mix.draw import order, validation_rank
from curate.mix.settings import Mix
from curate.mix.tokenised import tokenised
from curate.table import batches

TRAIN, VALIDATION, UNUSED = "train", "validation", "unused"
NO_DIALOGUE, NO_ANSWER, TOO_LONG = "not_a_dialogue", "no_answer", "too_long"
LEFT_OUT = {
    NO_DIALOGUE: "is not a dialogue: an SFT mix is made of dialogues alone",
    NO_ANSWER: "has no answer of an assistant to learn from",
    TOO_LONG: "is longer than a row and is not cut: raise row_length",
    **UNWRITTEN,
}
"""Why documents are no part of an SFT mix; each has a row in docs/ with this as its split."""


@dataclass(frozen=True)
class Counted:
    """What one shard gave, for each channel. `usable` counts the documents that may be drawn, `below` how many of them
    have a rank for validation below `held_out`, `first` is the lowest rank and its document; `left_out` counts the
    others by reason."""

    parcel: Parcel
    usable: tuple[int, ...]
    below: tuple[int, ...]
    first: tuple[tuple[float, str] | None, ...]
    left_out: tuple[Mapping[str, int], ...]


def surveyed(path: str) -> pl.DataFrame:
    """How many documents of each (role, source, *CELLS) the kept shard at `path` holds."""
    counts = [
        task_of(docs).group_by("role", "source", *CELLS).agg(pl.len().cast(pl.Int64).alias("documents"))
        for docs in batches(path, ("role", "source", "domain", "lang", "kind"))
    ]
    return pl.concat([nothing(), *counts]).group_by("role", "source", *CELLS).agg(pl.col("documents").sum())


def nothing() -> pl.DataFrame:
    """What is surveyed where nothing is."""
    return pl.DataFrame(schema={**dict.fromkeys(("role", "source", *CELLS), pl.String), "documents": pl.Int64})


def task_of(docs: pl.DataFrame) -> pl.DataFrame:
    """`docs` with their `task`: what a model is to learn of them, a dialogue or text."""
    return docs.with_columns(
        pl.when(pl.col("kind") == "dialogue").then(pl.lit("dialogue")).otherwise(pl.lit("text")).alias("task")
    )


def counted(
    path: str,
    mix: Mix,
    scratch: str,
    channels: Sequence[Channel],
    by: Sequence[str],
    bounds: Sequence[int],
    cache: str | None = None,
) -> Counted:
    """Tokenise the kept shard at `path`; the rows go to a file of their own name below `scratch`.

    Channel n has the partitions `bounds[n]` to `bounds[n + 1]`, in the order of the draw. Tokens are kept in the folder
    `cache`, and read from there where they are.
    """
    # An attempt that is repeated after a loss of its node must not meet its predecessor's file.
    outbox = Outbox(files.join(scratch, f"{uuid4().hex}.rows"), bounds[-1])
    usable = [0 for _ in channels]
    below = [0 for _ in channels]
    first: list[tuple[float, str] | None] = [None for _ in channels]
    left_out: list[Counter[str]] = [Counter() for _ in channels]
    begins, widths = np.array(bounds[:-1], np.uint64), np.diff(np.array(bounds, np.uint64))
    for docs, tokens in tokenised(path, mix, cache):
        rows = _rows(task_of(docs), tokens, mix)
        ranks = [validation_rank(identity) for identity in rows["doc_id"]]
        rows = rows.with_columns(
            order(rows["doc_id"], mix.seed),
            pl.Series("rank", ranks, pl.Float64),
            numbered(rows, channels, by).alias("channel"),
        )
        number_of = rows["channel"].to_numpy()
        within = (rows["order"].to_numpy() >> np.uint64(32)) * widths[number_of] >> np.uint64(32)
        outbox.add(rows.drop("channel"), pl.Series(begins[number_of] + within))
        for (number,), of_channel in rows.group_by("channel"):
            left_out[number].update(of_channel["split"].drop_nulls())
            mine = of_channel.filter(pl.col("split").is_null())
            if mine.height:
                usable[number] += mine.height
                below[number] += int((mine["rank"] < mix.held_out).sum())
                lowest = mine.sort("rank", "doc_id").row(0, named=True)
                candidate = (float(lowest["rank"]), str(lowest["doc_id"]))
                so_far = first[number]
                first[number] = candidate if so_far is None else min(so_far, candidate)
    return Counted(outbox.close(), tuple(usable), tuple(below), tuple(first), tuple(left_out))


def _rows(docs: pl.DataFrame, tokens: pl.DataFrame, mix: Mix) -> pl.DataFrame:
    """Key rows: what docs/ says of a document, its tokens and mask as bytes. `split` is set for what is left out, whose
    tokens are counted but do not travel."""
    rows = pl.concat([docs, tokens], how="horizontal")
    split = pl.lit(None, pl.String)
    if mix.stage == "sft":
        split = (
            pl.when(pl.col("unwritten").is_not_null())
            .then("unwritten")
            .when(pl.col("length") == 0)
            .then(pl.lit(NO_DIALOGUE))
            .when(pl.col("supervised") == 0)
            .then(pl.lit(NO_ANSWER))
            .when(pl.col("length") > mix.row_length)
            .then(pl.lit(TOO_LONG))
        )
    rows = rows.with_columns(split.alias("split"))
    travels = pl.col("split").is_null()
    return rows.with_columns(
        pl.when(travels).then(name).otherwise(pl.lit(b"")).alias(name) for name in ("tokens", "mask")
    )


def bounds_for(documents: Sequence[int], partitions: int) -> list[int]:
    """Where each channel's partitions begin, and the last one's end: `partitions` shared out by documents."""
    total = max(1, sum(documents))
    return [0, *accumulate(max(1, -(-partitions * mine // total)) for mine in documents)]


def partitions_for(kept: Sequence[str]) -> int:
    """How many partitions keep each below about 64 MB of tokens, from the shards' sizes: four times is what zstd saves.

    It decides memory alone: what is written does not depend on it.
    """
    total = sum(files.size(path) for path in kept)
    return min(4096, max(1, 4 * total >> 26))
