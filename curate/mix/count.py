"""A kept shard to tokens, once: each document's tokens, to the partition of its place in the draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from uuid import uuid4

import numpy as np
import polars as pl

from curate import files
from curate.exchange import Outbox, Parcel
from curate.mix import validation
from curate.mix.channels import Channel, numbered
from curate.mix.chat.unwritable import LEFT_OUT as UNWRITTEN
from curate.mix.draw import order
from curate.mix.licenses import permitted
from curate.mix.settings import Mix
from curate.mix.survey import task_of
from curate.mix.tokenised import tokenised
from curate.mix.validation import Ranked

TRAIN, VALIDATION, UNUSED = "train", "validation", "unused"
NO_TEXT, NO_DIALOGUE, NO_ANSWER, TOO_LONG = "no_text", "not_a_dialogue", "no_answer", "too_long"
LEFT_OUT = {
    NO_TEXT: "has no text",
    NO_DIALOGUE: "is not a dialogue: text has a part in an SFT mix where it says text=True",
    NO_ANSWER: "has no answer of an assistant to learn from",
    TOO_LONG: "is longer than a row and is not cut: raise row_length",
    **UNWRITTEN,
}
"""Why documents are no part of a mix; each has a row in docs/ with this as its split."""


@dataclass(frozen=True)
class Counted:
    """What one shard gave: its rows; for each channel who may be drawn, and how many were left out for what reason; and
    of each (source, licence) that the mix does not permit (documents, tokens)."""

    parcel: Parcel
    ranked: tuple[Ranked, ...]
    left_out: tuple[Mapping[str, int], ...]
    forbidden: Mapping[tuple[str, str | None], tuple[int, int]]


def counted(
    path: str,
    mix: Mix,
    scratch: str,
    channels: Sequence[Channel],
    bounds: Sequence[int],
    clusters: Collection[str],
    cache: str | None = None,
    tokens_too: bool = True,
) -> Counted:
    """Tokenise the kept shard at `path`; the rows go to a file of their own name below `scratch`.

    Channel n has the partitions `bounds[n]` to `bounds[n + 1]`, in the order of the draw. `clusters` are the documents
    that clusters are named for. Tokens are kept in the folder `cache`, and read from there where they are; they travel
    only with `tokens_too`.
    """
    # An attempt that is repeated after a loss of its node must not meet its predecessor's file.
    outbox = Outbox(files.join(scratch, f"{uuid4().hex}.rows"), bounds[-1])
    found = [Ranked() for _ in channels]
    left_out: list[Counter[str]] = [Counter() for _ in channels]
    forbidden: Counter[tuple[str, str | None]] = Counter()
    tokens_of: Counter[tuple[str, str | None]] = Counter()
    begins, widths = np.array(bounds[:-1], np.uint64), np.diff(np.array(bounds, np.uint64))
    also = validation.columns(path, mix.stage == "sft")
    for docs, tokens in tokenised(path, mix, cache, also):
        rank = validation.ranks(docs, clusters)
        rows = _rows(task_of(docs.drop(also)), tokens, mix, tokens_too)
        rows = rows.with_columns(
            order(rows["doc_id"], mix.seed), rank, numbered(rows, channels, mix.splits).alias("channel")
        )
        number_of = rows["channel"].to_numpy()
        within = (rows["order"].to_numpy() >> np.uint64(32)) * widths[number_of] >> np.uint64(32)
        outbox.add(rows.drop("channel"), pl.Series(begins[number_of] + within))
        for (number,), of_channel in rows.group_by("channel"):
            left_out[number].update(of_channel["split"].drop_nulls())
            found[number] += validation.ranked(of_channel.filter(pl.col("split").is_null()), mix.held_out)
        drawable = rows.filter(pl.col("split").is_null()).group_by("source", "license")
        for source, license_, documents, length in drawable.agg(pl.len(), pl.col("length").sum()).rows():
            if not permitted(license_, mix.licenses_allowed, mix.licenses_denied, mix.unknown_licenses):
                forbidden[source, license_] += documents
                tokens_of[source, license_] += length
    return Counted(
        outbox.close(), tuple(found), tuple(left_out), {key: (forbidden[key], tokens_of[key]) for key in forbidden}
    )


def _rows(docs: pl.DataFrame, tokens: pl.DataFrame, mix: Mix, tokens_too: bool) -> pl.DataFrame:
    """Key rows: what docs/ says of a document, its tokens and mask as bytes. `split` is set for what is left out, whose
    tokens are counted but do not travel."""
    rows = pl.concat([docs, tokens], how="horizontal")
    no_text = (pl.col("length") == 1) & ((pl.col("task") == "text") | (mix.stage != "sft"))  # the end token alone
    split: pl.Expr = pl.when(no_text).then(pl.lit(NO_TEXT))
    if mix.stage == "sft":
        split = (
            pl.when(no_text)
            .then(pl.lit(NO_TEXT))
            .when(pl.col("unwritten").is_not_null())
            .then("unwritten")
            .when(pl.col("length") == 0)
            .then(pl.lit(NO_DIALOGUE))
            .when(pl.col("supervised") == 0)
            .then(pl.lit(NO_ANSWER))
            .when((pl.col("length") > mix.row_length) & (pl.col("task") == "dialogue"))
            .then(pl.lit(TOO_LONG))
        )
    rows = rows.with_columns(split.alias("split"))
    travels = pl.col("split").is_null() & tokens_too
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
