"""The folders of a run that people and other programs read: kept, verdicts, quarantine, samples, measures.

They are views of what the records commit: hard links on disk, copies on object storage. They are made anew at the
end of every run, and the ledger is written last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from curate import files
from curate.accounts import QUARANTINE, sampled
from curate.document import COLUMNS
from curate.ledger import Record, compile_ledger
from curate.shard import Shard, read_table
from curate.stage import VERDICT

EMPTY = {"verdicts": VERDICT, "quarantine": QUARANTINE}
SIDE = ("verdicts", "quarantine", "measures")


def make(run: str, shards: Sequence[Shard], records: Sequence[Record]) -> list[str]:
    """Make all views of a run and its ledger; the paths of the kept shards, in order."""
    kept = [_view(run, "kept", f"{shard.name}.parquet", shard.path) for shard in shards]
    _sweep(run, "kept", kept or [_nothing(run, "kept", COLUMNS)])
    for kind in SIDE:
        made = [
            _view(run, kind, f"{record.segment}.{record.shard}.parquet", one.path)
            for record in records
            for one in record.objects.get(kind, [])
        ]
        if not made and kind in EMPTY:
            made = [_nothing(run, kind, EMPTY[kind])]
        _sweep(run, kind, made)
    _samples(run, records)
    compile_ledger(run, records)
    return kept


def _nothing(run: str, folder: str, schema: Mapping[str, pl.DataType]) -> str:
    """An empty table in place of no file, so that who reads the folder finds its columns."""
    path = files.join(run, folder, "none.parquet")
    with files.rewrite(path) as file:
        pl.DataFrame(schema=schema).write_parquet(file)
    return path


def _view(run: str, folder: str, name: str, path: str) -> str:
    view = files.join(run, folder, name)
    files.delete(view)
    files.link_or_copy(files.join(run, path), view)
    return view


def _sweep(run: str, folder: str, made: Sequence[str]) -> None:
    """Take away what an earlier run with another recipe left in a view."""
    for file in files.found(files.join(run, folder)):
        if file.path not in set(made):
            files.delete(file.path)


def _samples(run: str, records: Sequence[Record]) -> None:
    """samples/removed.parquet: of the shards' samples, those with the lowest hashes of each reason."""
    tables: list[pl.DataFrame] = []
    for record in records:
        for one in record.objects.get("samples", []):
            tables.append(read_table(run, one.path))
            if len(tables) > 64:  # bounded, however many shards there are
                tables = [sampled(pl.concat(tables))]
    path = files.join(run, "samples", "removed.parquet")
    files.delete(path)
    if tables:
        with files.create(path) as file:
            sampled(pl.concat(tables)).write_parquet(file)
