"""The passes under normalisation, without its tables."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from curate.kernels.tidy import COMPOSES, DROP, JOINER, LOOSE, SPACES, SWAP, WIDE, Table, swapped, table, wants


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
    ("text", "expected"),
    [("\x1b[1;31mred\x1b[0m\x1b[K", "red"), ("\x1b[?25l\x1b[2 qx", "x"), ("\x1b]0;标题\x07x", "x"),
     ("\x1b]8;;http://a.b\x1b\\link\x1b]8;;\x1b\\", "link"), ("\x1b(B\x1b=a", "a"), ("cut \x1b[31", "cut "),
     ("\x1b[中", "[中"), ("\x1b]open", "]open"), ("\x1bword", "word"), ("[31m", "[31m"), ("\x1b", "")],
)  # fmt: skip
def test_sequences_for_a_terminal_go_whole(text: str, expected: str) -> None:
    roles = small().roles.copy()
    roles[0x1B] |= DROP
    done = swapped(pl.Series([text]), table(roles, {}))
    assert done.texts[0] == expected
    assert done.cut[0] == len(text) - len(expected)
