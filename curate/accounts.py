"""What is kept of documents that stages took out of a shard, and how it is counted."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from curate.document import COLUMNS
from curate.ledger import Attempt, Ids, Object, StageCount
from curate.stage import WHICH, Removal

# Removed text is kept as a sample by hash: this share, and at least so many of each reason.
SAMPLE_SHARE = 1 / 1000
SAMPLE_LEAST = 100

QUARANTINE = {
    **WHICH,  # doc_id is null for a record that was never a document
    "stage": pl.String(),
    "reason": pl.String(),
    "error": pl.String(),
}

HEAVY = frozenset({"text", "messages", "tools", "meta"})  # columns of which a document's fate is told without them

GROUPS = ("lang", "kind", "source")  # a stage that nearly wipes out one of these stops the run


class Accounts:
    """The verdicts, quarantine, measures and samples of one shard, batch by batch."""

    def __init__(self) -> None:
        self.quarantined: list[pl.DataFrame] = []
        self._verdicts: list[pl.DataFrame] = []
        self._measures: list[pl.DataFrame] = []
        self._samples = Samples()

    def take(self, removal: Removal) -> None:
        """Keep what the ledger wants of documents that were removed."""
        if removal.gone.height:
            self._verdicts.append(removal.verdicts)
            self._measures.append(_measures(removal))
            self._samples.add(removal)

    def write(
        self, attempt: Attempt, whole: Callable[[pl.Series], pl.DataFrame] | None = None
    ) -> dict[str, list[Object]]:
        """The side objects of an attempt, each where there is something to tell.

        `whole` gives documents by `row`, for samples that were taken without their texts.
        """
        samples = self._samples.table()
        if whole is not None and samples.height:
            texts = whole(samples["row"])
            samples = samples.drop("row").hstack(
                samples.select("row").join(texts, on="row", how="left", maintain_order="left").drop("row")
            )
            samples = samples.select(*COLUMNS, "stage", "reason")
        tables = {
            "verdicts": pl.concat(self._verdicts) if self._verdicts else pl.DataFrame(),
            "quarantine": pl.concat(self.quarantined) if self.quarantined else pl.DataFrame(),
            "samples": samples,
            "measures": pl.concat(self._measures, how="diagonal") if self._measures else pl.DataFrame(),
        }
        return {kind: attempt.write(kind, [table] if table.height else []) for kind, table in tables.items()}


def count_stage(count: StageCount, docs: pl.DataFrame, removal: Removal) -> None:
    """Count ids, reasons and groups: `docs` came in, `removal` is what the rules made of them."""
    count.ids_in += Ids.of(docs["doc_id"])
    count.kept += Ids.of(removal.kept["doc_id"])
    count.removed += Ids.of(removal.gone["doc_id"])
    # Counted from the verdicts, so that a document that went without one shows in the balance.
    reasons = removal.gone.select("doc_id").join(_first(removal), on="doc_id")["reason"]
    for reason, number in reasons.value_counts(sort=True).iter_rows():
        count.reasons[reason] = count.reasons.get(reason, 0) + number
    given = removal.verdicts.unique(["doc_id", "reason"]).group_by("source", "reason").len()
    for source, reason, number in given.sort("source", "reason").iter_rows():
        mine = count.sources.setdefault(source, {})
        mine[reason] = mine.get(reason, 0) + number
    # By the groups that the stage sees, in what came as in what went: it may be the one that tells languages.
    for group in GROUPS:
        for table, places in ((removal.kept, (0,)), (removal.gone, (0, 1))):
            for value, number in table[group].drop_nulls().value_counts().iter_rows():
                counted = count.groups.setdefault(f"{group}={value}", [0, 0])
                for place in places:
                    counted[place] += number


def count_characters(stage: str, count: StageCount, before: pl.DataFrame, after: pl.DataFrame) -> None:
    """Count characters before and after an editor, of documents that it did not fail on, and what it says it did."""
    count.chars_in += characters(before)
    count.chars_out += characters(after)
    if f"{stage}_cut" in after.columns:
        count.chars_cut += int(after[f"{stage}_cut"].sum())
        count.chars_added += int(after[f"{stage}_added"].sum())
    else:  # what had no text before: extraction
        count.chars_added += characters(after.filter(before["text"].is_null()))


def characters(docs: pl.DataFrame) -> int:
    """Characters of text, all together."""
    return int(docs["text"].str.len_chars().sum())


def _first(removal: Removal) -> pl.DataFrame:
    """For each removed document the stage and the reason of its first verdict."""
    return removal.verdicts.unique("doc_id", keep="first", maintain_order=True).select("doc_id", "stage", "reason")


def _measures(removal: Removal) -> pl.DataFrame:
    """A row for each removed document: its groups, who removed it, and what was measured of it until then.

    Numbers are f32, what is true or false stays so.
    """
    gone = removal.gone
    columns = []
    for name, dtype in gone.schema.items():
        if name in COLUMNS or name == "row":
            continue
        if dtype.is_numeric():
            columns.append(pl.col(name).cast(pl.Float32))
        elif dtype == pl.Boolean:
            columns.append(pl.col(name))
    told = gone.select("doc_id", "role", *GROUPS, *columns)
    return told.join(_first(removal), on="doc_id", maintain_order="left")


class Samples:
    """Removed documents that are kept to be looked at: by hash, so that the same ones are kept in every run."""

    def __init__(self) -> None:
        self._held: list[pl.DataFrame] = []

    def add(self, removal: Removal) -> None:
        columns = [name for name in ("row", *COLUMNS) if name in removal.gone.columns]
        self._held.append(removal.gone.select(columns).join(_first(removal), on="doc_id", maintain_order="left"))
        if len(self._held) > 8:
            self._held = [self.table()]

    def table(self) -> pl.DataFrame:
        """The sample so far."""
        return pl.DataFrame() if not self._held else sampled(pl.concat(self._held))


def sampled(gone: pl.DataFrame) -> pl.DataFrame:
    """Of removed documents with `stage` and `reason`: those with the lowest ids, which are hashes already."""
    limit = f"{int(SAMPLE_SHARE * 2**32):08x}"
    rank = pl.col("doc_id").rank("ordinal").over("stage", "reason")
    return gone.filter((pl.col("doc_id").str.head(8) < limit) | (rank <= SAMPLE_LEAST)).sort(
        "stage", "reason", "doc_id"
    )
