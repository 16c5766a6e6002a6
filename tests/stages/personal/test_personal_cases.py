"""Precision and recall of the finders on the labelled set (performance/personal.py prints them)."""

from __future__ import annotations

import pytest

from curate.stages.personal.find import KINDS
from tests.stages.personal.labelled import cases, scores, spans_of

EVERY = cases()
REACHED = scores(EVERY)


def test_the_set_is_large_enough_to_tell() -> None:
    assert sum(len(case.spans) for case in EVERY) >= 300
    assert sum(len(case.looks) for case in EVERY) >= 300
    assert {case.lang for case in EVERY} == {"zh", "en"}
    assert {kind for case in EVERY for _, _, kind in case.spans} == set(KINDS)


@pytest.mark.parametrize("kind", [*KINDS, "all"])
def test_precision_and_recall_are_at_least_98_in_100(kind: str) -> None:
    # Patient and insurance numbers mix letters and digits as each house likes: one in twenty is not found.
    assert REACHED[kind].precision >= 0.98
    assert REACHED[kind].recall >= (0.92 if kind in ("medical_number", "insurance_number") else 0.98)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_both_languages_are_served(lang: str) -> None:
    reached = scores([case for case in EVERY if case.lang == lang])["all"]
    assert reached.precision >= 0.98
    assert reached.recall >= 0.96


def test_what_only_looks_like_personal_data_is_left_alone() -> None:
    for case, found in zip(EVERY, spans_of([case.text for case in EVERY]), strict=True):
        for start, end in case.looks:
            touching = [case.text[a:b] for a, b, _ in found if a < end and start < b]
            assert not touching, case.text
