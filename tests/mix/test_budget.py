"""What is drawn is what was planned, to one document, whatever sources, weights, caps and shares; or it is refused."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.mix.budget import budget
from curate.mix.channels import Channel
from curate.mix.draw import drawn
from curate.mix.settings import Mix, MixRefused, Shares
from tests.mix.test_draw import channel, mix

DOCUMENTS = st.lists(st.integers(1, 3000), min_size=1, max_size=60).map(lambda sizes: np.array(sizes, np.int64))
CELLS = st.tuples(
    st.sampled_from(("domain", "general")), st.sampled_from(("zh", "en")), st.sampled_from(("prose", "code"))
)


@st.composite
def plans(draw: st.DrawFn) -> tuple[Mix, list[Channel], list[np.ndarray]]:
    cells = draw(st.lists(CELLS, min_size=2, max_size=12))
    channels = [channel(f"s{number}", role, lang=lang, kind=kind) for number, (role, lang, kind) in enumerate(cells)]
    weights = draw(
        st.dictionaries(st.sampled_from([one.name for one in channels]), st.sampled_from((0, 0.3, 1, 2, 2.5, 9)))
    )
    shares: dict[str, Any] = {}
    if draw(st.booleans()):
        shares["lang"] = {"zh": draw(st.integers(1, 99)) / 100}
    if draw(st.booleans()):
        shares["kind"] = {"code": draw(st.integers(1, 60)) / 100}
    wishes: dict[str, Any] = {
        "domain_share": draw(st.integers(1, 60)) / 100,
        "weights": weights,
        "epochs": draw(st.sampled_from((None, 1, 1.5, 3))),
        "tokens": draw(st.none() | st.integers(1, 200_000)),
        "shares": Shares(**shares) if shares else None,
    }
    return mix(**wishes), channels, [draw(DOCUMENTS) for _ in channels]


def read(sizes: np.ndarray, documents: int) -> int:
    """What the first documents of a channel hold, read from the start again behind the last one."""
    passes, rest = divmod(documents, len(sizes))
    return passes * int(sizes.sum()) + int(sizes[:rest].sum())


@settings(deadline=None, max_examples=150)
@given(plans())
def test_realised_shares_are_the_planned_ones_to_one_document_or_the_mix_says_why_not(
    asked: tuple[Mix, list[Channel], list[np.ndarray]],
) -> None:
    wish, channels, sizes = asked
    try:
        given_ = budget(wish, channels, [int(of_one.sum()) for of_one in sizes])
        taken = drawn(given_, channels, sizes, "tokens")
    except MixRefused as refusal:
        said = ("are there", "no such text", "can be drawn", "had together", "there is room for")
        assert any(words in str(refusal) for words in said), refusal
        return
    assert sum(given_.parts) == 1
    found = [read(of_one, documents) for of_one, documents in zip(sizes, taken, strict=True)]
    whole = sum(found)
    wanted = Fraction(str(wish.domain_share))
    domain = sum(size for size, one in zip(found, channels, strict=True) if one.role == "domain")
    assert domain <= wanted * whole
    for role, part in (("domain", wanted), ("general", 1 - wanted)):
        mine = [number for number, one in enumerate(channels) if one.role == role and given_.parts[number]]
        largest = max(int(sizes[number].max()) for number in mine)
        of_role = sum(found[number] for number in mine)
        assert abs(of_role - part * given_.total) <= largest + 1
        for number in mine:  # within its role, each channel has its part to a document
            share = given_.parts[number] / part
            assert abs(found[number] - share * of_role) <= largest + 1
            cap = wish.cap_of(channels[number].source)
            assert found[number] <= cap * int(sizes[number].sum()) + int(sizes[number].max())
    if wish.tokens is not None:
        assert given_.total == wish.tokens
    else:
        assert given_.bound


@settings(deadline=None, max_examples=100)
@given(st.lists(DOCUMENTS, min_size=1, max_size=6), DOCUMENTS, st.integers(1, 13))
def test_the_domain_part_of_a_smaller_share_is_a_prefix_in_every_channel(
    domain: list[np.ndarray], general: np.ndarray, percent: int
) -> None:
    channels = [*(channel(f"d{number}", "domain") for number in range(len(domain))), channel("g", "general")]
    sizes = [*domain, general]
    counts = []
    for share in (percent, percent + 1, percent + 2):
        try:
            given_ = budget(mix(domain_share=share / 100), channels, [int(one.sum()) for one in sizes])
            counts.append(drawn(given_, channels, sizes, "tokens")[:-1])
        except MixRefused:
            counts.append([0] * len(domain))
    assert all(before <= after for before, after in zip(counts[0], counts[1], strict=True))
    assert all(before <= after for before, after in zip(counts[1], counts[2], strict=True))


def sizes_of(*totals: int) -> tuple[list[Channel], list[int]]:
    return [channel("d", "domain"), channel("g", "general"), channel("h", "general")], list(totals)


def test_nothing_is_read_twice_that_no_weight_asks_for() -> None:
    channels, sizes = sizes_of(1000, 10**6, 10**6)
    found = budget(mix(domain_share=0.1), channels, sizes)
    assert found.bound == ("d",) and found.total == 10_000


def test_a_weight_makes_a_source_count_so_many_times() -> None:
    channels, sizes = sizes_of(10**6, 600, 300)
    found = budget(mix(domain_share=0.1, weights={"h": 2.0}), channels, sizes)
    assert found.parts[1] == found.parts[2] == Fraction(45, 100)
    assert found.total == Fraction(1200 * 10, 9) and set(found.bound) == {"g", "h"}
    half = budget(mix(domain_share=0.1, weights={"g": 0.5}), channels, sizes)
    assert half.parts[1] == half.parts[2] and half.total == Fraction(600 * 10, 9)


def test_an_epoch_cap_holds_a_weight_back_and_the_mix_is_smaller() -> None:
    channels, sizes = sizes_of(10**6, 600, 300)
    found = budget(mix(domain_share=0.1, weights={"h": 6.0}), channels, sizes)
    assert found.parts[2] == 3 * found.parts[1] and found.bound == ("h",)
    assert found.parts[2] * found.total == 4 * 300  # four epochs of pre-training are the cap
    twice = budget(mix(domain_share=0.1, weights={"h": 6.0}, epochs={"h": 2}), channels, sizes)
    assert twice.parts[2] * twice.total == 2 * 300
    thrice = budget(mix(stage="sft", weights={"d": 9.0, "g": 9.0, "h": 9.0}), channels, sizes)
    assert thrice.total == 2 * 3 * 900 and thrice.bound == ("g", "h")


def test_a_source_that_is_not_there_is_said_where_it_is_weighed() -> None:
    channels, sizes = sizes_of(1, 1, 1)
    for wishes in ({"weights": {"x": 1.0}}, {"epochs": {"x": 2.0}}, {"shares": Shares(source={"x": 0.5})}):
        with pytest.raises(MixRefused, match="there is no source 'x'; there are d, g, h"):
            budget(mix(**wishes), channels, sizes)


def test_too_little_of_a_share_is_said_with_what_would_be_possible() -> None:
    channels = [
        channel("d", "domain", lang="zh"),
        channel("g", "general", lang="zh"),
        channel("h", "general", lang="en"),
    ]
    wish = mix(domain_share=0.1, shares=Shares(lang={"en": 0.5}), tokens=10_000)
    with pytest.raises(MixRefused, match=r"wants 5 k of role general, lang en; 900 are there.*tokens=1800"):
        budget(wish, channels, [10**6, 10**6, 900])
