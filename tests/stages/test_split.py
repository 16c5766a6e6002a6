"""Where books and long documents are cut."""

from __future__ import annotations

import pytest

from curate.stage import split
from curate.stages.split import Split
from tests.stages.documents import of_texts

ZH = "贾雨村风尘怀闺秀，甄士隐梦幻识通灵。此开卷第一回也，作者自云曾历过一番梦幻之后。" * 20
EN = "It was the best of times, it was the worst of times, it was the age of wisdom. " * 20


def parts(text: str, kind: str = "prose", longer_than: int = 500, shortest: int = 200) -> list[str]:
    return split(Split(longer_than=longer_than, shortest=shortest), of_texts([text], kind))["text"].to_list()


@pytest.mark.parametrize(
    ("headings", "body"),
    [
        (["第一章 总则", "第二章\u3000分则", "第十二章", "第 13 章：附则"], ZH),
        (["第一回\u3000甄士隐梦幻识通灵", "第廿一回 贤袭人娇嗔箴宝玉", "第一百二十回 甄士隐详说太虚情"], ZH),
        (["第一编", "第二编 物权", "第三编 合同"], ZH),
        (["第1节 概述", "第２节 方法", "第3节 结果"], ZH),
        (["CHAPTER I", "CHAPTER II. In Which Much Happens", "Chapter 3", "Chapter Four: at sea"], EN),
        (["PART ONE", "PART TWO", "Part the Third"], EN),
        (["Section 1. Definitions", "Section 2. Scope"], EN),
        (["# Introduction", "# Method", "# Results"], EN),
        (["## 背景", "## 方法", "### 第三章 结论"], ZH),
    ],
)
def test_a_document_is_cut_at_its_headings(headings: list[str], body: str) -> None:
    chapters = [f"{heading}\n\n{body}\n\n" for heading in headings]
    assert parts("".join(chapters)) == chapters
    preface = "写在前面的话。" * 40 + "\n\n"
    assert parts(preface + "".join(chapters)) == [preface, *chapters]


def test_sections_are_cut_only_where_a_chapter_is_still_too_long() -> None:
    long = f"第二章 各论\n\n第一节 甲\n\n{ZH}\n\n第二节 乙\n\n{ZH}\n"
    short = f"第一章 总论\n\n第一节 丙\n\n{ZH[:300]}\n\n第二节 丁\n\n{ZH[:300]}\n"
    assert parts(short + long, longer_than=1000) == [
        short,
        *long.partition("第二节")[:1],
        "第二节" + long.partition("第二节")[2],
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"{ZH}\n第二章讲述了后来的事，这里不再重复。\n{ZH}\n第三章的内容很多，也很长，读者可以自己去看。\n{ZH}",
        f"{EN}\nChapter 7 of that book is the best\nPart of the reason is this\nSection 21-2202 is amended\n{EN}",
        f"{EN}\n```\n# a comment\n\n# another comment\n```\n{EN}",
        f"x = 1\n# a comment\ny = 2\n# another comment\n{EN}",
        ZH * 5,
    ],
)
def test_a_document_without_headings_is_not_cut(text: str) -> None:
    assert parts(text) == [text]


def test_a_short_document_code_and_null_are_not_cut() -> None:
    chapters = f"# One\n\n{EN}\n\n# Two\n\n{EN}"
    assert parts(chapters, longer_than=len(chapters)) == [chapters]
    assert parts(chapters, kind="code") == [chapters]
    assert split(Split(), of_texts([None, ""]))["text"].to_list() == [None, ""]


def test_a_table_of_contents_goes_with_what_follows_and_a_stub_with_what_precedes() -> None:
    contents = "第一章 甲\n第二章 乙\n第三章 丙\n"
    chapters = [f"第{n}章 标题\n{ZH}\n" for n in "一二三"]
    cut = parts(contents + "".join(chapters) + "第四章 未完\n待续\n")
    assert cut == [contents + chapters[0], chapters[1], chapters[2] + "第四章 未完\n待续\n"]
    assert all(len(part) >= 200 for part in cut)
