"""A linear model over hashed tokens: each token and each pair of neighbours has a weight, found by its hash."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curate.kernels.compiled import kernel
from curate.kernels.tokens import Tokens

_PAIR = np.uint64(0x9FB21C651E98DF25)  # odd; the hash of a pair is that of its first token times this, plus the second
_SHIFT = np.uint64(20)


def sums(tokens: Tokens, weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """f64[n]: for each text the weights of its distinct tokens and pairs, summed in the order of the text and divided
    by the root of their number; 0 for a text without tokens. The number of weights is a power of two.
    """
    seen = np.full(len(weights), -1, np.int64)
    out = np.zeros(len(tokens.starts) - 1, np.float64)
    _sums(tokens.hashes, tokens.starts, weights, seen, out)
    return out


def fitted(
    tokens: Tokens, labels: NDArray[np.float64], order: NDArray[np.int64], *, buckets: int, rate: float, decay: float
) -> tuple[NDArray[np.float32], float]:
    """(weights, bias) of a logistic regression on `labels` (0 or 1), by gradient descent over texts in `order`.

    The step of each weight shrinks with what it has moved (AdaGrad). The same input gives the same bits.
    """
    weights = np.zeros(buckets, np.float32)
    moved = np.full(buckets, 1e-6, np.float32)
    seen = np.full(buckets, -1, np.int64)
    longest = int(np.diff(tokens.starts).max(initial=0))
    own = np.empty(2 * longest + 1, np.int64)
    bias = _fit(tokens.hashes, tokens.starts, labels, order, rate, decay, weights, moved, seen, own)
    return weights, float(bias)


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
    starts: NDArray[np.int64],
    weights: NDArray[np.float32],
    seen: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:
    for text in range(len(out)):
        total, distinct = 0.0, 0
        for at in range(starts[text], starts[text + 1]):
            for pair in range(2 if at > starts[text] else 1):
                bucket = _bucket(hashes, at, pair, len(weights))
                if seen[bucket] != text:
                    seen[bucket] = text
                    total += weights[bucket]
                    distinct += 1
        if distinct:
            out[text] = total / np.sqrt(distinct)


@kernel
def _fit(
    hashes: NDArray[np.uint64],
    starts: NDArray[np.int64],
    labels: NDArray[np.float64],
    order: NDArray[np.int64],
    rate: float,
    decay: float,
    weights: NDArray[np.float32],
    moved: NDArray[np.float32],
    seen: NDArray[np.int64],
    own: NDArray[np.int64],
) -> float:
    """The bias; fills `weights`."""
    bias = 0.0
    for step in range(len(order)):
        text = order[step]
        total, distinct = 0.0, 0
        for at in range(starts[text], starts[text + 1]):
            for pair in range(2 if at > starts[text] else 1):
                bucket = _bucket(hashes, at, pair, len(weights))
                if seen[bucket] != step:
                    seen[bucket] = step
                    own[distinct] = bucket
                    distinct += 1
                    total += weights[bucket]
        if not distinct:
            continue
        scale = 1.0 / np.sqrt(distinct)
        error = 1.0 / (1.0 + np.exp(-(total * scale + bias))) - labels[text]
        for place in range(distinct):
            bucket = own[place]
            gradient = error * scale + decay * weights[bucket]
            moved[bucket] += np.float32(gradient * gradient)
            weights[bucket] -= np.float32(rate * gradient / np.sqrt(moved[bucket]))
        bias -= 0.05 * error
    return bias
