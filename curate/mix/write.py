"""A channel's tokens to disk, in the order of the draw, a partition at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import polars as pl

from curate import files
from curate.exchange import Parcel, gather
from curate.mix.count import TRAIN, VALIDATION
from curate.table import FixedTable

DOCS = pl.Schema(
    {
        "doc_id": pl.String(),
        "content_hash": pl.String(),
        "source": pl.String(),
        "role": pl.String(),
        "domain": pl.String(),
        "lang": pl.String(),
        "kind": pl.String(),
        "task": pl.String(),
        "license": pl.String(),
        "offset": pl.Int64(),  # of its first token in the channel's file of its split; null for what was left out
        "length": pl.Int64(),  # tokens, the end token among them
        "supervised": pl.Int64(),
        "control": pl.Int64(),  # control tokens: those that the template writes, or the end token
        "split": pl.String(),  # train, validation, unused (written, not drawn), or why it was left out
        "epochs": pl.Int64(),  # how often it is read; 0 unless its split is train
    }
)


PARTS = (TRAIN, VALIDATION, "left_out")
"""What `written` makes of a channel's documents, in a table each below parts/."""


class Doubled(ValueError):
    """Two kept documents have one id: their tokens would be counted twice."""


@dataclass(frozen=True)
class Written:
    """A channel's files below the mix's folder with their SHA-256."""

    digests: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Task:
    """A channel to write: its number and name, its first partition and the one behind its last."""

    number: int
    name: str
    begin: int
    end: int


def part_path(out: str, number: int, part: str) -> str:
    """Where `written` describes a part of channel number `number`."""
    return files.join(out, "parts", f"{number}.{part}.parquet")


def written(
    channel: Task, *, parcels: Sequence[Parcel], held_out: float, chosen: frozenset[float], sft: bool, out: str
) -> Written:
    """Write the files of a channel below `out`.

    tokens/ (and masks/ for sft) hold training and validation in files of their own; tables of `PARTS` describe them,
    train meaning everything that may be drawn. Validation takes the documents whose rank lies below `held_out` or is
    among `chosen`.
    """
    name = channel.name
    with ExitStack() as stack:
        sinks = {
            f"{kind}/{name}{suffix}.bin": stack.enter_context(_Sink(files.join(out, kind, f"{name}{suffix}.bin")))
            for kind in (("tokens", "masks") if sft else ("tokens",))
            for suffix in ("", ".heldout")
        }
        tables = {
            part: stack.enter_context(FixedTable(_free(part_path(out, channel.number, part)), DOCS)) for part in PARTS
        }
        offset = {TRAIN: 0, VALIDATION: 0}
        for rows in _ordered(parcels, channel.begin, channel.end):
            held = (pl.col("rank") < held_out) | pl.col("rank").is_in(list(chosen))
            split = pl.when(held).then(pl.lit(VALIDATION)).otherwise(pl.lit(TRAIN))
            rows = rows.with_columns(  # noqa: PLW2901
                pl.coalesce("split", split).alias("split"), pl.lit(0, pl.Int64).alias("epochs")
            )
            for which, suffix in ((TRAIN, ""), (VALIDATION, ".heldout")):
                mine = rows.filter(pl.col("split") == which)
                for data in mine["tokens"]:
                    sinks[f"tokens/{name}{suffix}.bin"].write(data)
                if sft:
                    for data in mine["mask"]:
                        sinks[f"masks/{name}{suffix}.bin"].write(data)
                before = pl.col("length").cum_sum() - pl.col("length")
                tables[which].add(mine.with_columns((before + offset[which]).alias("offset")))
                offset[which] += int(mine["length"].sum())
            left_out = rows.filter(~pl.col("split").is_in([TRAIN, VALIDATION]))
            tables["left_out"].add(left_out.with_columns(pl.lit(None, pl.Int64).alias("offset")))
    return Written(tuple((path, sink.digest.hexdigest()) for path, sink in sorted(sinks.items())))


def _ordered(parcels: Sequence[Parcel], begin: int, end: int) -> Iterator[pl.DataFrame]:
    """The rows of a channel in the order of the draw, a partition at a time. Raises `Doubled`."""
    for partition in range(begin, end):
        rows = gather(parcels, partition)
        if rows is None:
            continue
        rows = rows.sort("order", "doc_id")
        twice = rows.filter(pl.col("doc_id") == pl.col("doc_id").shift())
        if twice.height:
            raise Doubled(
                f"document {twice['doc_id'][0]} of source '{twice['source'][0]}' was kept twice; "
                "an id must be in the kept documents once: was a shard given twice?"
            )
        yield rows


def _free(path: str) -> str:
    """`path`, where an attempt that failed half-way may have left a finished file."""
    files.delete(path)
    return path


class _Sink:
    """A new file that is hashed as it is written."""

    def __init__(self, path: str) -> None:
        self.digest = hashlib.sha256()
        self._file = files.create(_free(path))

    def write(self, data: bytes) -> None:
        self.digest.update(data)
        self._file.write(data)

    def __enter__(self) -> _Sink:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.__exit__(*error)  # type: ignore[arg-type]
