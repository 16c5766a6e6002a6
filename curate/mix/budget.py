"""How large a mix is and how much of it each channel gives: targets, weights, epoch caps and the text that is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from curate.mix.channels import ROLES, Channel
from curate.mix.proportions import parts
from curate.mix.refused import MixRefused
from curate.mix.settings import Mix
from curate.mix.shares import exact
from curate.mix.words import amount, percent, words


@dataclass(frozen=True)
class Budget:
    """`parts` of the mix by channel sum to 1; `limits` are how much may be read of each, in the mix's unit, `epochs`
    how often. `total` is the size of the mix, `bound` the channels that are read as far as they may be."""

    parts: tuple[Fraction, ...]
    limits: tuple[Fraction, ...]
    epochs: tuple[Fraction, ...]
    total: Fraction
    bound: tuple[str, ...]

    def rooms(self, channels: Sequence[Channel]) -> tuple[int, int]:
        """(domain, general) in whole units: domain rounded down, general up, so that no share is passed."""
        domain = self.total * sum(
            (part for channel, part in zip(channels, self.parts, strict=True) if channel.role == "domain"), Fraction(0)
        )
        return floor(domain), ceil(self.total - domain)


def budget(mix: Mix, channels: Sequence[Channel], sizes: Sequence[int]) -> Budget:
    """What a mix takes of channels whose documents for training have these sizes, in the mix's unit.

    A source of weight w counts as if it were there w times: with more than 1 it is read so often (at most as often as
    its epoch cap says), with less in part. Without `tokens` the mix is as large as it can be with the parts that it
    must have. Raises `MixRefused` with what is missing.
    """
    sources = {channel.source for channel in channels}
    caps = mix.caps if isinstance(mix.caps, Mapping) else {}
    for what, names in (
        ("weights", mix.weights),
        ("epochs", caps),
        ("shares of source", mix.targets.get("source", {})),
    ):
        strange = sorted(set(names) - sources)
        if strange:
            raise MixRefused(f"{what}: there is no source {strange[0]!r}; there are {', '.join(sorted(sources))}")
    weights = [exact(mix.weights.get(channel.source, 1.0)) for channel in channels]
    epochs = [min(weight, mix.cap_of(channel.source)) for channel, weight in zip(channels, weights, strict=True)]
    limits = [size * often for size, often in zip(sizes, epochs, strict=True)]
    of_each = parts(channels, [size * weight for size, weight in zip(sizes, weights, strict=True)], mix.targets)
    most = min((limit / part for limit, part in zip(limits, of_each, strict=True) if part), default=Fraction(0))
    total = most if mix.tokens is None else Fraction(mix.tokens)
    if total > most and _is_short(channels, of_each, limits, total):
        raise MixRefused(_shortage(mix, channels, of_each, limits, total, most))
    bound = tuple(
        channel.name
        for channel, part, limit in zip(channels, of_each, limits, strict=True)
        if part and part * total == limit
    )
    return Budget(tuple(of_each), tuple(limits), tuple(epochs), total, bound)


def _is_short(
    channels: Sequence[Channel], of_each: Sequence[Fraction], limits: Sequence[Fraction], total: Fraction
) -> bool:
    """Whether whole units are missing, of a channel or of a role."""
    if any(floor(total * part) > limit for part, limit in zip(of_each, limits, strict=True)):
        return True
    rooms = Budget(tuple(of_each), (), (), total, ()).rooms(channels)
    there = (
        sum(
            (
                floor(limit)
                for one, part, limit in zip(channels, of_each, limits, strict=True)
                if part and one.role == role
            )
        )
        for role in ROLES
    )
    return any(room > have for room, have in zip(rooms, there, strict=True))


def _shortage(
    mix: Mix,
    channels: Sequence[Channel],
    of_each: Sequence[Fraction],
    limits: Sequence[Fraction],
    total: Fraction,
    most: Fraction,
) -> str:
    if set(mix.targets) == {"role"}:
        have: list[int] = []
        want: list[int] = []
        for role in ("domain", "general"):
            mine = [number for number, channel in enumerate(channels) if channel.role == role]
            part = sum((of_each[number] for number in mine), Fraction(0))
            have.append(floor(part * min((limits[n] / of_each[n] for n in mine if of_each[n]), default=Fraction(0))))
            want.append(floor(total * part) if role == "domain" else int(total) - want[0])
        return shortage((have[0], have[1]), (want[0], want[1]), exact(mix.targets["role"]["domain"]), mix.measure)
    keys = [
        ", ".join(f"{column} {getattr(channel, column) or 'unknown'}" for column in mix.targets) for channel in channels
    ]
    short: dict[str, tuple[Fraction, Fraction]] = {}
    for key, part, limit in zip(keys, of_each, limits, strict=True):
        wanted, there = short.get(key, (Fraction(0), Fraction(0)))
        short[key] = (wanted + part * total, there + limit)
    key, (wanted, there) = max(short.items(), key=lambda item: (item[1][0] / max(item[1][1], Fraction(1)), item[0]))
    return (
        f"a mix of {amount(int(total))} {words(mix.measure)} wants {amount(ceil(wanted), up=True)} of {key or 'all'}; "
        f"{amount(floor(there))} are there: give more, ask for a smaller share of it, read it more often (weights), or "
        f"take tokens={floor(most)}"
    )


def shortage(have: tuple[int, int], want: tuple[int, int], share: Fraction, unit: str) -> str:
    """What is missing of (domain, general), and the largest mix that there is text for."""
    have_domain, have_general = have
    want_domain, want_general = want
    most = min(floor(have_domain / share), floor(have_general / (1 - share)))
    take = amount(floor(most * share), like=want_domain)
    instead = f"give more, or take {take} domain (tokens={most})"
    counted_in = "" if unit == "tokens" else f" {words(unit)}"
    if have_general < want_general:
        return (
            f"domain {amount(want_domain)} needs {amount(want_general, up=True)} general{counted_in} at "
            f"{percent(share)}; {amount(have_general)} are there: {instead}"
        )
    return (
        f"a mix of {amount(want_domain + want_general)} {words(unit)} at {percent(share)} needs "
        f"{amount(want_domain, up=True)} domain; {amount(have_domain)} are there: {instead}"
    )
