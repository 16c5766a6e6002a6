from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.mix.plan import Interval, Plan


def plan(domain: int, general: int) -> Plan:
    intervals = {
        name: Interval(documents=rows, tokens=rows * 1024, supervised=0, rows=rows)
        for name, rows in (("domain", domain), ("general", general))
    }
    return Plan(
        stage="pt", unit="tokens", seed=0, row_length=1024, domain_share=0.12, cap=0.15, override=None,
        tokenizer="0" * 64, vocabulary=1000, token_type="u2", end="<|endoftext|>", end_id=0, template=None,
        drawn=intervals, held_out=intervals,
    )  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 2000), st.integers(1, 4000))
def test_every_row_of_each_channel_has_one_place_in_order(domain: int, general: int) -> None:
    mixed = plan(domain, general)
    places = [mixed.place(row) for row in range(mixed.rows)]
    assert [ordinal for channel, ordinal in places if channel == "domain"] == list(range(domain))
    assert [ordinal for channel, ordinal in places if channel == "general"] == list(range(general))


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.floats(0, 1), st.integers(1, 5000))
def test_every_window_of_rows_holds_the_ratio_to_one_row(domain: int, general: int, at: float, width: int) -> None:
    mixed = plan(domain, general)
    rows = domain + general
    width = min(width, rows)
    start = int(at * (rows - width))
    first, last = (mixed.place(row) for row in (start, start + width - 1))
    # Rows of a channel are in order, so the ordinals at both ends count what lies between.
    before = first[1] if first[0] == "domain" else start - first[1]
    upto = last[1] + 1 if last[0] == "domain" else start + width - 1 - last[1]
    assert abs((upto - before) - width * domain / rows) < 1 + 1e-6


@settings(deadline=None, max_examples=20)
@given(st.integers(120, 900), st.integers(1000, 5000))
def test_every_window_of_1000_rows_is_within_one_point(domain: int, general: int) -> None:
    mixed = plan(domain, general)
    flags = [mixed.place(row)[0] == "domain" for row in range(mixed.rows)]
    count = sum(flags[:1000])
    for row in range(1000, len(flags) + 1):
        assert abs(count / 1000 - domain / mixed.rows) <= 0.01
        if row < len(flags):
            count += flags[row] - flags[row - 1000]


def test_a_row_beyond_the_last_is_an_index_error() -> None:
    with pytest.raises(IndexError, match="row 5 of a mix of 5 rows"):
        plan(2, 3).place(5)


def test_a_plan_of_a_trillion_tokens_is_a_kilobyte_and_gives_any_row(tmp_path: Path) -> None:
    huge = plan(120 * 10**6, 880 * 10**6)
    assert len(huge.to_json()) < 2000
    path = tmp_path / "plan.json"
    path.write_bytes(huge.to_json())
    assert Plan.read(path) == huge
    assert huge.place(10**9 - 1)[1] in {120 * 10**6 - 1, 880 * 10**6 - 1}


def test_a_plan_of_another_format_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({**json.loads(replace(plan(1, 1)).to_json()), "format": 99}))
    with pytest.raises(ValueError, match="format 1"):
        Plan.read(path)
