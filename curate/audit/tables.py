"""The folders of a run as tables."""

from __future__ import annotations

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
