"""Codes are cut between articles, in groups, and never at a reference to one."""

from __future__ import annotations

import pytest

from curate.stages.parts.rising import chinese, dotted, rising, roman
from tests.stages.parts.parting import EN, ZH, firsts, parts

HAN = "一二三四五六七八九十"


def numeral(value: int) -> str:
    tens, ones = divmod(value, 10)
    head = "" if not tens else ("十" if tens == 1 else f"{HAN[tens - 1]}十")
    return head + (HAN[ones - 1] if ones else "")


ARTICLES = {
    "条": [
        f"第{numeral(n)}条 {ZH * 2}\n\n依照本法第{numeral(max(1, n - 3))}条的规定，应当赔偿。" for n in range(1, 41)
    ],
    "条 without a space": [f"第{numeral(n)}条为了保护公民的权益，{ZH * 2}" for n in range(1, 41)],
    "条 in bold": [f"**第{numeral(n)}条** {ZH * 2}" for n in range(1, 41)],
    "条 in Markdown": [f"#### 第{numeral(n)}条 名称\n\n{ZH * 2}" for n in range(1, 41)],
    "条 in digits": [f"第{n}条\u3000{ZH * 2}" for n in range(1, 41)],
    "条之一": [f"第{numeral(n)}条{after} {ZH * 2}" for n in range(1, 14) for after in ("", "之一", "之二")],
    "Article": [f"Article {n}\n\n{EN * 2}" for n in range(1, 41)],
    "Article with a title": [
        f"Article {n}. Scope\n{EN * 2}\nArticle {n + 2} of the Act applies." for n in range(1, 41)
    ],
    "§": [f"§ {n}. Duties.\n{EN * 2}\n§ {max(1, n - 9)} of that chapter" for n in range(1, 41)],
    "Sec.": [f"Sec. 3-{n}. Duties.\n{EN * 2}\nSec. 3-104(a) of the code" for n in range(101, 141)],
    "Section": [f"Section {n}. Duties\n\n{EN * 2}\n\nSection 21-22{n} is amended." for n in range(1, 41)],
    "Rule": [f"Rule {n}. Summons\n\n{EN * 2}" for n in range(1, 41)],
    "numbers on lines": [f"{n}\nShort title.\n{EN * 2}" for n in range(101, 141)],
}


@pytest.mark.parametrize("articles", ARTICLES.values(), ids=ARTICLES)
def test_articles_are_grouped_up_to_the_longest_and_no_article_is_cut(articles: list[str]) -> None:
    text = "\n\n".join(articles)
    each = max(map(len, articles)) + 2
    for longer_than in (each * 9, each * 5, each, each // 2):
        cut = parts(text, longer_than=longer_than)
        assert len(cut) >= len(text) / max(longer_than, each)
        for part in cut:
            assert len(part) <= max(longer_than, each)
        assert "".join(f"{article}\n\n" for article in articles).startswith("".join(cut))
        bounds = {0}
        for article in articles:
            bounds.add(max(bounds) + len(article) + 2)
        at = 0
        for part in cut:
            assert at in bounds
            at += len(part)


def test_groups_are_about_even() -> None:
    cut = parts("\n\n".join(ARTICLES["条"]), longer_than=1500)
    assert max(map(len, cut)) < 1.5 * min(map(len, cut))


@pytest.mark.parametrize(
    ("chapter", "article", "body"),
    [
        ("第{}章 名称", "第{}条 ", ZH),
        ("CHAPTER {}", "§ {}. Duties. ", EN),
        ("## Chapter {}", "Section {}. Duties\n", EN),
    ],
)
def test_the_heading_of_a_chapter_begins_the_part_that_it_heads(chapter: str, article: str, body: str) -> None:
    lines: list[str] = ["某法 An Act", body]
    for number in range(1, 31):
        if number % 6 == 1:
            lines.append(chapter.format(number // 6 + 1))
        lines.append(article.format(number) + body)
    for longer_than in (len(body) * 12, len(body) * 4):
        for part in parts("\n\n".join(lines), longer_than=longer_than):
            assert (
                not part.rstrip().split("\n")[-1].lstrip("# ").startswith(("第", "CHAPTER", "Chapter"))
                or len(part.rstrip().split("\n")[-1]) > 20
            )


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"第{n}条规定的情形，{ZH * 3}" for n in HAN),
        "\n".join(f"第{n}条第一款所称的人，{ZH * 3}" for n in HAN),
        "\n".join(f"第{n}条、第九十条的规定，{ZH * 3}" for n in HAN),
        "\n".join(f"“第{n}条 {ZH * 3}”" for n in HAN),
        "\n".join(f"section {n} of the Act applies. {EN * 3}" for n in range(1, 10)),
        "\n".join(f"Section {n} of the Act applies. {EN * 3}" for n in range(1, 10)),
        "\n".join(f"Article {n}(a)(1) and what it says. {EN * 3}" for n in range(1, 10)),
        "\n".join(f"§ {n} (D.C. Official Code) is amended. {EN * 3}" for n in range(1, 10)),
        "\n".join(f"§ 7-{n}\nas amended by the council, {EN * 3}" for n in range(1, 10)),
        "\n".join(f"Rule {n} was broken by him. {EN * 3}" for n in (9, 3, 7, 1, 5, 2, 8, 1)),
        EN * 30 + "\n" + "\n".join(f"{n}\nReturn to the text." for n in range(1, 10)),
    ],
)
def test_references_and_footnotes_are_no_articles(text: str) -> None:
    assert parts(text, longer_than=500) == [text]


def test_a_reference_at_the_head_of_a_line_is_passed_over_where_the_articles_rise() -> None:
    articles = [f"第{numeral(n)}条 {ZH * 3}\n第八条 是前款的例外。{ZH}" for n in range(11, 31)]
    cut = parts("\n".join(articles), longer_than=500)
    assert all(first.startswith("第") and not first.startswith("第八条") for first in firsts(cut))


def test_an_act_in_one_line_is_cut_between_its_sections() -> None:
    english = "AN ACT to do things. " + "".join(f"Sec. {n}. Duties. {EN * 4}" for n in range(2, 30))
    cut = parts(english, longer_than=3000)
    assert len(cut) > 3
    assert all(part.startswith("Sec. ") for part in cut[1:])
    han = "某某条例。" + "".join(f"第{numeral(n)}条 {ZH * 4}" for n in range(1, 30))
    cut = parts(han, longer_than=1500)
    assert len(cut) > 3
    assert all(part.startswith("第") for part in cut[1:])


def test_numbers_are_read() -> None:
    numerals = ("一", "十", "十二", "二十", "一百零五", "二百", "廿一", "一千二百六十", "一〇五", "１２")
    assert [chinese(n) for n in numerals] == [1, 10, 12, 20, 105, 200, 21, 1260, 105, 12]
    assert [roman(n) for n in ("I", "IV", "IX", "XIV", "XL", "MCMXC")] == [1, 4, 9, 14, 40, 1990]
    assert sorted(["3-104", "3-20", "3-104a", "28:9-105"], key=dotted) == ["3-20", "3-104", "3-104a", "28:9-105"]
    assert rising([dotted(n) for n in ("1", "2", "9", "3", "4", "1", "2", "3")]) == [0, 1, 3, 4, 5, 6, 7]
