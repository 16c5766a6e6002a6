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
from curate.mix.channels import ROLES, channels_of, numbered
from curate.mix.chat.encode import chat
from curate.mix.count import (
    LEFT_OUT,
    TRAIN,
    UNUSED,
    VALIDATION,
    Counted,
    bounds_for,
    counted,
    nothing,
    partitions_for,
    surveyed,
)  # fmt: skip
from curate.mix.draw import drawn
from curate.mix.pack import packed
from curate.mix.plan import Channel, Interval, Part, Plan
from curate.mix.reader import HELD_OUT, REST, SPANS, WHOLE
from curate.mix.recount import recount
from curate.mix.report import MixReport, counted_report
from curate.mix.settings import Mix, MixRefused
from curate.mix.tokenizer import Encoder, encoder
from curate.mix.write import DOCS, PARTS, Task, part_path, written
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
        chat(mix.template, mix.tokenizer, mix.end)  # they belong together, or nothing is begun
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
    found = pl.concat([nothing(), *(table for _, table in engine.run(surveyed, kept))])
    by: tuple[str, ...] = ()
    channels = channels_of(found, by)
    documents = np.bincount(numbered(found, channels, by), found["documents"], len(channels)).astype(np.int64).tolist()
    scratch, bounds = folder / "exchange", bounds_for(documents, partitions_for(kept))
    count_one = partial(counted, mix=mix, scratch=str(scratch), channels=channels, by=by, bounds=bounds, cache=cache)
    counts = [count for _, count in sorted(engine.run(count_one, kept), key=lambda done: done[0])]
    task = partial(
        written,
        parcels=[count.parcel for count in counts],
        held_out=mix.held_out,
        chosen=_validation(mix, channels, counts),
        sft=mix.stage == "sft",
        out=str(folder),
    )
    tasks = [Task(number, channel.name, bounds[number], bounds[number + 1]) for number, channel in enumerate(channels)]
    done = sorted(engine.run(task, tasks), key=lambda item: item[0])
    digests = {path: digest for _, channel in done for path, digest in channel.digests}
    shutil.rmtree(scratch, ignore_errors=True)  # not there if no shard held a document
    files.put_new(str(folder / "tokenizer.json"), mix.tokenizer.verified())
    if mix.stage == "sft":
        files.put_new(str(folder / "chat_template.jinja"), mix.template.text(tools=False).encode())

    plan = _planned(mix, encode, channels, folder)
    shutil.rmtree(folder / "parts")
    files.put_new(str(folder / "plan.json"), plan.to_json())
    share = recount(folder, plan)
    tables = [f"docs/{channel.name}.parquet" for channel in channels] + (
        ["chat_template.jinja", "spans.parquet"] if mix.stage == "sft" else []
    )
    for path in ("plan.json", "tokenizer.json", *tables):
        digests[path] = files.sha256(str(folder / path))
    report = counted_report(mix, plan, share, folder, digests, slow=encode.because)
    files.put_new(str(folder / "report.json"), report.to_json())
    return report


def _planned(mix: Mix, encode: Encoder, channels: Sequence[Channel], folder: Path) -> Plan:
    """Draw from what is written, say so in docs/ (and for sft in spans.parquet); the plan."""
    sizes = {
        (number, part): pl.read_parquet(part_path(str(folder), number, part), columns=SIZES, glob=False)
        for number in range(len(channels))
        for part in (TRAIN, VALIDATION)
    }
    of_role = {role: [number for number, channel in enumerate(channels) if channel.role == role] for role in ROLES}
    taken = drawn(
        {role: [_weights(sizes[number, TRAIN], mix.measure) for number in of_role[role]] for role in ROLES},
        mix.share,
        mix.tokens,
        mix.measure,
    )
    documents = {number: count for role in ROLES for number, count in zip(of_role[role], taken[role], strict=True)}
    intervals: dict[str, dict[str, Interval]] = {TRAIN: {}, VALIDATION: {}}
    spans = []
    for number, channel in enumerate(channels):
        train, held = sizes[number, TRAIN], sizes[number, VALIDATION]
        passes, rest = divmod(documents[number], max(1, train.height))
        _describe(folder, number, channel.name, passes, rest)
        parts = {WHOLE: train if passes else train[:0], REST: train[:rest], HELD_OUT: held}
        counted_parts = {}
        for part, table in parts.items():
            tokens = int(table["length"].sum())
            rows = -(-tokens // mix.row_length)
            if mix.stage == "sft":
                before = train.height if part == HELD_OUT else 0
                spans.append(_packed(table, channel.name, part, before, mix.row_length))
                rows = int(spans[-1]["row"].n_unique())
            counted_parts[part] = Part(
                documents=table.height, tokens=tokens, supervised=int(table["supervised"].sum()), rows=rows
            )
        intervals[TRAIN][channel.name] = Interval(passes=passes, whole=counted_parts[WHOLE], rest=counted_parts[REST])
        intervals[VALIDATION][channel.name] = Interval(rest=counted_parts[HELD_OUT])
    if mix.stage == "sft":
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
        template={"name": mix.template.name, "sha256": mix.template.digest()} if mix.stage == "sft" else None,
        channels=tuple(channels),
        drawn=intervals[TRAIN],
        held_out=intervals[VALIDATION],
    )


