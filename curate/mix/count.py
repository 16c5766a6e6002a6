"""A kept shard to tokens, once: each document's tokens, to the partition of its place in the draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate import files
from curate.exchange import Outbox, Parcel, prefix
from curate.mix import template
from curate.mix.draw import order, validation_rank
from curate.mix.plan import CHANNELS
from curate.mix.settings import Mix
from curate.mix.tokenizer import Encoder, encoder
from curate.table import batches

READS = ("doc_id", "content_hash", "source", "role", "lang", "license", "kind", "text", "messages", "tools")
KEPT = ("doc_id", "content_hash", "source", "role", "lang", "license")

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


def counted(path: str, mix: Mix, scratch: str, partitions: int) -> Counted:
    """Tokenise the kept shard at `path`; the rows go to a file of their own name below `scratch`.

    There are `partitions` for each channel, in the order of the draw.
    """
    encode = encoder(mix.tokenizer, mix.end)
    # An attempt that is repeated after a loss of its node must not meet its predecessor's file.
    outbox = Outbox(files.join(scratch, f"{uuid4().hex}.rows"), partitions * len(CHANNELS))
    usable = [0 for _ in CHANNELS]
    below = [0 for _ in CHANNELS]
    first: list[tuple[float, str] | None] = [None for _ in CHANNELS]
    left_out: list[Counter[str]] = [Counter() for _ in CHANNELS]
    for docs in batches(path, READS):
        rows = _sft(docs, encode, mix.row_length) if mix.stage == "sft" else _pt(docs, encode)
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


def _pt(docs: pl.DataFrame, encode: Encoder) -> pl.DataFrame:
    """All text is text, a dialogue as it is rendered for reading; a document ends with the end token."""
    end = np.array([encode.end_id], encode.dtype)
    tokens = [np.concatenate([ids, end]) for ids in encode.encode([text or "" for text in docs["text"]])]
    return _rows(docs, tokens, None, [None] * docs.height)


def _sft(docs: pl.DataFrame, encode: Encoder, row_length: int) -> pl.DataFrame:
    talks = [
        template.spans(messages, tools) if kind == "dialogue" and messages else []
        for kind, messages, tools in zip(docs["kind"], docs["messages"].to_list(), docs["tools"], strict=True)
    ]
    tokens: list[NDArray[Any]] = []
    masks: list[NDArray[np.uint8]] = []
    splits: list[str | None] = []
    for ids, mask in template.tokens(talks, encode):
        if not len(ids):
            splits.append(NO_DIALOGUE)
        elif not mask.any():
            splits.append(NO_ANSWER)
        else:
            splits.append(TOO_LONG if len(ids) > row_length else None)
        tokens.append(ids)
        masks.append(mask)
    return _rows(docs, tokens, masks, splits)


def _rows(
    docs: pl.DataFrame,
    tokens: list[NDArray[Any]],
    masks: list[NDArray[np.uint8]] | None,
    splits: list[str | None],
) -> pl.DataFrame:
    """Key rows: what docs/ says of a document, its tokens and mask as bytes. `split` is set for what is left out, whose
    tokens are counted but do not travel."""
    supervised = [0] * docs.height if masks is None else [int(mask.sum()) for mask in masks]
    parts = {"tokens": tokens, "mask": masks or [np.empty(0, np.uint8)] * docs.height}
    return docs.select(*KEPT).with_columns(
        pl.Series("length", [len(ids) for ids in tokens], pl.Int64),
        pl.Series("supervised", supervised, pl.Int64),
        pl.Series("split", splits, pl.String),
        *(
            pl.Series(
                name, [b"" if out else part.tobytes() for part, out in zip(column, splits, strict=True)], pl.Binary
            )
            for name, column in parts.items()
        ),
    )


def partitions_for(kept: Sequence[str]) -> int:
    """How many partitions keep each below about 64 MB of tokens, from the shards' sizes: four times is what zstd saves.

    It decides memory alone: what is written does not depend on it.
    """
    total = sum(files.size(path) for path in kept)
    return min(4096, max(1, 4 * total >> 26))
