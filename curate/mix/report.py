"""What a mix turned out to be: counted on what was written, beside what was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl

from curate.mix.count import LEFT_OUT, TRAIN, UNUSED, VALIDATION
from curate.mix.draw import amount, words
from curate.mix.plan import CHANNELS, Plan
from curate.mix.settings import Mix, percent

FEW = 1000  # dialogues in a channel; with fewer the ratio matters less than what they say (practitioners' experience)


@dataclass(frozen=True, kw_only=True)
class Share:
    """A source's, language's or channel's part of the mix."""

    documents: int
    tokens: int
    supervised: int


@dataclass(frozen=True, kw_only=True)
class MixReport:
    """`requested` and `realised` are domain shares counted in `unit`; `by_tokens` and `by_documents` say it in those.

    `channels`, `sources` and `languages` count what is trained on, each document once (`epochs`), `held_out` what is
    kept for validation, `unused` what was written and is not drawn, `left_out` documents by the reason for which an
    SFT mix can't hold them. `efficiency` is the share of the rows' places that hold tokens. `files` are SHA-256 by
    path.
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
    epochs: int
    rows: int
    row_length: int
    efficiency: float
    channels: Mapping[str, Share]
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
        domain, general = self.channels["domain"], self.channels["general"]
        out = [
            f"{self.stage} mix: {amount(domain.tokens + general.tokens)} tokens in {self.rows} rows of "
            f"{self.row_length}, {percent(self.efficiency)} full",
            f"domain {percent(self.realised)} of {self.unit.replace('_', ' ')}, {percent(self.requested)} asked, "
            f"{percent(self.by_documents)} of documents; general : domain = {self.general_per_domain:.2f} : 1",
        ]
        if self.stage == "sft":
            out.append(
                f"supervised tokens: domain {amount(domain.supervised)}, general {amount(general.supervised)}; "
                f"examples: domain {domain.documents}, general {general.documents}"
            )
        if self.override is not None:
            out.append(f"the cap is lifted to {percent(self.override['share'])}: {self.override['reason']}")
        return out + [f"warning: {warning}" for warning in self.warnings]


def counted_report(
    mix: Mix, plan: Plan, share: Fraction, folder: Path, digests: Mapping[str, str], slow: str | None = None
) -> MixReport:
    """The report of the mix that is written in `folder`; `share` is what the re-count found, `slow` why the tokenizer
    is not run by the fastest engine."""
    docs = pl.concat([pl.scan_parquet(folder / "docs" / f"{channel}.parquet", glob=False) for channel in CHANNELS])
    counts = docs.group_by("role", "source", "lang", "license", "split").agg(
        pl.len().cast(pl.Int64).alias("documents"), pl.col("length").sum(), pl.col("supervised").sum()
    )
    table = counts.collect().sort("role", "source", "lang", "license", "split", nulls_last=True)
    mixed = table.filter(pl.col("split") == TRAIN)
    channels = _shares(mixed, "role")
    domain, general = channels["domain"], channels["general"]
    sizes = [plan.drawn[channel].size(plan.unit) for channel in CHANNELS]
    left = table.filter(pl.col("split").is_in(list(LEFT_OUT))).group_by("split").agg(pl.col("documents").sum())
    report = MixReport(
        stage=mix.stage,
        unit=mix.measure,
        requested=float(mix.share),
        realised=round(float(share), 6),
        by_tokens=round(domain.tokens / (domain.tokens + general.tokens), 6),
        by_documents=round(domain.documents / (domain.documents + general.documents), 6),
        general_per_domain=round(sizes[1] / sizes[0], 6),
        cap=float(mix.cap),
        override=plan.override,
        epochs=1,
        rows=plan.rows,
        row_length=plan.row_length,
        efficiency=round((domain.tokens + general.tokens) / (plan.rows * plan.row_length), 6),
        channels=channels,
        sources=_shares(mixed, "source"),
        languages=_shares(mixed, "lang"),
        licenses=_shares(mixed, "license"),
        held_out=_shares(table.filter(pl.col("split") == VALIDATION), "role"),
        unused=_shares(table.filter(pl.col("split") == UNUSED), "role"),
        left_out=dict(sorted(left.rows())),
        tokenizer=plan.tokenizer,
        template=plan.template,
        warnings=(),
        files=dict(sorted(digests.items())),
    )
    warnings = [f"tokenising was slower than it can be: {slow}"] if slow else []
    return MixReport(**{**vars(report), "warnings": (*warnings, *_warnings(mix, report, mixed))})


def _shares(table: pl.DataFrame, by: str) -> dict[str, Share]:
    summed = table.group_by(pl.col(by).fill_null("unknown")).agg(
        pl.col("documents").sum(), pl.col("length").sum(), pl.col("supervised").sum()
    )
    return {
        str(name): Share(documents=documents, tokens=tokens, supervised=supervised)
        for name, documents, tokens, supervised in summed.sort(by).rows()
    }


def _warnings(mix: Mix, report: MixReport, mixed: pl.DataFrame) -> list[str]:
    out = []
    unlicensed = mixed.filter(pl.col("license").is_null()).group_by("source").agg(pl.col("documents", "length").sum())
    for source, documents, tokens in unlicensed.sort("source").rows():
        out.append(f"source '{source}' names no licence for {documents} documents ({amount(tokens)} tokens)")
    if abs(report.realised - report.requested) > mix.tolerance:
        out.append(
            f"the domain share is {percent(report.realised)}, {percent(report.requested)} was asked: documents are "
            f"taken whole, and one of them is more than {percent(mix.tolerance)} of this mix"
        )
    for channel in CHANNELS:
        if mix.held_out and channel not in report.held_out:
            out.append(f"no {channel} document is held out: there is only one")
        if mix.stage == "sft" and report.channels[channel].documents < FEW:
            out.append(
                f"{report.channels[channel].documents} {channel} dialogues, fewer than {FEW}: with so few the ratio "
                "matters less than what they say"
            )
    out.extend(f"{number} documents left out: each {LEFT_OUT[reason]}" for reason, number in report.left_out.items())
    if mix.stage == "sft":
        domain, general = report.channels["domain"], report.channels["general"]
        tokens = domain.supervised / general.supervised
        examples = domain.documents / general.documents
        if not 2 / 3 <= tokens / examples <= 3 / 2:
            out.append(
                f"domain to general is {tokens:.2f} by supervised tokens and {examples:.2f} by examples: one side's "
                f"answers are much longer; the ratio holds by {words(mix.measure)}"
            )
    return out
