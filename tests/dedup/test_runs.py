"""Sorted runs: merged in bounded memory, kept few, searched alike however they are cut."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.dedup import runs
from curate.dedup.arrays import mapped


def cut(keys: np.ndarray, bounds: list[int]) -> list[runs.Sorted]:
    """Entries with numbers 0, 1 ... as sorted runs of some documents each."""
    edges = [0, *sorted(bounds), len(keys)]
    out = []
    for begin, end in pairwise(edges):
        order = np.argsort(keys[begin:end], kind="stable")
        out.append((keys[begin:end][order], np.arange(begin, end, dtype=np.uint64)[order]))
    return out


entries = st.lists(st.integers(0, 12), max_size=200)


@settings(max_examples=60, deadline=None)
@given(values=entries, seed=st.integers(0, 1 << 30), window=st.integers(1, 64))
def test_a_merge_gives_all_entries_in_order_whatever_its_window(values: list[int], seed: int, window: int) -> None:
    keys = np.array(values, np.uint64)
    draw = random.Random(seed)
    sources = cut(keys, [draw.randrange(len(keys) + 1) for _ in range(draw.randrange(6))])
    parts = list(runs.merged(sources, window))
    found = np.concatenate([np.zeros(0, np.uint64), *(some for some, _ in parts)])
    numbers = np.concatenate([np.zeros(0, np.uint64), *(of for _, of in parts)])
    order = np.argsort(keys, kind="stable")
    assert found.tolist() == keys[order].tolist() and numbers.tolist() == order.tolist()
    assert all(len(some) <= window + len(sources) for some, _ in parts)


@settings(max_examples=60, deadline=None)
@given(values=entries, seed=st.integers(0, 1 << 30), most=st.integers(1, 20))
def test_the_runs_do_not_change_what_is_found(values: list[int], seed: int, most: int) -> None:
    keys, wanted = np.array(values, np.uint64), np.arange(14, dtype=np.uint64)
    draw = random.Random(seed)
    many = cut(keys, [draw.randrange(len(keys) + 1) for _ in range(draw.randrange(6))])
    answers = [set(zip(*map(np.ndarray.tolist, runs.found(some, wanted, most)), strict=True))
               for some in (many, cut(keys, []))]  # fmt: skip
    assert answers[0] == answers[1]
    expected = {(key, number) for key in range(14) for number in np.flatnonzero(keys == key)[:most].tolist()}
    assert answers[0] == expected


@pytest.mark.parametrize("sizes", [[1] * 200, list(range(300, 100, -1)), list(range(1, 200)), [100, *[1] * 100]])
def test_runs_stay_few_and_each_entry_is_rewritten_seldom(sizes: list[int]) -> None:
    held: list[int] = []
    written = 0
    for size in sizes:
        along = runs.taken_along(held, size)
        merged = size + sum(held[len(held) - along :])
        held = [*held[: len(held) - along], merged]
        written += merged
        assert len(held) <= 2 + np.log2(sum(held))
    assert sum(held) == sum(sizes) and written <= sum(sizes) * (2 + np.log2(len(sizes)))


def test_a_hundred_additions_of_a_hundredth_never_rewrite_the_base() -> None:
    held = [1_000_000]
    for _ in range(100):
        along = runs.taken_along(held, 10_000)
        held = [*held[: len(held) - along], 10_000 + sum(held[len(held) - along :])]
        assert held[0] == 1_000_000 and len(held) <= 1 + np.log2(100)


def test_a_run_is_written_without_the_documents_that_left(tmp_path: Path) -> None:
    keys = np.array([5, 1, 5, 3, 1], np.uint64)
    run = runs.write(tmp_path, "runs", 0, 5, cut(keys, [2]), drop=np.array([0, 4]))
    path = tmp_path / "runs" / "000000000000-000000000005"
    assert mapped(path.with_name(f"{path.name}.keys.npy"), (np.uint64,), (3,)).tolist() == [1, 3, 5]
    assert mapped(path.with_name(f"{path.name}.numbers.npy"), (np.uint32,), (run.entries,)).tolist() == [1, 3, 2]
