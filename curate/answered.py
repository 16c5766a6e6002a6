"""What a judge said of a run's documents, as labelled documents: what `curate classifier train --labelled` reads."""

from __future__ import annotations

import json

import polars as pl
import pyarrow.parquet as pq

from curate import files
from curate.ledger import read_ledger

COLUMNS = ("text", "source", "lang", "domain")


class NotJudged(ValueError):
    """The run has no such judgement, or none of it can be a label."""


def labels(
    run: str, judge: str, out: str, *, high: float | None = None, low: float | None = None,
    names: tuple[str, str] = ("good", "bad"),
) -> dict[str, int]:  # fmt: skip
    """Writes the kept documents of the run in `run` that `judge` (a stage's name) has judged to `out`, JSON lines of
    text, label, source, lang, domain; the number of each label.

    Of a judge with labels the label is its own. Of one with scores it is the first of `names` from `high` on, the
    second up to `low` (below `high` where that is not given); what lies between is nobody's example and left out, and
    so are documents that were not asked about or not answered. Raises `NotJudged`, `FileExistsError`.
    """
    read_ledger(run)  # raises where no run ended here
    if high is not None and low is not None and low >= high:
        raise NotJudged(f"bad examples go up to {low:g} and good ones begin at {high:g}; expected --low below --high")
    counts: dict[str, int] = {}
    views = [file.path for file in files.found(files.join(run, "kept"))]
    with files.create(out) as made:
        for view in views:
            with files.open_read(view) as opened:
                parquet = pq.ParquetFile(opened)
                measure = _measure(judge, parquet.schema_arrow.names, high)
                for group in range(parquet.num_row_groups):
                    read = parquet.read_row_group(group, columns=[*COLUMNS, measure])
                    docs = _labelled(pl.DataFrame(pl.from_arrow(read)), measure, high, low, names)
                    for row in docs.iter_rows(named=True):
                        counts[row["label"]] = counts.get(row["label"], 0) + 1
                        made.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        if not counts:
            raise NotJudged(f"{run}: {judge} gave no document a label; nothing was written")
    return dict(sorted(counts.items()))


def _measure(judge: str, columns: list[str], high: float | None) -> str:
    score, label = f"{judge}_score", f"{judge}_label"
    if label in columns:
        return label
    if score not in columns:
        judged = sorted(name for name in columns if name.endswith(("_score", "_label")))
        raise NotJudged(f"the run has neither {score} nor {label}; there are {', '.join(judged) or 'no judges in it'}")
    if high is None:
        raise NotJudged(f"{score} is a number; say from which on a document is a good example (--high)")
    return score


def _labelled(
    docs: pl.DataFrame, measure: str, high: float | None, low: float | None, names: tuple[str, str]
) -> pl.DataFrame:
    value = pl.col(measure)
    if docs.schema[measure] == pl.String:
        label = value
    else:
        below = value < high if low is None else value <= low
        label = pl.when(value >= high).then(pl.lit(names[0])).when(below).then(pl.lit(names[1]))
    return docs.select("text", label.alias("label"), "source", "lang", "domain").drop_nulls(["text", "label"])
