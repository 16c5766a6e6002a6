"""A linear model over the distinct tokens and pairs of parts of texts."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels.hashed import Parts, fitted, sums, whole, windows
from curate.kernels.tokens import Tokens, tokens

BUCKETS = 1 << 12


def stream(*texts: str | None) -> Tokens:
    return tokens(pl.Series("text", list(texts), pl.String))


def words_in(texts: list[str], parts: Parts, stream: Tokens) -> list[list[list[str]]]:
    """For each text the words of each of its parts."""
    found = []
    for number, text in enumerate(texts):
        raw = text.encode()
        found.append(
            [
                [raw[slice(*stream.spans[at])].decode() for at in range(parts.first[part], parts.end[part])]
                for part in range(parts.starts[number], parts.starts[number + 1])
            ]
        )
    return found


def test_windows_hold_every_token_overlap_by_half_and_are_of_each_size() -> None:
    texts = [" ".join(f"w{number:03}" for number in range(50)), "one two", ""]
    own = stream(*texts)
    long, short, empty = words_in(texts, windows(own, (40, 120)), own)
    assert [len(part) for part in long] == [10] * 9 + [30, 30] + [20] * (len(long) - 11)
    assert long[0][5:] == long[1][:5]
    assert {word for part in long for word in part} == set(texts[0].split())
    assert short == [["one", "two"]] and empty == [[]]


def test_a_chinese_character_is_as_much_as_three_letters() -> None:
    own = stream("疾" * 40, "abc " * 40)
    parts = windows(own, (60,))
    assert (parts.end - parts.first)[parts.starts[:-1]].tolist() == [20, 20]


@given(st.lists(st.text(max_size=30), min_size=1, max_size=6), st.sampled_from([(1,), (5, 9), (7, 3, 100)]))
def test_windows_of_any_text_do_not_depend_on_its_neighbours(texts: list[str], sizes: tuple[int, ...]) -> None:
    own = stream(*texts)
    parts = windows(own, sizes)
    assert (np.diff(parts.starts) >= 1).all()
    for number, text in enumerate(texts):
        alone = windows(stream(text), sizes)
        first = parts.first[parts.starts[number] : parts.starts[number + 1]] - own.starts[number]
        end = parts.end[parts.starts[number] : parts.starts[number + 1]] - own.starts[number]
        assert first.tolist() == alone.first.tolist() and end.tolist() == alone.end.tolist()
        held = {at for start, stop in zip(first, end, strict=True) for at in range(start, stop)}
        assert held == set(range(own.starts[number + 1] - own.starts[number]))


def test_a_sum_counts_each_token_and_pair_once_and_grows_with_the_root_of_their_number() -> None:
    own = stream("a b a b", "a b c", "", None)
    found = sums(own, whole(own), np.ones(BUCKETS, np.float32))
    assert found.tolist() == pytest.approx([4**0.5, 5**0.5, 0, 0])  # a, b, ab, ba; a, b, c, ab, bc


def test_the_best_part_of_a_text_is_its_score() -> None:
    parts = Parts(np.zeros(5, np.int64), np.zeros(5, np.int64), np.array([0, 2, 5]))
    assert parts.best(np.array([1.0, 3.0, -1.0, -5.0, -2.0])).tolist() == [3.0, -1.0]


def test_a_fitted_model_tells_parts_apart_and_is_the_same_every_time() -> None:
    own = stream(*(["fever cough dose"] * 5 + ["match goal team"] * 5))
    labels, order = np.array([1.0] * 5 + [0.0] * 5), np.tile(np.arange(10), 20)
    models = [fitted(own, whole(own), labels, order, buckets=BUCKETS, rate=0.1, decay=1e-3) for _ in range(2)]
    assert (models[0][0] == models[1][0]).all() and models[0][1] == models[1][1]
    weights, bias = models[0]
    unseen = stream("a dose for the fever", "the team and its goal")
    scores = sums(unseen, whole(unseen), weights) + bias
    assert scores[0] > 0 > scores[1]
