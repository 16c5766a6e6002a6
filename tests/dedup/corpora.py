"""Documents to find copies among."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import polars as pl

from curate.corpus import notes_of, with_measures
from curate.stage import CorpusStage, remove

COLUMNS = {"doc_id": pl.String, "text": pl.String, "status": pl.String, "date": pl.String,
           "content_hash": pl.String, "origin_id": pl.String, "locator": pl.String, "priority": pl.Int64}  # fmt: skip


def documents(texts: Sequence[str | None], **columns: Sequence[object]) -> pl.DataFrame:
    """Documents d000, d001 ...; `columns` set more than the text."""
    ids = [f"d{number:03d}" for number in range(len(texts))]
    given = {"doc_id": ids, "locator": ids, "content_hash": ids, "priority": [0] * len(texts), "text": texts, **columns}
    return pl.DataFrame({name: given.get(name, [None] * len(texts)) for name in COLUMNS}, schema=COLUMNS)


def judged(stage: CorpusStage, shards: Sequence[pl.DataFrame], **exchange: int) -> pl.DataFrame:
    """All documents with the stage's measures."""
    notes = notes_of(stage, shards, **exchange)
    return pl.concat([with_measures(stage, docs, number, notes) for number, docs in enumerate(shards)])


def removed(stage: CorpusStage, docs: pl.DataFrame) -> dict[str, str]:
    """Evidence by the id of each document that the stage's rules take out of `docs`."""
    verdicts = remove(judged(stage, [docs]), stage.name, stage.rules).verdicts
    return dict(verdicts.select("doc_id", "evidence").iter_rows())


def words(draw: random.Random, count: int, language: str) -> list[str]:
    """A stream of random tokens."""
    if language == "zh":
        return [chr(draw.randrange(0x4E00, 0x5200)) for _ in range(count)]
    return ["".join(draw.choices("abcdefghijklmnop", k=5)) for _ in range(count)]


def joined(tokens: Sequence[str], language: str) -> str:
    return ("" if language == "zh" else " ").join(tokens)


def splits(docs: pl.DataFrame, draw: random.Random) -> list[pl.DataFrame]:
    """`docs` in another order, cut into shards at random places."""
    order = list(range(docs.height))
    draw.shuffle(order)
    cuts = sorted(draw.choices(range(docs.height + 1), k=draw.randrange(6)))
    bounds = [0, *cuts, docs.height]
    return [docs[order][a:b] for a, b in pairwise(bounds)]
