"""What a stage that costs money or a service's time tells of it: before its first question, and while it asks."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import polars as pl

from curate.progress import EVERY, Reporter
from curate.shard import Shard, batches
from curate.stage import AnyStage, Metered, Schema, Stage

SHARDS, DOCUMENTS = 4, 50  # so many shards, spread over all, and so many documents of each are what is predicted from


@contextmanager
def told(stages: Sequence[AnyStage], run: str, shards: Sequence[Shard], report: Reporter) -> Iterator[None]:
    """Says what the metered ones of `stages` tell: before, every ten seconds, and at the end."""
    metered = [stage for stage in stages if isinstance(stage, Stage) and isinstance(stage, Metered)]
    if not metered:
        yield
        return
    for stage in metered:
        report.say(stage.foretold(_some(run, shards, stage.reads), sum(shard.rows for shard in shards)))
    done = threading.Event()

    def tell() -> None:
        while not done.wait(EVERY):
            for stage in metered:
                report.say(stage.told())

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
        for stage in metered:
            report.say(stage.told())


def _some(run: str, shards: Sequence[Shard], columns: Schema) -> pl.DataFrame:
    """`columns` of a few documents of a few shards."""
    step = max(1, len(shards) // SHARDS)
    firsts = (next(batches(run, shard), None) for shard in shards[::step][:SHARDS])
    tables = [docs.head(DOCUMENTS).select(columns.keys()) for docs in firsts if docs is not None]
    return pl.concat(tables) if tables else pl.DataFrame(schema=columns)
