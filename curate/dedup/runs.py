"""Sorted runs of (key, document): how they are made, merged in bounded memory, kept few, and searched.

A log-structured merge: each addition writes a run of its own, which takes the youngest runs along where they are not
much larger. O'Neil and others, The log-structured merge-tree (1996), section 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from curate.dedup.arrays import Growing
from curate.dedup.index import Block, Parameters, Run, run_files
from curate.dedup.stored import Stored, halves, spread
from curate.dedup.walk import DEPTH
from curate.kernels.likeness import Likeness
from curate.kernels.signatures import EMPTY, band_keys
from curate.kernels.sketches import Sketches, prints

Sorted: TypeAlias = tuple[NDArray[np.uint64], NDArray[np.unsignedinteger[Any]]]
"""Keys in order, and the number of a document beside each; among equal keys the numbers rise."""

WINDOW = 1 << 20  # entries that a merge holds at a time: 12 MB, and as much again to sort them
CHUNK = 1 << 16  # documents whose bands are sorted together: with 20 bands, 16 MB


def meeting_keys(found: Likeness, parameters: Parameters) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """(rows that have tokens, u64[rows, bands + 1]: the keys by which they meet, of each band and of all the sketch).

    By the last one equal documents meet however full their bands are: of 300 short notices that differ in their last
    word alone, and are no copies, one in nine shares every band with more than `DEPTH` older ones.
    """
    some = np.flatnonzero((found.signatures != EMPTY).any(axis=1))
    bands = band_keys(found.signatures[some], parameters.bands, parameters.rows)
    return some, np.hstack([bands, prints(found.sketches)[some, None]])


def pieces(stored: Stored, block: Block) -> Iterator[tuple[Sorted, Sorted]]:
    """(bands, ids) of a block, some documents at a time. A document without tokens has no band."""
    for begin in range(0, block.documents, CHUNK):
        signed = np.asarray(stored.block(block, "signatures")[begin : begin + CHUNK])
        numbers = np.arange(block.first + begin, block.first + begin + len(signed), dtype=np.uint64)
        starts = np.asarray(stored.block(block, "starts")[begin : begin + len(signed) + 1])
        sketched = Sketches(stored.block(block, "sketches")[starts[0] : starts[-1]], starts - starts[0])
        some, keys = meeting_keys(Likeness(signed, sketched), stored.parameters)
        first, _ = halves(stored.block(block, "ids")[begin : begin + CHUNK])
        yield _sorted(keys.ravel(), numbers[some].repeat(keys.shape[1])), _sorted(first, numbers)


def _sorted(keys: NDArray[np.uint64], numbers: NDArray[np.uint64]) -> Sorted:
    order = np.argsort(keys, kind="stable")
    return keys[order], numbers[order]


def merged(sources: Sequence[Sorted], window: int = WINDOW) -> Iterator[Sorted]:
    """All entries of `sources` in order, about `window` at a time. The numbers of each source are above those of the
    sources before it.
    """
    at = [0] * len(sources)
    while True:
        left = [which for which, (keys, _) in enumerate(sources) if at[which] < len(keys)]
        if not left:
            return
        each = max(1, window // len(left))
        # Up to the smallest of the windows' last keys everything is in sight; that key itself may go on beyond.
        bound = min(
            (sources[which][0][at[which] + each - 1] for which in left if at[which] + each < len(sources[which][0])),
            default=None,
        )
        ends = [
            len(sources[which][0])
            if bound is None
            else int(np.searchsorted(sources[which][0][at[which] : at[which] + each], bound)) + at[which]
            for which in left
        ]
        if bound is not None and all(end == at[which] for which, end in zip(left, ends, strict=True)):
            # Nothing is below it: one key fills a window. Its entries lie in order, source by source.
            for which in left:
                keys, numbers = sources[which]
                end = int(np.searchsorted(keys, bound, side="right"))
                for begin in range(at[which], end, window):
                    stop = min(end, begin + window)
                    yield np.asarray(keys[begin:stop]), np.asarray(numbers[begin:stop])
                at[which] = max(end, at[which])
            continue
        some = [(sources[which][0][at[which] : end], sources[which][1][at[which] : end])
                for which, end in zip(left, ends, strict=True)]  # fmt: skip
        yield _sorted(
            np.concatenate([keys for keys, _ in some]),
            np.concatenate([numbers.astype(np.uint64) for _, numbers in some]),
        )
        for which, end in zip(left, ends, strict=True):
            at[which] = end


def write(
    folder: Path, kind: str, first: int, end: int, sources: Sequence[Sorted], drop: NDArray[np.int64] | None = None
) -> Run:
    """One run of all entries of `sources` but those of the documents in `drop`. `kind` is `runs` or `ids`.

    It is of the documents from `first` to before `end`, and named by them.
    """
    name = f"{first:012d}-{end:012d}"
    keys_path, numbers_path = run_files(kind, name)
    narrow = np.uint32 if end <= 1 << 32 else np.uint64
    with Growing(folder / keys_path, np.uint64) as keys, Growing(folder / numbers_path, narrow) as numbers:
        for some, of in merged(sources):
            stay = slice(None) if drop is None else ~np.isin(of, drop.astype(np.uint64))
            keys.add(some[stay])
            numbers.add(of[stay])
    return Run(name, first, end, keys.rows)


def taken_along(sizes: Sequence[int], new: int) -> int:
    """How many of the youngest runs, of `sizes` entries from the oldest on, are merged with `new` entries.

    Each run but the first is so at least twice as large as the next: there are at most log2 of the entries. The first,
    which most often is a whole version, is only rewritten when as much was added as it holds: never by a hundred
    additions of 1 %.
    """
    along = 0
    while along < len(sizes):
        size, oldest = sizes[-1 - along], along == len(sizes) - 1
        if size > new if oldest else size >= 2 * new:
            break
        new += size
        along += 1
    return along


def found(runs: Sequence[Sorted], keys: NDArray[np.uint64], most: int = DEPTH) -> tuple[NDArray[np.int64], ...]:
    """(place in `keys`, number) of the documents that stand at `keys` in any run: of each key the `most` oldest.

    Which runs the entries lie in does not change the answer. Takes time in proportion to `keys`, times the logarithm
    of the runs; sorted keys touch each page of a run once.
    """
    room = np.full(len(keys), most, np.int64)
    places, numbers = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for there, of in runs:
        begin = np.searchsorted(there, keys).astype(np.int64)
        hit = np.flatnonzero((begin < len(there)) & (room > 0))
        hit = hit[there[begin[hit]] == keys[hit]]
        count = np.minimum(np.searchsorted(there, keys[hit], side="right") - begin[hit], room[hit])
        room[hit] -= count
        places.append(np.repeat(hit, count))
        numbers.append(of[spread(begin[hit], count)].astype(np.int64))
    return np.concatenate(places), np.concatenate(numbers)
