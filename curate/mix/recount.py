"""The re-count: what was written is read back and held against the plan."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.mix.channels import ROLES
from curate.mix.count import TRAIN, UNUSED, VALIDATION
from curate.mix.plan import Part, Plan
from curate.mix.reader import HELD_OUT, REST, WHOLE, MixReader, bin_path
from curate.mix.settings import percent

COLUMNS = ["offset", "length", "supervised", "split", "epochs"]
CHUNK = 1 << 24  # tokens looked at together


class MixMissed(RuntimeError):
    """What was written is not what was planned: a defect, or a disk that lies. The mix must not be used."""


def recount(folder: Path, plan: Plan) -> Fraction:
    """The domain share of what is written in `folder`, in the plan's unit. Raises `MixMissed`.

    Documents are counted by their end tokens in the files (which no text can hold) or, for sft, by the rows that hold
    them; tokens by the files' bytes; supervised tokens by the masks; and each must be what docs/ and the plan say.
    """
    reader = MixReader(folder)
    for channel in plan.drawn:
        docs = pl.read_parquet(folder / "docs" / f"{channel}.parquet", columns=COLUMNS, glob=False)
        interval = plan.drawn[channel]
        may_be = docs.filter(pl.col("split").is_in([TRAIN, UNUSED]))
        read = interval.passes + (pl.int_range(may_be.height) < interval.rest.documents).cast(pl.Int64)
        if not may_be.select((pl.col("epochs") == read).all()).item():
            raise MixMissed(f"{folder}: docs/{channel}.parquet says other epochs than the plan, {interval}")
        _count_file(reader, channel, may_be, held=False)
        held = docs.filter(pl.col("split") == VALIDATION)
        _count_file(reader, channel, held, held=True)
        for part, table in (
            (WHOLE, may_be if interval.passes else may_be[:0]),
            (REST, may_be[: interval.rest.documents]),
            (HELD_OUT, held),
        ):
            _count(reader, channel, part, table)
            if plan.stage == "sft":
                _count_spans(reader, channel, part)
    sizes = [sum(plan.drawn[channel.name].size(plan.unit) for channel in plan.of_role(role)) for role in ROLES]
    share = Fraction(sizes[0], sum(sizes))
    if share > Fraction(str(plan.domain_share)) or share > Fraction(str(plan.cap)):
        raise MixMissed(f"{folder}: the domain share is {percent(share)}, {percent(plan.domain_share)} was asked")
    return share


def _count_file(reader: MixReader, channel: str, docs: pl.DataFrame, held: bool) -> None:
    """A file of tokens has the length that its documents have."""
    path = bin_path(reader.path, "tokens", channel, held)
    itemsize = np.dtype(f"<{reader.plan.token_type}").itemsize
    tokens, size = int(docs["length"].sum()), path.stat().st_size
    if not docs["offset"].equals((docs["length"].cum_sum() - docs["length"]).alias("offset")):
        raise MixMissed(f"{path}: the offsets in docs/{channel}.parquet do not follow from the lengths")
    if size != tokens * itemsize:
        raise MixMissed(f"{path}: {size} bytes, docs/{channel}.parquet describes {tokens} tokens of {itemsize}")


def _count(reader: MixReader, channel: str, part: str, docs: pl.DataFrame) -> None:
    """Tokens, documents and supervised tokens of the first documents of a file, against docs/ and the plan."""
    folder, plan, planned = reader.path, reader.plan, reader.part(channel, part)
    path = bin_path(folder, "tokens", channel, part == HELD_OUT)
    tokens = int(docs["length"].sum())
    found = Part(documents=docs.height, tokens=tokens, supervised=int(docs["supervised"].sum()), rows=planned.rows)
    if found != planned:
        raise MixMissed(f"{path}: the plan says {planned}, docs/{channel}.parquet {found}")
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
    mask_path = bin_path(folder, "masks", channel, part == HELD_OUT)
    mask = np.memmap(mask_path, np.uint8, "r", shape=(tokens,)) if tokens else np.empty(0, np.uint8)
    supervised = int(np.count_nonzero(mask))
    if supervised != planned.supervised:
        raise MixMissed(f"{mask_path}: {supervised} supervised tokens, the plan says {planned.supervised}")


def _count_spans(reader: MixReader, channel: str, part: str) -> None:
    """Each drawn dialogue is in one row, whole, and no row holds more than it can."""
    spans, planned = reader.spans(channel, part), reader.part(channel, part)
    rows = spans.group_by("row").agg(pl.col("length").sum())
    found = (spans.height, spans["document"].n_unique(), int(spans["length"].sum()), rows.height)
    if found != (planned.documents, planned.documents, planned.tokens, planned.rows):
        raise MixMissed(f"spans.parquet: {found} {channel} spans, documents, tokens and rows; the plan says {planned}")
    fullest = max(rows["length"], default=0)
    if fullest > reader.plan.row_length:
        raise MixMissed(f"spans.parquet: a {channel} row of {reader.plan.row_length} places holds {fullest} tokens")
