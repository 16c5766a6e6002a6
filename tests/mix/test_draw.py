from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.document import share_of
from curate.mix.budget import budget, shortage
from curate.mix.channels import Channel
from curate.mix.draw import drawn, order
from curate.mix.settings import Mix, MixRefused, Override
from curate.mix.words import amount
from curate.stage import Asset

SIZES = st.lists(st.integers(1, 5000), min_size=1, max_size=300).map(lambda sizes: np.array(sizes, np.int64))
SHARES = st.integers(1, 99).map(lambda percent: Fraction(percent, 100))


def channel(name: str, role: str, **cells: str) -> Channel:
    values: dict[str, str | None] = {"domain": None, "lang": None, "kind": None, "task": None, **cells}
    return Channel(name=name, role=role, source=name, **values)


def mix(**wishes: Any) -> Mix:
    if wishes.get("stage", "pt") == "pt" and wishes.get("domain_share", 0) > 0.15:
        wishes.setdefault("override", Override(0.999, "a test of the arithmetic"))
    return Mix(tokenizer=Asset(Path("tokenizer.json"), "0" * 64), **wishes)


BOTH = (channel("d", "domain"), channel("g", "general"))


def both(domain: np.ndarray, general: np.ndarray, share: Fraction, total: int | None) -> tuple[int, int]:
    given = budget(mix(domain_share=float(share), tokens=total), BOTH, [int(domain.sum()), int(general.sum())])
    taken = drawn(given, BOTH, [domain, general], "tokens")
    return taken[0], taken[1]


@settings(deadline=None)
@given(SIZES, SIZES, SHARES)
def test_the_share_is_never_passed_and_is_missed_by_less_than_a_document(
    domain: np.ndarray, general: np.ndarray, share: Fraction
) -> None:
    try:
        taken = both(domain, general, share, None)
    except MixRefused:
        # Only where there is not even room for the first domain document beside all general text.
        assert Fraction(int(domain[0]), int(domain[0] + general.sum())) > share
        return
    parts = int(domain[: taken[0]].sum()), int(general[: taken[1]].sum())
    realised = Fraction(parts[0], sum(parts))
    assert realised <= share
    if taken[0] == len(domain):  # all domain text: with one general document less the share would be passed, or met
        assert taken[1] == 1 or Fraction(parts[0], sum(parts) - int(general[taken[1] - 1])) > share
    else:  # all general text: another domain document would pass the share
        assert taken[1] == len(general)
        assert Fraction(parts[0] + int(domain[taken[0]]), sum(parts) + int(domain[taken[0]])) > share


@settings(deadline=None)
@given(SIZES, SIZES, SHARES, st.integers(1, 10**6))
def test_with_a_size_each_channel_is_met_to_a_document_or_the_mix_says_why_not(
    domain: np.ndarray, general: np.ndarray, share: Fraction, total: int
) -> None:
    want = share * total
    try:
        taken = both(domain, general, share, total)
    except MixRefused:
        short = domain.sum() < int(want) or general.sum() < total - int(want)
        assert short or domain[0] > want
        return
    parts = int(domain[: taken[0]].sum()), int(general[: taken[1]].sum())
    assert parts[0] <= want and (taken[0] == len(domain) or parts[0] + int(domain[taken[0]]) > want - 1)
    assert parts[1] >= total - want and parts[1] - int(general[taken[1] - 1]) < total - int(want)
    assert Fraction(parts[0], sum(parts)) <= share


@settings(deadline=None)
@given(SIZES, SIZES, st.integers(1, 14))
def test_the_domain_part_of_a_smaller_share_is_a_prefix_of_a_larger_one(
    domain: np.ndarray, general: np.ndarray, percent: int
) -> None:
    counts = []
    for share in (percent, percent + 1):
        try:
            counts.append(both(domain, general, Fraction(share, 100), None)[0])
        except MixRefused:
            counts.append(0)
    assert counts[0] <= counts[1]  # documents are taken from the start of one order


@settings(deadline=None)
@given(SIZES, SIZES, SHARES, st.integers(1, 10**6))
def test_the_mix_that_a_refusal_offers_instead_is_there(
    domain: np.ndarray, general: np.ndarray, share: Fraction, total: int
) -> None:
    have = int(domain.sum()), int(general.sum())
    want = int(share * total), total - int(share * total)
    instead = int(shortage(have, want, share, "tokens").rpartition("=")[2].rstrip(")"))
    if instead * share >= domain[0]:
        assert both(domain, general, share, instead)[0] >= 1


def test_a_shortage_is_said_in_tokens() -> None:
    billion = 10**9
    have, want = (1_300 * 10**6, 4_100 * 10**6), (1_200 * 10**6, 6_800 * 10**6)
    assert shortage(have, want, Fraction("0.15"), "tokens") == (
        "domain 1.2 B needs 6.8 B general at 15 %; 4.1 B are there: give more, or take 0.72 B domain "
        "(tokens=4823529411)"
    )
    assert shortage((billion, 90 * billion), (6 * billion, 44 * billion), Fraction("0.12"), "tokens") == (
        "a mix of 50 B tokens at 12 % needs 6 B domain; 1 B are there: give more, or take 0.99 B domain "
        "(tokens=8333333333)"
    )


@pytest.mark.parametrize(
    ("number", "down", "up"),
    [
        (950, "950", "950"),
        (1200, "1.2 k", "1.2 k"),
        (1_234_567, "1.23 M", "1.24 M"),
        (723_529_411, "723 M", "724 M"),
        (4 * 10**12, "4 T", "4 T"),
    ],
)
def test_amounts_round_down_what_is_there_and_up_what_is_needed(number: int, down: str, up: str) -> None:
    assert (amount(number), amount(number, up=True)) == (down, up)


def test_the_order_depends_on_seed_and_id_alone() -> None:
    ids = [f"{number:032x}" for number in range(100)]
    first, again, other = order(ids, 0), order(reversed(ids), 0).reverse(), order(ids, 1)
    assert first.equals(again) and first.dtype == pl.UInt64
    assert first.arg_sort().to_list() != other.arg_sort().to_list()


def test_validation_takes_its_share_whatever_the_seed() -> None:
    ranks = np.array([share_of(f"{number:032x}", "validation") for number in range(20_000)])
    assert abs((ranks < 0.01).mean() - 0.01) < 0.003


def test_a_part_is_said_in_the_unit_of_the_whole_unless_it_is_too_small_for_it() -> None:
    assert (amount(723_529_411, like=1_200_000_000), amount(4128, like=120_000_000)) == ("0.72 B", "4.12 k")
