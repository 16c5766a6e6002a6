"""The walk through a component: from the preferred document on, each is kept or gives way to one that is kept.

Verified pairs chain (A like B, B like C, A unlike C): a document is therefore removed only if it is near enough to a
*kept* one, which is then its evidence.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curate.dedup.compact import COARSE, FINE, differing, unpacked
from curate.kernels.compiled import frozen, kernel
from curate.kernels.sketches import Sketches
from curate.stage import DECIMALS

DEPTH = 16  # kept documents that are looked at in each band of a document

REACH = 512
"""As `DEPTH`, for documents of fewer than `MIDDLE` shingles. Notices and questions made from one template fill its
bands with documents that can't be each other's copies, and a copy that stands far behind is not seen: of 300 notices
that came again with four words in front, 218 were found 16 deep. To compare such sets takes a tenth of a microsecond.
"""

SHORT = 32
"""Shingles: with fewer, one token at the end of a text is less than a twentieth of it and may be all that counts."""

MIDDLE = 64
"""Shingles: with fewer, a text may have something before or behind it that the other has not, and nothing else. What is
put in another's place is what sets apart sections of a statute, questions and poems (docs/log.md: of pairs that are as
like as .76, 103 Chinese posts are copies, most of which only add a source, and 8 English sections are not)."""

CLEAR = 0.1
"""What a first look by odd sketches must lie below the limit for a pair not to be compared in full. It errs by .01 (a
standard error), and by .03 where both texts are long and one is twice the other."""


def walk(
    order: NDArray[np.int64],
    groups: NDArray[np.uint64],
    bands: NDArray[np.uint32],
    sketches: Sketches,
    small: NDArray[np.bool_],
    size: int,
    limit: float,
    checks: NDArray[np.uint64] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(the kept document that each gives way to, or -1; its similarity to the nearest of the kept).

    `order` takes the documents by preference, those of a component in a row. `groups` says which component each is of,
    `bands` (u32 by document and band) hash its bands, `sketches` were made with `size` and are packed (`packed`) in the
    components that `small` marks. A document is compared with kept ones that share a band with it, at most the `DEPTH`
    last ones of each band: at most bands * DEPTH comparisons a document, however large the component, and one for each
    copy in a bucket of copies; a short one (`MIDDLE`) with `REACH`. The last ones are nearest in preference, so in date
    and length. Where either has fewer
    than `SHORT` shingles, the similarity is 1 if they are equal, else 0; where either has fewer than `MIDDLE`, it is 0
    unless one holds all of the other; two of them whose `checks` (of whole sets, 0 where there is none) differ are not
    equal, though their elements are: these have 32 bits, and one shingle may be all of a text. Similarities further
    than `CLEAR` below the limit are estimates, and all of packed sketches.
    """
    documents, count = bands.shape
    buckets = np.empty((documents, count), np.int32)
    used = 0
    for band in range(count):
        _, inverse = np.unique(_joined(groups, bands[:, band]), return_inverse=True)
        buckets[:, band] = inverse + used
        used += int(inverse.max(initial=-1)) + 1
    whole, odd = unpacked(sketches, small, size)
    nearest = np.full(documents, -1, np.int64)
    similarity = np.zeros(documents, np.float64)
    _walk(
        np.ascontiguousarray(order, np.int64),
        buckets,
        used,
        frozen(sketches.values),
        frozen(sketches.starts),
        whole,
        odd.words.view(np.uint64),
        odd.facts,
        differing(FINE),
        differing(COARSE),
        np.zeros(documents, np.uint64) if checks is None else checks.astype(np.uint64),
        size,
        limit,
        10.0**DECIMALS,
        nearest,
        similarity,
    )
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
def _ones(word: np.uint64) -> np.uint64:
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@kernel
def estimate(
    words: NDArray[np.uint64],
    facts: NDArray[np.uint32],
    fine: NDArray[np.int64],
    coarse: NDArray[np.int64],
    one: int,
    other: int,
) -> float:
    """The Jaccard similarity by odd sketches; 0 where one set is so much larger that no common sample is there."""
    apart = np.int64(facts[one, 2]) - np.int64(facts[other, 2])
    if apart < 0:
        one, other, apart = other, one, -apart
    cells, halved = np.uint64(0), len(fine) // 64  # halved: where the coarse cells begin, len(coarse) // 64 words
    if apart == 0:
        for at in range(halved):
            cells += _ones(words[one, at] ^ words[other, at])
        only = fine[np.int64(cells)]
        both = np.int64(facts[one, 0]) + np.int64(facts[other, 0])
    elif apart == 1:
        middle = len(coarse) // 64  # the fine cells, folded upon each other, are coarse ones
        for at in range(middle):
            cells += _ones(words[one, halved + at] ^ words[other, at] ^ words[other, middle + at])
        only = coarse[np.int64(cells)]
        both = np.int64(facts[one, 1]) + np.int64(facts[other, 0])
    else:
        return 0.0
    if both == 0:
        return 0.0
    return max(0.0, (1000.0 * both - only) / (1000.0 * both + only))


@kernel
def _walk(
    order: NDArray[np.int64],
    buckets: NDArray[np.int32],
    used: int,
    values: NDArray[np.uint32],
    starts: NDArray[np.int64],
    whole: NDArray[np.bool_],
    words: NDArray[np.uint64],
    facts: NDArray[np.uint32],
    fine: NDArray[np.int64],
    coarse: NDArray[np.int64],
    checks: NDArray[np.uint64],
    size: int,
    limit: float,
    scale: float,
    nearest: NDArray[np.int64],
    similarity: NDArray[np.float64],
) -> None:
    documents, bands = buckets.shape
    newest = np.full(used, -1, np.int32)  # the last kept document in each bucket
    before = np.full((documents, bands), -1, np.int32)  # the kept document before it in its bucket
    seen = np.full(documents, -1, np.int32)  # for which document this one was compared last
    place = np.empty(documents, np.int32)  # in the order
    for rank in range(documents):
        document = int(order[rank])
        place[document] = rank
        reach = REACH if starts[document + 1] - starts[document] < MIDDLE else DEPTH
        for band in range(bands):
            kept = int(newest[buckets[document, band]])
            for _ in range(reach):
                if kept < 0:
                    break
                if seen[kept] != document:
                    seen[kept] = document
                    like = estimate(words, facts, fine, coarse, kept, document)
                    ours, theirs = starts[document + 1] - starts[document], starts[kept + 1] - starts[kept]
                    least, most = min(ours, theirs), max(ours, theirs)
                    if whole[kept] and whole[document] and (least < MIDDLE or like >= limit - CLEAR):
                        like = jaccard(values, starts, kept, document, size)
                        if (least < SHORT and like < 1) or (least < MIDDLE and like < least / most):
                            like = 0.0
                        if most < MIDDLE and checks[kept] != checks[document] and checks[kept] and checks[document]:
                            like = 0.0 if like == 1 else like
                    elif least < MIDDLE:
                        like = 0.0  # the other one is packed, and has half as many again at least
                    # Rounded as measures are before they meet a limit: the walk and the rule must say the same.
                    like = np.floor(like * scale + 0.5) / scale
                    best = nearest[document]
                    if like > similarity[document] or (
                        like == similarity[document] and best >= 0 and place[kept] < place[best]
                    ):
                        similarity[document], nearest[document] = like, kept
                kept = int(before[kept, band])
        if similarity[document] < limit:
            for band in range(bands):
                before[document, band] = newest[buckets[document, band]]
                newest[buckets[document, band]] = document
