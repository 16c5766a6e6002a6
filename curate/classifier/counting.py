"""Trains a model by counting instead of by descent: for judges whose training texts come from few, narrow sources.

Gradient descent uses whatever tells the labels apart in the texts that it has, and where these come from a few sources,
that is the sources: their turns of phrase, the way they ask. Here a word weighs what a naive Bayes classifier gives it
(McCallum and Nigam 1998: how many texts hold it), with its rate taken of each source by itself and averaged over the
sources of a label: a word that is frequent in one source counts no more than one source does. Pairs of words need
several sources to count at all. Nothing is drawn by chance: the same texts give the same file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.classifier.model_file import Weights, file_of
from curate.classifier.train import LABEL, NotTrainable
from curate.kernels import bag, utf8
from curate.kernels.tokens import spaced
from curate.stage import Asset

_RATE = 100_000  # rates are of so many words (or pairs) of a source, each text giving each of its words once
_PIECE = 2_000  # texts that are looked at together: what is in memory at once


@dataclass(frozen=True, kw_only=True)
class Counting:
    """Settings. `smoothing` times the mean rate over the labels, and `floor`, are added to each label's rate."""

    smoothing: float = 4.0
    floor: float = 0.2
    pairs: float = 0.5
    """What a pair of words weighs, beside a word; 0 for none. Pairs say twice what their words have said."""
    pair_sources: int = 4
    """Sources that a pair must be in."""
    word_count: int = 3
    """Texts that a word must be in."""
    buckets: int = 1 << 21
    sharpness: float = 20.0
    """What the mean weight of a text is multiplied by before the softmax."""


class _Counts(NamedTuple):
    """Of one source: how many of its texts hold each word and each pair (by bucket)."""

    words: pl.DataFrame
    pairs: pl.DataFrame


def count(
    texts: pl.Series, labels: Sequence[str], langs: Sequence[str | None], sources: Sequence[str | None], out: Path,
    counting: Counting,
) -> Asset:  # fmt: skip
    """Writes the model to `out`, which is replaced. Labels, languages and sources have one for each text, at least two
    kinds of labels; a source is what shares label, language and name. Raises `NotTrainable`."""
    kinds = sorted(set(labels))
    if len(kinds) < 2:
        raise NotTrainable(f"all {len(labels)} texts have one label {kinds}; a judge is trained on at least two kinds")
    for label in kinds:
        if not LABEL.fullmatch(label):
            raise NotTrainable(f"label {label!r}; expected a word of letters, digits, '.', '_' and '-'")
    table = pl.DataFrame(
        {"text": texts, "label": labels, "lang": langs, "source": sources},
        schema={"text": pl.String, "label": pl.String, "lang": pl.String, "source": pl.String},
    ).with_columns(pl.col("lang", "source").fill_null(""))
    keys = table.select("label", "lang", "source").unique().sort("label", "lang", "source").rows()
    found = [
        _counted(table.filter(label=label, lang=lang, source=source)["text"], counting) for label, lang, source in keys
    ]
    sides = [(kinds.index(label), lang) for label, lang, _ in keys]
    words, word_weights = _weights([some.words for some in found], sides, len(kinds), counting)
    pairs, pair_weights = _weights([some.pairs for some in found], sides, len(kinds), counting)
    in_texts, in_sources = (
        _spread([some.words for some in found], words),
        _spread([some.pairs for some in found], pairs),
    )
    told = np.asarray((in_texts["texts"] >= counting.word_count).to_numpy() & (np.abs(word_weights).max(1) > 0))
    many = np.asarray((in_sources["sources"] >= counting.pair_sources).to_numpy() & (np.abs(pair_weights).max(1) > 0))
    if counting.pairs == 0:
        many[:] = False
    weights = Weights(
        labels=tuple(kinds),
        words=words.filter(pl.Series(told))["key"].to_list(),
        pairs=np.asarray(pairs.filter(pl.Series(many))["key"].to_numpy(), np.int64),
        table=np.vstack([word_weights[told], counting.pairs * pair_weights[many]]),
        buckets=counting.buckets,
        sharpness=counting.sharpness,
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(file_of(weights))
    return Asset.of(out)


def _counted(texts: pl.Series, counting: Counting) -> _Counts:
    words, pairs = [], []
    for start in range(0, len(texts), _PIECE):
        tokens = (
            pl.DataFrame({"line": spaced(texts.slice(start, _PIECE))})
            .with_row_index("text")
            .with_columns(pl.col("line").str.split(" "))
            .explode("line")
            .rename({"line": "key"})
            .filter(pl.col("key") != "")
        )
        number = pl.col("key").str.contains(r"^\d+$")  # what is counted somewhere is no mark of a kind
        words.append(tokens.filter(~number).unique().group_by("key").len("texts"))
        after = tokens.with_columns(
            pl.Series("bucket", _pairs(tokens["key"], counting.buckets), pl.Int64),
            (number | number.shift(1)).alias("number"),
            (pl.col("text") == pl.col("text").shift(1)).alias("same"),
        )
        after = after.filter(pl.col("same").fill_null(False) & ~pl.col("number").fill_null(True))
        pairs.append(after.select("text", key="bucket").unique().group_by("key").len("texts"))
    return _Counts(_summed(words), _summed(pairs))


def _summed(some: Sequence[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(some).group_by("key").agg(pl.col("texts").sum()).sort("key")


def _pairs(tokens: pl.Series, buckets: int) -> NDArray[np.int64]:
    """The bucket of each token with the one before it, as fastText hashes them (dictionary.cc, addWordNgrams)."""
    known = tokens.unique().sort()
    data, offsets = utf8.of(known)
    hashes = bag.words_of(data, offsets).hashes
    own = pl.DataFrame({"key": tokens}).join(
        pl.DataFrame({"key": known, "hash": hashes}), on="key", how="left", maintain_order="left"
    )["hash"].to_numpy().astype(np.uint32).astype(np.int32).astype(np.int64).astype(np.uint64)  # fmt: skip
    with np.errstate(over="ignore"):
        value = np.roll(own, 1) * np.uint64(bag.STEP) + own
    return np.asarray(value % np.uint64(buckets), np.int64)


def _weights(
    found: Sequence[pl.DataFrame], sides: Sequence[tuple[int, str]], labels: int, counting: Counting
) -> tuple[pl.DataFrame, NDArray[np.float64]]:
    """All keys, sorted, and the weight of each for each label, f64[keys, labels], which add up to 0."""
    keys = pl.concat([some.select("key") for some in found]).unique().sort("key").with_row_index("row")
    rates = np.zeros((labels, keys.height))
    for some, (label, lang) in zip(found, sides, strict=True):
        of = sum(1 for side in sides if side == (label, lang))
        at = some.join(keys, on="key", how="left", maintain_order="left")["row"].to_numpy()
        share = some["texts"].to_numpy().astype(np.float64)
        rates[label, at] += _RATE * share / max(share.sum(), 1) / of
    mean = rates.mean(axis=0)
    odds = np.log(rates + counting.smoothing * mean + counting.floor)
    return keys, np.asarray((odds - odds.mean(axis=0)).T)


def _spread(found: Sequence[pl.DataFrame], keys: pl.DataFrame) -> pl.DataFrame:
    """For each key, how many texts and how many sources hold it."""
    counts = pl.concat(found).group_by("key").agg(pl.col("texts").sum(), pl.len().alias("sources"))
    return keys.join(counts, on="key", how="left", maintain_order="left")
