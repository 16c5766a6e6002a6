"""A corpus stage over shards that are in memory: what the exchange does over files, for tests and small data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import polars as pl

from curate.exchange import by_key, prefix
from curate.stage import DECIMALS, BrokenStage, CorpusStage, Flow, Round

ROW = {"row": pl.UInt32()}
ADDRESS = {"shard": pl.UInt32(), **ROW}


def notes_of(
    stage: CorpusStage, shards: Sequence[pl.DataFrame], partitions: int = 4, batch: int = 1 << 20
) -> pl.DataFrame:
    """The notes of the stage's last round: `shard`, `row` and measures, sorted by them.

    `batch` is how many documents `emit` is given at a time. Neither it nor `partitions` changes the notes.
    """
    notes = pl.DataFrame(schema=ADDRESS)
    for turn, tell in turns(stage):
        sent = [
            turn.emit(docs.select(*ADDRESS, "priority", *turn.reads), notes.join(docs, on=[*ADDRESS], how="semi"))
            for docs in _batches(shards, batch)
        ]
        rows = pl.concat(sent)
        partition = pl.zeros(rows.height, pl.UInt32, eager=True) if turn.single else prefix(rows["key"], partitions)
        returned = [
            turn.reduce(by_key(rows.filter(partition == number))) for number in range(1 if turn.single else partitions)
        ]
        notes = pl.concat(returned).sort(*ADDRESS, maintain_order=True)
        tell(Flow(rows.height, notes.height, changed(notes)))
    return notes


def turns(stage: CorpusStage) -> Iterator[tuple[Round, Callable[[Flow], None]]]:
    """The rounds of `stage` in turn, each with a function by which it is told what became of it."""
    rounds = stage.rounds()
    flow: Flow | None = None

    def tell(told: Flow) -> None:
        nonlocal flow
        flow = told

    turn = next(rounds)
    while True:
        if not set(turn.reads) <= set(stage.reads):
            raise BrokenStage(f"{stage.name}: {type(turn).__name__} reads {sorted(turn.reads)}, not all of it declared")
        yield turn, tell
        assert flow is not None, "who goes through the rounds tells what became of each"
        try:
            turn = rounds.send(flow)
        except StopIteration:
            return
        flow = None


def changed(notes: pl.DataFrame) -> int:
    """How many notes say that their round changed something."""
    return int(notes["changed"].sum()) if "changed" in notes.columns else 0


def with_measures(stage: CorpusStage, docs: pl.DataFrame, shard: int, notes: pl.DataFrame) -> pl.DataFrame:
    """`docs`, of shard number `shard`, with the measures that `notes` give them, or those of `absent`.

    `row` says which documents of the shard they are; without it they are all of them. Raises `BrokenStage` where two
    notes are for one document.
    """
    mine = notes.filter(pl.col("shard") == shard) if notes.width > len(ADDRESS) else notes.clear()
    if mine["row"].is_duplicated().any():
        raise BrokenStage(f"{stage.name}: the last round addressed two notes to one document")
    rows = docs.select("row") if "row" in docs.columns else docs.select(row=pl.int_range(pl.len(), dtype=pl.UInt32))
    noted = mine.select("row", *stage.writes) if mine.height else pl.DataFrame(schema={**ROW, **stage.writes})
    joined = rows.join(noted.with_columns(noted=True), on="row", how="left", maintain_order="left")
    measures = joined.select(
        pl.when("noted").then(pl.col(name)).otherwise(pl.lit(stage.absent[name], dtype)).alias(name)
        for name, dtype in stage.writes.items()
    )
    rounded = measures.with_columns(pl.selectors.float().round(DECIMALS))
    return docs.drop(*stage.writes, strict=False).hstack(rounded)


def _batches(shards: Sequence[pl.DataFrame], size: int) -> Iterator[pl.DataFrame]:
    for number, docs in enumerate(shards):
        priority = pl.col("priority") if "priority" in docs.columns else pl.lit(0, pl.Int64)
        addressed = docs.with_columns(
            pl.lit(number, pl.UInt32).alias("shard"),
            pl.int_range(docs.height, dtype=pl.UInt32).alias("row"),
            priority.alias("priority"),
        )
        yield from (addressed[start : start + size] for start in range(0, max(docs.height, 1), size))
