"""What was removed, or would have been: the funnel, the reasons, samples beside those that stayed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from curate.audit.funnel import funnel
from curate.audit.gather.documents import SHOWN, document
from curate.audit.gather.picks import Picks
from curate.audit.report.material import Material, share
from curate.audit.tables import scan

REASONS = 60  # of which samples are shown, those with most documents first
KEEPERS = 2  # documents that stayed, beside each reason


def removal(material: Material) -> dict[str, Any]:
    rows = _rows(material)
    last = rows[-1]["kept"] if rows else material.documents
    return {
        "hypothetical": material.subject.silent,
        "supplied": bool(rows),
        "read": rows[0]["documents_in"] if rows else None,
        "kept": last,
        "removed": sum(row["removed"] for row in rows),
        "kept_share": share(last, rows[0]["documents_in"]) if rows else None,
        "stages": rows,
        "reasons": reasons(material),
        "rules": rules(material),
        "uneven": uneven(rows),
        "samples": samples(material),
    }


def _rows(material: Material) -> list[dict[str, Any]]:
    if material.subject.silent:
        return _hypothetical(material)
    if material.subject.records:
        return _ran(material)
    manifest = material.subject.manifest or {}
    return [
        {
            **_row(one["stage"], one["documents_in"], one["removed"], one["kept"]),
            "quarantined": one["quarantined"],
            "split": one["split"],
            "split_into": one["split_into"],
        }
        for one in manifest.get("funnel", ())
    ]


def _row(stage: str, came: int, removed: int, kept: int) -> dict[str, Any]:
    return {
        "stage": stage,
        "documents_in": came,
        "removed": removed,
        "kept": kept,
        "removed_share": share(removed, came),
        "quarantined": 0,
        "split": 0,
        "split_into": 0,
        "bytes_removed": None,
        "documents_of_known_size": None,
        "tokens_removed_about": None,
        "characters_cut": None,
        "characters_added": None,
        "sources": [],
    }


def _ran(material: Material) -> list[dict[str, Any]]:
    counts = {count.stage: count for count in material.counts}
    rows = []
    for one in funnel(material.subject.records).iter_rows(named=True):
        row = _row(one["stage"], one["documents_in"], one["removed"], one["kept"])
        row |= {name: one[name] for name in ("quarantined", "split", "split_into")}
        if (count := counts.get(one["stage"])) is not None:
            edits = count.chars_cut or count.chars_added
            row |= {"characters_cut": count.chars_cut, "characters_added": count.chars_added} if edits else {}
            row |= _sizes(material, one["stage"])
            row["sources"] = [
                {
                    "source": name,
                    "role": role,
                    "documents_in": came,
                    "removed": gone,
                    "removed_share": share(gone, came),
                }
                for name, role in material.roles.items()
                for came, gone in [count.groups.get(f"source={name}", [0, 0])]
                if came
            ]
        rows.append(row)
    return rows


def _hypothetical(material: Material) -> list[dict[str, Any]]:
    """Each document is counted where it would have gone first."""
    rows = []
    for one in funnel(material.subject.records).iter_rows(named=True):
        if one["removed"] or one["stage"] == "read" or one["quarantined"]:
            row = _row(one["stage"], one["documents_in"], one["removed"], one["kept"])
            rows.append(row | {name: one[name] for name in ("quarantined", "split", "split_into")})
    left = material.documents
    by_source = {name: 0 for name in material.roles}
    for key, amounts in material.stay.tallies["sources"]:
        by_source[str(key[0])] += amounts["documents"]
    for stage in material.subject.rules or {}:
        sums: dict[str, int] = {}
        for (of, _, source), counts in material.gone.gone.first.items():
            if of == stage:
                sums[source] = sums.get(source, 0) + counts[0]
        gone = sum(sums.values())
        row = _row(stage, left, gone, left - gone) | _sizes(material, stage)
        row["sources"] = [
            {
                "source": name,
                "role": role,
                "documents_in": by_source[name],
                "removed": sums.get(name, 0),
                "removed_share": share(sums.get(name, 0), by_source[name]),
            }
            for name, role in material.roles.items()
            if by_source[name]
        ]
        for name, gone_of in sums.items():
            by_source[name] -= gone_of
        left -= gone
        rows.append(row)
    return rows


def _sizes(material: Material, stage: str) -> dict[str, Any]:
    """Bytes of what the stage took, and about how many tokens: by the tokens a byte of what its source kept."""
    known = bytes_ = 0
    tokens = 0.0
    kept: dict[str, int] = {}
    for key, counts in material.stay.tallies["sources"]:
        kept[str(key[0])] = kept.get(str(key[0]), 0) + counts["bytes"]
    for (of, _, source), (_, sized, its, _) in material.gone.gone.first.items():
        if of == stage:
            known, bytes_ = known + sized, bytes_ + its
            if material.tokens is not None and kept.get(source):
                tokens += its * material.tokens.get(source, 0) / kept[source]
    return {
        "bytes_removed": bytes_,
        "documents_of_known_size": known,
        "tokens_removed_about": None if material.tokens is None else round(tokens),
    }


def reasons(material: Material) -> list[dict[str, Any]]:
    """A row for each reason, most documents first; each document counted once, at its first."""
    sums: dict[tuple[str, str], dict[str, Any]] = {}
    for (stage, reason, source), (documents, _, bytes_, _) in material.gone.gone.first.items():
        row = sums.setdefault(
            (stage, reason), {"stage": stage, "reason": reason, "documents": 0, "bytes": 0, "sources": {}}
        )
        row["documents"] += documents
        row["bytes"] += bytes_
        row["sources"][source] = row["sources"].get(source, 0) + documents
    whole = sum(row["documents"] for row in sums.values())
    ordered = sorted(sums.values(), key=lambda row: (-row["documents"], row["stage"], row["reason"]))
    return [
        {
            **row,
            "share": share(row["documents"], whole),
            "sources": [
                {"source": name, "documents": row["sources"][name]} for name in material.roles if name in row["sources"]
            ],
        }
        for row in ordered
    ]


def rules(material: Material) -> list[dict[str, Any]]:
    """Every rule with its limit, and the documents that failed it: here each counts at every rule that it failed.

    Verdicts name stage, reason, measure and limit: of rules that have all four in common (for other languages, say)
    the first has the count, and so it has of what could not be measured.
    """
    failed: dict[tuple[str, str, str, float | None], int] = {}
    for (stage, reason, measure, limit, _), count in material.gone.gone.failed.items():
        failed[stage, reason, measure, limit] = failed.get((stage, reason, measure, limit), 0) + count
    rows = []
    for stage, its in (material.subject.rules or {}).items():
        for rule in its:
            limits = dict.fromkeys((finite(rule.low), finite(rule.high), None))
            lost = sum(failed.pop((stage, rule.reason, rule.measure, limit), 0) for limit in limits)
            rows.append(
                {
                    "stage": stage,
                    "reason": rule.reason,
                    "measure": rule.measure,
                    "low": finite(rule.low),
                    "high": finite(rule.high),
                    "among": None if rule.among is None else sorted(rule.among)[:40],
                    "when": rule.when,
                    "failed": lost if material.subject.kind != "version" else None,
                }
            )
    return rows


def uneven(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where a stage took at least 3 times as much of a source as of all, 5 % of it, and 20 documents came."""
    return [
        {"stage": row["stage"], **source, "stage_share": row["removed_share"]}
        for row in rows
        for source in row["sources"]
        if source["documents_in"] >= 20
        and source["removed_share"] >= 0.05
        and source["removed_share"] >= 3 * (row["removed_share"] or 0)
    ]


