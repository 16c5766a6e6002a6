"""The re-count: what was written is read back and held against the plan."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.mix.channels import ROLES
from curate.mix.count import TRAIN, UNUSED, VALIDATION
from curate.mix.plan import Part, Plan
from curate.mix.reader import HELD_OUT, REST, WHOLE, MixReader, bin_path
from curate.mix.words import percent, words

COLUMNS = ["offset", "length", "supervised", "split", "epochs"]
EXACT = 1e-9  # of the mix: what a plan's parts lose as floats
CHUNK = 1 << 24  # tokens looked at together


class MixMissed(RuntimeError):
    """What was written is not what was planned: a defect, or a disk that lies. The mix must not be used."""


def recount(folder: Path, plan: Plan) -> None:
    """Count what is written in `folder` again, by channel and role, and hold it against the plan. Raises `MixMissed`.

    Documents are counted by their end tokens in the files (which no text can hold) or, for sft, by the rows that hold
    them; tokens by the files' bytes; supervised tokens by the masks; and each must be what docs/ and the plan say. The
    realised shares are those that were planned, to one document: a role's of the mix, a channel's of what its role
    reads.
    """
    reader, largest = MixReader(folder), {}
    for channel in plan.drawn:
        docs = pl.read_parquet(folder / "docs" / f"{channel}.parquet", columns=COLUMNS, glob=False)
        interval = plan.drawn[channel]
        may_be = docs.filter(pl.col("split").is_in([TRAIN, UNUSED]))
        read = interval.passes + (pl.int_range(may_be.height) < interval.rest.documents).cast(pl.Int64)
        if not may_be.select((pl.col("epochs") == read).all()).item():
            raise MixMissed(f"{folder}: docs/{channel}.parquet says other epochs than the plan, {interval}")
        size = {"tokens": "length", "supervised_tokens": "supervised"}.get(plan.unit)
        largest[channel] = max(may_be[size], default=0) if size else 1  # one that found no room counts too
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
                _count_spans(reader, channel, part, table)
    _check_shares(folder, plan, largest)


def _check_shares(folder: Path, plan: Plan, largest: Mapping[str, int]) -> None:
    """`largest` is the size of each channel's largest document that may be drawn."""
    of_role = {role: plan.of_role(role) for role in ROLES}
    total = {role: sum(plan.drawn[one.name].size(plan.unit) for one in of_role[role]) for role in ROLES}
    whole, domain = sum(total.values()), total["domain"]
    wanted = None if plan.domain_share is None else Fraction(str(plan.domain_share))
    for limit in (wanted, Fraction(str(plan.cap))):
        if limit is not None and domain > limit * whole:
            raise MixMissed(
                f"{folder}: the domain share is {percent(Fraction(domain, whole))}, {percent(limit)} was asked"
            )
    for role in ROLES:
        part = sum(plan.parts[one.name] for one in of_role[role])
        slack = max((largest[one.name] for one in of_role[role]), default=0)
        if abs(total[role] - part * plan.size) > slack + 1 + EXACT * plan.size:
            raise MixMissed(
                f"{folder}: {total[role]} {words(plan.unit)} of {role} are read, {part * plan.size:.0f} were planned; "
                f"a document more or less ({slack}) does not explain it"
            )
        for one in of_role[role]:
            found, share = plan.drawn[one.name].size(plan.unit), plan.parts[one.name] / part if part else 0.0
            if abs(found - share * total[role]) > slack + 1 + EXACT * plan.size:
                raise MixMissed(
                    f"{folder}: {found} {words(plan.unit)} of {one.name} are read, {share * total[role]:.0f} were "
                    f"planned; a document of {role} ({slack}) does not explain it"
                )


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
    if plan.stage != "sft":
        last: NDArray[np.int64] = (docs["offset"] + docs["length"] - 1).to_numpy()
        if ends != docs.height or not bool((ids[last] == plan.end_id).all()):
            raise MixMissed(f"{path}: {ends} end tokens, {docs.height} documents: one each was expected, at its end")
        return
    mask_path = bin_path(folder, "masks", channel, part == HELD_OUT)
    mask = np.memmap(mask_path, np.uint8, "r", shape=(tokens,)) if tokens else np.empty(0, np.uint8)
    supervised = int(np.count_nonzero(mask))
    if supervised != planned.supervised:
        raise MixMissed(f"{mask_path}: {supervised} supervised tokens, the plan says {planned.supervised}")


def _count_spans(reader: MixReader, channel: str, part: str, docs: pl.DataFrame) -> None:
    """Each document of a part is in its rows, whole and once, and no row holds more than it can."""
    spans, planned = reader.spans(channel, part), reader.part(channel, part)
    rows = spans.group_by("row").agg(pl.col("length").sum())
    of_each = spans.sort("document", "offset").group_by("document", maintain_order=True)
    whole = of_each.agg(pl.col("offset").first(), pl.col("length").sum())
    gaps = spans.sort("document", "offset").select(
        (pl.col("offset") != (pl.col("offset") + pl.col("length")).shift().over("document")).sum()
    )
    found = (whole.height, int(whole["length"].sum()), rows.height)
    if found != (planned.documents, planned.tokens, planned.rows) or gaps.item():
        raise MixMissed(f"spans.parquet: {found} documents, tokens and rows of {channel}; the plan says {planned}")
    if not whole["length"].equals(docs["length"]) or not whole["offset"].equals(docs["offset"]):
        raise MixMissed(f"spans.parquet: documents of {channel} are not whole in its rows, or stand there twice")
    fullest = max(rows["length"], default=0)
    if fullest > reader.plan.row_length:
        raise MixMissed(f"spans.parquet: a row of {channel} of {reader.plan.row_length} places holds {fullest} tokens")
