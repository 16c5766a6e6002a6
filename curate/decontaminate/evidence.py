"""The evidence as a table: a row for each item that was found in a document."""

from __future__ import annotations

import json

import polars as pl

COLUMNS = {
    "doc_id": pl.String,
    "origin_id": pl.String,
    "benchmark": pl.String,
    "split": pl.String,
    "item": pl.String,
    "part": pl.String,
    "score": pl.Float64,
    "start": pl.Int64,
    "end": pl.Int64,
    "span": pl.String,
}


def evidence(docs: pl.DataFrame) -> pl.DataFrame:
    """The matches that `Decontaminate` wrote into `docs`, by document, the best first: columns as `COLUMNS`.

    `start` and `end` are characters of the document's text, `span` is the text between them. `docs` has doc_id,
    origin_id, text and contamination_evidence, for documents that were kept and removed alike.
    """
    touched = docs.filter(pl.col("contamination_evidence").is_not_null())
    rows = [
        {**match, "doc_id": identity, "origin_id": origin, "span": text[match["start"] : match["end"]]}
        for identity, origin, text, found in touched.select(
            "doc_id", "origin_id", "text", "contamination_evidence"
        ).iter_rows()
        for match in json.loads(found)
    ]
    return pl.DataFrame([{name: row[name] for name in COLUMNS} for row in rows], COLUMNS)
