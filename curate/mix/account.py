"""The report of a mix: counted on what is drawn, beside what was asked for, with what somebody should know of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from curate.mix.budget import Budget
from curate.mix.channels import ROLES
from curate.mix.count import LEFT_OUT, TRAIN, UNUSED, VALIDATION
from curate.mix.hidden import together
from curate.mix.licenses import parsed
from curate.mix.plan import Plan
from curate.mix.report import MixReport, Share
from curate.mix.settings import EPOCHS, Mix
from curate.mix.words import amount, percent, several, words

COUNTED = ("documents", "tokens", "supervised", "control")
READ = {"tokens": "read_tokens", "supervised_tokens": "read_supervised", "examples": "read_documents"}
"""What a mix's unit is called in the counts."""

COLUMNS = {"source": "sources", "lang": "languages", "domain": "domains", "kind": "kinds", "task": "tasks",
           "license": "licenses", "channel": "channels", "role": "roles"}  # fmt: skip

FULL = 0.9  # of the rows' places; with less a tenth of the training is spent on padding

FEW = 1000  # dialogues of a role; with fewer the ratio matters less than what they say (practitioners' experience)


def counted_report(
    mix: Mix,
    plan: Plan,
    given: Budget,
    folder: Path,
    noticed: Sequence[str],
    hidden: Mapping[str, Mapping[str, Any]],
    digests: Mapping[str, str],
    slow: str | None = None,
) -> MixReport:
    """The report of the mix whose docs/ are in `folder`; `slow` is why the tokenizer is run by no faster engine."""
    table = _counts(folder, plan)
    mixed = table.filter(pl.col("split") == TRAIN)
    by = {column: _shares(mixed, column) for column in COLUMNS}
    for role in ROLES:
        by["role"].setdefault(role, Share(**dict.fromkeys((*COUNTED, *_read(COUNTED)), 0)))
    domain, general = (by["role"][role] for role in ROLES)
    unit = READ[plan.unit]
    sizes = [getattr(domain, unit), getattr(general, unit)]
    left = table.filter(pl.col("split").is_in(list(LEFT_OUT))).group_by("split").agg(pl.col("documents").sum())
    read = {
        source: share.read_tokens
        for source, share in _shares(mixed.filter(pl.col("role") == "general"), "source").items()
    }
    found, error = together(hidden, read)
    tokens = domain.read_tokens + general.read_tokens
    report = MixReport(
        stage=mix.stage,
        unit=mix.measure,
        requested=plan.domain_share,
        realised=_part(sizes[0], sum(sizes)),
        by_tokens=_part(domain.read_tokens, tokens),
        by_supervised=_part(domain.read_supervised, domain.read_supervised + general.read_supervised)
        if mix.stage == "sft"
        else None,
        by_documents=_part(domain.read_documents, domain.read_documents + general.read_documents),
        general_per_domain=round(sizes[1] / sizes[0], 6) if sizes[0] else None,
        cap=plan.cap,
        override=plan.override,
        base=None if mix.base is None else asdict(mix.base),
        tolerance=mix.tolerance,
        targets=_targets(plan, by, unit, sum(sizes)),
        planned={
            name: {"asked": round(part, 9), "realised": _part(plan.drawn[name].size(plan.unit), sum(sizes))}
            for name, part in plan.parts.items()
        },
        bound=given.bound if mix.tokens is None else (),
        epochs={name: round(_epochs(plan, table, name), 6) for name in plan.drawn},
        rows=plan.rows,
        row_length=plan.row_length,
        efficiency=_part(tokens, plan.rows * plan.row_length),
        **{field: by[column] for column, field in COLUMNS.items()},
        held_out=_shares(table.filter(pl.col("split") == VALIDATION), "channel"),
        unused=_shares(table.filter(pl.col("split") == UNUSED), "channel"),
        left_out=dict(sorted(left.rows())),
        hidden=hidden,
        with_hidden=(_part(domain.read_tokens + found, tokens), _part(error, tokens)) if hidden else None,
        noticed=tuple(noticed),
        tokenizer=plan.tokenizer,
        template=plan.template,
        warnings=(),
        files=dict(sorted(digests.items())),
    )
    warnings = [f"tokenising was slower than it can be: {slow}"] if slow else []
    return MixReport(**{**vars(report), "warnings": (*warnings, *noticed, *_warnings(mix, plan, report, mixed))})


def _counts(folder: Path, plan: Plan) -> pl.DataFrame:
    """docs/ counted by all that the report tells apart."""
    docs = pl.concat(
        [
            pl.scan_parquet(folder / "docs" / f"{channel.name}.parquet", glob=False).with_columns(
                pl.lit(channel.name).alias("channel")
            )
            for channel in plan.channels
        ]
    )
    keys = [*COLUMNS, "split", "epochs"]
    counts = docs.group_by(keys).agg(
        pl.len().cast(pl.Int64).alias("documents"),
        pl.col("length").sum().alias("tokens"),
        pl.col("supervised").sum(),
        pl.col("control").sum(),
    )
    read = ((pl.col(name) * pl.col("epochs")).alias(f"read_{name}") for name in COUNTED)
    return counts.with_columns(read).collect().sort(keys, nulls_last=True)