def _validation(mix: Mix, channels: Sequence[Channel], counts: Sequence[Counted]) -> frozenset[str]:
    """The documents to hold out beside those whose rank lies below `held_out`: one of each channel where there is no
    such. Refuses where nothing of a role is left."""
    kept = sum(count.parcel.rows for count in counts)
    chosen = set()
    for role in ROLES:
        numbers = [number for number, channel in enumerate(channels) if channel.role == role]
        usable = sum(count.usable[number] for count in counts for number in numbers)
        below = sum(count.below[number] for count in counts for number in numbers)
        if not usable:
            left_out = sum((Counter(count.left_out[number]) for count in counts for number in numbers), Counter[str]())
            why = "; ".join(f"{found} left out: each {LEFT_OUT[reason]}" for reason, found in sorted(left_out.items()))
            raise MixRefused(
                f"there are no {role} {'dialogues' if mix.stage == 'sft' else 'documents'} to mix among {kept} kept "
                f"documents{f' ({why})' if why else ''}: a mix needs domain and general; add a source with "
                f"role='{role}', or look at the funnel for what removed it"
            )
        if below == usable:
            raise MixRefused(
                f"held_out={mix.held_out} takes all {usable} {role} documents for validation: lower it, or give more"
            )
        for number in numbers:
            few = sum(count.usable[number] for count in counts) > 1
            if mix.held_out and few and not sum(count.below[number] for count in counts):
                chosen.add(min(first for count in counts if (first := count.first[number]) is not None)[1])
    return frozenset(chosen)


def _weights(sizes: pl.DataFrame, unit: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    if unit == "examples":
        return np.ones(sizes.height, np.int64)
    return sizes["length" if unit == "tokens" else "supervised"].to_numpy().astype(np.int64)


def _describe(folder: Path, number: int, name: str, passes: int, rest: int) -> None:
    """docs/NAME.parquet from its parts; of what may be drawn all is read `passes` times, the first `rest` once more."""
    seen = 0
    with FixedTable(str(folder / "docs" / f"{name}.parquet"), DOCS) as table:
        for part in PARTS:
            with pq.ParquetFile(part_path(str(folder), number, part)) as file:
                for batch in file.iter_batches(1 << 16):
                    rows = pl.DataFrame(pl.from_arrow(batch))
                    if part == TRAIN:
                        read = passes + (pl.int_range(seen, seen + rows.height) < rest).cast(pl.Int64)
                        unread = pl.when(read == 0).then(pl.lit(UNUSED)).otherwise("split")
                        rows = rows.with_columns(unread.alias("split"), read.alias("epochs"))
                        seen += rows.height
                    table.add(rows)


def _packed(sizes: pl.DataFrame, channel: str, part: str, before: int, row_length: int) -> pl.DataFrame:
    """The spans of a part's rows; `before` is how many rows of docs/ stand before these documents."""
    rows = packed(sizes["length"].to_numpy().astype(np.int64), row_length)
    return (
        sizes.select("offset", "length")
        .with_row_index("document")
        .with_columns(
            pl.lit(part).alias("part"),
            pl.lit(channel).alias("channel"),
            pl.Series("row", rows, pl.Int64),
            pl.col("document").cast(pl.Int64) + before,
        )
        .sort("row", "document")
        .select(list(SPANS))
    )
