"""Where a document stands in a run's mix: channel, split, and the rows that a training reads it in."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

import polars as pl

from curate import files
from curate.audit.keys import find

if TYPE_CHECKING:
    from curate.mix.reader import MixReader

NAMED = 10  # rows that are named


def in_mix(run: str, doc_id: str) -> list[str]:
    """Lines about the document's place in the mix of the run; none where the run made none."""
    mix = files.join(run, "mix")
    if not files.exists(files.join(mix, "plan.json")):
        return []
    rows = find(run, "mix/docs", doc_id, ["doc_id"])
    if rows is None or not rows.height:
        return ["mix: not in it"]
    row = rows.row(0, named=True)
    name = posixpath.basename(row["_file"]).removesuffix(".parquet")
    line = f"mix: channel {name}, {row['split']}"
    if row["split"] != "train":
        return [line]
    from curate.mix.reader import MixReader  # numba with it: only where a mix is asked

    reader = MixReader(mix)
    places = _places(reader, name, row)
    named = ", ".join(f"{place:,}" for place in places[:NAMED])
    more = f" and {len(places) - NAMED} more" if len(places) > NAMED else ""
    times = "once" if row["epochs"] == 1 else f"{row['epochs']} times"
    return [f"{line}, read {times}: {row['length']:,} tokens, in rows {named}{more} of {len(reader):,}"]


def _places(reader: MixReader, channel: str, row: dict[str, Any]) -> list[int]:
    """The rows of the mix that hold the document, rising."""
    from curate.mix.reader import REST, WHOLE

    plan = reader.plan
    found: list[int] = []
    for part in (WHOLE, REST):
        if plan.stage == "sft":
            spans = reader.spans(channel, part).filter(pl.col("offset") == row["offset"])
            within = spans["row"].unique().sort().to_list()
        else:
            end = min(row["offset"] + row["length"], reader.part(channel, part).tokens)
            first = row["offset"] // plan.row_length
            within = list(range(first, -(-end // plan.row_length))) if end > row["offset"] else []
        for one in within:
            found += plan.read_at(channel, part == REST, one)
    return sorted(found)
