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
    "contact": pl.String,
    "score": pl.Float64,
    "start": pl.Int64,
    "end": pl.Int64,
    "span": pl.String,
    "says": pl.String,
    "answer_start": pl.Int64,
    "answer_end": pl.Int64,
    "turn": pl.Int64,
    "side": pl.String,
    "answer_turn": pl.Int64,
    "answer_side": pl.String,
}


def evidence(docs: pl.DataFrame) -> pl.DataFrame:
    """The matches that `Decontaminate` wrote, by document, the best first: columns as `COLUMNS`.

    `docs` has doc_id, origin_id and contamination_evidence: documents that were kept, or verdicts with their evidence
    under that name. What is no list of matches (of a document that could not be measured) gives no rows. `start` and
    `end` are characters of the document's text, `span` the text between them, and `says` the item's, both as far as
    the stage quotes them; `answer_start` and `answer_end` where its answer stands. In dialogues `turn` and
    `answer_turn` (from 1), `side` and `answer_side` (roles) say who says the question and who the answer; `start` is
    null of what stands in reasoning or calls.
    """
    listed = docs.filter(pl.col("contamination_evidence").str.starts_with("[{"))
    rows = [
        {**match, "doc_id": identity, "origin_id": origin}
        for identity, origin, found in listed.select("doc_id", "origin_id", "contamination_evidence").iter_rows()
        for match in json.loads(found)
    ]
    return pl.DataFrame([{name: row.get(name) for name in COLUMNS} for row in rows], COLUMNS)
