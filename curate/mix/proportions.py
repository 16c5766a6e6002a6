"""What part of a mix each channel has: the one nearest to the channels' sizes that has all target shares."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from curate.mix.channels import Channel
from curate.mix.refused import MixRefused
from curate.mix.shares import SLIVER, exact
from curate.mix.words import percent

SWEEPS = 20_000
LOOKS = 200  # sweeps after which it is asked whether the fit goes on
CLOSE = 1e-12
FAR = 5e-4
"""Target shares that are missed by more after `SWEEPS` can't be had together. Where they can be had only with none of
some text (domain text all Chinese and as much as all Chinese may be), the fit nears them as 1 / sweeps."""

REST = None  # of a column: the text that no share names

Targets = Mapping[str, Mapping[str, float]]


def parts(channels: Sequence[Channel], weights: Sequence[Fraction], targets: Targets) -> list[Fraction]:
    """The part of the mix of each channel; they sum to 1.

    `weights` are the channels' sizes times their sources' weights, 0 where there is nothing; `targets` the target
    shares by column, which each sum to at most 1. Channels that are alike in all columns share in proportion to weight.
    Raises `MixRefused` where no parts have all these shares, with the cells in which there is no text.
    """
    groups = [_groups(column, shares, channels, weights) for column, shares in targets.items()]
    wanted = [_wanted(shares) for shares in targets.values()]
    keys = [tuple(of_column[number] for of_column in groups) for number in range(len(channels))]
    sizes: dict[tuple[str | None, ...], Fraction] = {}
    for key, weight in zip(keys, weights, strict=True):
        if weight and all(want.get(group) for want, group in zip(wanted, key, strict=True)):
            sizes[key] = sizes.get(key, Fraction(0)) + weight
    fitted = _fitted(list(targets), wanted, sizes)
    out = [
        fitted[key] * weight / sizes[key] if key in sizes else Fraction(0)
        for key, weight in zip(keys, weights, strict=True)
    ]
    return _with_exact_roles(out, channels, targets.get("role", {}))


def _groups(
    column: str, shares: Mapping[str, float], channels: Sequence[Channel], weights: Sequence[Fraction]
) -> list[str | None]:
    values = [getattr(channel, column) for channel in channels]
    there = {value for value, weight in zip(values, weights, strict=True) if weight and value is not None}
    missing = sorted(value for value, share in shares.items() if share and value not in there)
    if missing and missing[0] in values:
        raise MixRefused(
            f"{percent(shares[missing[0]])} was asked of {column} {missing[0]}, and none of its text can be drawn: its "
            "sources have weight 0, or all of it is held out; raise the weight, or take the share out"
        )
    if missing:
        raise MixRefused(
            f"{percent(shares[missing[0]])} was asked of {column} {missing[0]}, and there is no such text to mix; "
            f"there is {column} {', '.join(sorted(there)) or 'of no name'}: give such text, or take the share out"
        )
    return [value if value in shares else REST for value in values]


def _wanted(shares: Mapping[str, float]) -> dict[str | None, Fraction]:
    """The target of each group of a column, and what is left for all others; they sum to 1."""
    named: dict[str | None, Fraction] = {value: exact(share) for value, share in shares.items()}
    total = sum(named.values(), Fraction(0))
    if abs(1 - total) > SLIVER:
        return named | {REST: 1 - total}
    return {value: share / total for value, share in named.items()} | {REST: Fraction(0)}


def _fitted(
    columns: Sequence[str],
    wanted: Sequence[Mapping[str | None, Fraction]],
    sizes: Mapping[tuple[str | None, ...], Fraction],
) -> dict[tuple[str | None, ...], Fraction]:
    """Iterative proportional fitting of cells that are alike in all columns; each has the part that it is scaled to."""
    cells = list(sizes)
    total = sum(sizes.values(), Fraction(0))
    if not columns:
        return {cell: size / total for cell, size in sizes.items()}
    if len(columns) == 1:  # nothing to fit: each group has its share, exactly
        of_group: dict[str | None, Fraction] = {}
        for cell, size in sizes.items():
            of_group[cell[0]] = of_group.get(cell[0], Fraction(0)) + size
        missed = [group for group, want in wanted[0].items() if want and group not in of_group]
        if missed:
            raise _impossible(columns, wanted, cells, {(0, group) for group in missed})
        return {cell: wanted[0][cell[0]] * size / of_group[cell[0]] for cell, size in sizes.items()}
    found: NDArray[np.float64] = np.array([float(size / total) for size in sizes.values()])
    margins = []
    for number, want in enumerate(wanted):
        named = [group for group in want if want[group]]
        index = np.array([named.index(cell[number]) for cell in cells], np.int64)
        margins.append((named, index, np.array([float(want[group]) for group in named])))
    before = 1.0
    for sweep in range(1, SWEEPS + 1):
        worst = 0.0
        for named, index, want_of in margins:
            there = np.bincount(index, found, len(named))
            worst = max(worst, float(np.abs(there - want_of).max()))
            found *= (want_of / np.where(there > 0, there, 1.0))[index]
        if worst < CLOSE:
            break
        if sweep % LOOKS == 0:  # it stands still, for there is no such table; or it creeps, near enough
            if worst > 0.999 * before or (worst < FAR / 2 and worst > before / 2):
                break
            before = worst
    missed_by = set()
    for number, (named, index, want_of) in enumerate(margins):
        there = np.bincount(index, found, len(named))
        for group, has, target in zip(named, there, want_of, strict=True):
            if abs(has - target) > FAR:
                missed_by.add((number, group))
    if missed_by:
        raise _impossible(columns, wanted, cells, missed_by)
    whole = sum((Fraction(float(part)) for part in found), Fraction(0))
    return {cell: Fraction(float(part)) / whole for cell, part in zip(cells, found, strict=True)}


def _impossible(
    columns: Sequence[str],
    wanted: Sequence[Mapping[str | None, Fraction]],
    cells: Sequence[tuple[str | None, ...]],
    missed: Collection[tuple[int, str | None]],
) -> MixRefused:
    """Which shares can't be had, and in which pairs of values that have a share there is no text."""
    asked = ", ".join(
        f"{column} {_named(group, want)} {percent(target)}"
        for number, (column, want) in enumerate(zip(columns, wanted, strict=True))
        for group, target in want.items()
        if target and (group is not REST or (number, group) in missed)
    )
    empty = [
        f"{columns[one]} {_named(left, wanted[one])} and {columns[other]} {_named(right, wanted[other])}"
        for one, other in combinations(range(len(columns)), 2)
        for left, want_left in wanted[one].items()
        for right, want_right in wanted[other].items()
        if want_left and want_right and not any(cell[one] == left and cell[other] == right for cell in cells)
    ]
    why = f"There is no text that is {'; none that is '.join(empty)}" if empty else "Too few kinds of text are there"
    return MixRefused(
        f"these shares can't be had together: {asked}. {why}: give such text, or shares that do without it"
    )


def _named(group: str | None, wanted: Mapping[str | None, Fraction]) -> str:
    if group is not REST:
        return str(group)
    others = ", ".join(sorted(str(value) for value in wanted if value is not REST))
    return f"other than {others}"


def _with_exact_roles(
    found: list[Fraction], channels: Sequence[Channel], shares: Mapping[str, float]
) -> list[Fraction]:
    """`found` with each role's part exactly as it was asked: the fit is a float's breadth off, a cap allows none."""
    if not shares:
        return found
    domain = exact(shares["domain"]) if "domain" in shares else 1 - exact(shares["general"])
    for role, share in (("domain", domain), ("general", 1 - domain)):
        mine = [number for number, channel in enumerate(channels) if channel.role == role]
        sum_of = sum((found[number] for number in mine), Fraction(0))
        for number in mine:
            found[number] = found[number] * share / sum_of if sum_of else Fraction(0)
    return found
