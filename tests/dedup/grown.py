"""Versions that grow, made by the whole job: Chinese and English documents of random tokens, and twins of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from curate.dedup.exact import ExactDedup
from curate.dedup.index import Parameters
from curate.dedup.known import Known
from curate.dedup.minhash import MinHashDedup
from curate.document import COLUMNS, content_hash, doc_id
from curate.engine import Engine, Inline
from curate.job import run
from curate.progress import Lines
from curate.publish.settings import Version
from curate.publish.version import publish
from curate.recipe import Recipe, Source
from tests import faults
from tests.dedup.corpora import joined, words
from tests.mix.kept import shards


def fresh(seed: str, count: int, length: int = 150) -> list[dict[str, str]]:
    """Rows of documents that are like no others, Chinese and English by turns."""
    rows = []
    for number in range(count):
        language = ("zh", "en")[number % 2]
        draw = random.Random(f"{seed}-{number}")
        text = joined(words(draw, length + draw.randrange(length), language), language)
        rows.append({"id": f"{seed}-{number}", "text": text, "lang": language})
    return rows


def twin(row: dict[str, str], seed: str, edits: int = 2) -> dict[str, str]:
    """A document with `edits` tokens of it replaced, under another id."""
    draw = random.Random(seed + row["id"])
    tokens = list(row["text"]) if row["lang"] == "zh" else row["text"].split(" ")
    for _ in range(edits):
        tokens[draw.randrange(len(tokens))] = words(draw, 1, row["lang"])[0]
    return {"id": f"{seed}-{row['id']}", "text": joined(tokens, row["lang"]), "lang": row["lang"]}


def recipe(folder: Path, rows: Sequence[dict[str, str]], extends: Path | None = None, **more: Any) -> Recipe:
    """A recipe over `rows`, which are written to `folder`; with `extends` it adds to the version there."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in range(3):
        faults.write(folder / f"part-{part}.jsonl", rows[part::3])
    known = () if extends is None else (Known.of(extends),)
    name = folder.name.lower().replace("_", "-")
    version = Version(name=name, title="Grown, 中文 and English", extends=None if extends is None else str(extends))
    settings = {"stages": (*known, ExactDedup(), MinHashDedup()), "version": version, **more}
    return Recipe(name="grown", sources=(Source(name="pages", path=str(folder), key="id"),), **settings)


def published(
    folder: Path, rows: Sequence[dict[str, str]], extends: Path | None = None, engine: Engine | None = None, **more: Any
) -> Path:
    """The version that a run of `recipe` publishes."""
    out = folder.with_name(f"{folder.name}.run")
    run(recipe(folder, rows, extends, **more), str(out), engine or Inline(), Lines())
    return out / "version"


def directly(folder: Path, rows: Sequence[dict[str, str]], extends: Path | None = None) -> Path:
    """A version of exactly these documents, published without a run: nothing is compared."""
    docs = pl.DataFrame(
        [
            {"doc_id": doc_id("pages", row["id"]), "origin_id": row["id"], "text": row["text"], "lang": row["lang"],
             "content_hash": content_hash(row["text"].encode()), "source": "pages", "role": "general",
             "kind": "prose", "locator": f"pages#{number}", "url": f"https://example.org/{row['id']}"}
            for number, row in enumerate(rows)
        ],
        schema=COLUMNS,
    )  # fmt: skip
    kept = shards(folder.with_name(f"{folder.name}.kept"), docs, [docs.height // 2])
    version = Version(name=folder.name, title="Grown", extends=None if extends is None else str(extends))
    publish(version, kept, None, str(folder), {}, Inline(), signatures=Parameters.of(MinHashDedup()))
    return folder


def held(version: Path) -> set[str]:
    """The origin_ids of the documents in a version."""
    return set(pl.read_parquet(version / "data" / "*.parquet", columns=["origin_id"])["origin_id"])


def verdicts(version: Path) -> pl.DataFrame:
    """The verdicts of the run that published a version."""
    return pl.read_parquet(version.parent / "verdicts" / "*.parquet")
