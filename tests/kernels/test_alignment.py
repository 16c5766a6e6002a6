"""Alignment against the plain words of what it does, on small alphabets and on long texts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels.alignment import CELLS, INSERTED, Pieces, aligned
from curate.kernels.overlap import stream

LETTERS = "天地玄黄宇宙洪荒"
WORTH = 64


def pieces_of(texts: list[str]) -> Pieces:
    """All of one unit, each token worth `WORTH` for each character that it weighs."""
    read = stream(pl.Series(texts, dtype=pl.String))
    starts = read.tokens.starts
    sizes = [int(read.weights[a:b].sum()) for a, b in pairwise(starts)]
    return Pieces(
        np.array([0, len(texts)], np.uint32),
        starts.astype(np.uint32),
        (read.tokens.hashes & np.uint64(0xFFFF)).astype(np.uint16),
        (read.weights.astype(np.uint16) * WORTH).astype(np.uint16),
        np.array(sizes, np.uint32),
    )


def found(texts: list[str], place: str) -> tuple[float, int, int]:
    """(characters found, first token, end token) of the pieces in a place."""
    read = stream(pl.Series([place]))
    places = np.array([[0, len(read.weights)]], np.int64)
    ((worth, first, end),) = aligned(read.tokens.hashes, read.weights, pieces_of(texts), np.zeros(1, np.int64), places)
    return worth / WORTH, int(first), int(end)


def best(piece: str, place: str) -> float:
    """The most that characters of both in one order are worth, less what stands between them in the place."""
    cost = INSERTED / WORTH
    scores = [0.0] * (len(place) + 1)
    for token in piece:
        before = scores
        scores = [0.0]
        for at, other in enumerate(place):
            hit = before[at] + 1 if other == token else 0.0
            scores.append(max(before[at + 1], scores[at] - cost, hit))
    return max(scores)


@given(st.text(LETTERS, min_size=1, max_size=12), st.text(LETTERS, max_size=30))
def test_what_is_found_is_the_best_order_of_all(piece: str, place: str) -> None:
    expected = best(piece, place)
    got, first, end = found([piece], place)
    # Its tokens' share is no less than their worth's, of which alone what stands between is taken.
    assert got == (pytest.approx(expected) if expected * 5 > 3 * len(piece) else 0)
    if got:
        assert place[first] in piece
        assert place[end - 1] in piece


def passage(length: int, seed: int) -> list[str]:
    """Words of which none stands twice."""
    order = np.random.default_rng(seed).permutation(20_000)[:length]
    return [f"word{number}" for number in order]


@pytest.mark.parametrize("length", [30, 3000])
def test_every_tenth_word_changed_left_out_or_doubled_costs_about_a_tenth(length: int) -> None:
    words = passage(length, 1)
    assert (length * length > CELLS) == (length > 1000)
    changed = ["other" if at % 10 == 5 else word for at, word in enumerate(words)]
    left_out = [word for at, word in enumerate(words) if at % 10 != 5]
    put_in = [more for at, word in enumerate(words) for more in ((word, "other") if at % 10 == 5 else (word,))]
    for text, share in ((words, 1.0), (changed, 0.9), (left_out, 0.9), (put_in, 1.0)):
        around = " ".join([*passage(40, 2), *text, *passage(40, 3)])
        got, first, end = found([" ".join(words)], around)
        assert share - 0.03 <= got / (2 * length) <= share
        assert (first, end) == (40, 40 + len(text))


def test_a_long_text_whose_middle_is_another_one_gives_what_is_left() -> None:
    words = passage(2000, 4)
    text = [*words[:900], *passage(200, 5), *words[1100:]]
    got, first, end = found([" ".join(words)], " ".join(text))
    assert 0.85 <= got / 4000 <= 0.91
    assert (first, end) == (0, 2000)


def test_words_strewn_over_a_page_are_nothing() -> None:
    words = passage(30, 6)
    strewn = " ".join(f"{word} {' '.join(passage(12, at))}" for at, word in enumerate(words))
    assert found([" ".join(words)], strewn)[0] == 0


def test_pieces_are_found_in_any_order_and_half_of_one_is_none() -> None:
    one, two = "天地玄黄宇宙洪荒", "日月盈昃辰宿列张"
    assert found([one, two], f"{two}。{one}") == (16.0, 0, 16)
    assert found([one, two], f"{one}日月盈昃")[0] == 8.0


def test_the_words_that_tell_are_not_the_whole() -> None:
    pieces = pieces_of(["下列关于甲乙丙丁说法正确的是"])
    telling = pieces._replace(worths=np.array([1, 1, 1, 1, 300, 300, 300, 300, 1, 1, 1, 1, 1, 1], np.uint16))
    read = stream(pl.Series(["说到甲乙丙丁其人"]))
    places = np.array([[0, len(read.weights)]], np.int64)
    assert aligned(read.tokens.hashes, read.weights, telling, np.zeros(1, np.int64), places)[0, 0] == 0
