"""A first look at kept shards, without their texts: which channels there are, and what the documents went through."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl
import pyarrow.parquet as pq

from curate import files
from curate.document import COLUMNS
from curate.mix.channels import CELLS
from curate.table import batches

EVIDENCE = "near_duplicate_evidence"
"""What MinHashDedup writes: null for a document that is like no other, else JSON that names its `cluster`."""

_CELLS = ("role", "source", *CELLS)
_ALL = 0.95  # of the documents of a source and kind: so many have a measure that the stage gives to all


@dataclass(frozen=True)
class Survey:
    """Of one shard or of all.

    `cells` counts documents by (role, source, *CELLS); `measures` by (source, kind, measure) how many there are and how
    many have the measure. `clusters` are the documents that clusters are named for, `compared` and `documents` how many
    documents were held against each other for near-duplicates, and how many there are.
    """

    cells: pl.DataFrame
    measures: pl.DataFrame
    clusters: frozenset[str]
    compared: int
    documents: int


def surveyed(path: str) -> Survey:
    """What the kept shard at `path` holds. `ValueError` where it lacks a column of documents."""
    with files.open_read(path) as file:
        names = pq.ParquetFile(file).schema_arrow
    measures = [field.name for field in names if field.name not in COLUMNS and (str(field.type) in _NUMBERS)]
    evidence = [EVIDENCE] if EVIDENCE in names.names else []
    found, clusters = [nothing()], set[str]()
    for docs in batches(path, ("role", "source", "domain", "lang", "kind", *measures, *evidence)):
        found.append(
            Survey(
                task_of(docs).group_by(_CELLS).agg(pl.len().cast(pl.Int64).alias("documents")),
                _measured(docs, measures),
                frozenset(),
                docs.height if evidence else 0,
                docs.height,
            )
        )
        clusters |= {
            cluster for text in (docs[EVIDENCE].drop_nulls() if evidence else []) if (cluster := cluster_of(text))
        }
    together = joined(found)
    return Survey(together.cells, together.measures, frozenset(clusters), together.compared, together.documents)


_NUMBERS = frozenset(
    {"double", "float", "int64", "int32", "uint32", "uint64", "int16", "uint16", "int8", "uint8", "bool"}
)


def nothing() -> Survey:
    """What is surveyed where nothing is."""
    return Survey(
        pl.DataFrame(schema={**dict.fromkeys(_CELLS, pl.String), "documents": pl.Int64}),
        pl.DataFrame(
            schema={**dict.fromkeys(("source", "kind", "measure"), pl.String), "documents": pl.Int64, "there": pl.Int64}
        ),
        frozenset(),
        0,
        0,
    )


def joined(found: Iterable[Survey]) -> Survey:
    """Several surveys as one."""
    all_of = [nothing(), *found]
    return Survey(
        pl.concat([one.cells for one in all_of]).group_by(_CELLS).agg(pl.col("documents").sum()),
        pl.concat([one.measures for one in all_of])
        .group_by("source", "kind", "measure")
        .agg(pl.col("documents", "there").sum()),
        frozenset().union(*(one.clusters for one in all_of)),
        sum(one.compared for one in all_of),
        sum(one.documents for one in all_of),
    )


def task_of(docs: pl.DataFrame) -> pl.DataFrame:
    """`docs` with their `task`: what a model is to learn of them, a dialogue or text."""
    return docs.with_columns(
        pl.when(pl.col("kind") == "dialogue").then(pl.lit("dialogue")).otherwise(pl.lit("text")).alias("task")
    )


def cluster_of(evidence: str) -> str | None:
    """The cluster that near-duplicate evidence names."""
    told = json.loads(evidence)
    return str(told["cluster"]) if isinstance(told, dict) and told.get("cluster") else None


def skipped_gates(survey: Survey) -> list[str]:
    """A line for each source that lacks measures which other sources of its kind have: it did not pass their gates.

    Compared are sources of one kind: stages judge kinds differently, and a dialogue lacks what only prose is asked.
    """
    kinds = _sizes(survey)
    table = {(source, kind, measure): there for source, kind, measure, _, there in survey.measures.rows()}
    measures = sorted({measure for _, _, measure in table})
    lacks: dict[tuple[str, str], dict[str, list[str]]] = {}
    for (source, kind), documents in sorted(kinds.items()):
        for measure in measures:
            if table.get((source, kind, measure), 0) or not documents:
                continue
            neighbours = [
                other
                for (other, of_kind), size in sorted(kinds.items())
                if of_kind == kind and other != source and table.get((other, kind, measure), 0) >= _ALL * size
            ]
            if neighbours:
                lacks.setdefault((source, kind), {})[measure] = neighbours
    return [_skipped(source, kind, missing) for (source, kind), missing in lacks.items()]


def _skipped(source: str, kind: str, missing: dict[str, list[str]]) -> str:
    neighbours = sorted({name for names in missing.values() for name in names})
    others = f"{', '.join(neighbours[:3])}{' and others' if len(neighbours) > 3 else ''}"
    measures = f"{', '.join(list(missing)[:6])}{f' and {len(missing) - 6} more' if len(missing) > 6 else ''}"
    return (
        f"source '{source}' ({kind}) was not measured by {measures}, as {others} were: it passed other gates, and a "
        "ratio does not make up for unequal cleaning"
    )


def _sizes(survey: Survey) -> dict[tuple[str, str], int]:
    sizes = survey.cells.group_by("source", "kind").agg(pl.col("documents").sum())
    return {(source, kind): documents for source, kind, documents in sizes.rows()}


def _measured(docs: pl.DataFrame, measures: Sequence[str]) -> pl.DataFrame:
    """Of each source and kind, how many documents have each measure."""
    counts = docs.group_by("source", "kind").agg(
        pl.len().cast(pl.Int64).alias("documents"), *(pl.col(name).count().cast(pl.Int64) for name in measures)
    )
    return counts.unpivot(
        list(measures), index=["source", "kind", "documents"], variable_name="measure", value_name="there"
    ).select("source", "kind", "measure", "documents", pl.col("there").cast(pl.Int64))
