from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.mix.channels import Channel
from curate.mix.plan import Interval, Part, Plan
from curate.mix.seal import MixChanged, sealed


def plan(rows: Mapping[str, int], passes: int = 0, rest: int | None = None) -> Plan:
    """A plan of channels of these rows; names with a d are of the domain."""

    def part(count: int) -> Part:
        return Part(documents=count, tokens=count * 1024, supervised=0, rows=count)

    channels = [
        Channel(name=name, role="domain" if "d" in name else "general", source=name, domain=None, lang=None, kind=None,
                task=None)
        for name in rows
    ]  # fmt: skip
    drawn = {
        name: Interval(passes=passes, whole=part(count), rest=part(min(count, rest or 0)))
        if passes
        else Interval(rest=part(count))
        for name, count in rows.items()
    }
    return Plan(
        stage="pt", unit="tokens", seed=0, row_length=1024, domain_share=0.12, cap=0.15, override=None,
        tokenizer="0" * 64, vocabulary=1000, token_type="u2", end="<|endoftext|>", end_id=0, template=None,
        asked={}, size=1024.0 * sum(rows.values()),
        parts={name: count / sum(rows.values()) for name, count in rows.items()},
        channels=tuple(sorted(channels, key=lambda channel: (channel.role, channel.name))), drawn=drawn,
        held_out={name: Interval(rest=part(1)) for name in rows},
    )  # fmt: skip


def test_roles_take_turns_before_the_channels_of_a_role_do() -> None:
    mixed = plan({"d1": 30, "d2": 70, "g": 700, "h": 200})
    roles = [mixed.channel(mixed.place(row)[0]).role for row in range(mixed.rows)]
    assert [index for index, role in enumerate(roles) if role == "domain"] == list(range(4, 1000, 10)) or (
        max(abs(roles[:n].count("domain") - n / 10) for n in range(1000)) < 1
    )
    for name in mixed.drawn:
        ordinals = [ordinal for channel, ordinal in map(mixed.place, range(mixed.rows)) if channel == name]
        assert ordinals == list(range(mixed.drawn[name].rows))


def test_a_row_beyond_the_last_is_an_index_error() -> None:
    with pytest.raises(IndexError, match="row 5 of a mix of 5 rows"):
        plan({"d": 2, "g": 3}).place(5)


def test_a_plan_of_a_trillion_tokens_is_kilobytes_and_gives_any_row(tmp_path: Path) -> None:
    """1,000 sources, 3 epochs of 3.5 x 10^11 tokens: nothing in it grows with tokens or documents."""
    huge = plan({f"{'d' if n < 100 else 'g'}{n}": 341_797 for n in range(1000)}, passes=3, rest=10_000)
    assert sum(interval.tokens for interval in huge.drawn.values()) > 10**12
    assert len(huge.to_json()) < 1_200 * 1000
    small = plan({"d": 120 * 10**6, "g": 880 * 10**6})
    assert len(small.to_json()) < 3000
    path = tmp_path / "plan.json"
    path.write_bytes(huge.to_json())
    again = Plan.read(path)
    assert again == huge
    name, ordinal = again.place(huge.rows - 1)
    epoch, rest, row = again.drawn[name].at(ordinal, huge.seed)
    assert (epoch, rest) == (3, True) and 0 <= row < 10_000


@given(st.integers(1, 500), st.integers(1, 4), st.integers(0, 500), st.integers(0, 9))
def test_every_epoch_reads_every_row_of_its_part_once(whole: int, passes: int, rest: int, seed: int) -> None:
    rest = min(rest, whole)
    interval = Interval(passes=passes, whole=Part(rows=whole), rest=Part(rows=rest))
    read = [interval.at(ordinal, seed) for ordinal in range(interval.rows)]
    assert [epoch for epoch, _, _ in read] == sorted(epoch for epoch, _, _ in read)
    for epoch in range(passes):
        assert sorted(row for at, _, row in read if at == epoch) == list(range(whole))
    assert sorted(row for _, of_rest, row in read if of_rest) == list(range(rest))
    assert [row for epoch, _, row in read if epoch == 0] == list(range(whole))


def test_a_plan_of_another_format_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(sealed({**asdict(plan({"d": 1, "g": 1})), "format": 99}))
    with pytest.raises(MixChanged, match="format 2"):
        Plan.read(path)


@pytest.mark.parametrize(
    ("was", "becomes"), [('"domain_share": 0.12', '"domain_share": 0.13'), ('"rows": 30', '"rows": 29'), ("}\n", "\n")]
)
def test_a_plan_that_was_edited_by_hand_is_not_read(tmp_path: Path, was: str, becomes: str) -> None:
    path = tmp_path / "plan.json"
    text = plan({"d": 30, "g": 700}).to_json().decode()
    assert was in text
    path.write_text(becomes.join(text.rsplit(was, 1)))
    with pytest.raises(MixChanged, match="again"):
        Plan.read(path)
