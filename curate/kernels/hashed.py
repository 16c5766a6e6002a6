"""A linear model over hashed tokens: each token and each pair of neighbours has a weight, found by its hash.

What it sees are parts of texts: runs of tokens in one stream of them. A part is a whole text, or a window of one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.kernels.compiled import kernel
from curate.kernels.tokens import Tokens

_PAIR = np.uint64(0x9FB21C651E98DF25)  # odd; the hash of a pair is that of its first token times this, plus the second
_SHIFT = np.uint64(20)


class Parts(NamedTuple):
    """Runs of tokens, those of a text one after another."""

    first: NDArray[np.int64]
    """i64[parts]: the first token of each."""
    end: NDArray[np.int64]
    """i64[parts]: the token behind its last."""
    starts: NDArray[np.int64]
    """i64[texts + 1]: the parts of text i are starts[i] to starts[i + 1]; each text has one at least."""

    def best(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """f64[texts]: the highest of the scores of each text's parts."""
        return np.maximum.reduceat(scores, self.starts[:-1]) if len(self.starts) > 1 else np.zeros(0)


def whole(tokens: Tokens) -> Parts:
    """Each text as one part."""
    return Parts(tokens.starts[:-1], tokens.starts[1:], np.arange(len(tokens.starts)))


def windows(tokens: Tokens, sizes: tuple[int, ...]) -> Parts:
    """Windows of each of the `sizes`, in bytes of the tokens' own text, each half over the one before.

    A text is one part if it is smaller than the smallest size, and has no windows of a size beyond twice its own.
    Wants the spans of the tokens.
    """
    length = int((tokens.spans[:, 1] - tokens.spans[:, 0]).sum())
    most = len(sizes) * (length // max(min(sizes) // 2, 1) + 2 * len(tokens.starts))
    first, end = np.empty(most, np.int64), np.empty(most, np.int64)
    starts = np.zeros(len(tokens.starts), np.int64)
    count = _windows(tokens.starts, tokens.spans, np.array(sorted(sizes), np.int64), first, end, starts)
    return Parts(first[:count], end[:count], starts)


def sums(tokens: Tokens, parts: Parts, weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """f64[parts]: the weights of each part's distinct tokens and pairs, summed in the order of the text and divided
    by the root of their number; 0 for a part without tokens. The number of weights is a power of two.
    """
    seen = np.full(len(weights), -1, np.int32)
    out = np.zeros(len(parts.first), np.float64)
    _sums(tokens.hashes, parts.first, parts.end, weights, seen, out)
    return out


def fitted(
    tokens: Tokens,
    parts: Parts,
    labels: NDArray[np.float64],
    order: NDArray[np.int64],
    *,
    buckets: int,
    rate: float,
    decay: float,
) -> tuple[NDArray[np.float32], float]:
    """(weights, bias) of a logistic regression on the `labels` of `parts` (0 or 1), by gradient descent in `order`.

    The step of each weight shrinks with what it has moved (AdaGrad). The same input gives the same bits.
    """
    weights = np.zeros(buckets, np.float32)
    moved = np.full(buckets, 1e-6, np.float32)
    seen = np.full(buckets, -1, np.int32)
    longest = int((parts.end - parts.first).max(initial=0))
    own = np.empty(2 * longest + 1, np.int64)
    bias = _fit(tokens.hashes, parts.first, parts.end, labels, order, rate, decay, weights, moved, seen, own)
    return weights, float(bias)


@kernel
def _windows(
    starts: NDArray[np.int64],
    spans: NDArray[np.int64],
    sizes: NDArray[np.int64],
    first: NDArray[np.int64],
    end: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> int:
    """How many there are; fills `first`, `end` and `counts` (where those of each text begin)."""
    to = 0
    for text in range(len(starts) - 1):
        length = 0
        for at in range(starts[text], starts[text + 1]):
            length += spans[at, 1] - spans[at, 0]
        for which in range(len(sizes)):
            size = sizes[which]
            if which and size > 2 * length:
                break
            left = right = starts[text]
            before = 0  # bytes in front of `left`
            inside = 0  # bytes from `left` to `right`
            goal = 0
            while True:
                while left < right and before < goal:
                    step = spans[left, 1] - spans[left, 0]
                    before += step
                    inside -= step
                    left += 1
                while right < starts[text + 1] and (inside < size or left == right):
                    inside += spans[right, 1] - spans[right, 0]
                    right += 1
                first[to], end[to] = left, right
                to += 1
                if right == starts[text + 1]:
                    break
                goal = before + max(size // 2, 1)
        counts[text + 1] = to
    return to


@kernel
def _bucket(hashes: NDArray[np.uint64], at: int, pair: int, count: int) -> np.int64:
    """Where the weight of the token at `at` stands, or of it and the one before it."""
    value = hashes[at]
    if pair:
        value = hashes[at - 1] * _PAIR + value
    return np.int64((value >> _SHIFT) & np.uint64(count - 1))


@kernel
def _sums(
    hashes: NDArray[np.uint64],
    first: NDArray[np.int64],
    end: NDArray[np.int64],
    weights: NDArray[np.float32],
    seen: NDArray[np.int32],
    out: NDArray[np.float64],
) -> None:
    for part in range(len(out)):
        total, distinct = 0.0, 0
        for at in range(first[part], end[part]):
            for pair in range(2 if at > first[part] else 1):
                bucket = _bucket(hashes, at, pair, len(weights))
                if seen[bucket] != part:
                    seen[bucket] = part
                    total += weights[bucket]
                    distinct += 1
        if distinct:
            out[part] = total / np.sqrt(distinct)


@kernel
def _fit(
    hashes: NDArray[np.uint64],
    first: NDArray[np.int64],
    end: NDArray[np.int64],
    labels: NDArray[np.float64],
    order: NDArray[np.int64],
    rate: float,
    decay: float,
    weights: NDArray[np.float32],
    moved: NDArray[np.float32],
    seen: NDArray[np.int32],
    own: NDArray[np.int64],
) -> float:
    """The bias; fills `weights`."""
    bias = 0.0
    for step in range(len(order)):
        part = order[step]
        total, distinct = 0.0, 0
        for at in range(first[part], end[part]):
            for pair in range(2 if at > first[part] else 1):
                bucket = _bucket(hashes, at, pair, len(weights))
                if seen[bucket] != step:
                    seen[bucket] = step
                    own[distinct] = bucket
                    distinct += 1
                    total += weights[bucket]
        if not distinct:
            continue
        scale = 1.0 / np.sqrt(distinct)
        error = 1.0 / (1.0 + np.exp(-(total * scale + bias))) - labels[part]
        for place in range(distinct):
            bucket = own[place]
            gradient = error * scale + decay * weights[bucket]
            moved[bucket] += np.float32(gradient * gradient)
            weights[bucket] -= np.float32(rate * gradient / np.sqrt(moved[bucket]))
        bias -= 0.05 * error
    return bias
