"""What a mix is asked to be, and what is refused before any work starts."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from curate.mix.chat.template import CHATML, ChatTemplate
from curate.mix.folder import json_of
from curate.mix.refused import MixRefused
from curate.stage import Asset

__all__ = ["Mix", "MixRefused", "Override", "percent"]

PT_SHARE, PT_CAP = "0.12", "0.15"  # practitioners: 10-15 % domain tokens, above it general ability falls noticeably
SFT_SHARE = "0.5"  # practitioners: about 1:1


@dataclass(frozen=True)
class Override:
    """Lifts the cap of continued pre-training to `share`, for a `reason` that the card and the manifest publish."""

    share: float
    reason: str

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise MixRefused(f"override: share is {self.share}, expected a number between 0 and 1")
        if not self.reason.strip():
            raise MixRefused("override: it needs a reason, which is published with the version")


@dataclass(frozen=True, kw_only=True)
class Mix:
    """How domain and general text are mixed.

    `stage` is pt (continued pre-training) or sft (dialogues only). `domain_share` is counted in tokens for pt (default
    .12, at most .15 unless `override`) and in `unit` for sft (default .5). `tokens` is the size of the whole mix in
    tokens (of sft: in supervised tokens); None takes as much as the ratio allows: the scarcer channel whole. `held_out`
    is the share of each channel's documents that is drawn first, for validation. `tolerance` is how far from the share
    the outcome may lie, in share, before the report warns. `end` names the token that ends a document; None takes the
    first known one that the tokenizer has.
    """

    tokenizer: Asset
    stage: str = "pt"
    domain_share: float | None = None
    tokens: int | None = None
    unit: str = "supervised_tokens"
    row_length: int = 1024
    seed: int = 0
    held_out: float = 0.01
    tolerance: float = 0.02
    override: Override | None = None
    end: str | None = None
    template: ChatTemplate = CHATML

    def __post_init__(self) -> None:
        if isinstance(self.tokenizer, str | Path):
            object.__setattr__(self, "tokenizer", Asset.of(json_of(self.tokenizer)))
        if isinstance(self.template, str | Path):
            object.__setattr__(self, "template", ChatTemplate.of(self.template))
        if self.stage not in ("pt", "sft"):
            raise MixRefused(f"stage is {self.stage!r}, expected pt or sft")
        if self.unit not in ("supervised_tokens", "examples"):
            raise MixRefused(f"unit is {self.unit!r}, expected supervised_tokens or examples")
        if self.domain_share is not None and not 0 < self.domain_share < 1:
            raise MixRefused(f"domain_share is {self.domain_share}, expected a number between 0 and 1, both excluded")
        if self.stage == "sft" and self.override is not None:
            raise MixRefused("an override lifts the cap of continued pre-training; sft has no cap: leave it out")
        if self.stage == "pt" and self.share > self.cap:
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
    def share(self) -> Fraction:
        """The domain share that is aimed at, exactly as written: .12 is 3/25."""
        if self.domain_share is not None:
            return Fraction(str(float(self.domain_share)))
        if self.stage == "sft":
            return Fraction(SFT_SHARE)
        return Fraction(PT_SHARE) if self.override is None else Fraction(str(float(self.override.share)))

    @property
    def cap(self) -> Fraction:
        """The share that is never passed: 1 for sft, which has no cap."""
        if self.stage == "sft":
            return Fraction(1)
        return Fraction(PT_CAP) if self.override is None else Fraction(str(float(self.override.share)))

    @property
    def measure(self) -> str:
        """What the share is counted in: tokens, supervised_tokens or examples."""
        return "tokens" if self.stage == "pt" else self.unit


def percent(share: Fraction | float) -> str:
    """A share for people: '12 %', '12.34 %'."""
    return f"{float(share) * 100:.2f}".rstrip("0").rstrip(".") + " %"
