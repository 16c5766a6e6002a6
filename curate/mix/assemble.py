"""From what is written of each channel to the plan: what is drawn of it, in docs/ and for sft in spans.parquet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curate.mix.budget import Budget, budget
from curate.mix.channels import Channel
from curate.mix.count import TRAIN, UNUSED, VALIDATION
from curate.mix.draw import drawn
from curate.mix.pack import packed
from curate.mix.plan import Interval, Part, Plan
from curate.mix.reader import HELD_OUT, REST, SPANS, WHOLE
from curate.mix.settings import Mix
from curate.mix.tokenizer import Encoder
from curate.mix.write import DOCS, PARTS, part_path
from curate.table import FixedTable

SIZES = ["offset", "length", "supervised"]


def planned(mix: Mix, encode: Encoder, channels: Sequence[Channel], folder: Path) -> tuple[Plan, Budget]:
    """Draw from the parts of each channel, and say so in docs/ (and for sft in spans.parquet). Raises `MixRefused`."""
    sizes = {
        (number, part): pl.read_parquet(part_path(str(folder), number, part), columns=SIZES, glob=False)
        for number in range(len(channels))
        for part in (TRAIN, VALIDATION)
    }
    weights = [_weights(sizes[number, TRAIN], mix.measure) for number in range(len(channels))]
    given = budget(mix, channels, [int(of_channel.sum()) for of_channel in weights])
    documents = drawn(given, channels, weights, mix.measure)
    intervals: dict[str, dict[str, Interval]] = {TRAIN: {}, VALIDATION: {}}
    spans = [pl.DataFrame(schema=SPANS)]
    for number, channel in enumerate(channels):
        train, held = sizes[number, TRAIN], sizes[number, VALIDATION]
        passes, rest = divmod(documents[number], max(1, train.height))
        _describe(folder, number, channel.name, passes, rest)
        parts = {}
        for part, table in ((WHOLE, train if passes else train[:0]), (REST, train[:rest]), (HELD_OUT, held)):
            tokens = int(table["length"].sum())
            rows = -(-tokens // mix.row_length)
            if mix.stage == "sft":
                before = train.height if part == HELD_OUT else 0
                spans.append(_packed(table, channel.name, part, before, mix.row_length))
                rows = spans[-1]["row"].n_unique()
            supervised = int(table["supervised"].sum())
            parts[part] = Part(documents=table.height, tokens=tokens, supervised=supervised, rows=rows)
        intervals[TRAIN][channel.name] = Interval(passes=passes, whole=parts[WHOLE], rest=parts[REST])
        intervals[VALIDATION][channel.name] = Interval(rest=parts[HELD_OUT])
    if mix.stage == "sft":
        with FixedTable(str(folder / "spans.parquet"), SPANS) as file:
            file.add(pl.concat(spans))
    plan = Plan(
        stage=mix.stage,
        unit=mix.measure,
        seed=mix.seed,
        row_length=mix.row_length,
        domain_share=None if mix.share is None else float(mix.share),
        cap=float(mix.cap),
        override=None if mix.override is None else asdict(mix.override),
        tokenizer=mix.tokenizer.sha256,
        vocabulary=encode.vocabulary,
        token_type=encode.dtype.str[1:],
        end=encode.end,
        end_id=encode.end_id,
        template={"name": mix.template.name, "sha256": mix.template.digest()} if mix.stage == "sft" else None,
        asked=_asked(mix),
        size=round(float(given.total), 6),
        parts={channel.name: float(part) for channel, part in zip(channels, given.parts, strict=True)},
        channels=tuple(channels),
        drawn=intervals[TRAIN],
        held_out=intervals[VALIDATION],
    )
    return plan, given


def _asked(mix: Mix) -> dict[str, Any]:
    """What the mix was told beside what the plan says elsewhere."""
    return {
        "tokens": mix.tokens,
        "shares": {column: dict(shares) for column, shares in mix.targets.items()},
        "splits": list(mix.splits),
        "weights": dict(mix.weights),
        "epochs": dict(mix.caps) if not isinstance(mix.caps, int | float) else mix.caps,
        "held_out": mix.held_out,
        "texts": mix.texts,
        "base": None if mix.base is None else asdict(mix.base),
        "licenses_allowed": None if mix.licenses_allowed is None else list(mix.licenses_allowed),
        "licenses_denied": list(mix.licenses_denied),
        "unknown_licenses": mix.unknown_licenses,
    }


def _weights(sizes: pl.DataFrame, unit: str) -> NDArray[np.int64]:
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
                        split = pl.when(read == 0).then(pl.lit(UNUSED)).otherwise(pl.lit(TRAIN))
                        rows = rows.with_columns(split.alias("split"), read.alias("epochs"))
                        seen += rows.height
                    table.add(rows)


def _packed(sizes: pl.DataFrame, channel: str, part: str, before: int, row_length: int) -> pl.DataFrame:
    """The spans of a part's rows; `before` is how many rows of docs/ stand before these documents.

    A dialogue is one span. Text that is longer than a row (no dialogue is) is cut into whole rows and what is left.
    """
    lengths = sizes["length"].to_numpy().astype(np.int64)
    pieces = -(-lengths // row_length)
    document = np.repeat(np.arange(len(lengths)), pieces)
    piece = np.arange(len(document)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    begin = piece * row_length
    length = np.minimum(lengths[document] - begin, row_length)
    rows = packed(length, row_length)
    return (
        pl.DataFrame(
            {
                "part": pl.repeat(part, len(document), eager=True, dtype=pl.String),
                "channel": pl.repeat(channel, len(document), eager=True, dtype=pl.String),
                "row": rows.astype(np.int64),
                "document": document + before,
                "offset": sizes["offset"].to_numpy().astype(np.int64)[document] + begin,
                "length": length,
            },
            schema=SPANS,
        )
        .sort("row", "document", "offset")
        .select(list(SPANS))
    )
