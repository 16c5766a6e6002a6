"""Which stored documents are like some others: candidates by band, judged by what is stored of them."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.dedup import runs
from curate.dedup.index import Parameters
from curate.dedup.stored import Stored, halves
from curate.dedup.walk import MIDDLE, SHORT
from curate.kernels.likeness import Likeness, likeness
from curate.kernels.sketches import similarities
from curate.stage import DECIMALS

PAIRS = 1 << 13  # compared at a time: 1 KB for each side of a pair


def likeness_of(texts: pl.Series, parameters: Parameters) -> Likeness:
    """Signatures and sketches as an index with these parameters holds them."""
    return likeness(
        texts,
        n=parameters.n,
        permutations=parameters.permutations,
        sketch=parameters.sketch,
        split=parameters.split,
    )


def candidates(stored: Stored, found: Likeness) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(row of `found`, number) of each stored document that shares a band or the whole sketch with one, once, in order.

    At most `DEPTH` for each of these, the oldest: copies of one notice do not make it slow.
    """
    some, keys = runs.meeting_keys(found, stored.parameters)
    order = np.argsort(keys.ravel(), kind="stable")
    places, numbers = runs.found(stored.bands(), keys.ravel()[order])
    pairs = np.unique(np.stack([some[order[places] // keys.shape[1]], numbers]), axis=1)
    return pairs[0], pairs[1]


def alike(stored: Stored, one: Likeness, left: NDArray[np.int64], numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """f64[pairs]: the similarity of text left[i] of `one` to the stored document numbers[i].

    Exact where both have fewer different shingles than a sketch holds. Otherwise the mean of what sketch and signature
    say, by their sizes; they hash differently, so that it is as good as one sketch of both sizes. Short texts are
    judged as in `walk`: 0 where one has fewer than `SHORT` shingles and they are not equal, or fewer than `MIDDLE` and
    neither holds all of the other. Rounded as measures are.
    """
    out = np.empty(len(left), np.float64)
    for begin in range(0, len(left), PAIRS):
        some = slice(begin, begin + PAIRS)
        others, right = np.unique(numbers[some], return_inverse=True)
        out[some] = _alike(stored, one, left[some], others, right.astype(np.int64))
    return np.round(out, DECIMALS)


def _alike(
    stored: Stored, one: Likeness, left: NDArray[np.int64], others: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.float64]:
    size, permutations = stored.parameters.sketch, stored.parameters.permutations
    signatures, sketches = stored.gathered("signatures", others), stored.sketches(others)
    ours, theirs = np.diff(one.sketches.starts)[left], np.diff(sketches.starts)[right]
    whole = (ours < size) & (theirs < size)
    exact = similarities(one.sketches, sketches, left, right, 2 * size)
    sampled = similarities(one.sketches, sketches, left, right, size)
    signed = (one.signatures[left] == signatures[right]).mean(axis=1)
    found = np.where(whole, exact, (size * sampled + permutations * signed) / (size + permutations))
    least, most = np.minimum(ours, theirs), np.maximum(np.maximum(ours, theirs), 1)
    other = (least < SHORT) & (exact < 1) | (least < MIDDLE) & (exact < least / most)
    return np.where(other, 0.0, found)


def of_stored(stored: Stored, numbers: NDArray[np.int64]) -> Likeness:
    """Signatures and sketches of stored documents."""
    return Likeness(stored.gathered("signatures", numbers), stored.sketches(numbers))


def numbers_of(stored: Stored, ids: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(row of `ids`, number) of every stored document with one of these ids, withdrawn ones too, in order."""
    first, _ = halves(ids)
    order = np.argsort(first, kind="stable")
    # As many documents as share eight bytes of their ids: those that were withdrawn and came again.
    places, numbers = runs.found(stored.id_tables(), first[order], most=1 << 10)
    rows = order[places].astype(np.int64)
    same = (stored.gathered("ids", numbers) == ids[rows]).all(axis=1)
    sort = np.lexsort((numbers[same], rows[same]))
    return rows[same][sort], numbers[same][sort]
