"""Real documents, Chinese and English, as kept shards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import polars as pl

from curate.document import COLUMNS, content_hash, doc_id, render
from curate.mix.plan import Plan
from curate.mix.vocabulary import train_tokenizer
from curate.stage import Asset

HERE = Path(__file__).parent


@cache
def documents(kind: str = "prose") -> pl.DataFrame:
    """The documents of one kind, as a shard with two measures."""
    rows = []
    for line in (HERE / "documents.jsonl").read_text("utf-8").split("\n")[:-1]:
        row = json.loads(line)
        key = row.pop("key")
        row.setdefault("kind", "prose")
        if "messages" in row:
            row["messages"] = [{"reasoning": None, "tool_calls": None, **turn} for turn in row["messages"]]
            row["text"] = render(row["messages"])
        row |= {"doc_id": doc_id(row["source"], key), "origin_id": key, "locator": f"documents.jsonl#{len(rows)}"}
        rows.append(row | {"content_hash": content_hash(row["text"].encode()), "meta": "{}"})
    docs = pl.DataFrame([{name: row.get(name) for name in COLUMNS} for row in rows], schema=pl.Schema(COLUMNS))
    chars = pl.col("text").str.len_chars().cast(pl.Int64)
    measures = [chars.alias("chars"), (chars / 7).round(6).alias("quality_score")]
    return docs.with_columns(measures).filter(pl.col("kind") == kind)


def shards(folder: Path, docs: pl.DataFrame, cuts: Sequence[int]) -> list[str]:
    """Kept shards in `folder`, cut before the rows `cuts`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    bounds = [0, *sorted(cuts), docs.height]
    for number, (start, end) in enumerate(pairwise(bounds)):
        paths.append(str(folder / f"{number:05d}.parquet"))
        docs[start:end].write_parquet(paths[-1])
    return paths


def docs_of(mix: Path, role: str | None = None) -> pl.DataFrame:
    """The rows of docs/ of a mix, of all its channels or of those of a role, and `channel`."""
    channels = [channel for channel in Plan.read(mix / "plan.json").channels if role in (None, channel.role)]
    tables = [pl.read_parquet(mix / "docs" / f"{channel.name}.parquet") for channel in channels]
    named = [
        table.with_columns(pl.lit(channel.name).alias("channel"))
        for channel, table in zip(channels, tables, strict=True)
    ]
    return pl.concat(named)


@cache
def tokenizer_json() -> bytes:
    return train_tokenizer(documents()["text"].to_list(), 1200)


def tokenizer(folder: Path) -> Asset:
    """A tokenizer trained on the documents."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tokenizer.json"
    path.write_bytes(tokenizer_json())
    return Asset.of(path)
