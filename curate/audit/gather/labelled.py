"""Which documents that people labelled are in the data that is audited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl
import pyarrow.parquet as pq

from curate import files


def there(paths: Sequence[str], doc_ids: Iterable[str]) -> frozenset[str]:
    """Those of `doc_ids` that one of the tables at `paths` holds. Reads ids alone, a row group at a time."""
    wanted = pl.Series("doc_id", sorted(set(doc_ids)), dtype=pl.String)
    found: set[str] = set()
    for path in paths if wanted.len() else ():
        with files.open_read(path) as file:
            for batch in pq.ParquetFile(file).iter_batches(columns=["doc_id"]):
                ids = pl.DataFrame(pl.from_arrow(batch))["doc_id"]
                found |= set(ids.filter(ids.is_in(wanted.implode())))
    return frozenset(found)
