"""Documents for the tests of stages."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from curate.document import COLUMNS, RAW, content_hash, doc_id
from curate.stage import Stage, measured, remove


def of_texts(texts: Sequence[str | None], kind: str = "prose", lang: str | None = None) -> pl.DataFrame:
    """A document for each text, with all columns."""
    return _documents([{"text": text, "kind": kind, "lang": lang} for text in texts])


def of_pages(pages: Sequence[bytes], content_type: str | None = "text/html", meta: str | None = None) -> pl.DataFrame:
    """A document for each page, not extracted yet."""
    return _documents([{"raw": page, "content_type": content_type, "meta": meta, "kind": "prose"} for page in pages])


def reasons(stage: Stage, docs: pl.DataFrame) -> list[set[str]]:
    """For each document the reasons for which `stage` removes it."""
    verdicts = remove(measured(stage, docs), stage.name, stage.rules).verdicts
    given = dict(verdicts.group_by("doc_id").agg("reason").iter_rows())
    return [set(given.get(identity, ())) for identity in docs["doc_id"]]


def _documents(rows: list[dict[str, object]]) -> pl.DataFrame:
    for number, row in enumerate(rows):
        content = str(row.get("text")).encode()
        row |= {"doc_id": doc_id("test", str(number)), "content_hash": content_hash(content), "source": "test"}
        row |= {"role": "general", "locator": f"test#{number}"}
    return pl.DataFrame(rows, schema={**COLUMNS, **RAW})
