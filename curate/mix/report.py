"""What a mix turned out to be, as data and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from curate.mix.seal import sealed
from curate.mix.shares import Base
from curate.mix.words import amount, percent, several, words

CHANNELS_SAID = 40


@dataclass(frozen=True, kw_only=True)
class Share:
    """A part of the mix: of a channel, role, source or language. `documents`, `tokens`, `supervised` and `control` (the
    template's tokens and the end tokens) count each document once, the others as often as it is read."""

    documents: int
    tokens: int
    supervised: int
    control: int
    read_documents: int
    read_tokens: int
    read_supervised: int
    read_control: int


@dataclass(frozen=True, kw_only=True)
class MixReport:
    """`requested` and `realised` are domain shares counted in `unit`; `by_tokens`, `by_supervised` and `by_documents`
    say it in those. `targets` has of each column of target shares what was asked and what is there, `planned` of each
    channel its part of the mix, asked and realised, and `epochs` how often it is read; `bound` are the channels that
    are read as far as they may be, which is why the mix is no larger.

    `channels`, `roles`, `sources`, `languages`, `domains`, `kinds`, `tasks` and `licenses` count what is drawn;
    `held_out` (by channel) what is kept for validation, `unused` what was written and is not drawn, `left_out`
    documents by the reason for which the mix can't hold them. `hidden` has of each general source how much of its
    text a judge takes for the domain's, and `with_hidden` the domain share that this makes, with its standard error.
    `noticed` is about the text itself, `warnings` holds it too. `efficiency` is the share of the rows' places that hold
    tokens. `files` are SHA-256 by path.
    """

    stage: str
    unit: str
    requested: float | None
    realised: float
    by_tokens: float
    by_supervised: float | None
    by_documents: float
    general_per_domain: float | None
    cap: float
    override: Mapping[str, Any] | None
    base: Mapping[str, Any] | None
    tolerance: float
    targets: Mapping[str, Mapping[str, Mapping[str, float]]]
    planned: Mapping[str, Mapping[str, float]]
    bound: tuple[str, ...]
    epochs: Mapping[str, float]
    rows: int
    row_length: int
    efficiency: float
    channels: Mapping[str, Share]
    roles: Mapping[str, Share]
    sources: Mapping[str, Share]
    languages: Mapping[str, Share]
    domains: Mapping[str, Share]
    kinds: Mapping[str, Share]
    tasks: Mapping[str, Share]
    licenses: Mapping[str, Share]
    held_out: Mapping[str, Share]
    unused: Mapping[str, Share]
    left_out: Mapping[str, int]
    hidden: Mapping[str, Mapping[str, Any]]
    with_hidden: tuple[float, float] | None
    noticed: tuple[str, ...]
    tokenizer: str
    template: Mapping[str, str] | None
    warnings: tuple[str, ...]
    files: Mapping[str, str]

    def to_json(self) -> bytes:
        """Canonical, so that equal mixes are equal bytes; with a digest of all the rest."""
        return sealed(asdict(self))

    def lines(self) -> list[str]:
        """The report for people, a line each."""
        return [*self._head(), *self._parts(), *self._about(), *(f"warning: {warning}" for warning in self.warnings)]

    def _head(self) -> Iterator[str]:
        domain, general = self.roles["domain"], self.roles["general"]
        yield (
            f"{self.stage} mix: {amount(domain.read_tokens + general.read_tokens)} tokens in {self.rows} rows of "
            f"{self.row_length}, {percent(self.efficiency)} full"
        )
        asked = "" if self.requested is None else f" {percent(self.requested)} asked,"
        yield (
            f"domain {percent(self.realised)} of {words(self.unit)},{asked} {percent(self.by_documents)} of documents"
            + (f"; general : domain = {self.general_per_domain:.2f} : 1" if self.general_per_domain is not None else "")
        )
        if self.by_supervised is not None:
            tokens = (amount(role.read_supervised) for role in (domain, general))
            examples = (str(role.read_documents) for role in (domain, general))
            yield (
                "supervised tokens: domain {}, general {} ".format(*tokens)
                + f"({percent(self.by_supervised)} domain); "
                + "examples: domain {}, general {} ".format(*examples)
                + f"({percent(self.by_documents)} domain); tolerance {percent(self.tolerance)}"
            )
        if self.bound:
            yield f"no larger, for all that may be is read of {', '.join(self.bound)}"

    def _parts(self) -> Iterator[str]:
        for column, values in self.targets.items():
            said = (f"{name} {percent(of['realised'])} ({percent(of['asked'])} asked)" for name, of in values.items())
            yield f"{column}: {', '.join(said)}"
        for name in list(self.channels)[:CHANNELS_SAID]:
            part = self.channels[name]
            counted = f", {amount(part.read_supervised)} supervised" if self.by_supervised is not None else ""
            yield (
                f"  {name}: {percent(self.planned[name]['realised'])}, {amount(part.read_tokens)} tokens{counted} of "
                f"{several(part.documents, 'document')}, read {self.epochs[name]:.2f} times"
            )
        if len(self.channels) > CHANNELS_SAID:
            yield f"  and {len(self.channels) - CHANNELS_SAID} channels more"

    def _about(self) -> Iterator[str]:
        yield f"base model: {'not stated' if self.base is None else Base(**self.base)}"
        if self.override is not None:
            yield f"the cap is lifted to {percent(self.override['share'])}: {self.override['reason']}"
        if self.with_hidden is not None:
            share, error = self.with_hidden
            judged = sum(one["judged"] for one in self.hidden.values())
            yield (
                f"domain text in general sources: with it the domain is {percent(share)} of tokens (standard error "
                f"{percent(error)}; {judged} documents judged), {percent(self.realised)} is declared"
            )
