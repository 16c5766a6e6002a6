"""What a mix turned out to be: counted on what was written, beside what was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl

from curate.mix.channels import ROLES
from curate.mix.count import LEFT_OUT, TRAIN, UNUSED, VALIDATION
from curate.mix.draw import amount, words
from curate.mix.plan import Interval, Plan
from curate.mix.settings import Mix, percent

COUNTED = ("documents", "tokens", "supervised")

FEW = 1000  # dialogues in a channel; with fewer the ratio matters less than what they say (practitioners' experience)


@dataclass(frozen=True, kw_only=True)
class Share:
    """A part of the mix: of a channel, role, source or language. `documents`, `tokens` and `supervised` count each
    document once, the others as often as it is read."""

    documents: int
    tokens: int
    supervised: int
    read_documents: int
    read_tokens: int
    read_supervised: int


@dataclass(frozen=True, kw_only=True)
class MixReport:
    """`requested` and `realised` are domain shares counted in `unit`; `by_tokens` and `by_documents` say it in those.

    `channels`, `roles`, `sources`, `languages` and `licenses` count what is drawn, `epochs` how often each channel is
    read; `held_out` (by channel) what is kept for validation, `unused` what was written and is not drawn, `left_out`
    documents by the reason for which an SFT mix can't hold them. `efficiency` is the share of the rows' places that
    hold tokens. `files` are SHA-256 by path.
    """

    stage: str
    unit: str
    requested: float
    realised: float
    by_tokens: float
    by_documents: float
    general_per_domain: float
    cap: float
    override: Mapping[str, Any] | None
    epochs: Mapping[str, float]
    rows: int
    row_length: int
    efficiency: float
    channels: Mapping[str, Share]
    roles: Mapping[str, Share]
    sources: Mapping[str, Share]
    languages: Mapping[str, Share]
    licenses: Mapping[str, Share]
    held_out: Mapping[str, Share]
    unused: Mapping[str, Share]
    left_out: Mapping[str, int]
    tokenizer: str
    template: Mapping[str, str] | None
    warnings: tuple[str, ...]
    files: Mapping[str, str]

    def to_json(self) -> bytes:
        """Canonical: sorted keys, floats as they are, so that equal mixes are equal bytes."""
        return json.dumps(asdict(self), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"

    def lines(self) -> list[str]:
        """The report for people, a line each."""
        domain, general = self.roles["domain"], self.roles["general"]
        out = [
            f"{self.stage} mix: {amount(domain.read_tokens + general.read_tokens)} tokens in {self.rows} rows of "
            f"{self.row_length}, {percent(self.efficiency)} full",
            f"domain {percent(self.realised)} of {self.unit.replace('_', ' ')}, {percent(self.requested)} asked, "
            f"{percent(self.by_documents)} of documents; general : domain = {self.general_per_domain:.2f} : 1",
        ]
        if self.stage == "sft":
            out.append(
                f"supervised tokens: domain {amount(domain.read_supervised)}, "
                f"general {amount(general.read_supervised)}; "
                f"examples: domain {domain.read_documents}, general {general.read_documents}"
            )
        if self.override is not None:
            out.append(f"the cap is lifted to {percent(self.override['share'])}: {self.override['reason']}")
        return out + [f"warning: {warning}" for warning in self.warnings]


def counted_report(
    mix: Mix, plan: Plan, share: Fraction, folder: Path, digests: Mapping[str, str], slow: str | None = None
) -> MixReport:
    """The report of the mix that is written in `folder`; `share` is what the re-count found, `slow` why the tokenizer
    is not run by the fastest engine."""
    docs = pl.concat(
        [
            pl.scan_parquet(folder / "docs" / f"{channel.name}.parquet", glob=False).with_columns(
                pl.lit(channel.name).alias("channel")
            )
            for channel in plan.channels
        ]
    )
    keys = ("role", "channel", "source", "lang", "license", "split", "epochs")
    counts = docs.group_by(keys).agg(
        pl.len().cast(pl.Int64).alias("documents"), pl.col("length").sum().alias("tokens"), pl.col("supervised").sum()
    )
    counts = counts.with_columns((pl.col(name) * pl.col("epochs")).alias(f"read_{name}") for name in COUNTED)
    table = counts.collect().sort(keys, nulls_last=True)
    mixed = table.filter(pl.col("split") == TRAIN)
    roles = _shares(mixed, "role")
    domain, general = (roles[role] for role in ROLES)
    sizes = [sum(plan.drawn[channel.name].size(plan.unit) for channel in plan.of_role(role)) for role in ROLES]
    left = table.filter(pl.col("split").is_in(list(LEFT_OUT))).group_by("split").agg(pl.col("documents").sum())
    report = MixReport(
        stage=mix.stage,
        unit=mix.measure,
        requested=float(mix.share),
        realised=round(float(share), 6),
        by_tokens=round(domain.read_tokens / (domain.read_tokens + general.read_tokens), 6),
        by_documents=round(domain.read_documents / (domain.read_documents + general.read_documents), 6),
        general_per_domain=round(sizes[1] / sizes[0], 6),
        cap=float(mix.cap),
        override=plan.override,
        epochs={name: round(_epochs(interval, table, name), 6) for name, interval in plan.drawn.items()},
        rows=plan.rows,
        row_length=plan.row_length,
        efficiency=round((domain.read_tokens + general.read_tokens) / (plan.rows * plan.row_length), 6),
        channels=_shares(mixed, "channel"),
        roles=roles,
        sources=_shares(mixed, "source"),
        languages=_shares(mixed, "lang"),
        licenses=_shares(mixed, "license"),
        held_out=_shares(table.filter(pl.col("split") == VALIDATION), "channel"),
        unused=_shares(table.filter(pl.col("split") == UNUSED), "channel"),
        left_out=dict(sorted(left.rows())),
        tokenizer=plan.tokenizer,
        template=plan.template,
        warnings=(),
        files=dict(sorted(digests.items())),
    )
    warnings = [f"tokenising was slower than it can be: {slow}"] if slow else []
    return MixReport(**{**vars(report), "warnings": (*warnings, *_warnings(mix, report, mixed))})


def _epochs(interval: Interval, table: pl.DataFrame, name: str) -> float:
    """How often a channel's documents are read, by tokens."""
    there = table.filter((pl.col("channel") == name) & pl.col("split").is_in([TRAIN, UNUSED]))["tokens"].sum()
    return float(interval.tokens / there) if there else 0.0


