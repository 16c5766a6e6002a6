"""The same standard for all sources: what each rule measured of each of them and took, domain beside general."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any, TypeAlias

import polars as pl

from curate.audit.excerpt import visible
from curate.audit.tables import described, measures, scan
from curate.ledger import read_ledger, total

QUANTILES = (0.01, 0.1, 0.5, 0.9, 0.99)

SCHEMA = {
    "stage": pl.String(),
    "reason": pl.String(),  # null for a measure without a rule
    "measure": pl.String(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "among": pl.String(),  # of a rule on words: those that stay
    "when": pl.String(),
    "role": pl.String(),
    "source": pl.String(),
    "documents_in": pl.Int64(),  # that came to the stage
    "asked": pl.Int64(),  # of these, those for which the rule was not silent
    "lost": pl.Int64(),  # of these, those that failed it; a document may fail several rules
    "lost_share": pl.Float64(),  # of those that came
    **{f"p{100 * quantile:g}": pl.Float64() for quantile in QUANTILES},  # of the measure, over those that came
}


class NoRules(ValueError):
    """The run does not say which rules it had."""


class NotMeasured(ValueError):
    """The run has no such stage with rules, or no such measure."""


def quality(run: str) -> pl.DataFrame:
    """A row for each rule and source, and for each numeric measure that no rule looks at; columns of `SCHEMA`.

    Stages in the recipe's order, sources of the domain before general ones. Measures are over all documents that came
    to the stage, kept or removed; those of removed documents are stored in single precision. Raises `NoRules`.
    """
    ran = _described(run)
    order = {source["name"]: place for place, source in enumerate(ran["recipe"]["sources"])}
    roles = {source["name"]: str(source["role"]) for source in ran["recipe"]["sources"]}
    names = sorted(roles, key=lambda name: (roles[name] != "domain", order[name]))
    came = {count.stage: count.groups for count in total(read_ledger(run))}
    docs = _documents(run)
    rules = {stage["name"]: ran["rules"].get(stage["name"], []) for stage in ran["recipe"]["stages"]}
    places = {stage: place for place, stage in enumerate(rules)}
    after = pl.col("_stage").replace_strict(places, default=len(places), return_dtype=pl.Int64)
    lost = _lost(run)
    rows: list[Mapping[str, Any]] = []
    judged = set()
    for stage, its in rules.items():
        here = docs.filter(after >= places[stage])
        for rule in its:
            judged.add(rule["measure"])
            rows += _of_rule(stage, rule, here, came.get(stage, {}), lost, names, roles)
    for name, dtype in docs.schema.items():
        if name not in judged and dtype.is_numeric() and not name.startswith("_"):
            rows += _of_measure(name, docs, names, roles)
    return pl.DataFrame(rows, schema=SCHEMA)


def only(table: pl.DataFrame, **wanted: str | None) -> pl.DataFrame:
    """The rows of `quality` of one stage, one measure. Raises `NotMeasured`."""
    for column, value in wanted.items():
        if value is not None:
            known = ", ".join(sorted(set(table[column].drop_nulls()))) or "none"
            table = table.filter(pl.col(column) == value)
            if not table.height:
                raise NotMeasured(f"no {column} {value!r} in this run; there are {known}")
    return table


def _described(run: str) -> Any:
    told = described(run)
    if "rules" not in told:
        raise NoRules(f"{run}: run.json names no rules; expected the --out directory of a run of this Curate")
    return told


def _documents(run: str) -> pl.DataFrame:
    """Source, language, kind and measures of kept and removed documents; `_stage` removed them, null for kept ones."""
    tables = []
    if (kept := scan(run, "kept")) is not None:
        schema = kept.collect_schema()
        numbers = [name for name, dtype in schema.items() if dtype.is_numeric() or dtype == pl.Boolean]
        tables.append(
            kept.select("source", "lang", "kind", *numbers, pl.lit(None, pl.String).alias("_stage")).collect()
        )
    if (gone := measures(run)) is not None:
        tables.append(gone.rename({"stage": "_stage"}).drop("doc_id", "role", "reason", strict=False))
    if not tables:
        return pl.DataFrame(
            schema={"source": pl.String(), "lang": pl.String(), "kind": pl.String(), "_stage": pl.String()}
        )
    return pl.concat(tables, how="diagonal_relaxed")


_Key: TypeAlias = tuple[str, str, str, str, float | None]


def _lost(run: str) -> dict[_Key, int]:
    """Documents that failed a rule, by stage, reason, measure, source, limit (rules for other scripts have another)."""
    found = scan(run, "verdicts")
    if found is None:
        return {}
    keys = ["stage", "reason", "measure", "source", "limit"]
    counted = found.select("doc_id", *keys).unique().group_by(keys).len().collect()
    return {(row[0], row[1], row[2], row[3], row[4]): row[5] for row in counted.iter_rows()}


def _of_rule(
    stage: str,
    rule: Mapping[str, Any],
    docs: pl.DataFrame,
    came: Mapping[str, Sequence[int]],
    lost: Mapping[_Key, int],
    names: Sequence[str],
    roles: Mapping[str, str],
) -> list[Mapping[str, Any]]:
    measure, when = rule["measure"], rule["when"]
    limits = {_limit(rule["low"], -inf), _limit(rule["high"], inf)} - {None} or {None}
    present = measure in docs.columns and docs.schema[measure].is_numeric()
    rows: list[Mapping[str, Any]] = []
    for name in names:
        mine = docs.filter(pl.col("source") == name)
        arrived = came.get(f"source={name}", (0, 0))[0]
        asked = arrived
        if when is not None and when in mine.columns and mine.height:
            asked = int(mine[when].fill_null(False).sum())
        gone = sum(lost.get((stage, rule["reason"], measure, name, limit), 0) for limit in limits)
        rows.append({
            "stage": stage, "reason": rule["reason"], "measure": measure, "low": _limit(rule["low"], -inf),
            "high": _limit(rule["high"], inf), "when": when,
            "among": None if rule["among"] is None else ", ".join(sorted(rule["among"])),
            "role": roles[name], "source": name,
            "documents_in": arrived, "asked": asked, "lost": gone, "lost_share": gone / arrived if arrived else None,
            **_quantiles(mine[measure] if present else None),
        })  # fmt: skip
    return rows


def _of_measure(
    measure: str, docs: pl.DataFrame, names: Sequence[str], roles: Mapping[str, str]
) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    for name in names:
        values = docs.filter(pl.col("source") == name)[measure]
        if values.len() > values.null_count():
            rows.append({**dict.fromkeys(SCHEMA), "measure": measure, "role": roles[name], "source": name,
                         "documents_in": values.len() - values.null_count(), **_quantiles(values)})  # fmt: skip
    return rows


def _limit(value: Any, nothing: float) -> float | None:
    number = float(value)
    return None if number == nothing else number


def _quantiles(values: pl.Series | None) -> dict[str, float | None]:
    there = None if values is None else values.cast(pl.Float64).drop_nulls().drop_nans()
    return {
        f"p{100 * quantile:g}": None if there is None else there.quantile(quantile, "nearest") for quantile in QUANTILES
    }


def skipped(run: str, table: pl.DataFrame) -> list[str]:
    """Where sources went through a stage unjudged: all its rules silent for all their documents, and what they are."""
    declared = {source["name"]: str(source["kind"]) for source in _described(run)["recipe"]["sources"]}
    docs = _documents(run)
    lines = []
    for (stage,), its in table.filter(pl.col("reason").is_not_null()).group_by("stage", maintain_order=True):
        unjudged = []
        for (source,), some in its.group_by("source", maintain_order=True):
            arrived = some["documents_in"].to_list()
            if not any(arrived) or some["asked"].sum():
                continue
            if (kind := declared[str(source)]) != "prose":
                unjudged.append(f"{visible(str(source))} (declared {kind})")
                continue
            mine = docs.filter(pl.col("source") == source).select(pl.format("{} {}", "lang", "kind").alias("is"))
            counts = mine["is"].fill_null("no language").value_counts(sort=True).head(3)
            said = ", ".join(f"{what} {number:,}" for what, number in counts.iter_rows())
            unjudged.append(f"{visible(str(source))} (measured {said})")
        if unjudged:
            lines.append(f"! {stage} judged nothing of {'; '.join(unjudged)}")
    return lines


def told(table: pl.DataFrame) -> str:
    """`quality` as text: a block for each rule, then one for each measure without a rule; a line for each source."""
    width = max(20, *(len(visible(source)) + 2 for source in table["source"])) if table.height else 20
    heads = "".join(f"{100 * quantile:>9g}%" for quantile in QUANTILES)
    lines = [f"{'':<2}{'role':<9}{'source':<{width}}{'in':>10}{'judged':>10}{'lost':>9}{'share':>8}{heads}"]
    for _, some in table.group_by("stage", "reason", "measure", "when", "low", "high", maintain_order=True):
        lines.append(_head(some.row(0, named=True)))
        for row in some.iter_rows(named=True):
            share = "" if row["lost_share"] is None else f"{100 * row['lost_share']:.2f}%"
            counts = "".join(f"{_count(row[name]):>{room}}" for name, room in (("asked", 10), ("lost", 9)))
            values = "".join(f"{_number(row[f'p{100 * quantile:g}']):>10}" for quantile in QUANTILES)
            lines.append(
                f"{'':<2}{row['role']:<9}{visible(row['source']):<{width}}{row['documents_in']:>10,}{counts}{share:>8}{values}"
            )
    return "\n".join(lines)


def _head(row: Mapping[str, Any]) -> str:
    if row["reason"] is None:
        return f"{row['measure']} (no rule)"
    limits = [f">= {row['low']:g}"] if row["low"] is not None else []
    limits += [f"<= {row['high']:g}"] if row["high"] is not None else []
    limits += [f"in {row['among']}"] if row["among"] is not None else []
    when = f", where {row['when']}" if row["when"] else ""
    return f"{row['stage']}: {row['reason']}, {row['measure']} {' and '.join(limits)}{when}"


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
