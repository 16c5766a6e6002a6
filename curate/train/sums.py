"""Losses added up: by document, by channel, by role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Sums:
    """Nats and supervised tokens by channel, in the order of `channels`; only those with tokens count for a mean."""

    channels: tuple[str, ...]
    nats: tuple[float, ...]
    tokens: tuple[int, ...]

    @classmethod
    def none(cls, channels: Sequence[str]) -> Sums:
        return cls(tuple(channels), (0.0,) * len(channels), (0,) * len(channels))

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.channels,
            tuple(a + b for a, b in zip(self.nats, other.nats, strict=True)),
            tuple(a + b for a, b in zip(self.tokens, other.tokens, strict=True)),
        )

    def mean(self, channel: str) -> float | None:
        """Nats per supervised token of a channel; None where it has none."""
        place = self.channels.index(channel)
        return self.nats[place] / self.tokens[place] if self.tokens[place] else None

    def total(self) -> float | None:
        """Nats per supervised token over all channels; None where there is none."""
        tokens = sum(self.tokens)
        return sum(self.nats) / tokens if tokens else None

    def by(self, roles: Mapping[str, str]) -> Sums:
        """The same by role, where `roles` says the role of each channel; roles in alphabetical order."""
        names = tuple(sorted(set(roles.values())))
        nats, tokens = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0)
        for channel, lost, counted in zip(self.channels, self.nats, self.tokens, strict=True):
            nats[roles[channel]] += lost
            tokens[roles[channel]] += counted
        return Sums(names, tuple(nats.values()), tuple(tokens.values()))


@dataclass(frozen=True)
class SpanLoss:
    """What a step lost on one document's part of one row. `document` is a row of docs/CHANNEL.parquet."""

    row: int
    channel: str
    document: int
    tokens: int
    nats: float


@dataclass(frozen=True, kw_only=True)
class Spans:
    """The documents' parts in a batch, in the order of its places; arrays of one length, on the host.

    `channel` is a place in `channels`, `document` a row of docs/CHANNEL.parquet (-1: padding), `tokens` how many of its
    places predict something.
    """

    channels: tuple[str, ...] = field(default=())
    row: np.ndarray[tuple[int], np.dtype[np.int64]]
    channel: np.ndarray[tuple[int], np.dtype[np.int64]]
    document: np.ndarray[tuple[int], np.dtype[np.int64]]
    tokens: np.ndarray[tuple[int], np.dtype[np.int64]]

    def __len__(self) -> int:
        return len(self.row)

    def sums(self, nats: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Sums:
        """By channel, from the nats of each span (fp64)."""
        size = len(self.channels)
        lost = np.bincount(self.channel, weights=nats, minlength=size)
        counted = np.bincount(self.channel, weights=self.tokens, minlength=size)
        return Sums(self.channels, tuple(map(float, lost)), tuple(map(int, counted)))

    def losses(self, nats: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[SpanLoss]:
        """A loss for each span that predicts anything."""
        return [
            SpanLoss(int(row), self.channels[channel], int(document), int(tokens), float(lost))
            for row, channel, document, tokens, lost in zip(
                self.row, self.channel, self.document, self.tokens, nats, strict=True
            )
            if tokens
        ]
