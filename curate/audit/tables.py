"""The folders of a run as tables."""

from __future__ import annotations

import json
import posixpath
from typing import Any

import polars as pl

from curate import files


def scan(run: str, folder: str, file_column: str | None = None) -> pl.LazyFrame | None:
    """All files of a folder of the run as one table, None where there are none; `file_column` names each row's file."""
    paths = [file.path for file in files.found(files.join(run, folder))]
    if not paths:
        return None
    return pl.scan_parquet(
        paths, missing_columns="insert", extra_columns="ignore", glob=False, include_file_paths=file_column
    )


def described(run: str) -> dict[str, Any]:
    """run.json of the run: recipe, rules, segments, versions, inputs; empty where there is none."""
    place = files.join(run, "run.json")
    return json.loads(files.read_bytes(place)) if files.exists(place) else {}


def measures(run: str, stage: str | None = None) -> pl.DataFrame | None:
    """What was measured of the documents that `stage` (any, if None) removed; None where nothing was stored.

    Each file has the columns of the stages that its documents came through, so that they are not one table to `scan`.
    """
    tables = []
    for file in files.found(files.join(run, "measures")):
        table = pl.scan_parquet(file.path, glob=False)
        tables.append(table.collect() if stage is None else table.filter(pl.col("stage") == stage).collect())
    tables = [table for table in tables if table.height]
    return pl.concat(tables, how="diagonal_relaxed") if tables else None


def measures_of(run: str, verdicts: str, doc_id: str) -> dict[str, Any] | None:
    """What was measured of a document before it went, from the measures beside the table `verdicts` that tells of it.

    In f32, but for the rules that it failed: the verdicts hold those exactly.
    """
    path = files.join(run, "measures", posixpath.basename(verdicts))
    if not files.exists(path):
        return None
    table = pl.scan_parquet(path, glob=False).filter(pl.col("doc_id") == doc_id).collect()
    return (
        {name: value for name, value in table.row(0, named=True).items() if value is not None} if table.height else None
    )
