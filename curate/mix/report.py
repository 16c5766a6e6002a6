"""What a mix turned out to be: counted on what was written, beside what was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from curate.mix.draw import amount
from curate.mix.settings import percent


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
