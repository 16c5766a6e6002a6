"""What shares a mix is asked to have, and what the base model is presumed to have read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
from math import isfinite

from curate.mix.refused import MixRefused

Of = Mapping[str, float]

SLIVER = Fraction(1, 10**9)  # what thirds leave of 1 when they are written as decimals; nobody's share


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Target shares of a mix by role, language, domain, kind, source and task, as many at once as are named.

        Shares(lang={"zh": 0.5, "en": 0.5}, kind={"code": 0.1})

    Of each column the shares sum to 1, or to less: then the rest is for all other text, as it comes. Where they sum to
    1, text of no name in them has no part. `task` is dialogue or text. Where several columns are named, the mix is the
    one nearest to the sources' own sizes that has all these shares (iterative proportional fitting, Deming and Stephan
    1940); where no mix of the text that is there has them all, it is refused.
    """

    role: Of = field(default_factory=dict)
    lang: Of = field(default_factory=dict)
    domain: Of = field(default_factory=dict)
    kind: Of = field(default_factory=dict)
    source: Of = field(default_factory=dict)
    task: Of = field(default_factory=dict)

    def __post_init__(self) -> None:
        for column, shares in self.named():
            for value, share in shares.items():
                if not (isfinite(share) and 0 <= share <= 1):
                    raise MixRefused(f"shares: {column} {value!r} is {share}, expected a share between 0 and 1")
            total = sum((exact(share) for share in shares.values()), Fraction(0))
            if total > 1 + SLIVER:
                raise MixRefused(
                    f"shares: {column} sums to {float(total):g} "
                    f"({', '.join(f'{value} {share:g}' for value, share in shares.items())}), expected at most 1"
                )
            if not total:
                raise MixRefused(f"shares: {column} gives nothing to anybody, expected a share above 0")
        strange = set(self.role) - {"domain", "general"}
        if strange:
            raise MixRefused(f"shares: role {sorted(strange)[0]!r}, expected domain or general")
        if len(self.role) == 2 and abs(sum((exact(share) for share in self.role.values()), Fraction(0)) - 1) > SLIVER:
            raise MixRefused(
                f"shares: role is {dict(self.role)}, expected shares that sum to 1: there is no third role"
            )

    def named(self) -> Iterator[tuple[str, Of]]:
        """(column, its shares) of the columns that are named."""
        for column in fields(self):
            shares: Of = getattr(self, column.name)
            if shares:
                yield column.name, shares

    @property
    def domain_part(self) -> Fraction | None:
        """The share of domain text, where roles are named."""
        if not self.role:
            return None
        return exact(self.role["domain"]) if "domain" in self.role else 1 - exact(self.role["general"])

    @property
    def splits(self) -> tuple[str, ...]:
        """The columns by which a source's documents become several channels."""
        return tuple(column for column, _ in self.named() if column not in ("role", "source"))


@dataclass(frozen=True)
class Base:
    """The model that training goes on from, and what it is presumed to have read: shares by words of your own.

        Base("Qwen3-8B-Base", {"en": 0.6, "zh": 0.25, "code": 0.15}, "its report gives no figures; our guess")

    Nothing is computed from it. The ratio of a mix is right or wrong for a base model, so report and card repeat it.
    """

    name: str
    shares: Of = field(default_factory=dict)
    origin: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise MixRefused("base: it needs the model's name")
        if sum(exact(share) for share in self.shares.values()) > 1 or min(self.shares.values(), default=0) < 0:
            raise MixRefused(f"base: its shares are {dict(self.shares)}, expected shares that sum to at most 1")

    def __str__(self) -> str:
        said = ", ".join(f"{name} {100 * share:g} %" for name, share in self.shares.items())
        return f"{self.name}: {said or 'its mix is not stated'}{f' ({self.origin})' if self.origin else ''}"


def exact(share: float) -> Fraction:
    """A share exactly as it is written: .12 is 3/25, and so is what a float makes of 1 - .88."""
    return Fraction(str(round(float(share), 12)))
