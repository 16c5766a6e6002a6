"""The walk through a component: from the preferred document on, each is kept or gives way to one that is kept.

Verified pairs chain (A like B, B like C, A unlike C): a document is therefore removed only if it is near enough to a
*kept* one, which is then its evidence.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curate.kernels.compiled import kernel
from curate.kernels.sketches import Sketches
from curate.stage import DECIMALS

DEPTH = 16  # kept documents that are looked at in each band of a document
SHORT = (
    32  # shingles: with fewer, one token at the end of a text is less than a twentieth of it and may be all that counts
)


def walk(
    groups: NDArray[np.uint64], bands: NDArray[np.uint32], sketches: Sketches, size: int, limit: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(the kept document that each gives way to, or -1; its similarity to the nearest of the kept).

    Documents come in order of (component, preference): `groups` says which component each is of, `bands` (u32 by
    document and band) hash its bands, `sketches` were made with `size`. A document is compared with kept ones that
    share a band with it, at most the `DEPTH` last ones of each band: at most bands * DEPTH comparisons a document,
    however large the component, and one for each copy in a bucket of copies. The last ones are nearest in preference,
    so in date and length. Where either has fewer than `SHORT` shingles, the similarity is 1 if they are equal, else 0.
    """
    documents, count = bands.shape
    buckets = np.empty((documents, count), np.int64)
    used = 0
    for band in range(count):
        _, inverse = np.unique(_joined(groups, bands[:, band]), return_inverse=True)
        buckets[:, band] = inverse + used
        used += int(inverse.max(initial=-1)) + 1
    nearest = np.full(documents, -1, np.int64)
    similarity = np.zeros(documents, np.float64)
    values = sketches.values.view()
    values.flags.writeable = False  # as a column's buffer is: one type of array for the compiler
    _walk(buckets, used, values, sketches.starts, size, limit, 10.0**DECIMALS, nearest, similarity)
    return np.where(similarity >= limit, nearest, -1), similarity


def _joined(groups: NDArray[np.uint64], band: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """One number for (component, band); that two of them meet by chance costs a comparison and nothing else."""
    return (groups ^ band) * np.uint64(0x9FB21C651E98DF25) ^ groups


@kernel
def jaccard(values: NDArray[np.uint32], starts: NDArray[np.int64], one: int, other: int, size: int) -> float:
    """The Jaccard similarity of the sets behind sketches `one` and `other`: of their union's `size` smallest, the share
    that both have; 0 for two empty sets."""
    a, a_end = starts[one], starts[one + 1]
    b, b_end = starts[other], starts[other + 1]
    taken, shared = 0, 0
    while taken < size and (a < a_end or b < b_end):
        if b == b_end or (a < a_end and values[a] < values[b]):
            a += 1
        elif a == a_end or values[b] < values[a]:
            b += 1
        else:
            a += 1
            b += 1
            shared += 1
        taken += 1
    return shared / taken if taken else 0.0


@kernel
def _walk(
    buckets: NDArray[np.int64],
    used: int,
    values: NDArray[np.uint32],
    starts: NDArray[np.int64],
    size: int,
    limit: float,
    scale: float,
    nearest: NDArray[np.int64],
    similarity: NDArray[np.float64],
) -> None:
    documents, bands = buckets.shape
    newest = np.full(used, -1, np.int64)  # the last kept document in each bucket
    before = np.full((documents, bands), -1, np.int64)  # the kept document before it in its bucket
    seen = np.full(documents, -1, np.int64)  # for which document this one was compared last
    for document in range(documents):
        for band in range(bands):
            kept = newest[buckets[document, band]]
            for _ in range(DEPTH):
                if kept < 0:
                    break
                if seen[kept] != document:
                    seen[kept] = document
                    like = jaccard(values, starts, kept, document, size)
                    shingles = min(starts[kept + 1] - starts[kept], starts[document + 1] - starts[document])
                    if shingles < SHORT and like < 1:
                        like = 0.0
                    # Rounded as measures are before they meet a limit: the walk and the rule must say the same.
                    like = np.floor(like * scale + 0.5) / scale
                    if like > similarity[document] or (like == similarity[document] and kept < nearest[document]):
                        similarity[document], nearest[document] = like, kept
                kept = before[kept, band]
        if similarity[document] < limit:
            for band in range(bands):
                before[document, band] = newest[buckets[document, band]]
                newest[buckets[document, band]] = document
