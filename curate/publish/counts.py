"""What a version holds, counted on what was written, and what it holds after documents came or went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from curate.publish.place import COUNTED, SPLITS

KINDS = ("source", "role", "domain", "lang", "kind", "license")


def counts(rows: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    """Rows and tokens by split, documents by source and language, from rows of (split, *COUNTED, documents, tokens,
    characters).
    """
    table = pl.DataFrame(
        list(rows),
        schema={
            "split": pl.String,
            **dict.fromkeys(COUNTED, pl.String),
            "documents": pl.Int64,
            "tokens": pl.Int64,
            "characters": pl.Int64,
        },
        orient="row",
    )
    has_tokens = table["tokens"].sum() > 0
    tokens = {
        split: dict(
            table.filter(pl.col("split") == split)
            .group_by("channel")
            .agg(pl.col("tokens").sum())
            .sort("channel")
            .rows()
        )
        for split in SPLITS
        if has_tokens and split in set(table["split"])
    }
    by_source = table.group_by(KINDS).agg(pl.col("documents", "tokens", "characters").sum())
    if not has_tokens:
        by_source = by_source.drop("tokens")
    return {
        "rows": _splits(dict(table.group_by("split").agg(pl.col("documents").sum()).rows())),
        "tokens": tokens,
        "characters": int(table["characters"].sum()),
        **_sources(by_source),
    }


def together(one: Mapping[str, Any], other: Mapping[str, Any], sign: int = 1) -> dict[str, Any]:
    """What `one` and `other` hold together, or with sign -1 what is left of `one` when `other` went. Of each the
    entries that `counts` gives are looked at.
    """
    channels = {split: _added(one["tokens"].get(split, {}), other["tokens"].get(split, {}), sign)
                for split in SPLITS if split in one["tokens"] or split in other["tokens"]}  # fmt: skip
    ours, theirs = (pl.DataFrame(part["sources"], schema=_schema(one, other), orient="row") for part in (one, other))
    numbers = [name for name in ours.columns if name not in KINDS]
    summed = (
        pl.concat([ours, theirs.with_columns(pl.col(numbers) * sign)])
        .group_by(KINDS)
        .agg(pl.col(numbers).sum())
        .filter(pl.col("documents") > 0)
    )
    return {
        "rows": _splits(_added(one["rows"], other["rows"], sign)),
        "tokens": channels,
        "characters": one["characters"] + sign * other["characters"],
        **_sources(summed),
    }


def _schema(*parts: Mapping[str, Any]) -> dict[str, Any]:
    counted = any("tokens" in source for part in parts for source in part["sources"])
    numbers = ("documents", "tokens", "characters") if counted else ("documents", "characters")
    return {**dict.fromkeys(KINDS, pl.String), **dict.fromkeys(numbers, pl.Int64)}


def _sources(by_source: pl.DataFrame) -> dict[str, Any]:
    languages = by_source.group_by(pl.col("lang").fill_null("unknown")).agg(pl.col("documents").sum()).sort("lang")
    return {
        "languages": dict(languages.rows()),
        "sources": by_source.sort(by_source.columns, nulls_last=True).to_dicts(),
    }


def _splits(rows: Mapping[str, int]) -> dict[str, int]:
    return {split: rows[split] for split in SPLITS if rows.get(split)}


def _added(one: Mapping[str, int], other: Mapping[str, int], sign: int) -> dict[str, int]:
    return {name: one.get(name, 0) + sign * other.get(name, 0) for name in sorted({*one, *other})}
