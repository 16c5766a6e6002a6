"""Builds a mix: count, write, draw, plan, pack, count again."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction
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
from curate.mix.draw import amount, drawn, words
from curate.mix.pack import packed
from curate.mix.plan import CHANNELS, Interval, Plan
from curate.mix.reader import SPANS
from curate.mix.recount import recount
from curate.mix.report import MixReport, Share
from curate.mix.settings import Mix, MixRefused, percent
from curate.mix.tokenizer import TURN, TURN_END, Encoder, encoder
from curate.mix.write import DOCS, PARTS, written
from curate.table import FixedTable

FEW = 1000  # dialogues in a channel; with fewer the ratio matters less than what they say (practitioners' experience)

SIZES = ["offset", "length", "supervised"]


class MixExists(FileExistsError):
    """The folder holds another mix."""


def build(mix: Mix, kept: Sequence[str], out: str, engine: Engine) -> MixReport:
    """Mix the kept shards into the local folder `out`, which appears whole or not at all.

    Raises `MixRefused` where the ratio can't be met, with what is missing; `MixExists` where `out` holds another mix
    (the same one is left as it is and reported again); `MixMissed` where the re-count fails. Memory: a batch of
    documents and a partition of about 64 MB in each task; about 50 bytes for each document here.
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
        report = _built(mix, encode, kept, folder, engine)
        if not appear(folder, target):
            there = target / "report.json"
            if not there.is_file() or there.read_bytes() != report.to_json():
                raise MixExists(f"{target} holds another mix: build this one elsewhere, or remove that one")
    return report


