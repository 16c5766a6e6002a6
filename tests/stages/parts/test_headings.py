"""Headings of books, Markdown and old prints, and the tables of contents that repeat them."""

from __future__ import annotations

import pytest

from tests.stages.parts.parting import EN, ZH, firsts, parts


@pytest.mark.parametrize(
    ("headings", "body"),
    [
        (["卷之一", "卷之二 列女", "卷之十二"], ZH),
        (["卷一", "卷二", "卷下"], ZH),
        (["上卷", "中卷", "下卷"], ZH),
        (["序言", "第一章 缘起", "第二章 经过", "后记"], ZH),
        (["楔子", "第一回 王教头私走延安府", "第二回 史大郎夜走华阴县"], ZH),
        (["第一分编 通则", "第二分编 所有权"], ZH),
        (["第一章 总论", "附件1：样表", "附件2：说明"], ZH),
        (["<目录>卷一", "<目录>卷二"], ZH),
        (["PREFACE", "CHAPTER IV", "CHAPTER V. The Storm", "EPILOGUE"], EN),
        (["TITLE I—GENERAL PROVISIONS", "TITLE II—ENFORCEMENT"], EN),
        (["TITLE\nI\nGENERAL PROVISIONS", "TITLE\n\nII\n\nENFORCEMENT", "TITLE\nIII"], EN),
        (["SUBTITLE\nA\nSCHOOLS", "SUBTITLE\nB\nROADS"], EN),
        (["Chapter 1", "Appendix A", "Appendix B: Forms"], EN),
        (["Abstract\n========", "Motivation\n==========", "2nd part\n==="], EN),
        (["#### 甲", "#### 乙", "#### 丙"], ZH),
    ],
)
def test_a_heading_begins_a_part(headings: list[str], body: str) -> None:
    chapters = [f"{heading}\n\n{body * 10}\n\n" for heading in headings]
    assert parts("".join(chapters), longer_than=len(body) * 15) == chapters


@pytest.mark.parametrize(
    ("volume", "chapter", "section", "body"),
    [
        ("第{}编 物权", "第{}章 所有权", "第{}节 一般规定", ZH),
        ("PART {}", "CHAPTER {}", "SUBCHAPTER {}", EN),
        ("# 第{}部", "## 第{}章", "### 第{}节", ZH),
        ("# Part {}", "## Chapter {}", "### Group {} of things", EN),
    ],
)
def test_a_heading_goes_with_what_it_heads_and_never_ends_a_part(
    volume: str, chapter: str, section: str, body: str
) -> None:
    lines = []
    for v in range(1, 3):
        lines.append(volume.format(v))
        for c in range(1, 4):
            lines.append(chapter.format(c))
            for s in range(1, 4):
                lines += [section.format(s), body * 8]
    text = "\n\n".join(lines)
    for longer_than in (len(body) * 60, len(body) * 30, len(body) * 10):
        cut = parts(text, longer_than=longer_than)
        assert len(cut) >= 2
        assert all(part.rstrip().endswith(body.strip()) for part in cut)
    assert len(cut) == 18


CONTENTS = [f"第{number}章 {name}" for number, name in zip("一二三四五六七八九", "总投信交债物继侵附", strict=True)]


@pytest.mark.parametrize("leader", ["", "……{}", "\t{}", "  {}"])
def test_a_table_of_contents_is_not_cut_into_empty_parts(leader: str) -> None:
    listed = "".join(f"{heading}{leader.format(number * 7)}\n" for number, heading in enumerate(CONTENTS, 1))
    head = f"某某法\n\n目录\n\n{listed}\n"
    chapters = [f"{heading}\n\n{ZH * 6}\n\n" for heading in CONTENTS]
    cut = parts(head + "".join(chapters), longer_than=500)
    assert cut in ([head + chapters[0], *chapters[1:]], [head, *chapters])


def test_a_table_of_contents_with_sections_is_kept_whole() -> None:
    listed, body = ["CONTENTS"], []
    for chapter in range(1, 6):
        listed.append(f"CHAPTER {chapter}. The Law of Part {chapter} ..... {chapter * 10}")
        body.append(f"CHAPTER {chapter}. The Law of Part {chapter}")
        for section in ("ONE", "TWO"):
            listed.append(f"SECTION {section}. Rules ...... {chapter * 10}")
            body += [f"SECTION {section}. Rules", EN * 20]
    cut = parts("\n\n".join([*listed, *body]), longer_than=3000, shortest=200)
    assert sum("....." in part for part in cut) == 1
    assert len(cut) in (10, 11)


def test_a_rule_under_a_table_or_a_line_of_code_is_no_heading() -> None:
    text = f"{EN * 10}\n\n```\n=====\n```\n\n{EN * 10}\n\n```\n=====\n```\n\n{EN * 10}\n| a | b |\n-----\n{EN * 10}"
    assert parts(text, longer_than=1000) == [text]


def test_a_dialogue_and_code_are_never_cut() -> None:
    text = "".join(f"# Part {number}\n\n{EN * 10}\n\n" for number in range(5))
    assert len(parts(text, longer_than=2000)) == 5
    assert parts(text, longer_than=2000, kind="dialogue") == [text]
    assert parts(text, longer_than=2000, kind="code") == [text]


def test_the_parts_of_a_part_are_at_lower_headings_only_where_it_is_too_long() -> None:
    long = "".join(f"### {number}\n\n{ZH * 20}\n\n" for number in "甲乙丙")
    text = f"## 前\n\n{ZH}\n\n## 中\n\n{long}## 后\n\n{ZH}"
    assert firsts(parts(text, longer_than=1500)) == ["## 前", "## 中", "### 乙", "### 丙", "## 后"]
