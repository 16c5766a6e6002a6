"""Numbered headings cut only where their numbers rise."""

from __future__ import annotations

import pytest

from tests.stages.parts.parting import EN, ZH, firsts, parts


@pytest.mark.parametrize(
    ("names", "body"),
    [
        (["一、总体要求", "二、主要任务", "三、保障措施", "四、附则"], ZH),
        (["（一）总体要求", "（二）主要任务", "（三）保障措施"], ZH),
        (["1 总则", "2 术语", "3 基本规定"], ZH),
        (["1.1 范围", "1.2 引用文件", "1.3 术语", "2.1 一般要求", "2.2 特殊要求"], ZH),
        (["I. The Beginning", "II. The Middle", "III. The End"], EN),
        (["I", "II", "III", "IV"], EN),
        (["1. Scope", "2. Normative references", "3. Terms"], EN),
        (["1.2.1 Scope", "1.2.2 Terms", "1.2.3 Duties"], EN),
        (["## 1 Scope", "## 2 Terms", "## 3 Duties"], EN),
    ],
)
def test_a_rising_sequence_is_cut(names: list[str], body: str) -> None:
    text = "".join(f"{name}\n\n{body * 10}\n\n" for name in names)
    assert firsts(parts(text, longer_than=len(body) * 13)) == names


@pytest.mark.parametrize(
    "names",
    [
        ["一、甲", "三、乙", "二、丙"],
        ["二、甲", "三、乙", "四、丙"],
        ["1. One", "2. Two", "1. One", "2. Two", "3. Three"],
        ["1.5 percent of it", "0.7 Percent of it", "2.4 Percent more"],
        ["1. and so on", "2. and so on", "3. and so on"],
        ["1. It was said. It was", "2. It was heard; but", "3. It was; so"],
        ["2020 Report", "2021 Report", "2022 Report"],
    ],
)
def test_lists_that_begin_again_skip_or_are_sentences_are_no_headings(names: list[str]) -> None:
    text = "".join(f"{name}\n\n{EN * 10}\n\n" for name in names)
    assert parts(text, longer_than=1000) == [text]


def test_lower_numbers_that_begin_again_in_each_chapter_are_found_within_it() -> None:
    names = [("一二三四"[number // 3], "一二三"[number % 3]) for number in range(12)]
    lines = []
    for upper, lower in names:
        if lower == "一":
            lines.append(f"{upper}、大题")
        lines.append(f"（{lower}）小题\n\n{ZH * 10}")
    cut = parts("\n\n".join(lines), longer_than=len(ZH) * 12)
    assert firsts(cut) == [f"{upper}、大题" if lower == "一" else f"（{lower}）小题" for upper, lower in names]


def test_contents_before_a_sequence_are_passed_over() -> None:
    names = ["一、总体要求", "二、主要任务", "三、保障措施", "四、附则"]
    head = "某规划\n\n" + "\n".join(names) + "\n\n"
    sections = [f"{name}\n\n{ZH * 10}\n\n" for name in names]
    cut = parts(head + "".join(sections), longer_than=len(ZH) * 13)
    assert cut in ([head, *sections], [head + sections[0], *sections[1:]])
