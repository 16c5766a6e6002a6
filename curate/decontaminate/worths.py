"""What n-grams and tokens of items are worth: the less, the more others share them.

Shared by items of one benchmark, quoted by an answer or a context of some item, common in the background.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.decontaminate.background import Background
from curate.kernels import overlap
from curate.kernels.utf8 import blocks

PASSAGES = ("answer", "context")


def shared(keys: pl.DataFrame, pieces: pl.DataFrame) -> pl.Series:
    """For each row of `keys` how many items of one benchmark share its key, of the benchmark where most do.

    Within a benchmark, because two that share an item share what tells it, while a phrase of many items of one (which
    of the following is true) is a phrase. Questions on one context count once where it is shared. Counted over items
    and never over the corpus: there a benchmark that leaked often would look common and harmless.
    """
    if keys.is_empty():
        return pl.Series("shared", dtype=pl.Int32)
    passage = pl.col("role").is_in(PASSAGES)
    holder = pl.when(passage).then("whole").otherwise("item").rank("dense")
    held = pieces.select(holder.alias("holder"), pl.col("benchmark").rank("dense"))[keys["piece"]]
    key, benchmark, of = keys["key"].to_numpy(), held["benchmark"].to_numpy(), held["holder"].to_numpy()
    # By sorting: the tables of hashes that a join and two groupings build take five times the memory.
    order = np.lexsort((of, benchmark, key))
    new_key = _changes(key[order])
    new_benchmark = new_key | _changes(benchmark[order])
    new_holder = new_benchmark | _changes(of[order])
    counts = np.add.reduceat(new_holder.astype(np.int32), np.flatnonzero(new_benchmark))
    most = np.maximum.reduceat(counts, np.flatnonzero(new_key[new_benchmark]))
    shared = np.empty(len(key), np.int32)
    shared[order] = most[np.cumsum(new_key) - 1]
    return pl.Series("shared", shared)


def quotable(grams: pl.DataFrame, pieces: pl.DataFrame) -> pl.Series:
    """Which rows of `grams` are a question's, and stand in an answer or a context of some item as well."""
    roles = pieces["role"][grams["piece"]]
    passages = grams["key"].filter(roles.is_in(PASSAGES)).unique()
    return (roles == "question") & grams["key"].is_in(passages.implode())


def _changes(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a value differs from the one before it; the first does."""
    return np.append(True, values[1:] != values[:-1])


def with_masses(pieces: pl.DataFrame, grams: pl.DataFrame, short: pl.DataFrame) -> pl.DataFrame:
    """`pieces` with `grams`, how many n-grams each has, and `mass`, its weight times the mean worth of its n-grams."""
    means = pl.concat([grams, short.with_columns(pl.lit(None, pl.UInt64).alias("key"))]).group_by("piece").agg(
        pl.col("key").count().alias("grams"), pl.col("worth").mean()
    )  # fmt: skip
    return (
        pieces.join(means, on="piece", how="left", maintain_order="left")
        .with_columns(pl.col("grams").fill_null(0), mass=(pl.col("weight") * pl.col("worth")).fill_null(0.0))
        .drop("worth")
    )


def alignable(
    members: pl.DataFrame, texts: pl.Series, grams: pl.DataFrame, background: Background, units: int
) -> dict[str, NDArray[Any]]:
    """The fields of `alignment.Pieces`. `members`: unit, piece, mass, ascending: what of which is
    aligned, and what all of it is worth; `texts`: of each piece; `grams`: key, piece, worth.

    A token's worth is the least of the n-grams that hold it, times what it tells by itself.
    """
    if members.is_empty():
        empty: dict[str, NDArray[Any]] = {"unit_begins": np.zeros(units + 1, np.uint32)}
        empty["token_begins"] = np.zeros(1, np.uint32)
        empty |= {"tokens": np.zeros(0, np.uint16), "worths": np.zeros(0, np.uint16)}
        return empty | {"piece_sizes": np.zeros(0, np.uint32)}
    wanted = members["piece"].unique().sort()
    held = grams.filter(pl.col("piece").is_in(wanted.implode())).group_by("key").agg(pl.col("worth").min()).sort("key")
    keys, values = held["key"].to_numpy(), held["worth"].cast(pl.Float32).to_numpy()
    tokens: list[NDArray[np.uint16]] = []
    worths: list[NDArray[np.float64]] = []
    starts = [np.zeros(1, np.int64)]
    weights: list[NDArray[np.uint8]] = []
    for _, block in blocks(texts[wanted.cast(pl.Int64)]):
        read = overlap.stream(block)
        tokens.append((read.tokens.hashes & np.uint64(0xFFFF)).astype(np.uint16))
        worths.append(overlap.covers(read, keys, values) * background.telling(read.tokens.hashes) * read.weights)
        weights.append(read.weights)
        starts.append(starts[-1][-1] + read.tokens.starts[1:])
    begins, all_tokens, all_worths = np.concatenate(starts), np.concatenate(tokens), np.concatenate(worths)
    places = np.searchsorted(wanted.to_numpy(), members["piece"].to_numpy())
    lengths = begins[places + 1] - begins[places]
    rows = (
        np.repeat(begins[places], lengths) + np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    )
    owner = np.repeat(np.arange(len(places)), lengths)
    mine = all_worths[rows]
    scale = members["mass"].to_numpy() / np.maximum(np.bincount(owner, mine, len(places)), 1e-9)
    sizes = np.bincount(owner, np.concatenate(weights)[rows], len(places))
    per_unit = np.bincount(members["unit"].to_numpy(), minlength=units)
    return {
        "unit_begins": np.append(0, np.cumsum(per_unit)).astype(np.uint32),
        "token_begins": np.append(0, np.cumsum(lengths)).astype(np.uint32),
        "tokens": all_tokens[rows],
        "piece_sizes": np.maximum(sizes, 1).astype(np.uint32),
        "worths": np.minimum(np.rint(mine * scale[owner]), 0xFFFF).astype(np.uint16),
    }
