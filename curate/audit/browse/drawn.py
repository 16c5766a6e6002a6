"""A random sample of documents for people to read: drawn by hash, written as JSON lines, read back in its order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import polars as pl

from curate import files
from curate.audit.browse.listing import KEPT, SHOWN, Listing
from curate.publish.address import place_of

WHOLE = 20_000  # characters of a text that stand in the sample: who reads more has read enough to say


class NoSample(ValueError):
    """The file is no sample of `curate audit sample`, or nothing can be drawn."""


def draw(place: str, number: int, seed: int) -> Iterator[dict[str, Any]]:
    """Up to `number` kept (or published) documents, each with the same chance: those with the lowest hashes of
    (seed, doc_id), in that order. The same for any order of files. Raises `NoSample`."""
    paths = Listing(place_of(place)).paths(KEPT)
    if not paths:
        raise NoSample(f"{place} holds no kept documents and no version's data; expected a run or a version")
    lowest = pl.DataFrame(schema={"doc_id": pl.String, "draw": pl.String})
    for path in paths:
        ids = pl.read_parquet(path, columns=["doc_id"], glob=False)["doc_id"]
        ranks = [blake2b(f"{seed}\0{one}".encode(), digest_size=16).hexdigest() for one in ids]
        lowest = pl.concat([lowest, pl.DataFrame({"doc_id": ids, "draw": ranks})]).sort("draw").head(number)
    found = []
    for path in paths:
        table = pl.scan_parquet(path, glob=False)
        names = [name for name in SHOWN if name in table.collect_schema()]
        mine = table.select(names).filter(pl.col("doc_id").is_in(lowest["doc_id"].implode())).collect()
        found.append(mine.with_columns(pl.col("text").str.head(WHOLE)))
    drawn = pl.concat(found, how="diagonal_relaxed").join(lowest, on="doc_id").sort("draw").drop("draw")
    yield from ({name: value for name, value in row.items() if value is not None} for row in drawn.to_dicts())


def write(rows: Iterator[dict[str, Any]], out: str) -> int:
    """The sample as a new file of JSON lines; how many documents it has."""
    count = 0
    with files.create(out) as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            count += 1
    return count


def read(path: str) -> list[dict[str, Any]]:
    """The documents of a sample, in order. Raises `NoSample`."""
    rows = []
    for number, line in enumerate(Path(path).read_text("utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise NoSample(f"{path}, line {number}: {error}; expected a sample of `curate audit sample`") from error
        if not isinstance(row, dict) or not {"doc_id", "text"} <= row.keys():
            raise NoSample(f"{path}, line {number}: no doc_id and text; expected a sample of `curate audit sample`")
        rows.append(row)
    if not rows:
        raise NoSample(f"{path} is empty; expected a sample of `curate audit sample`")
    return rows