def samples(material: Material) -> list[dict[str, Any]]:
    """For each reason some that went, and beside them what stayed: of copies the document that was kept instead, else
    those nearest to the limit, else some of the same source.
    """
    ordered = [
        (row["stage"], row["reason"], row["sources"][0]["source"] if row["sources"] else None)
        for row in reasons(material)
    ][:REASONS]
    went = _would(material.stay.go) if material.subject.silent else _sampled(material)
    kept = _twins(material, [_instead(one) for some in went.values() for one in some])
    out = []
    for stage, reason, source in ordered:
        mine = went.get((stage, reason), [])
        twins = [twin for one in mine if (twin := kept.get(_instead(one) or "")) is not None]
        near = [pick.shown for pick in material.stay.near.held.get((stage, reason), [])]
        same = [pick.shown for pick in material.stay.stay.held.get((str(source),), [])]
        said, stayed = ("twin", twins) if twins else ("nearest", near) if near else ("same_source", same)
        out.append(
            {
                "stage": stage,
                "reason": reason,
                "went": [{name: value for name, value in one.items() if name != "evidence"} for one in mine],
                "stayed": stayed if said == "twin" else stayed[:KEEPERS],
                "stayed_for": said,
            }
        )
    return out


def _instead(one: Mapping[str, Any]) -> str | None:
    """The document that was kept instead of a copy, as its evidence says."""
    try:
        told = json.loads(one.get("evidence") or "null")
    except json.JSONDecodeError:
        return None
    kept = told.get("kept") if isinstance(told, dict) else None
    return kept if isinstance(kept, str) else None


