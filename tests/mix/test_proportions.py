from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.mix.channels import Channel
from curate.mix.proportions import parts
from curate.mix.refused import MixRefused

LANGS, KINDS = ("zh", "en", "de"), ("prose", "code")


def channel(role: str, lang: str = "zh", kind: str = "prose", source: str = "") -> Channel:
    name = source or f"{role}-{lang}-{kind}"
    return Channel(name=name, role=role, source=name, domain=None, lang=lang, kind=kind, task=None)


ALL = [channel(role, lang, kind) for role in ("domain", "general") for lang in LANGS for kind in KINDS]
SIZES = st.lists(st.integers(1, 10**6), min_size=len(ALL), max_size=len(ALL))
PERCENT = st.integers(1, 49).map(lambda number: number / 100)


def total(found: list[Fraction], channels: list[Channel], **cells: str) -> Fraction:
    chosen = [
        part
        for part, one in zip(found, channels, strict=True)
        if all(getattr(one, column) == value for column, value in cells.items())
    ]
    return sum(chosen, Fraction(0))


@settings(deadline=None, max_examples=60)
@given(SIZES, PERCENT, PERCENT, PERCENT)
def test_all_shares_hold_at_once_where_there_is_text_of_every_kind(
    sizes: list[int], domain: float, zh: float, code: float
) -> None:
    targets: dict[str, Any] = {
        "role": {"domain": domain, "general": 1 - domain},
        "lang": {"zh": zh, "en": 0.5},
        "kind": {"code": code},
    }
    found = parts(ALL, [Fraction(size) for size in sizes], targets)
    assert sum(found) == 1
    assert total(found, ALL, role="domain") == Fraction(str(domain))
    assert float(total(found, ALL, lang="zh")) == pytest.approx(zh, abs=1e-9)
    assert float(total(found, ALL, lang="en")) == pytest.approx(0.5, abs=1e-9)
    assert float(total(found, ALL, lang="de")) == pytest.approx(0.5 - zh, abs=1e-9)
    assert float(total(found, ALL, kind="code")) == pytest.approx(code, abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(SIZES, PERCENT)
def test_what_is_alike_in_all_named_columns_shares_by_its_size(sizes: list[int], domain: float) -> None:
    found = parts(ALL, [Fraction(size) for size in sizes], {"role": {"domain": domain, "general": 1 - domain}})
    assert total(found, ALL, role="domain") == Fraction(str(domain))
    assert found[0] * sizes[1] == found[1] * sizes[0]  # exactly
    assert found[-1] * sizes[-2] == found[-2] * sizes[-1]


def test_the_fit_keeps_the_ratio_of_odds_that_the_sizes_have() -> None:
    """Deming and Stephan: of all tables with these margins the fitted one keeps the cross-product ratio."""
    cells = [channel(role, lang) for role in ("domain", "general") for lang in ("zh", "en")]
    sizes = [Fraction(90), Fraction(10), Fraction(300), Fraction(600)]
    targets: dict[str, Any] = {"role": {"domain": 0.1, "general": 0.9}, "lang": {"zh": 0.5, "en": 0.5}}
    found = [float(part) for part in parts(cells, sizes, targets)]
    assert found[0] * found[3] / (found[1] * found[2]) == pytest.approx(90 * 600 / (10 * 300), rel=1e-9)


def test_text_of_no_named_value_has_no_part_where_the_shares_are_all_there_is() -> None:
    cells = [channel("general", lang) for lang in LANGS]
    found = parts(cells, [Fraction(5)] * 3, {"lang": {"zh": 0.5, "en": 0.5}})
    assert [float(part) for part in found] == [0.5, 0.5, 0.0]


def test_shares_that_cannot_hold_together_name_the_cells_that_are_empty() -> None:
    cells = [channel("domain", "zh"), channel("general", "zh"), channel("general", "en")]
    targets: dict[str, Any] = {"role": {"domain": 0.4, "general": 0.6}, "lang": {"zh": 0.1, "en": 0.9}}
    with pytest.raises(
        MixRefused,
        match=r"together: role domain 40 %, role general 60 %, lang zh 10 %, lang en 90 %\. There is no text that is "
        "role domain and lang en",
    ):
        parts(cells, [Fraction(9)] * 3, targets)


def test_a_share_of_what_is_not_there_says_what_is_there() -> None:
    with pytest.raises(MixRefused, match=r"10 % was asked of lang fr.*there is lang en, zh"):
        parts([channel("general", "zh"), channel("general", "en")], [Fraction(1)] * 2, {"lang": {"fr": 0.1}})


def test_shares_that_leave_a_cell_nothing_are_met_as_nearly_as_the_fit_comes() -> None:
    """Domain text is all Chinese and as much as all Chinese may be: general Chinese has no part."""
    cells = [channel("domain", "zh"), channel("general", "zh"), channel("general", "en")]
    targets: dict[str, Any] = {"role": {"domain": 0.1, "general": 0.9}, "lang": {"zh": 0.1, "en": 0.9}}
    found = [float(part) for part in parts(cells, [Fraction(9)] * 3, targets)]
    assert found == pytest.approx([0.1, 0.0, 0.9], abs=1e-3)
