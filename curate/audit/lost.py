"""The text of a document that a run removed: from the sample, or from what the stage that removed it had read."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from curate import files
from curate.audit.keys import find
from curate.ledger import Record, read_ledger
from curate.shard import Shard, batches


def text_before(run: str, doc_id: str) -> str | None:
    """The text of a removed document as the stage saw it that removed it; None where the run no longer holds it.

    What is not in the sample is read again from the object that the stage's segment took in: one shard, of which only
    ids are read but for the row group of the document. Of what went while it was read nothing is left but its place.
    """
    if (sample := _sampled(run, doc_id)) is not None:
        return sample
    place = _removed_in(run, doc_id)
    if place is None or not files.exists(files.join(run, "ledger.jsonl")):
        return None
    segment, shard = place
    taken = taken_in(read_ledger(run), segment, shard)
    if taken is None or not files.exists(files.join(run, taken.path)):
        return None
    for docs in batches(run, taken, ["doc_id"]):
        rows = docs.filter(pl.col("doc_id") == doc_id)["row"]
        if rows.len():
            for found in batches(run, taken, ["text"], rows=rows):
                text: str | None = found["text"][0]
                return text
    return None


def _sampled(run: str, doc_id: str) -> str | None:
    found = find(run, "samples", doc_id, ["doc_id"], ["text"])
    text: str | None = found["text"][0] if found is not None and found.height else None
    return text


def _removed_in(run: str, doc_id: str) -> tuple[str, str] | None:
    """(segment, shard) in which a document was removed: the name of the file that holds its verdict."""
    found = find(run, "verdicts", doc_id, ["doc_id"], ["doc_id"])
    if found is None or not found.height:
        return None
    segment, _, shard = posixpath.basename(found["_file"][0]).removesuffix(".parquet").partition(".")
    return segment, shard


def taken_in(records: Sequence[Record], segment: str, shard: str) -> Shard | None:
    """The shard as it was before `segment`: the last object written under its name, and what was laid over it since."""
    taken: Shard | None = None
    for record in records:
        if record.segment == segment:
            return taken
        made = record.objects.get("data", [])
        for number, one in enumerate(made):
            if shard == (record.shard if len(made) == 1 else f"{record.shard}.{number}"):
                taken = Shard(shard, one.path, one.rows, one.text_bytes, record.fingerprint)
        if taken is not None and record.shard == shard and record.objects.get("overlay"):
            taken = replace(taken, overlays=(*taken.overlays, record.objects["overlay"][0].path))
    return None
