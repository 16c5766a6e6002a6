"""Which documents are for validation: whole families of documents that say the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
import pyarrow.parquet as pq

from curate import files
from curate.document import content_hash, share_of
from curate.mix.survey import EVIDENCE, cluster_of


@dataclass(frozen=True)
class Ranked:
    """Of a channel: how many documents may be drawn, how many of them have a rank below `held_out`, and its two lowest
    ranks (the same rank is the same family)."""

    usable: int = 0
    below: int = 0
    lowest: tuple[float, ...] = ()

    def __add__(self, other: Ranked) -> Ranked:
        lowest = tuple(sorted({*self.lowest, *other.lowest})[:2])
        return Ranked(self.usable + other.usable, self.below + other.below, lowest)


def columns(path: str, sft: bool) -> tuple[str, ...]:
    """What has to be read of the kept shard at `path` to know its families."""
    with files.open_read(path) as file:
        there = pq.ParquetFile(file).schema_arrow.names
    return ("parent_id", *(["messages"] if sft else []), *([EVIDENCE] if EVIDENCE in there else []))


def ranks(docs: pl.DataFrame, clusters: Collection[str]) -> pl.Series:
    """A number in [0, 1) for each document, the same within a family: those that lie below `held_out` are for
    validation.

    A family are near-duplicates (as MinHashDedup told, where it kept or only marked them), else the parts of one
    document, else dialogues that are asked the same, else documents of equal content. The seed has no part in it, so
    that mixes drawn with several seeds are judged on the same documents.
    """
    evidence = docs[EVIDENCE].to_list() if EVIDENCE in docs.columns else [None] * docs.height
    messages = docs["messages"].to_list() if "messages" in docs.columns else [None] * docs.height
    keys = [
        (cluster_of(said) if said else None)
        or (identity if identity in clusters else None)
        or parent
        or (_asked(turns) if turns else None)
        or content
        for identity, said, parent, turns, content in zip(
            docs["doc_id"], evidence, docs["parent_id"], messages, docs["content_hash"], strict=True
        )
    ]
    return pl.Series("rank", [share_of(key, "validation") for key in keys], pl.Float64)


def ranked(rows: pl.DataFrame, held_out: float) -> Ranked:
    """Of the documents of a channel that may be drawn."""
    rank = rows["rank"]
    return Ranked(rows.height, int((rank < held_out).sum()), tuple(rank.unique().sort()[:2]))


def chosen(found: Iterable[Ranked]) -> frozenset[float]:
    """Ranks that are held out beside those below `held_out`: of each channel the lowest, where none lies below and
    something is left without it."""
    return frozenset(one.lowest[0] for one in found if not one.below and len(one.lowest) > 1)


def _asked(turns: Sequence[Mapping[str, str | None]]) -> str | None:
    """A hash of what stands before the first answer."""
    before = []
    for turn in turns:
        if turn.get("role") == "assistant":
            break
        before.append(" ".join((turn.get("content") or "").split()))
    asked = "\0".join(before)
    return content_hash(asked.encode("utf-8", "surrogatepass")) if asked.strip("\0") else None
