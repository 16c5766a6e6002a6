"""quarantine.parquet: documents that made a training spike, and did so again when the spike was replayed.

The stage `curate.stages.excluded.Excluded` reads it: a recipe that names the file takes these documents out, with the
reason `quarantined_by_training`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

QUARANTINE = "quarantine.parquet"
REASON = "quarantined_by_training"
COLUMNS = pl.Schema(
    {
        "doc_id": pl.String(),
        "content_hash": pl.String(),
        "source": pl.String(),
        "channel": pl.String(),
        "reason": pl.String(),
        "step": pl.Int64(),  # at which the spike was noticed
        "evidence": pl.String(),  # JSON: loss, what its channel usually loses, repetition, gradient, excerpt
    }
)


def add(out: Path, documents: Sequence[Mapping[str, Any]]) -> None:
    """Put documents (keys: `COLUMNS`) into OUT/quarantine.parquet; one that is there already stays as it is."""
    path = out / QUARANTINE
    new = pl.DataFrame(list(documents), schema=COLUMNS)
    there = pl.read_parquet(path, glob=False) if path.is_file() else new.clear()
    pending = path.with_name(f"{QUARANTINE}.pending")
    pl.concat([there, new]).unique("doc_id", keep="first", maintain_order=True).write_parquet(pending)
    os.replace(pending, path)
