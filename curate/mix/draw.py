"""Which documents a mix takes: the order of the draw, what is held out first, and how many fit the share."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from hashlib import blake2b
from math import ceil, floor

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.document import share_of
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
    domain: NDArray[np.int64], general: NDArray[np.int64], share: Fraction, total: int | None, unit: str
) -> tuple[int, int]:
    """How many documents of each channel are taken, the first ones of its order.

    `domain` and `general` are sizes in `unit` of the documents in that order, each at least 1. Without `total` the
    scarcer channel is taken whole and the other to fit. Domain is taken up to its part and never beyond, general until
    its part is reached: so the domain share is at most `share`, and short of it by less than a document of each.
    Raises `MixRefused` with what is missing.
    """
    have_domain, have_general = int(domain.sum()), int(general.sum())
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
    documents = int(np.searchsorted(np.cumsum(domain), want_domain, "right"))
    if documents == 0:
        raise MixRefused(
            f"at {percent(share)} there is room for {amount(want_domain)} domain {words(unit)}, and the first domain "
            f"document in this seed's order has {amount(int(domain[0]))}: give more general text, or split documents"
        )
    beside = int(np.searchsorted(np.cumsum(general), want_general, "left")) + 1
    return documents, min(beside, len(general))


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
