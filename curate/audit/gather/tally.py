"""Documents, characters, bytes and tokens by some key; tallies of shards add up."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

COUNTS = ("documents", "characters", "bytes", "tokens")
Key = tuple[str | None, ...]


class Tally:
    """Sums by key. Above `most` keys those with fewest bytes are dropped, and `dropped` counts their documents."""

    def __init__(self, most: int = 200_000) -> None:
        self.most = most
        self.dropped = 0
        self._sums: dict[Key, list[int]] = {}

    def add(self, docs: pl.DataFrame, *keys: str) -> None:
        """Count documents by the columns `keys`; `docs` has `_chars`, `_bytes` and `_tokens` (null: not counted)."""
        sums = docs.group_by(keys).agg(
            pl.len(), pl.col("_chars").sum(), pl.col("_bytes").sum(), pl.col("_tokens").sum()
        )
        for row in sums.iter_rows():
            self._put(row[: len(keys)], row[len(keys) :])
        self._bound()

    def merge(self, other: Tally) -> None:
        for key, sums in other._sums.items():
            self._put(key, sums)
        self.dropped += other.dropped
        self._bound()

    def __iter__(self) -> Iterator[tuple[Key, dict[str, int]]]:
        """(key, its counts), most bytes first, then by key: the same order in every run."""
        ordered = sorted(self._sums.items(), key=_rank)
        return ((key, dict(zip(COUNTS, sums, strict=True))) for key, sums in ordered)

    def __len__(self) -> int:
        return len(self._sums)

    def get(self, *key: str | None) -> dict[str, int]:
        return dict(zip(COUNTS, self._sums.get(key, [0] * len(COUNTS)), strict=True))

    def total(self) -> dict[str, int]:
        """Over all keys that are there."""
        return {name: sum(sums[place] for sums in self._sums.values()) for place, name in enumerate(COUNTS)}

    def _put(self, key: Key, sums: list[int] | tuple[int, ...]) -> None:
        mine = self._sums.setdefault(key, [0] * len(COUNTS))
        for place, value in enumerate(sums):
            mine[place] += int(value or 0)

    def _bound(self) -> None:
        if len(self._sums) > 2 * self.most:
            ordered = sorted(self._sums.items(), key=_rank)
            self.dropped += sum(sums[0] for _, sums in ordered[self.most :])
            self._sums = dict(ordered[: self.most])


def _rank(entry: tuple[Key, list[int]]) -> tuple[int, tuple[tuple[bool, str], ...]]:
    key, sums = entry
    return -sums[2], tuple((part is None, part or "") for part in key)