def _targets(
    plan: Plan, by: Mapping[str, Mapping[str, Share]], unit: str, total: int
) -> dict[str, dict[str, dict[str, float]]]:
    """Of the target shares beside that of the roles: what was asked, what is there."""
    return {
        column: {
            value: {
                "asked": share,
                "realised": _part(getattr(by[column][value], unit) if value in by[column] else 0, total),
            }
            for value, share in shares.items()
        }
        for column, shares in plan.asked["shares"].items()
        if column != "role"
    }


def _epochs(plan: Plan, table: pl.DataFrame, name: str) -> float:
    """How often a channel's documents are read, by tokens."""
    there = table.filter((pl.col("channel") == name) & pl.col("split").is_in([TRAIN, UNUSED]))["tokens"].sum()
    return plan.drawn[name].tokens / float(there) if there else 0.0


def _part(of: float, whole: float) -> float:
    return round(of / whole, 6) if whole else 0.0


def _read(names: Sequence[str]) -> list[str]:
    return [f"read_{name}" for name in names]


def _shares(table: pl.DataFrame, by: str) -> dict[str, Share]:
    numbers = [*COUNTED, *_read(COUNTED)]
    summed = table.group_by(pl.col(by).fill_null("unknown")).agg(pl.col(numbers).sum()).sort(by)
    return {str(row[by]): Share(**{name: row[name] for name in numbers}) for row in summed.to_dicts()}


def _warnings(mix: Mix, plan: Plan, report: MixReport, mixed: pl.DataFrame) -> Iterator[str]:
    licensed = mixed.group_by("source", "license").agg(pl.col("documents", "tokens").sum()).sort("source", "license")
    for source, license_, documents, tokens in licensed.rows():
        if license_ is None:
            yield f"source '{source}' names no licence for {several(documents, 'document')} ({amount(tokens)} tokens)"
        elif parsed(license_) is None:
            yield (
                f"source '{source}' has a licence that is no SPDX expression, {license_!r}, for "
                f"{several(documents, 'document')}"
            )
    if report.requested is not None and abs(report.realised - report.requested) > mix.tolerance:
        yield (
            f"the domain share is {percent(report.realised)}, {percent(report.requested)} was asked: documents are "
            f"taken whole, and one of them is more than {percent(mix.tolerance)} of this mix"
        )
    for column, values in report.targets.items():
        for value, share in values.items():
            if abs(share["realised"] - share["asked"]) > mix.tolerance:
                yield (
                    f"{column} {value} is {percent(share['realised'])}, {percent(share['asked'])} was asked: documents "
                    f"are taken whole, and one of them is more than {percent(mix.tolerance)} of this mix"
                )
    if report.efficiency < FULL:
        longest = max(plan.drawn, key=lambda name: plan.drawn[name].tokens)
        yield (
            f"rows are {percent(report.efficiency)} full, the rest is padding: each channel ends with a row that is "
            f"part empty, and the largest, {longest}, has {several(plan.drawn[longest].rows, 'row')} in all; take "
            + ("another row_length, or more dialogues" if mix.stage == "sft" else "a shorter row_length")
        )
    for reason, documents in report.left_out.items():
        yield f"{several(documents, 'document')} left out: each {LEFT_OUT[reason]}"
    yield from _of_channels(mix, report)
    if mix.stage == "sft":
        yield from _of_dialogues(mix, report)
    if report.with_hidden is not None and report.with_hidden[0] > report.cap:
        total, error = report.with_hidden
        most = max(report.hidden, key=lambda source: float(report.hidden[source]["share"]))
        yield (
            f"with the domain text that general sources hold the domain is {percent(total)} (standard error "
            f"{percent(error)}), above the cap of {percent(report.cap)}: most of it is in '{most}' "
            f"({percent(report.hidden[most]['share'])}); take a smaller domain_share, or call such text domain"
        )


def _of_channels(mix: Mix, report: MixReport) -> Iterator[str]:
    for name in report.channels:
        if mix.held_out and name not in report.held_out:
            yield f"no document of {name} is held out: there is only one, or all are one family"
    usual = EPOCHS[mix.stage]
    for name, often in report.epochs.items():
        if often > usual + 0.005:
            yield f"{name} is read {often:.2f} times: above {usual} a {mix.stage} mix over-fits it"
    for name, planned in report.planned.items():
        if not planned["asked"] and name in report.unused:
            yield (
                f"nothing of {name} is drawn ({amount(report.unused[name].tokens)} tokens): the target shares or its "
                "weight leave it no part"
            )
        elif planned["asked"] and name not in report.channels:
            there = "all of it is held out for validation" if name not in report.unused else "one document is too much"
            yield f"nothing of {name} is drawn: {there}"


def _of_dialogues(mix: Mix, report: MixReport) -> Iterator[str]:
    for role in ROLES:
        if report.roles[role].documents < FEW:
            yield (
                f"{report.roles[role].documents} {role} dialogues, fewer than {FEW}: with so few the ratio matters "
                "less than what they say"
            )
    domain, general = report.roles["domain"], report.roles["general"]
    if not (general.read_supervised and general.read_documents and domain.read_documents):
        return
    tokens = domain.read_supervised / general.read_supervised
    examples = domain.read_documents / general.read_documents
    if not 2 / 3 <= tokens / examples <= 3 / 2:
        yield (
            f"domain to general is {tokens:.2f} by supervised tokens and {examples:.2f} by examples: one side's "
            f"answers are much longer; the ratio holds by {words(mix.measure)}"
        )
