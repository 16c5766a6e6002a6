"""The funnel: how many documents came to each stage, how many it took out, and why."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from curate.ledger import Record, read_ledger, total

SCHEMA = {
    "stage": pl.String(),
    "documents_in": pl.Int64(),
    "removed": pl.Int64(),
    "quarantined": pl.Int64(),
    "split_into": pl.Int64(),  # parts that a splitter made, of how many parents
    "split": pl.Int64(),
    "kept": pl.Int64(),
    "removed_share": pl.Float64(),
    "reasons": pl.String(),
}


def funnel(records: Sequence[Record]) -> pl.DataFrame:
    """A row for reading and for each stage, in order, with the columns of `SCHEMA`."""
    read = [record.reading for record in records if record.reading]
    skipped: dict[str, int] = {}
    for reading in read:
        for reason, count in reading["skipped"].items():
            skipped[reason] = skipped.get(reason, 0) + count
    records_read = sum(reading["records"] for reading in read)
    rows = [
        _row("read", records_read, sum(skipped.values()), sum(one["quarantined"] for one in read), 0, 0,
             sum(one["documents"] for one in read), skipped)
    ]  # fmt: skip
    for count in total(records):
        rows.append(
            _row(count.stage, count.ids_in.count, count.removed.count, count.quarantined.count, count.children.count,
                 count.parents.count, count.kept.count, count.reasons)
        )  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _row(
    stage: str,
    came: int,
    removed: int,
    quarantined: int,
    children: int,
    parents: int,
    kept: int,
    reasons: dict[str, int],
) -> tuple[str, int, int, int, int, int, int, float, str]:
    said = ", ".join(
        f"{reason} {count}" for reason, count in sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    )
    return stage, came, removed, quarantined, children, parents, kept, round(removed / came, 4) if came else 0.0, said


def funnel_of(run: str) -> pl.DataFrame:
    """The funnel of the run in directory `run`."""
    return funnel(read_ledger(run))


def table(rows: pl.DataFrame) -> str:
    """The funnel as text, a line per stage."""
    lines = [f"{'stage':<16}{'in':>10}{'removed':>10}{'kept':>10}{'share':>8}  reasons"]
    for row in rows.iter_rows(named=True):
        reasons = row["reasons"]
        if row["split"]:
            reasons = f"{row['split']} split into {row['split_into']} parts"
        if row["quarantined"]:
            reasons = ", ".join(part for part in (reasons, f"quarantined {row['quarantined']}") if part)
        lines.append(
            f"{row['stage']:<16}{row['documents_in']:>10,}{row['removed']:>10,}{row['kept']:>10,}"
            f"{100 * row['removed_share']:>7.1f}%  {reasons}".rstrip()
        )
    return "\n".join(lines)