def _built(mix: Mix, encode: Encoder, kept: Sequence[str], folder: Path, engine: Engine) -> MixReport:
    scratch, partitions = folder / "exchange", partitions_for(kept)
    count_one = partial(counted, mix=mix, scratch=str(scratch), partitions=partitions)
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

    sizes = {
        (channel, part): pl.read_parquet(folder / "docs" / f"{channel}.{part}.parquet", columns=SIZES)
        for channel in CHANNELS
        for part in (TRAIN, VALIDATION)
    }
    weights = [_weights(sizes[channel, TRAIN], mix.measure) for channel in CHANNELS]
    taken = drawn(weights[0], weights[1], mix.share, mix.tokens, mix.measure)
    train: dict[str, Interval] = {}
    held: dict[str, Interval] = {}
    spans = []
    for channel, documents in zip(CHANNELS, taken, strict=True):
        _describe(folder, channel, documents)
        for split, table, intervals, before in (
            (TRAIN, sizes[channel, TRAIN][:documents], train, 0),
            (VALIDATION, sizes[channel, VALIDATION], held, sizes[channel, TRAIN].height),
        ):
            tokens = int(table["length"].sum())
            rows = -(-tokens // mix.row_length)
            if mix.stage == "sft":
                spans.append(_packed(table, channel, split, before, mix.row_length))
                rows = int(spans[-1]["row"].n_unique())
            intervals[channel] = Interval(
                documents=table.height, tokens=tokens, supervised=int(table["supervised"].sum()), rows=rows
            )
    if spans:
        with FixedTable(str(folder / "spans.parquet"), SPANS) as file:
            file.add(pl.concat(spans))
    plan = Plan(
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
        drawn=train,
        held_out=held,
    )
    files.put_new(str(folder / "plan.json"), plan.to_json())
    share = recount(folder, plan)
    for path in ("plan.json", "tokenizer.json", *(["spans.parquet"] if spans else [])):
        digests[path] = files.sha256(str(folder / path))
    for channel in CHANNELS:
        digests[f"docs/{channel}.parquet"] = files.sha256(str(folder / "docs" / f"{channel}.parquet"))
    report = _report(mix, plan, share, folder, digests)
    files.put_new(str(folder / "report.json"), report.to_json())
    return report


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


def _report(mix: Mix, plan: Plan, share: Fraction, folder: Path, digests: Mapping[str, str]) -> MixReport:
    docs = pl.concat([pl.scan_parquet(folder / "docs" / f"{channel}.parquet") for channel in CHANNELS])
    counts = docs.group_by("role", "source", "lang", "license", "split").agg(
        pl.len().cast(pl.Int64).alias("documents"), pl.col("length").sum(), pl.col("supervised").sum()
    )
    table = counts.collect().sort("role", "source", "lang", "license", "split", nulls_last=True)
    mixed = table.filter(pl.col("split") == TRAIN)
    channels = _shares(mixed, "role")
    domain, general = channels["domain"], channels["general"]
    sizes = [plan.drawn[channel].size(plan.unit) for channel in CHANNELS]
    left = table.filter(pl.col("split").is_in(list(LEFT_OUT))).group_by("split").agg(pl.col("documents").sum())
    report = MixReport(
        stage=mix.stage,
        unit=mix.measure,
        requested=float(mix.share),
        realised=round(float(share), 6),
        by_tokens=round(domain.tokens / (domain.tokens + general.tokens), 6),
        by_documents=round(domain.documents / (domain.documents + general.documents), 6),
        general_per_domain=round(sizes[1] / sizes[0], 6),
        cap=float(mix.cap),
        override=plan.override,
        epochs=1,
        rows=plan.rows,
        row_length=plan.row_length,
        efficiency=round((domain.tokens + general.tokens) / (plan.rows * plan.row_length), 6),
        channels=channels,
        sources=_shares(mixed, "source"),
        languages=_shares(mixed, "lang"),
        licenses=_shares(mixed, "license"),
        held_out=_shares(table.filter(pl.col("split") == VALIDATION), "role"),
        unused=_shares(table.filter(pl.col("split") == UNUSED), "role"),
        left_out=dict(sorted(left.rows())),
        tokenizer=plan.tokenizer,
        template=plan.template,
        warnings=(),
        files=dict(sorted(digests.items())),
    )
    return MixReport(**{**vars(report), "warnings": tuple(_warnings(mix, report, mixed))})


def _shares(table: pl.DataFrame, by: str) -> dict[str, Share]:
    summed = table.group_by(pl.col(by).fill_null("unknown")).agg(
        pl.col("documents").sum(), pl.col("length").sum(), pl.col("supervised").sum()
    )
    return {
        str(name): Share(documents=documents, tokens=tokens, supervised=supervised)
        for name, documents, tokens, supervised in summed.sort(by).rows()
    }


def _warnings(mix: Mix, report: MixReport, mixed: pl.DataFrame) -> list[str]:
    out = []
    unlicensed = mixed.filter(pl.col("license").is_null()).group_by("source").agg(pl.col("documents", "length").sum())
    for source, documents, tokens in unlicensed.sort("source").rows():
        out.append(f"source '{source}' names no licence for {documents} documents ({amount(tokens)} tokens)")
    if abs(report.realised - report.requested) > mix.tolerance:
        out.append(
            f"the domain share is {percent(report.realised)}, {percent(report.requested)} was asked: documents are "
            f"taken whole, and one of them is more than {percent(mix.tolerance)} of this mix"
        )
    for channel in CHANNELS:
        if mix.held_out and channel not in report.held_out:
            out.append(f"no {channel} document is held out: there is only one")
        if mix.stage == "sft" and report.channels[channel].documents < FEW:
            out.append(
                f"{report.channels[channel].documents} {channel} dialogues, fewer than {FEW}: with so few the ratio "
                "matters less than what they say"
            )
    out.extend(f"{number} documents left out: each {LEFT_OUT[reason]}" for reason, number in report.left_out.items())
    if mix.stage == "sft":
        domain, general = report.channels["domain"], report.channels["general"]
        tokens = domain.supervised / general.supervised
        examples = domain.documents / general.documents
        if not 2 / 3 <= tokens / examples <= 3 / 2:
            out.append(
                f"domain to general is {tokens:.2f} by supervised tokens and {examples:.2f} by examples: one side's "
                f"answers are much longer; the ratio holds by {words(mix.measure)}"
            )
    return out
