"""Samples of what was removed, to be looked at item by item."""

from __future__ import annotations

import polars as pl

from curate import files
from curate.audit.excerpt import excerpt, shown_url


class NoSuchReason(LookupError):
    """The run removed nothing for this reason."""


def samples(run: str, reason: str, count: int = 10) -> pl.DataFrame:
    """Up to `count` sampled documents that were removed for `reason`, lowest id (a hash) first.

    Raises `NoSuchReason`.
    """
    paths = [file.path for file in files.found(files.join(run, "samples"))]
    held = pl.read_parquet(paths, glob=False) if paths else pl.DataFrame(schema={"reason": pl.String})
    found = held.filter(pl.col("reason") == reason)
    if not found.height:
        known = ", ".join(sorted(held["reason"].unique())) or "none"
        raise NoSuchReason(f"{run}: nothing was removed for {reason!r}; the reasons of this run are: {known}")
    return found.sort("doc_id").head(count)


def shown(found: pl.DataFrame) -> str:
    """Sampled documents as text."""
    blocks = [
        f"{row['doc_id']}  {row['source']}  {shown_url(row['url'] or row['locator'])}\n"
        f"  {excerpt(row['text'] or '(no text)')}"
        for row in found.iter_rows(named=True)
    ]
    return "\n\n".join(blocks)
