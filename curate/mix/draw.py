"""Which documents a mix takes: the order of the draw, what is held out first, and how many fit the share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from hashlib import blake2b
from math import ceil, floor

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.document import share_of
from curate.kernels.turns import fair
from curate.mix.channels import ROLES
from curate.mix.settings import MixRefused, percent


def order(doc_ids: Iterable[str], seed: int) -> pl.Series:
    """UInt64: where each document stands in the draw, by BLAKE2b of (seed, id) and nothing else."""
    keys = [int.from_bytes(blake2b(f"{seed}\0{doc_id}".encode(), digest_size=8).digest()) for doc_id in doc_ids]
    return pl.Series("order", keys, pl.UInt64)


def validation_rank(doc_id: str) -> float:
    """A number in [0, 1): documents below `held_out` are for validation.

    The seed has no part in it, so that mixes drawn with several seeds are judged on the same documents.
    """
    return share_of(doc_id, "validation")


def drawn(
    sizes: Mapping[str, Sequence[NDArray[np.int64]]], share: Fraction, total: int | None, unit: str
) -> dict[str, list[int]]:
    """How many documents of each role's channels are taken, the first ones of their order.

    `sizes` has the documents' sizes in `unit`, each at least 1, in that order. Without `total` the scarcer role is
    taken whole and the other to fit. Domain is taken up to its part and never beyond, general until its part is
    reached: so the domain share is at most `share`, and short of it by less than a document of each. Raises
    `MixRefused` with what is missing.
    """
    have_domain, have_general = (sum(int(channel.sum()) for channel in sizes[role]) for role in ROLES)
    if total is None:
        if have_domain * (1 - share) <= have_general * share:
            want_domain, want_general = have_domain, ceil(have_domain * (1 - share) / share)
        else:
            want_domain, want_general = floor(have_general * share / (1 - share)), have_general
    else:
        want_domain = floor(total * share)
        want_general = total - want_domain
        if have_domain < want_domain or have_general < want_general:
            raise MixRefused(shortage((have_domain, have_general), (want_domain, want_general), share, unit))
    domain = filled(sizes["domain"], [int(channel.sum()) for channel in sizes["domain"]], want_domain, beyond=False)
    if not sum(domain):
        first = min(int(channel[0]) for channel in sizes["domain"] if len(channel))
        raise MixRefused(
            f"at {percent(share)} there is room for {amount(want_domain)} domain {words(unit)}, and the first domain "
            f"document in this seed's order has {amount(first)}: give more general text, or split documents"
        )
    general = filled(sizes["general"], [int(channel.sum()) for channel in sizes["general"]], want_general, beyond=True)
    return {"domain": domain, "general": general}


def filled(sizes: Sequence[NDArray[np.int64]], weights: Sequence[int | float], room: int, *, beyond: bool) -> list[int]:
    """How many documents of each channel fill `room`, each channel in proportion to its weight at any moment."""
    taken = np.zeros(len(sizes), np.int64)
    lengths = np.array([len(channel) for channel in sizes], np.int64)
    parts = np.array(weights, np.float64)
    together = np.concatenate([*sizes, np.empty(0, np.int64)]).astype(np.int64)
    fair(together, np.cumsum([0, *lengths]), parts / max(1.0, parts.sum()), lengths, room, beyond, taken)
    return [int(number) for number in taken]


def shortage(have: tuple[int, int], want: tuple[int, int], share: Fraction, unit: str) -> str:
    """What is missing of (domain, general), and the largest mix that there is text for."""
    have_domain, have_general = have
    want_domain, want_general = want
    most = min(floor(have_domain / share), floor(have_general / (1 - share)))
    instead = f"give more, or take {amount(floor(most * share))} domain (tokens={most})"
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


def amount(number: int, up: bool = False) -> str:
    """A count for people, three digits: '1.2 B', '723 M', '950'. Rounded down, or up for what is needed."""
    for size, name in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            digits = max(0, 3 - len(str(number // size)))
            step = size // 10**digits
            steps = -(-number // step) if up else number // step
            text = f"{steps // 10**digits}.{steps % 10**digits:0{digits}d}" if digits else str(steps)
            return f"{text.rstrip('0').rstrip('.') if digits else text} {name}"
    return str(number)


def words(unit: str) -> str:
    """A unit in running text: 'supervised tokens'."""
    return unit.replace("_", " ")