def _shares(table: pl.DataFrame, by: str) -> dict[str, Share]:
    numbers = [*COUNTED, *(f"read_{name}" for name in COUNTED)]
    summed = table.group_by(pl.col(by).fill_null("unknown")).agg(pl.col(numbers).sum()).sort(by)
    return {str(row[by]): Share(**{name: row[name] for name in numbers}) for row in summed.to_dicts()}


def _warnings(mix: Mix, report: MixReport, mixed: pl.DataFrame) -> list[str]:
    out = []
    unlicensed = mixed.filter(pl.col("license").is_null()).group_by("source").agg(pl.col("documents", "tokens").sum())
    for source, documents, tokens in unlicensed.sort("source").rows():
        out.append(f"source '{source}' names no licence for {documents} documents ({amount(tokens)} tokens)")
    if abs(report.realised - report.requested) > mix.tolerance:
        out.append(
            f"the domain share is {percent(report.realised)}, {percent(report.requested)} was asked: documents are "
            f"taken whole, and one of them is more than {percent(mix.tolerance)} of this mix"
        )
    for channel in report.channels:
        if mix.held_out and channel not in report.held_out:
            out.append(f"no document of {channel} is held out: there is only one")
    for role in ROLES:
        if mix.stage == "sft" and report.roles[role].documents < FEW:
            out.append(
                f"{report.roles[role].documents} {role} dialogues, fewer than {FEW}: with so few the ratio "
                "matters less than what they say"
            )
    out.extend(f"{number} documents left out: each {LEFT_OUT[reason]}" for reason, number in report.left_out.items())
    if mix.stage == "sft":
        domain, general = report.roles["domain"], report.roles["general"]
        tokens = domain.read_supervised / general.read_supervised
        examples = domain.read_documents / general.read_documents
        if not 2 / 3 <= tokens / examples <= 3 / 2:
            out.append(
                f"domain to general is {tokens:.2f} by supervised tokens and {examples:.2f} by examples: one side's "
                f"answers are much longer; the ratio holds by {words(mix.measure)}"
            )
    return out
