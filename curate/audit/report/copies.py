"""Duplicates: clusters by size, the largest of them, between which sources, and with earlier versions."""

from __future__ import annotations

from typing import Any

import polars as pl

from curate.audit.excerpt import passage, shown_url
from curate.audit.report.material import Material, share

LARGEST = 8
QUOTED = 400  # characters of the document that a cluster is named by
PAIRS = 40
# Lower edges of the bins of cluster sizes.
SIZES = (2, 3, 4, 5, 6, 9, 17, 33, 65, 129, 257, 513, 1025, 2049, 4097, 16385, 65537)


def copies(material: Material) -> dict[str, Any]:
    gone = material.gone.gone
    looked = any(
        rule.reason in ("exact_duplicate", "near_duplicate")
        for rules in (material.subject.rules or {}).values()
        for rule in rules
    )
    by_reason = {"exact_duplicate": 0, "near_duplicate": 0}
    for (_, reason, _), counts in gone.first.items():
        if reason in by_reason:
            by_reason[reason] += counts[0]
    documents = sum(by_reason.values())
    judged = material.documents + (0 if material.subject.silent else documents)
    return {
        "looked": looked,
        "documents": documents,
        "share": share(documents, judged),
        "left": documents if material.subject.silent else 0 if looked else None,
        "reasons": [{"reason": name, "documents": count} for name, count in by_reason.items()],
        "clusters": gone.clusters.height,
        "sizes": _sizes(gone.clusters),
        "largest": _largest(material, gone.clusters),
        "between": _between(material, gone.pairs),
        "with_versions": _versions(gone.pairs),
    }


def _sizes(clusters: pl.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for place, low in enumerate(SIZES):
        high = SIZES[place + 1] - 1 if place + 1 < len(SIZES) else None
        inside = (pl.col("size") >= low) & (pl.lit(True) if high is None else pl.col("size") <= high)
        some = clusters.filter(inside)
        rows.append({"from": low, "to": high, "clusters": some.height, "removed": int(some["removed"].sum())})
    last = max((place for place, row in enumerate(rows) if row["clusters"]), default=-1)
    return rows[: last + 1]


def _largest(material: Material, clusters: pl.DataFrame) -> list[dict[str, Any]]:
    some = clusters.sort("size", "removed", "cluster", descending=[True, True, False]).head(LARGEST)
    if not some.height:
        return []
    ids = some["cluster"].implode()
    columns = ["doc_id", "source", "lang", "url", "text"]
    table = pl.scan_parquet(
        list(material.subject.documents), glob=False, missing_columns="insert", extra_columns="ignore"
    )
    texts = {row["doc_id"]: row for row in
             table.filter(pl.col("doc_id").is_in(ids)).select(columns).collect().iter_rows(named=True)}  # fmt: skip
    rows = []
    for row in some.iter_rows(named=True):
        held = texts.get(row["cluster"])
        rows.append({
            "reason": row["reason"], "cluster": row["cluster"], "size": row["size"], "removed": row["removed"],
            "source": held and held["source"], "lang": held and held["lang"],
            "url": shown_url(held["url"]) if held and held["url"] else None,
            "text": passage(held["text"] or "", QUOTED) if held else None,
        })  # fmt: skip
    return rows


def _between(material: Material, pairs: pl.DataFrame) -> list[dict[str, Any]]:
    """Documents that went from one source for a document of another (or the same); null where that one is not there."""
    here = pairs.filter(pl.col("version").is_null())
    if not here.height:
        return []
    table = pl.scan_parquet(
        list(material.subject.documents), glob=False, missing_columns="insert", extra_columns="ignore"
    )
    kept = table.select(pl.col("doc_id").alias("kept"), pl.col("source").alias("kept_source"))
    wanted = here.lazy().select("kept").unique()
    named = kept.join(wanted, on="kept", how="semi").unique("kept").collect(engine="streaming")
    sums = here.join(named, on="kept", how="left").group_by("source", "kept_source").agg(pl.col("documents").sum())
    ordered = sums.sort("documents", "source", "kept_source", descending=[True, False, False], nulls_last=True)
    return [{"source": row[0], "kept_source": row[1], "documents": row[2]} for row in ordered.head(PAIRS).iter_rows()]


def _versions(pairs: pl.DataFrame) -> list[dict[str, Any]]:
    some = pairs.filter(pl.col("version").is_not_null())
    sums = some.group_by("version", "source").agg(pl.col("documents").sum()).sort("version", "source")
    return [{"version": row[0], "source": row[1], "documents": row[2]} for row in sums.head(PAIRS).iter_rows()]