def _twins(material: Material, ids: list[str | None]) -> dict[str, dict[str, Any]]:
    wanted = pl.Series("doc_id", sorted({one for one in ids if one is not None}), pl.String)
    if not wanted.len():
        return {}
    columns = ["doc_id", "source", "lang", "license", "url", "text"]
    paths = list(material.subject.documents)
    table = pl.scan_parquet(paths, glob=False, missing_columns="insert", extra_columns="ignore").select(columns)
    found = table.filter(pl.col("doc_id").is_in(wanted.implode())).collect(engine="streaming")
    return {row["doc_id"]: document(row) for row in found.iter_rows(named=True)}


def _would(picks: Picks) -> Mapping[tuple[str, ...], list[dict[str, Any]]]:
    return {key: [pick.shown for pick in some] for key, some in picks.held.items()}


def _sampled(material: Material) -> Mapping[tuple[str, ...], list[dict[str, Any]]]:
    table = None if material.subject.kind != "run" else scan(material.subject.place, "samples")
    if table is None:
        return {}
    wanted = ["doc_id", "source", "lang", "license", "url", "text", "stage", "reason"]
    found = table.select(*wanted).sort("doc_id").group_by("stage", "reason", maintain_order=True).head(SHOWN).collect()
    values = scan(material.subject.place, "verdicts")
    told = pl.DataFrame(
        schema={
            "doc_id": pl.String,
            "measure": pl.String,
            "value": pl.Float64,
            "limit": pl.Float64,
            "evidence": pl.String,
        }
    )
    if values is not None:
        some = values.filter(pl.col("doc_id").is_in(found["doc_id"].implode()))
        told = some.select(*told.columns).collect().unique("doc_id", keep="first", maintain_order=True)
    out: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in found.join(told, on="doc_id", how="left", maintain_order="left").iter_rows(named=True):
        out.setdefault((row["stage"], row["reason"]), []).append(
            {
                **document(row),
                **{name: row[name] for name in ("measure", "value", "limit", "evidence")},
            }
        )
    return out


def finite(value: float) -> float | None:
    """A limit, None where there is none."""
    return None if value in (float("inf"), float("-inf")) else value


def limits_of(material: Material) -> dict[str, list[dict[str, Any]]]:
    """The limits on each measure: stage, reason, low, high, when, and how many failed."""
    out: dict[str, list[dict[str, Any]]] = {}
    for rule in rules(material):
        if rule["among"] is None:
            limit = {name: value for name, value in rule.items() if name not in ("measure", "among")}
            out.setdefault(rule["measure"], []).append(limit)
    return out
