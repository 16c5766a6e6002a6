"""Losses by source, language and kind: what each stage took of each, and where it took far more than of the rest."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from curate.audit.excerpt import visible
from curate.audit.tables import measures
from curate.ledger import Record, read_ledger, total

GROUPS = ("source", "lang", "kind")

UNEVEN = 3  # times the share of all documents that a stage takes, from which a group's loss is pointed out ...
UNEVEN_SHARE = 0.05  # ... if it takes at least so much of the group ...
UNEVEN_LEAST = 20  # ... and the group has as many documents: of fewer, a share says little

SCHEMA = {
    "stage": pl.String(),
    "group": pl.String(),  # source, lang or kind
    "value": pl.String(),
    "documents_in": pl.Int64(),
    "removed": pl.Int64(),
    "removed_share": pl.Float64(),
    "stage_share": pl.Float64(),  # of all documents that came to the stage
    "reasons": pl.String(),
}


def losses(run: str, group: str) -> pl.DataFrame:
    """What each stage of the run that removed anything took, a row for each value of `group`; columns of `SCHEMA`.

    `kind` and `lang` are as measured when the stage judged. Documents without a language are in no group of `lang`.
    """
    table = _counted(read_ledger(run)).filter(pl.col("group") == group)
    gone = measures(run)
    if gone is None or group not in gone.columns:
        return table
    first = gone.group_by("stage", group, "reason").len().sort(pl.col("len"), "reason", descending=[True, False])
    said = first.group_by("stage", group, maintain_order=True).agg(
        pl.format("{} {}", "reason", "len").str.join(", ").alias("reasons")
    )
    return table.drop("reasons").join(
        said.rename({group: "value"}), on=["stage", "value"], how="left", maintain_order="left"
    )


def uneven(records: Sequence[Record]) -> pl.DataFrame:
    """The rows of `SCHEMA`, of any group, in which a stage took `UNEVEN` times as much as of all documents."""
    table = _counted(records)
    return table.filter(
        (pl.col("removed_share") >= UNEVEN_SHARE)
        & (pl.col("removed_share") >= UNEVEN * pl.col("stage_share"))
        & (pl.col("documents_in") >= UNEVEN_LEAST)
    )


def _counted(records: Sequence[Record]) -> pl.DataFrame:
    rows = []
    for count in total(records):
        if not count.removed.count:
            continue
        share = count.removed.count / count.ids_in.count
        for key, (came, gone) in sorted(count.groups.items()):
            group, _, value = key.partition("=")
            rows.append((count.stage, group, value, came, gone, gone / came if came else 0.0, share, ""))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def told(table: pl.DataFrame, group: str) -> str:
    """`losses` as text: a line for each stage and value, the stage's own share on the first."""
    if not table.height:
        return "no stage removed anything"
    width = max(24, *(len(visible(value)) + 2 for value in table["value"]))
    lines = [f"{'stage':<20}{group:<{width}}{'in':>10}{'removed':>10}{'share':>8}  reasons"]
    for (stage,), some in table.group_by("stage", maintain_order=True):
        lines.append(f"{stage!s:<20}{'(all)':<{width}}{'':>20}{100 * some['stage_share'][0]:>7.1f}%")
        for row in some.iter_rows(named=True):
            lines.append(
                f"{'':<20}{visible(row['value']):<{width}}{row['documents_in']:>10,}{row['removed']:>10,}"
                f"{100 * row['removed_share']:>7.1f}%  {row['reasons'] or ''}".rstrip()
            )
    return "\n".join(lines)


def warnings(table: pl.DataFrame) -> list[str]:
    """`uneven` as lines."""
    return [
        f"! {row['stage']} took {100 * row['removed_share']:.1f}% of {row['group']} {visible(row['value'])} "
        f"({row['removed']:,} of {row['documents_in']:,}), {100 * row['stage_share']:.1f}% of all"
        for row in table.iter_rows(named=True)
    ]
