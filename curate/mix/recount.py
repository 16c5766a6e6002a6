"""The re-count: what was written is read back and held against the plan."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.mix.count import TRAIN, UNUSED, VALIDATION
from curate.mix.plan import CHANNELS, Channel, Interval, Plan
from curate.mix.reader import MixReader, bin_path
from curate.mix.settings import percent

CHUNK = 1 << 24  # tokens looked at together


class MixMissed(RuntimeError):
    """What was written is not what was planned: a defect, or a disk that lies. The mix must not be used."""


def recount(folder: Path, plan: Plan) -> Fraction:
    """The domain share of what is written in `folder`, in the plan's unit. Raises `MixMissed`.

    Documents are counted by their end tokens in the files (which no text can hold) or, for sft, by the rows that hold
    them; tokens by the files' bytes; supervised tokens by the masks; and each must be what docs/ and the plan say.
    """
    reader = MixReader(folder)
    for channel in CHANNELS:
        docs = pl.read_parquet(
            folder / "docs" / f"{channel}.parquet", columns=["offset", "length", "supervised", "split"], glob=False
        )
        for splits, interval, held in (
            ([TRAIN], plan.drawn[channel], False),
            ([TRAIN, UNUSED], None, False),
            ([VALIDATION], plan.held_out[channel], True),
        ):
            _count(reader, channel, docs.filter(pl.col("split").is_in(splits)), interval, held)
        if plan.stage == "sft":
            for held, interval in ((False, plan.drawn[channel]), (True, plan.held_out[channel])):
                _count_spans(reader, channel, held, interval)
    sizes = [plan.drawn[channel].size(plan.unit) for channel in CHANNELS]
    share = Fraction(sizes[0], sum(sizes))
    if share > Fraction(str(plan.domain_share)) or share > Fraction(str(plan.cap)):
        raise MixMissed(f"{folder}: the domain share is {percent(share)}, {percent(plan.domain_share)} was asked")
    return share


def _count(reader: MixReader, channel: Channel, docs: pl.DataFrame, interval: Interval | None, held: bool) -> None:
    """Tokens, documents and supervised tokens of the first documents of a file, against docs/ and an interval."""
    folder, plan = reader.path, reader.plan
    path = bin_path(folder, "tokens", channel, held)
    itemsize = np.dtype(f"<{plan.token_type}").itemsize
    tokens = int(docs["length"].sum())
    expected = docs["length"].cum_sum() - docs["length"]
    if not docs["offset"].equals(expected.alias("offset")):
        raise MixMissed(f"{path}: the offsets in docs/{channel}.parquet do not follow from the lengths")
    size = path.stat().st_size
    if size % itemsize or size < tokens * itemsize or (interval is None and size != tokens * itemsize):
        raise MixMissed(f"{path}: {size} bytes, docs/{channel}.parquet describes {tokens} tokens of {itemsize}")
    if interval is None:
        return
    found = Interval(documents=docs.height, tokens=tokens, supervised=int(docs["supervised"].sum()), rows=interval.rows)
    if found != interval:
        raise MixMissed(f"{path}: the plan says {interval}, docs/{channel}.parquet {found}")
    ids = np.memmap(path, f"<{plan.token_type}", "r", shape=(tokens,)) if tokens else np.empty(0, np.uint16)
    ends = 0
    for start in range(0, tokens, CHUNK):
        chunk = ids[start : start + CHUNK]
        if int(chunk.max()) >= plan.vocabulary:
            raise MixMissed(f"{path}: token {int(chunk.max())} of a vocabulary of {plan.vocabulary}")
        ends += int(np.count_nonzero(chunk == plan.end_id))
    if plan.stage == "pt":
        last: NDArray[np.int64] = (docs["offset"] + docs["length"] - 1).to_numpy()
        if ends != docs.height or not bool((ids[last] == plan.end_id).all()):
            raise MixMissed(f"{path}: {ends} end tokens, {docs.height} documents: one each was expected, at its end")
        return
    mask_path = bin_path(folder, "masks", channel, held)
    mask = np.memmap(mask_path, np.uint8, "r", shape=(tokens,)) if tokens else np.empty(0, np.uint8)
    supervised = int(np.sum(mask, dtype=np.int64))
    if supervised != interval.supervised:
        raise MixMissed(f"{mask_path}: {supervised} supervised tokens, the plan says {interval.supervised}")


def _count_spans(reader: MixReader, channel: Channel, held: bool, interval: Interval) -> None:
    """Each drawn dialogue is in one row, whole, and no row holds more than it can."""
    spans = reader.spans(channel, held)
    rows = spans.group_by("row").agg(pl.col("length").sum())
    found = (spans.height, spans["document"].n_unique(), int(spans["length"].sum()), rows.height)
    if found != (interval.documents, interval.documents, interval.tokens, interval.rows):
        raise MixMissed(f"spans.parquet: {found} {channel} spans, documents, tokens and rows; the plan says {interval}")
    fullest = max(rows["length"], default=0)
    if fullest > reader.plan.row_length:
        raise MixMissed(f"spans.parquet: a {channel} row of {reader.plan.row_length} places holds {fullest} tokens")
