"""Counting the letters of each script, and the words of English."""

from __future__ import annotations

import polars as pl
import pytest

from curate.kernels.scripts import (
    ARABIC,
    CYRILLIC,
    DEVANAGARI,
    HAN,
    HANGUL,
    KANA,
    LATIN,
    OTHER,
    SIMPLIFIED,
    TRADITIONAL,
    scripts,
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "column", "count"),
    [
        ("中人山𠀀々〇", HAN, 6),
        ("药说国", SIMPLIFIED, 3),
        ("藥說國", TRADITIONAL, 3),
        ("ひらカタｶﾀ", KANA, 6),
        ("한국어", HANGUL, 3),
        ("Aéßｗ", LATIN, 4),
        ("привет", CYRILLIC, 6),
        ("سلام", ARABIC, 4),
        ("नमस्ते", DEVANAGARI, 4),
        ("123 ，。😀ー", 0, 8),
        ("ᏣᎳᎩ", OTHER, 3),
    ],
)
def test_letters_count_in_the_column_of_their_script(text: str, column: int, count: int) -> None:
    letters = scripts(pl.Series([text])).letters[0]
    assert letters[column] == count
    assert letters[1:].sum() == (0 if column == 0 else count)


def test_words_keep_together_at_apostrophes_and_hyphens_and_function_words_are_counted() -> None:
    found = scripts(pl.Series(["The state-of-the-art doesn't fail", "THEY with中文and", "theory then, andy", None, ""]))
    assert found.words.tolist() == [4, 3, 3, 0, 0]
    assert found.english.tolist() == [2, 3, 1, 0, 0]
