"""One row of a mix from the tokens of its channel: ids, positions, documents and what is learned, in one pass each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.kernels.compiled import kernel


@kernel
def cut(
    tokens: NDArray[Any],
    starts: NDArray[np.int64],
    start: int,
    end: int,
    base: int,
    padding: int,
    wide: NDArray[np.int64],
    learned: NDArray[np.bool_],
) -> None:
    """The tokens [start, end), whatever documents they are of. `starts` are where documents begin, ascending, the first
    at 0. Fills `wide` (3, places): ids, positions, documents (ordinal in `starts` + `base`), and `learned` (places):
    all but the first token of a document or row."""
    low, high = 0, len(starts)
    while high - low > 1:  # the last document that begins at or before `start`
        middle = (low + high) >> 1
        if starts[middle] <= start:
            low = middle
        else:
            high = middle
    ids, positions, documents = wide[0], wide[1], wide[2]
    place, at = 0, start
    while at < end:
        stop = end
        if low + 1 < len(starts) and starts[low + 1] < end:
            stop = starts[low + 1]
        for position in range(stop - at):
            ids[place + position] = tokens[at + position]
            positions[place + position] = position
            documents[place + position] = low + base
            learned[place + position] = position > 0
        place += stop - at
        at = stop
        low += 1
    _pad(ids, positions, documents, learned, place, padding)


@kernel
def packed(
    tokens: NDArray[Any],
    mask: NDArray[np.uint8],
    ordinals: NDArray[np.int64],
    offsets: NDArray[np.int64],
    lengths: NDArray[np.int64],
    first: int,
    last: int,
    least: int,
    padding: int,
    wide: NDArray[np.int64],
    learned: NDArray[np.bool_],
) -> int:
    """The documents `first` to `last` (excluded) of (`ordinals`, `offsets`, `lengths`) one behind the other; how many
    tokens they have. `learned` is where `mask` is at least `least`, but for a document's first token; the rest as in
    `cut`."""
    ids, positions, documents = wide[0], wide[1], wide[2]
    place = 0
    for span in range(first, last):
        at, document = offsets[span], ordinals[span]
        for position in range(lengths[span]):
            ids[place + position] = tokens[at + position]
            positions[place + position] = position
            documents[place + position] = document
            learned[place + position] = position > 0 and mask[at + position] >= least
        place += lengths[span]
    _pad(ids, positions, documents, learned, place, padding)
    return place


@kernel
def _pad(
    ids: NDArray[np.int64],
    positions: NDArray[np.int64],
    documents: NDArray[np.int64],
    learned: NDArray[np.bool_],
    place: int,
    padding: int,
) -> None:
    for position in range(len(ids) - place):
        ids[place + position] = padding
        positions[place + position] = position
        documents[place + position] = -1
        learned[place + position] = False
