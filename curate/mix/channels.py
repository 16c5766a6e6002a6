"""Channels: what of a mix is drawn, written and watched as one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import polars as pl

ROLES = ("domain", "general")

CELLS = ("domain", "lang", "kind", "task")
"""Columns by which target shares may split a source's documents into several channels."""


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A source's documents, or those of a source that are alike in the columns that the target shares name.

    `name` stands in names of files. What the documents of a channel don't have in common is None.
    """

    name: str
    role: str
    source: str
    domain: str | None
    lang: str | None
    kind: str | None
    task: str | None


def channels_of(found: pl.DataFrame, by: Sequence[str] = ()) -> tuple[Channel, ...]:
    """The channels of documents that `found` counts by (role, source, *CELLS), split by the columns `by`.

    Sorted by role, then name. A channel is named for its source; where a source is of both roles or is split, for these
    values too, as `news.zh`. What a file's name can't hold becomes _; names that would be equal then are told apart
    by a hash of the values.
    """
    keys = ["role", "source", *by]
    both = set(found.group_by("source").agg(pl.col("role").n_unique()).filter(pl.col("role") > 1)["source"])
    one = [pl.col(name).unique() for name in CELLS if name not in by]
    table = found.group_by(keys).agg(one).sort(keys, nulls_last=True)
    plain, rows = [], table.to_dicts()
    for row in rows:
        values = [row["source"], *([row["role"]] if row["source"] in both else []), *(row[name] for name in by)]
        plain.append(".".join(_plain("unknown" if value is None else value) for value in values))
    lowered = [name.lower() for name in plain]  # some file systems take no notice of case
    channels = []
    for row, name in zip(rows, plain, strict=True):
        if lowered.count(name.lower()) > 1:
            key = "\0".join(repr(row[column]) for column in keys)
            name = f"{name}-{blake2b(key.encode(), digest_size=4).hexdigest()}"  # noqa: PLW2901
        cells = {cell: row[cell] if cell in by else _only(row[cell]) for cell in CELLS}
        channels.append(Channel(name=name, role=row["role"], source=row["source"], **cells))
    return tuple(sorted(channels, key=lambda channel: (channel.role, channel.name)))


def numbered(rows: pl.DataFrame, channels: Sequence[Channel], by: Sequence[str]) -> pl.Series:
    """UInt32: the place in `channels` of each of `rows`."""
    keys = ["role", "source", *by]
    table = pl.DataFrame(
        {key: [getattr(channel, key) for channel in channels] for key in keys} | {"channel": range(len(channels))},
        schema={**dict.fromkeys(keys, pl.String), "channel": pl.UInt32},
    )
    return rows.select(keys).join(table, on=keys, how="left", nulls_equal=True, maintain_order="left")["channel"]


def _plain(value: str) -> str:
    """A dot separates values, so there is none in a value."""
    return re.sub(r"[^\w-]", "_", value)


def _only(values: Sequence[str | None]) -> str | None:
    return values[0] if len(values) == 1 else None
