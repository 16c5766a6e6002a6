"""A kept shard to tokens, once: each document's tokens, to the partition of its place in the draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

import polars as pl

from curate import files
from curate.exchange import Outbox, Parcel, prefix
from curate.mix.draw import order, validation_rank
from curate.mix.plan import CHANNELS
from curate.mix.settings import Mix
from curate.mix.tokenised import tokenised

TRAIN, VALIDATION, UNUSED = "train", "validation", "unused"
NO_DIALOGUE, NO_ANSWER, TOO_LONG = "not_a_dialogue", "no_answer", "too_long"
LEFT_OUT = {
    NO_DIALOGUE: "is not a dialogue: an SFT mix is made of dialogues alone",
    NO_ANSWER: "has no answer of an assistant to learn from",
    TOO_LONG: "is longer than a row and is not cut: raise row_length",
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


def counted(path: str, mix: Mix, scratch: str, partitions: int, cache: str | None = None) -> Counted:
    """Tokenise the kept shard at `path`; the rows go to a file of their own name below `scratch`.

    There are `partitions` for each channel, in the order of the draw. Tokens are kept in the folder `cache`, and read
    from there where they are.
    """
    # An attempt that is repeated after a loss of its node must not meet its predecessor's file.
    outbox = Outbox(files.join(scratch, f"{uuid4().hex}.rows"), partitions * len(CHANNELS))
    usable = [0 for _ in CHANNELS]
    below = [0 for _ in CHANNELS]
    first: list[tuple[float, str] | None] = [None for _ in CHANNELS]
    left_out: list[Counter[str]] = [Counter() for _ in CHANNELS]
    for docs, tokens in tokenised(path, mix, cache):
        rows = _rows(docs, tokens, mix)
        ranks = [validation_rank(identity) for identity in rows["doc_id"]]
        rows = rows.with_columns(order(rows["doc_id"], mix.seed), pl.Series("rank", ranks, pl.Float64))
        channel = rows["role"].replace_strict({name: number for number, name in enumerate(CHANNELS)}).cast(pl.UInt32)
        outbox.add(rows, channel * partitions + prefix(rows["order"], partitions))
        for number, name in enumerate(CHANNELS):
            of_channel = rows.filter(pl.col("role") == name)
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
            pl.when(pl.col("length") == 0)
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


def partitions_for(kept: Sequence[str]) -> int:
    """How many partitions keep each below about 64 MB of tokens, from the shards' sizes: four times is what zstd saves.

    It decides memory alone: what is written does not depend on it.
    """
    total = sum(files.size(path) for path in kept)
    return min(4096, max(1, 4 * total >> 26))
