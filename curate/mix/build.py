"""Builds a mix: count, write, draw, plan, pack, count again."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from curate import files
from curate.engine import Engine
from curate.growing import appear, growing
from curate.mix import template
from curate.mix.count import LEFT_OUT, TRAIN, UNUSED, VALIDATION, Counted, counted, partitions_for
from curate.mix.draw import drawn
from curate.mix.pack import packed
from curate.mix.plan import CHANNELS, Interval, Plan
from curate.mix.reader import SPANS
from curate.mix.recount import recount
from curate.mix.report import MixReport, counted_report
from curate.mix.settings import Mix, MixRefused
from curate.mix.tokenizer import TURN, TURN_END, Encoder, encoder
from curate.mix.write import DOCS, PARTS, written
from curate.table import FixedTable

SIZES = ["offset", "length", "supervised"]


class MixExists(FileExistsError):
    """The folder holds another mix."""


def build(mix: Mix, kept: Sequence[str], out: str, engine: Engine, cache: str | None = None) -> MixReport:
    """Mix the kept shards into the local folder `out`, which appears whole or not at all.

    Raises `MixRefused` where the ratio can't be met, with what is missing; `MixExists` where `out` holds another mix
    (the same one is left as it is and reported again); `MixMissed` where the re-count fails. With a folder `cache` each
    shard's tokens are kept there (2 or 4 bytes a token), and the next mix, of another share say, reads them. Memory: a
    batch of documents and a partition of about 64 MB in each task; about 50 bytes for each document here.
    """
    if out.startswith(files.S3):
        raise MixRefused(
            f"{out}: a mix is read through memory mapping, so it is built on a local or shared file system"
        )
    encode = encoder(mix.tokenizer, mix.end)
    if mix.stage == "sft":
        for name in (TURN, TURN_END):
            encode.special(name)
    target = Path(out)
    with growing(target) as folder:
        report = _built(mix, encode, kept, folder, engine, cache)
        if not appear(folder, target):
            there = target / "report.json"
            if not there.is_file() or there.read_bytes() != report.to_json():
                raise MixExists(f"{target} holds another mix: build this one elsewhere, or remove that one")
    return report


def _built(
    mix: Mix, encode: Encoder, kept: Sequence[str], folder: Path, engine: Engine, cache: str | None
) -> MixReport:
    scratch, partitions = folder / "exchange", partitions_for(kept)
    count_one = partial(counted, mix=mix, scratch=str(scratch), partitions=partitions, cache=cache)
    counts = [count for _, count in sorted(engine.run(count_one, kept), key=lambda done: done[0])]
    task = partial(
        written,
        parcels=[count.parcel for count in counts],
        partitions=partitions,
        held_out=mix.held_out,
        chosen=_validation(mix, counts),
        sft=mix.stage == "sft",
        out=str(folder),
    )
    done = sorted(engine.run(task, range(len(CHANNELS))), key=lambda item: item[0])
    digests = {path: digest for _, channel in done for path, digest in channel.digests}
    shutil.rmtree(scratch, ignore_errors=True)  # not there if no shard held a document
    files.put_new(str(folder / "tokenizer.json"), mix.tokenizer.verified())

    plan = _planned(mix, encode, folder)
    files.put_new(str(folder / "plan.json"), plan.to_json())
    share = recount(folder, plan)
    tables = [f"docs/{channel}.parquet" for channel in CHANNELS] + (["spans.parquet"] if mix.stage == "sft" else [])
    for path in ("plan.json", "tokenizer.json", *tables):
        digests[path] = files.sha256(str(folder / path))
    report = counted_report(mix, plan, share, folder, digests, slow=encode.because)
    files.put_new(str(folder / "report.json"), report.to_json())
    return report


def _planned(mix: Mix, encode: Encoder, folder: Path) -> Plan:
    """Draw from what is written, say so in docs/ (and for sft in spans.parquet); the plan."""
    sizes = {
        (channel, part): pl.read_parquet(folder / "docs" / f"{channel}.{part}.parquet", columns=SIZES, glob=False)
        for channel in CHANNELS
        for part in (TRAIN, VALIDATION)
    }
    domain, general = (_weights(sizes[channel, TRAIN], mix.measure) for channel in CHANNELS)
    taken = drawn(domain, general, mix.share, mix.tokens, mix.measure)
    intervals: dict[str, dict[str, Interval]] = {TRAIN: {}, VALIDATION: {}}
    spans = []
    for channel, documents in zip(CHANNELS, taken, strict=True):
        _describe(folder, channel, documents)
        written_before = sizes[channel, TRAIN].height
        for split, table, before in (
            (TRAIN, sizes[channel, TRAIN][:documents], 0),
            (VALIDATION, sizes[channel, VALIDATION], written_before),
        ):
            tokens = int(table["length"].sum())
            rows = -(-tokens // mix.row_length)
            if mix.stage == "sft":
                spans.append(_packed(table, channel, split, before, mix.row_length))
                rows = int(spans[-1]["row"].n_unique())
            intervals[split][channel] = Interval(
                documents=table.height, tokens=tokens, supervised=int(table["supervised"].sum()), rows=rows
            )
    if spans:
        with FixedTable(str(folder / "spans.parquet"), SPANS) as file:
            file.add(pl.concat(spans))
    return Plan(
        stage=mix.stage,
        unit=mix.measure,
        seed=mix.seed,
        row_length=mix.row_length,
        domain_share=float(mix.share),
        cap=float(mix.cap),
        override=None if mix.override is None else asdict(mix.override),
        tokenizer=mix.tokenizer.sha256,
        vocabulary=encode.vocabulary,
        token_type=encode.dtype.str[1:],
        end=encode.end,
        end_id=encode.end_id,
        template={"name": template.NAME, "sha256": template.digest()} if mix.stage == "sft" else None,
        drawn=intervals[TRAIN],
        held_out=intervals[VALIDATION],
    )


def _validation(mix: Mix, counts: Sequence[Counted]) -> list[str | None]:
    """For each channel the one document to hold out where no rank lies below `held_out`. Refuses an empty channel."""
    kept = sum(count.parcel.rows for count in counts)
    chosen: list[str | None] = []
    for number, channel in enumerate(CHANNELS):
        usable = sum(count.usable[number] for count in counts)
        below = sum(count.below[number] for count in counts)
        if not usable:
            left_out = sum((Counter(count.left_out[number]) for count in counts), Counter[str]())
            why = "; ".join(f"{found} left out: each {LEFT_OUT[reason]}" for reason, found in sorted(left_out.items()))
            raise MixRefused(
                f"there are no {channel} {'dialogues' if mix.stage == 'sft' else 'documents'} to mix among {kept} kept "
                f"documents{f' ({why})' if why else ''}: a mix needs domain and general; add a source with "
                f"role='{channel}', or look at the funnel for what removed it"
            )
        if below == usable:
            raise MixRefused(
                f"held_out={mix.held_out} takes all {usable} {channel} documents for validation: lower it, or give more"
            )
        lowest = min(first for count in counts if (first := count.first[number]) is not None)
        chosen.append(lowest[1] if mix.held_out and not below and usable > 1 else None)
    return chosen


def _weights(sizes: pl.DataFrame, unit: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    if unit == "examples":
        return np.ones(sizes.height, np.int64)
    return sizes["length" if unit == "tokens" else "supervised"].to_numpy().astype(np.int64)


def _describe(folder: Path, channel: str, documents: int) -> None:
    """docs/CHANNEL.parquet from its parts; of what may be drawn the first `documents` are."""
    parts = [folder / "docs" / f"{channel}.{part}.parquet" for part in PARTS]
    seen = 0
    with FixedTable(str(folder / "docs" / f"{channel}.parquet"), DOCS) as table:
        for part, path in zip(PARTS, parts, strict=True):
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(1 << 16):
                    rows = pl.DataFrame(pl.from_arrow(batch))
                    if part == TRAIN:
                        unused = pl.int_range(seen, seen + rows.height) >= documents
                        rows = rows.with_columns(pl.when(unused).then(pl.lit(UNUSED)).otherwise("split").alias("split"))
                        seen += rows.height
                    table.add(rows)
    for path in parts:
        path.unlink()


def _packed(sizes: pl.DataFrame, channel: str, split: str, before: int, row_length: int) -> pl.DataFrame:
    """The spans of a channel's rows; `before` is how many rows of docs/ stand before these documents."""
    rows = packed(sizes["length"].to_numpy().astype(np.int64), row_length)
    return (
        sizes.select("offset", "length")
        .with_row_index("document")
        .with_columns(
            pl.lit(split).alias("split"),
            pl.lit(channel).alias("channel"),
            pl.Series("row", rows, pl.Int64),
            pl.col("document").cast(pl.Int64) + before,
        )
        .sort("row", "document")
        .select(list(SPANS))
    )
