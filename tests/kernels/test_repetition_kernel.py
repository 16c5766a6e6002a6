"""The kernel against the same count in plain Python."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.kernels.repetition import repetition

N = 3


def plainly(text: str) -> tuple[float, float, float]:
    lines = [line.strip(" \t") for line in text.split("\n")]
    lines = [line for line in lines if line]
    seen: Counter[str] = Counter()
    again = 0
    for line in lines:
        again += len(line.encode()) * (line in seen)
        seen[line] += 1
    words = text.split()
    grams: set[tuple[str, ...]] = set()
    at = covered = 0
    while at + N <= len(words):
        gram = tuple(words[at : at + N])
        if gram in grams:
            covered, at = covered + N, at + N
        else:
            grams.add(gram)
            at += 1
    most = 0
    for pair in set(pairwise(words)):
        places = [at for at in range(len(words) - 1) if (words[at], words[at + 1]) == pair]
        if len(places) > 1:
            most = max(most, len({place + k for place in places for k in (0, 1)}))
    total = sum(len(line.encode()) for line in lines)
    return again / total if total else 0.0, *((covered / len(words), most / len(words)) if words else (0.0, 0.0))


TEXT = st.lists(st.sampled_from(["ab", "cd", "中", "ef", "\n"]), max_size=30).map(" ".join)


@settings(deadline=None)
@given(st.lists(TEXT, max_size=4))
def test_shares_are_those_of_a_plain_count(texts: list[str]) -> None:
    found = repetition(pl.Series(texts, dtype=pl.String), N)
    for text, *shares in zip(texts, *found, strict=True):
        assert shares == pytest.approx(plainly(text))
