"""The passes under normalisation, without its tables."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from curate.kernels.tidy import COMPOSES, DROP, JOINER, LOOSE, SPACES, SWAP, WIDE, Table, spaced, swapped, table, wants


def small() -> Table:
    roles = np.zeros(0x110000, np.uint8)
    roles[:0x3000] |= LOOSE
    roles[0x200D] = JOINER
    roles[0x200B] = DROP
    roles[0x301] |= COMPOSES
    roles[0x3000] |= WIDE
    return table(roles, {0xBD: "1/2", ord("\r"): "\n", ord("藥"): "药"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("clean text\n\n  indented\tline", 0),
        ("a  b", SPACES), ("a \n", SPACES), ("a\n\n\nb", SPACES), ("\na", SPACES), ("a ", SPACES), (" ", SPACES),
        ("a\u200bb", DROP), ("½", SWAP), ("\r", SWAP), ("e\u0301", COMPOSES), ("x\u3000y", WIDE),
        ("中\u200d文", JOINER),
        ("", 0), (None, 0),
    ],
)  # fmt: skip
def test_a_text_asks_for_what_is_in_it(text: str | None, expected: int) -> None:
    assert wants(pl.Series([text], dtype=pl.String), small()).tolist() == [expected]


def test_characters_go_or_become_others_and_each_is_counted() -> None:
    done = swapped(pl.Series(["½ 藥\u200b", None, "a\r\nb\rc", "plain", "\u200b"]), small())
    assert done.texts.to_list() == ["1/2 药", None, "a\nb\nc", "plain", ""]
    assert done.cut.tolist() == [3, 0, 2, 0, 1]
    assert done.added.tolist() == [4, 0, 1, 0, 0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("中\u200d文", "中\u200d文"), ("a\u200d文", "a文"), ("文\u200d\u200d", "文"), ("\u200d文", "文"),
     ("文\u200d½", "文1/2"),
     ("中\u200d\u200b\u200d文", "中\u200d\u200d文")],
)  # fmt: skip
def test_joiners_stay_only_where_they_join(text: str, expected: str) -> None:
    assert swapped(pl.Series([text]), small()).texts[0] == expected


@pytest.mark.parametrize(
    ("text", "prose", "aligned"),
    [
        ("a   b\t  c", "a b\t  c", "a   b\t  c"),
        ("  indent \t\n\n\n\nx ", "  indent\n\nx", "  indent\n\nx"),
        ("\n \n\u3000\u3000段\u3000\u3000落", "段 落", "段  落"),
        ("\x1c\x1d stays", "\x1c\x1d stays", "\x1c\x1d stays"),
        (" \n\t", "", ""),
    ],
)
def test_white_space_is_mended(text: str, prose: str, aligned: str) -> None:
    done = spaced(pl.Series([text, text]), pl.Series([False, True]))
    assert done.texts.to_list() == [prose, aligned]
    for new, cut, added in zip(done.texts, done.cut, done.added, strict=True):
        assert len(text) + added == len(new) + cut
