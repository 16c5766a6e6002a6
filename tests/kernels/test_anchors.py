"""Anchors: what may begin personal data is found, in ASCII and in full width; what can't is passed over."""

from __future__ import annotations

import polars as pl
import pytest

from curate.kernels.anchors import CHAT, HEXADECIMAL, MAIL, NUMBER, PLATE, anchors


def found(text: str) -> list[tuple[int, str]]:
    marks, utf8 = anchors(pl.Series([text]))
    return [
        (int(kind), utf8.data[start:end].tobytes().decode())
        for kind, (start, end) in zip(marks.kinds, marks.spans, strict=True)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("电话 138-0013-8000。", [(NUMBER, "138-0013-8000")]),
        ("（０１０）８７６５４３２１", [(NUMBER, "０１０）８７６５４３２１")]),
        ("at 8.8.8.8 now", [(NUMBER, "8.8.8.8")]),
        ("住院号：1234", [(NUMBER, "1234")]),
        ("MRN 12345", [(NUMBER, "12345")]),
        ("a@b.cn ＠", [(MAIL, ""), (MAIL, "")]),
        ("host 2400:cb00::6814:55 up", [(HEXADECIMAL, "2400:cb00::6814:55")]),
        ("京A12345", [(PLATE, "")]),
        ("微信 WeChat vx:", [(CHAT, ""), (CHAT, ""), (CHAT, "")]),
        ("in 2019, 123456 people, 12:30:45, std::vector, 京东, weight", []),
        ("0x7a64da13ffe8812345678ab", []),
        ("第12345条 12,345,678.90", []),
        ("", []),
    ],
)
def test_what_may_be_personal_is_marked(text: str, expected: list[tuple[int, str]]) -> None:
    assert found(text) == expected


def test_anchors_name_the_text_and_its_bytes_and_many_of_them_fit() -> None:
    texts = pl.Series(["无", None, "13812345678 a@b.c", "x" * 10, "a@" * 3000])
    marks, utf8 = anchors(texts)
    assert marks.rows.tolist() == [2, 2] + [4] * 3000
    assert utf8.data[marks.spans[0, 0] : marks.spans[0, 1]].tobytes() == b"13812345678"
    assert marks.spans[1, 0] == utf8.offsets[2] + 13


def test_a_long_run_of_colons_is_read_once() -> None:
    assert len(found("1:" * 20_000 + "::")) <= 1
