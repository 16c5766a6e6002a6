"""Lines are found where they are, hashed by what they say, and marked by the phrases that they hold."""

import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels.lines import HINT, LABEL, PART, WHOLE, candidates, leaving, lines, phrases, ranges

KNOWN = phrases(
    [("版权所有", WHOLE), ("all rights reserved", WHOLE), ("分享", PART), ("share", PART), ("home", HINT),
     ("news", HINT), ("sign", HINT), ("sign up", PART), ("上一篇", LABEL), ("next", LABEL)]
)  # fmt: skip


def of(*texts: str | None) -> tuple[list[str], list[bool], list[int]]:
    """(lines as they stand, marked, hashes)."""
    column = pl.Series(texts, dtype=pl.String)
    found = lines(column, KNOWN, 0.25, 40)
    owner = np.repeat(np.arange(len(texts)), np.diff(found.starts))
    stood = [(texts[text] or "")[begin:end] for text, (begin, end) in zip(owner, found.spans, strict=True)]
    return stood, (found.marks > 0).tolist(), found.hashes.tolist()


@given(st.lists(st.one_of(st.none(), st.text("中é𠀀a 1\n\r\t|-。", max_size=30)), max_size=5))
def test_the_lines_of_a_text_are_the_text(texts: list[str | None]) -> None:
    stood, _, hashes = of(*texts)
    assert "".join(stood) == "".join(text or "" for text in texts)
    assert stood == [line for text in texts for line in re.findall(r"[^\n]*\n|[^\n]+", text or "")]
    assert [value == 0 for value in hashes] == [not re.search(r"\w", line) for line in stood]


def test_a_line_is_known_by_its_folded_tokens() -> None:
    _, _, hashes = of("Page 3 of 10\nＰＡＧＥ 3， of 10.\npage 4 of 10\n3 page of 10", "版權 ABC\n版權ａｂｃ")
    assert hashes[0] == hashes[1]
    assert len(set(hashes[:4])) == 3
    assert hashes[4] == hashes[5]


def test_whole_phrases_mark_a_line_wherever_they_stand_and_parts_where_they_make_up_enough() -> None:
    texts = {
        "© 2024 某公司 版权所有 京ICP备1号": True,
        "Some Paper Inc. ALL RIGHTS RESERVED.": True,
        "版权 所有人应当登记": True,  # the same characters, whatever stands between: recurrence is asked for besides
        "分享": True,
        "Share | Tweet": True,
        "我们与读者分享这一段很长很长的经历": False,
        "We share this road with all who walk it": False,
        "Home": False,
        "Home / News": True,
        "Home News and four more unknown words here": True,
        "Home News and five more unknown words in here": False,
        "Sign up": True,
        "Sign": False,
        "": False,
    }
    stood, marked, _ = of(*texts)
    assert dict(zip(stood, marked, strict=True)) == {text: is_marked for text, is_marked in texts.items() if text}


def test_the_row_of_a_table_is_not_marked_by_words_that_any_table_may_head() -> None:
    assert of("| Share | News |\n | 分享 |\n| 版权所有 |")[1] == [False, False, True]


def test_a_label_makes_lines_equal_that_differ_behind_its_colon() -> None:
    _, marked, hashes = of(
        "上一篇：甲\n上一篇:乙\n 上一篇\n上一篇我们讲到了这里的第三件事\nNext: a\nNEXT : b\nnext of kin is asked"
    )
    assert hashes[0] == hashes[1] == hashes[2] != hashes[3]
    assert hashes[4] == hashes[5] != hashes[6]
    assert marked == [True, True, True, False, True, True, False]


def test_a_very_long_line_is_text_whatever_it_says() -> None:
    assert of("版权所有" + "甲" * 36 + "\n" + "版权所有" + "甲" * 37)[1] == [True, False]


def outcome(text: str, recurring: str = "") -> str:
    """What is left of `text` where all marked lines recur, and those of `recurring`."""
    column = pl.Series([text])
    found = lines(column, KNOWN, 0.25, 40)
    stood, _, _ = of(text)
    recur = np.array([line.strip() in recurring.split("/") for line in stood]) | (found.marks > 0)
    gone = leaving(found, recur & candidates(found, 30, 20))
    spans = ranges(found, gone).spans.tolist()
    for begin, end in reversed(spans):
        text = text[:begin] + text[end:]
    return text


def test_marked_lines_go_wherever_they_are() -> None:
    assert outcome("题\n分享\n正文\n\n分享\n\n正文\n版权所有") == "题\n正文\n\n正文"


def test_what_recurs_goes_only_between_a_marked_line_and_the_edge_of_the_page() -> None:
    page = "站名\n要闻\n分享\n第一章 总则\n正文\n本法自公布之日起施行。\n版权所有\n电话\n站名"
    assert (
        outcome(page, "站名/要闻/第一章 总则/本法自公布之日起施行。/电话")
        == "第一章 总则\n正文\n本法自公布之日起施行。"
    )


def test_a_line_that_does_not_recur_ends_what_goes_with_the_edge() -> None:
    assert outcome("站名\n独有\n分享\n正文", "站名") == "站名\n独有\n正文"
    assert outcome("正文\n版权所有\n独有\n电话", "电话") == "正文\n独有\n电话"


def test_far_from_the_edges_only_whole_phrases_mark() -> None:
    far = "\n".join(f"第{number}段" for number in range(30))
    assert outcome(f"{far}\n- share\n版权所有\n{far}") == f"{far}\n- share\n{far}"
    assert outcome(f"{far[: far.index(chr(10))]}\nshare\n{far}\n{far}").count("share") == 0


def test_rules_and_blank_lines_between_what_goes_go_along() -> None:
    assert outcome("----\n\n站名\n\n----\n\n分享\n正文\n\n====\n分享\n----\n", "站名") == "正文"
    assert outcome("正文\n\n----\n分享\n\n正文") == "正文\n\n----\n\n正文"
    for rule in ("——————", "* * *", "═════", "─ ─ ─"):
        assert outcome(f"正文\n{rule}\n分享") == "正文"


@pytest.mark.parametrize("end", ["```", "}", "  });", "| --- | --- |", "……", "！！！", "😀", "$$"])
def test_what_ends_the_text_stays_though_it_has_no_token(end: str) -> None:
    assert outcome(f"分享\n正文\n{end}\n\n----\n分享\n----\n版权所有\n{end}\n") == f"正文\n{end}"
    assert outcome(f"Home | News\nText\n\n{end}\n{end}\nShare | Home") == f"Text\n\n{end}\n{end}"


def test_blank_lines_do_not_pile_up_where_a_line_went() -> None:
    assert outcome("甲\n\n分享\n\n\n乙") == "甲\n\n乙"
    assert outcome("甲\n分享\n\n乙") == "甲\n\n乙"
    assert outcome("\n\n分享\n\n乙\n") == "乙\n"


@given(st.lists(st.sampled_from(["正文甲", "Text b", "分享", "版权所有", "站名", "", " ", "----"]), max_size=12))
def test_what_is_left_keeps_its_order_and_what_goes_recurs(some: list[str]) -> None:
    text = "\n".join(some)
    if not any(line in ("正文甲", "Text b") for line in some):
        return
    left = outcome(text, "站名")
    said = [line for line in left.split("\n") if line.strip(" -")]
    assert [line for line in said if line != "站名"] == [line for line in some if line in ("正文甲", "Text b")]
