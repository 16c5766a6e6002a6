"""Verdicts, counted: who went and why, from which sources, as copies of what, for which benchmarks."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from curate.audit.gather.contact import Contacts

OVERLAP = "benchmark_overlap"  # the reason of `Decontaminate`

_CLUSTERS = {"reason": pl.String, "cluster": pl.String, "size": pl.Int64, "removed": pl.Int64}
_PAIRS = {"reason": pl.String, "source": pl.String, "kept": pl.String, "version": pl.String, "documents": pl.Int64}


@dataclass
class Gone:
    """`first`: [documents, of them with a known size, their bytes, their characters] by the stage, the reason and the
    source of each document's first verdict. `failed`: documents by (stage, reason, measure, limit, source), counted
    at every rule that they failed. `clusters` and `pairs` of copies are tables, summed at the end.
    """

    first: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)
    failed: dict[tuple[str, str, str, float | None, str], int] = field(default_factory=dict)
    clusters: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_CLUSTERS))
    pairs: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_PAIRS))
    contacts: Contacts = field(default_factory=Contacts)

    def add(self, verdicts: pl.DataFrame, sizes: pl.DataFrame) -> None:
        """`verdicts` as `stage.VERDICT`, all of a document's at once, the first failed rule first; `sizes`: doc_id,
        bytes and characters of the documents whose size is known.
        """
        first = verdicts.unique("doc_id", keep="first", maintain_order=True).join(sizes, on="doc_id", how="left")
        counted = first.group_by("stage", "reason", "source").agg(
            pl.len(), pl.col("bytes").count().alias("known"), pl.col("bytes").sum(), pl.col("characters").sum()
        )
        for stage, reason, source, *counts in counted.iter_rows():
            mine = self.first.setdefault((stage, reason, source), [0, 0, 0, 0])
            for place, value in enumerate(counts):
                mine[place] += int(value or 0)
        keys = ["stage", "reason", "measure", "limit", "source"]
        for *key, count in verdicts.select("doc_id", *keys).unique().group_by(keys).len().iter_rows():
            rule = (key[0], key[1], key[2], key[3], key[4])
            self.failed[rule] = self.failed.get(rule, 0) + count
        self._copies(first)
        overlap = verdicts.filter(pl.col("reason") == OVERLAP).unique("doc_id", keep="first", maintain_order=True)
        named = overlap.rename({"evidence": "contamination_evidence"})
        self.contacts.add(named.select("doc_id", "origin_id", "source", "contamination_evidence"), True)

    def merge(self, other: Gone) -> None:
        for key, counts in other.first.items():
            mine = self.first.setdefault(key, [0, 0, 0, 0])
            for place, value in enumerate(counts):
                mine[place] += value
        for rule, count in other.failed.items():
            self.failed[rule] = self.failed.get(rule, 0) + count
        self.clusters = _summed(pl.concat([self.clusters, other.clusters]), _CLUSTERS, "removed", "size")
        self.pairs = _summed(pl.concat([self.pairs, other.pairs]), _PAIRS, "documents")
        self.contacts.merge(other.contacts)

    def _copies(self, first: pl.DataFrame) -> None:
        said = pl.col("evidence").str
        copies = first.filter(pl.col("reason").is_in(["exact_duplicate", "near_duplicate"]) & said.starts_with("{"))
        if not copies.height:
            return
        told = copies.select(
            "reason",
            "source",
            said.json_path_match("$.kept").alias("kept"),
            said.json_path_match("$.cluster").alias("cluster"),
            said.json_path_match("$.cluster_size").cast(pl.Int64, strict=False).alias("size"),
            said.json_path_match("$.version").alias("version"),
        )
        clusters = (
            told.drop_nulls("cluster")
            .group_by("reason", "cluster")
            .agg(pl.col("size").max(), pl.len().cast(pl.Int64).alias("removed"))
        )
        pairs = (
            told.drop_nulls("kept")
            .group_by("reason", "source", "kept", "version")
            .agg(pl.len().cast(pl.Int64).alias("documents"))
        )
        self.clusters = pl.concat([self.clusters, clusters.select(list(_CLUSTERS))])
        self.pairs = pl.concat([self.pairs, pairs.select(list(_PAIRS))])


def _summed(
    table: pl.DataFrame, schema: dict[str, type[pl.DataType]], total: str, most: str | None = None
) -> pl.DataFrame:
    keys = [name for name in schema if name not in (total, most)]
    sums = [pl.col(total).sum(), *([pl.col(most).max()] if most else [])]
    return table.group_by(keys).agg(sums).select(list(schema)).sort(keys, nulls_last=True)
