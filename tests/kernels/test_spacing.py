"""White space: single, but where it stands for something."""

from __future__ import annotations

import polars as pl
import pytest

from curate.kernels.spacing import spaced


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


KEPT = [
    "see\n```py\nx   =  1\n```",
    "open\n```\nx   =  1\n\n\ty   = 2",
    "~~~~\na   b\n~~~\nc   d\n~~~~",
    "> ```\n> a   b\n> ```",
    "as follows:\n\n    a   = 1\n\n    bcd = 2\n",
    "\tfirst   line",
    "| name   | dose |\n|--------|------|\n| 甲氨蝶呤 | 5 mg |",
    "name   | dose\n-------|-----",
    "├── src      the code\n│   └── a.py",
    "药品      剂量\n青霉素    5 mg\n阿莫西林  0.5 g",
    "=====  =====\nA      not A\n=====  =====",
]


@pytest.mark.parametrize("text", KEPT)
def test_spaces_stay_in_code_and_in_columns(text: str) -> None:
    assert spaced(pl.Series([text]), pl.Series([False])).texts[0] == text.rstrip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```\na   b\n```\nc   d", "```\na   b\n```\nc d"),  # behind a fence
        ("````\n```\na   b\n````\nc   d", "````\n```\na   b\n````\nc d"),  # closed by none that is shorter
        ("```a``` b   c\nd   e f", "```a``` b c\nd e f"),  # code within a line
        ("prose\n    goes   on", "prose\n    goes on"),  # no blank line before
        ("x\n\n    a   b\nc   d", "x\n\n    a   b\nc d"),
        ("One.  Two three.\nFour five six.  Seven.", "One. Two three.\nFour five six. Seven."),
        ("药品    剂量\n\n药品    剂量", "药品 剂量\n\n药品 剂量"),  # one line alone has no columns
    ],
)
def test_spaces_are_single_everywhere_else(text: str, expected: str) -> None:
    assert spaced(pl.Series([text]), pl.Series([False])).texts[0] == expected
