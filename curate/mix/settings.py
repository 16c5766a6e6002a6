"""What a mix is asked to be, and what is refused before any work starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf
from pathlib import Path

from curate.mix.chat.template import CHATML, ChatTemplate
from curate.mix.folder import json_of
from curate.mix.licenses import check_names
from curate.mix.refused import MixRefused
from curate.mix.shares import Base, Of, Shares, exact
from curate.mix.words import percent
from curate.stage import Asset

__all__ = ["Base", "Mix", "MixRefused", "Override", "Shares"]

PT_SHARE, PT_CAP = "0.12", "0.15"  # practitioners: 10-15 % domain tokens, above it general ability falls noticeably
SFT_SHARE = "0.5"  # practitioners: about 1:1

STAGES = ("pt", "sft", "scratch")

EPOCHS = {"pt": 4, "sft": 3, "scratch": 4}
"""How often a document is read at most, unless the mix says otherwise. In pre-training four readings are nearly worth
as much as new text, and what comes after quickly loses its worth (Muennighoff et al. 2023, Scaling Data-Constrained
Language Models, section 6); fine-tuning is over-fitted above three (practitioners' experience: a few epochs only)."""


@dataclass(frozen=True)
class Override:
    """Lifts the cap of continued pre-training to `share`, for a `reason` that the card and the manifest publish."""

    share: float
    reason: str

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise MixRefused(f"override: share is {self.share}, expected a number between 0 and 1")
        if self.share <= float(PT_CAP):
            raise MixRefused(
                f"override: it lifts the cap of {percent(Fraction(PT_CAP))}, and {percent(self.share)} is not above "
                "it: say domain_share, and leave the override out"
            )
        if not self.reason.strip():
            raise MixRefused("override: it needs a reason, which is published with the version")


@dataclass(frozen=True, kw_only=True)
class Mix:
    """How domain and general text are mixed.

    `stage` is pt (continued pre-training), sft (fine-tuning on dialogues) or scratch (pre-training from the start, at
    whatever ratio it is told; without `domain_share` as large as the sources are). `domain_share` is counted in tokens
    (default .12 for pt, at most .15 unless `override`), for sft in `unit` (default .5). `shares` are further targets,
    by language, kind and so on, all held at once.

    `weights` makes a source count as if it were there so many times: 2 reads it twice, .5 half of it. `epochs` is how
    often a document is read at most (default 4, for sft 3), for all sources or by source. `tokens` is the size of the
    whole mix in tokens (of sft: in supervised tokens); None takes as much as the ratio allows: what is scarcest is read
    whole, and nothing twice that no weight asks for.

    `text` lets documents that are no dialogues into an sft mix: pre-training text, all of it learnt. `held_out` is the
    share of each channel's documents that is drawn first, for validation. `tolerance` is how far from the share the
    outcome may lie, in share, before the report warns. `base` is what the model is presumed to have read, for the
    report and the card. `licenses_allowed` and `licenses_denied` are SPDX identifiers: a document of another, or of
    such a licence, refuses the mix; then so does one of no known licence, unless `unknown_licenses`.

    `end` names the token that ends a document; None takes the first known one that the tokenizer has. `tokenizer` may
    be given as a path, of a tokenizer.json or a Hugging Face folder. `template` is how dialogues are written: the
    model's own, by `ChatTemplate.of(FOLDER)` or the folder's path.
    """

    tokenizer: Asset
    stage: str = "pt"
    domain_share: float | None = None
    shares: Shares | None = None
    weights: Of = field(default_factory=dict)
    epochs: float | Of | None = None
    tokens: int | None = None
    unit: str = "supervised_tokens"
    text: bool = False
    row_length: int = 1024
    seed: int = 0
    held_out: float = 0.01
    tolerance: float = 0.02
    override: Override | None = None
    base: Base | None = None
    licenses_allowed: tuple[str, ...] | None = None
    licenses_denied: tuple[str, ...] = ()
    unknown_licenses: bool = False
    end: str | None = None
    template: ChatTemplate = CHATML

    def __post_init__(self) -> None:
        if isinstance(self.tokenizer, str | Path):
            object.__setattr__(self, "tokenizer", Asset.of(json_of(self.tokenizer)))
        if isinstance(self.template, str | Path):
            object.__setattr__(self, "template", ChatTemplate.of(self.template))
        if self.stage not in STAGES:
            raise MixRefused(f"stage is {self.stage!r}, expected pt, sft or scratch")
        if self.unit not in ("supervised_tokens", "examples"):
            raise MixRefused(f"unit is {self.unit!r}, expected supervised_tokens or examples")
        if self.stage != "sft" and self.unit != "supervised_tokens":
            raise MixRefused(f"unit={self.unit!r} is of sft mixes; a {self.stage} mix counts tokens: leave it out")
        if self.domain_share is not None and not 0 < self.domain_share < 1:
            raise MixRefused(f"domain_share is {self.domain_share}, expected a number between 0 and 1, both excluded")
        if self.stage != "pt" and self.override is not None:
            raise MixRefused(
                f"an override lifts the cap of continued pre-training; {self.stage} has no cap: leave it out"
            )
        self._check_shares()
        self._check_readings()
        if self.text and self.stage != "sft":
            raise MixRefused(f"text=True lets text into an sft mix; a {self.stage} mix is all text: leave it out")
        check_names("licenses_allowed", self.licenses_allowed or ())
        check_names("licenses_denied", self.licenses_denied)
        if self.stage == "pt" and self.share is not None and self.share > self.cap:
            lifted = "" if self.override is None else f" that the override states ({self.override.reason})"
            raise MixRefused(
                f"domain_share {percent(self.share)} is above the cap of {percent(self.cap)}{lifted}: general ability "
                "falls noticeably there; take less, or state override=Override(share, reason), which is published"
            )
        if self.tokens is not None and self.tokens < 1:
            raise MixRefused(f"tokens is {self.tokens}, expected at least 1, or None for as much as the ratio allows")
        if self.tokens is not None and self.measure == "examples":
            raise MixRefused(
                "tokens says how many supervised tokens to take; unit='examples' counts none: leave it out"
            )
        if not 0 <= self.held_out < 1:
            raise MixRefused(f"held_out is {self.held_out}, expected a share of documents from 0 to below 1")
        if not 0 <= self.tolerance < 1:
            raise MixRefused(f"tolerance is {self.tolerance}, expected a share from 0 to below 1")
        if self.row_length < 8:
            raise MixRefused(f"row_length is {self.row_length}, expected at least 8 tokens")

    @property
    def share(self) -> Fraction | None:
        """The domain share that is aimed at, exactly as written: .12 is 3/25. None where the sources' sizes decide."""
        if self.domain_share is not None:
            return exact(self.domain_share)
        if self.shares is not None and self.shares.domain_part is not None:
            return self.shares.domain_part
        if self.stage == "scratch":
            return None
        if self.stage == "sft":
            return Fraction(SFT_SHARE)
        return Fraction(PT_SHARE) if self.override is None else exact(self.override.share)

    @property
    def cap(self) -> Fraction:
        """The share that is never passed: 1 for sft and scratch, which have no cap."""
        if self.stage != "pt":
            return Fraction(1)
        return Fraction(PT_CAP) if self.override is None else exact(self.override.share)

    @property
    def targets(self) -> dict[str, Of]:
        """Target shares by column, that of the domain among them."""
        share = self.share
        named: dict[str, Of] = dict(self.shares.named()) if self.shares is not None else {}
        roles = {} if share is None else {"role": {"domain": float(share), "general": float(1 - share)}}
        return roles | {column: shares for column, shares in named.items() if column != "role"}

    @property
    def splits(self) -> tuple[str, ...]:
        """The columns by which a source's documents become several channels."""
        return () if self.shares is None else self.shares.splits

    @property
    def texts(self) -> bool:
        """Whether documents that are no dialogues have a part in an sft mix."""
        return self.text or (self.shares is not None and bool(self.shares.task.get("text")))

    @property
    def caps(self) -> float | Of:
        """How often a document is read at most, by source or for all."""
        return EPOCHS[self.stage] if self.epochs is None else self.epochs

    def cap_of(self, source: str) -> Fraction:
        """How often a document of this source is read at most."""
        caps = self.caps
        return exact(caps.get(source, EPOCHS[self.stage]) if isinstance(caps, Mapping) else caps)

    @property
    def measure(self) -> str:
        """What the share is counted in: tokens, supervised_tokens or examples."""
        return self.unit if self.stage == "sft" else "tokens"

    def _check_shares(self) -> None:
        if self.shares is None:
            return
        part = self.shares.domain_part
        if part is not None and self.domain_share is not None and exact(self.domain_share) != part:
            raise MixRefused(
                f"domain_share is {self.domain_share}, and shares says {percent(part)} domain: leave one of them out"
            )
        if part is not None and not 0 < part < 1 and self.stage != "scratch":
            raise MixRefused(f"shares: {percent(part)} domain; a mix needs domain and general")
        if self.shares.task and self.stage != "sft":
            raise MixRefused(f"shares: task is of sft mixes; a {self.stage} mix is all text: leave it out")

    def _check_readings(self) -> None:
        for source, weight in self.weights.items():
            if not 0 <= weight < inf:
                raise MixRefused(f"weights: {source} has {weight}, expected a number from 0: how often it is read")
        caps = self.caps
        for source, cap in caps.items() if isinstance(caps, Mapping) else [("epochs", caps)]:
            if not 0 < cap < inf:
                raise MixRefused(f"epochs: {source} has {cap}, expected a number above 0: how often a text is read")
