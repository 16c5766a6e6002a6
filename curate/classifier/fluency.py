"""Trains the model of fluency: n-grams of tokens with interpolated absolute discounting, the most useful of them kept.

The same texts in the same order give the same file, byte for byte. Interpolated discounting is that of Kneser and Ney
1995 with plain counts in the lower orders: most n-grams are pruned here, and the lower orders then answer for frequent
ones too. What is kept is chosen by how much it saves on the training text (Stolcke 1998, without renormalising).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.document import share_of
from curate.kernels import utf8
from curate.kernels.fluency import (
    AWAY,
    BACK,
    LETTERS,
    LEVELS,
    MAGIC,
    ONE,
    STEP,
    THREE,
    TWO,
    UNKNOWN,
    fluency,
    keyed,
    keys,
    put,
    spellings,
    unpacked,
)
from curate.kernels.tokens import tokens
from curate.stage import Asset

DISCOUNT = 0.75
"""What is taken from each count for what was not seen (Chen and Goodman 1999 find .6 to .9)."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """`cells`: places of two bytes in the table, which is filled to `full`. `least`: a rarer word is unknown."""

    cells: int = 1_400_000
    full: float = 0.85
    least: int = 3


HELD_OUT = 0.1
"""Of the documents, the share that is not trained on: by it the bands of perplexity are set."""


def make(docs: pl.DataFrame, out: Path, training: Training) -> dict[str, Any]:
    """Writes model.bin and fluency.json into `out`, of the columns `text` and `lang`; gives what fluency.json holds.

    `thirds`: for each language, the perplexities that part the held-out documents of at least 50 tokens into three.
    """
    drawn = pl.Series([share_of(text, "fluency") for text in docs["text"]], dtype=pl.Float64) < HELD_OUT
    model = train(docs.filter(~drawn)["text"].sort().to_list(), out / "model.bin", training)
    held_out = docs.filter(drawn)
    read = fluency(held_out["text"], unpacked(model.verified(), str(model.path)))
    thirds = {}
    for lang in sorted(held_out["lang"].drop_nulls().unique()):
        costs = read.cost[(held_out["lang"] == lang).fill_null(False).to_numpy() & (read.tokens >= 50)]
        if len(costs) >= 30:
            thirds[lang] = [round(float(value), 1) for value in np.exp(np.quantile(costs, (1 / 3, 2 / 3)))]
    facts = {
        "model": model.sha256,
        "training": asdict(training),
        "documents": docs.height - held_out.height,
        "held_out": held_out.height,
        "thirds": thirds,
    }
    (out / "fluency.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return facts


class Grams(NamedTuple):
    """n-grams of one order, as their keys, with what they cost and what holding them saves on the training text."""

    keys: NDArray[np.uint64]
    costs: NDArray[np.float64]
    saved: NDArray[np.float64]


def train(texts: Sequence[str], out: Path, training: Training) -> Asset:
    """Writes the model of `texts` to `out`, which is replaced.

    The same texts in the same order give the same bytes. Takes about 200 bytes of memory for each token.
    """
    series = pl.Series(texts, dtype=pl.String)
    data, offsets = utf8.of(series)
    stream = tokens(series)
    vocabulary, where, ids, counts = np.unique(
        keyed(stream, data, offsets), return_index=True, return_inverse=True, return_counts=True
    )
    rows = np.searchsorted(stream.starts, where, side="right") - 1
    spans = stream.spans[where] + offsets[rows][:, None]
    is_word = data[spans[:, 0]] < 0xE0
    rare = counts < training.least
    cells = np.zeros(training.cells, np.uint16)
    taken = _put(cells, *_letters(data, spans[is_word], ~rare[is_word]))
    ids = ids.astype(np.int64)
    ids[(rare & is_word)[ids]] = len(vocabulary)  # one id for all rare words; rare characters keep theirs
    text = np.repeat(np.arange(len(series)), np.diff(stream.starts))
    alone, *several = _counted(np.append(vocabulary, UNKNOWN), ids, text, training.least)
    taken += _put(cells, alone.keys, alone.costs)
    keys, costs, saved = (np.concatenate(column) for column in zip(*several, strict=True))
    best = np.lexsort((keys, -saved))[: max(int(training.full * training.cells) - taken, 0)]
    _put(cells, keys[best], costs[best])
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(MAGIC + cells.astype("<u2").tobytes())
    return Asset.of(out)


def _counted(
    vocabulary: NDArray[np.uint64], ids: NDArray[np.int64], text: NDArray[np.int64], least: int
) -> tuple[Grams, Grams, Grams]:
    """Single tokens with the weights of backing off from them, pairs, and threes; `text` says whose a token is."""
    size = np.int64(len(vocabulary))
    alone = np.bincount(ids, minlength=size)
    cost = -np.log(np.maximum(alone, 1) / alone.sum())
    listed = np.flatnonzero(alone >= least)

    joined = text[:-1] == text[1:]
    pairs, which, together = np.unique(
        ids[:-1][joined] * size + ids[1:][joined], return_inverse=True, return_counts=True
    )
    first, second = pairs // size, pairs % size
    followed = np.maximum(np.bincount(first, weights=together, minlength=size), 1)
    left = DISCOUNT * np.maximum(np.bincount(first, minlength=size), 1) / followed  # for what was not seen behind it
    back = np.where(followed > 1, -np.log(np.minimum(left, 1.0)), 0.0)
    pair_cost = -np.log((together - DISCOUNT) / followed[first] + left[first] * np.exp(-cost[second]))
    pair_saved = together * (cost[second] + back[first] - pair_cost)

    place = np.full(len(ids), -1, np.int64)
    place[:-1][joined] = which
    chain = np.flatnonzero((place[:-1] >= 0) & (place[1:] >= 0))
    threes, times = np.unique(place[chain] * size + ids[chain + 2], return_counts=True)
    head, last = threes // size, threes % size
    tail = np.searchsorted(pairs, second[head] * size + last)
    followed = np.bincount(head, weights=times, minlength=len(pairs)).clip(1)
    left = DISCOUNT * np.bincount(head, minlength=len(pairs)) / followed
    three_cost = -np.log((times - DISCOUNT) / followed[head] + left[head] * np.exp(-pair_cost[tail]))
    three_saved = times * (pair_cost[tail] + AWAY - three_cost)

    weighed = listed[back[listed] >= STEP / 2]
    singles = Grams(
        np.concatenate([_keys(ONE, vocabulary[listed]), _keys(BACK, vocabulary[weighed])]),
        np.concatenate([cost[listed], back[weighed]]),
        np.zeros(0),
    )
    kept = np.flatnonzero((together > 1) & (pair_saved > 0))
    two = _keys(TWO, vocabulary[first[kept]], vocabulary[second[kept]])
    more = np.flatnonzero((times > 1) & (three_saved > 0))
    three = _keys(THREE, vocabulary[first[head[more]]], vocabulary[second[head[more]]], vocabulary[last[more]])
    return (
        singles, Grams(two, pair_cost[kept], pair_saved[kept]), Grams(three, three_cost[more], three_saved[more])
    )  # fmt: skip


def _letters(
    data: NDArray[np.uint8], spans: NDArray[np.int64], known: NDArray[np.bool_]
) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
    """(keys, costs) of spellings: each letter behind up to three others, over the different words. Those that are met
    more than once count twice: a rare one may be a slip."""
    quads, weight = spellings(data, spans, 1 + known.astype(np.int64))
    grams_of: list[NDArray[np.uint64]] = []
    costs: list[NDArray[np.float64]] = []
    total = np.bincount(quads & 0xFF, weights=weight, minlength=32)
    lower, lower_chance = np.arange(32), (total + 1) / (total.sum() + 32)
    for length in (1, 2, 3):
        grams, inverse = np.unique(quads & (1 << 8 * (length + 1)) - 1, return_inverse=True)
        count = np.bincount(inverse, weights=weight)
        context, of = np.unique(grams >> 8, return_inverse=True)
        behind = np.bincount(of, weights=count)
        left = DISCOUNT * np.bincount(of) / behind
        base = lower_chance[np.searchsorted(lower, grams & (1 << 8 * length) - 1)]
        chance = (count - DISCOUNT) / behind[of] + left[of] * base
        chosen = count > length - 1
        last = (grams & 0xFF)[chosen].astype(np.uint64)
        grams_of.append(
            _keys(LETTERS, context[of][chosen].astype(np.uint64), last, np.full(len(last), length, np.uint64))
        )
        costs.append(-np.log(chance[chosen]))
        lower, lower_chance = grams, chance
    return np.concatenate(grams_of), np.concatenate(costs)


def _keys(salt: int, first: NDArray[np.uint64], *others: NDArray[np.uint64]) -> NDArray[np.uint64]:
    rest = [*others, *(np.zeros(len(first), np.uint64) for _ in range(2 - len(others)))]
    return keys(salt, first, *rest)


def _put(cells: NDArray[np.uint16], grams: NDArray[np.uint64], costs: NDArray[np.float64]) -> int:
    """How many cells the n-grams took."""
    return int(put(cells, grams, np.clip(np.rint(costs / STEP), 0, LEVELS - 1).astype(np.int64)))
