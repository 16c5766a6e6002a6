from __future__ import annotations

import polars as pl
import pytest

from curate.decontaminate.benchmarks import Item
from curate.decontaminate.building import build
from curate.decontaminate.index import unpack
from curate.decontaminate.match import matches
from curate.decontaminate.quotations import in_law, parts
from tests.decontaminate.texts import article

ARTICLE = "渔船停靠公共码头超过三十日的，应当向港务机关缴纳停泊费用；逾期不缴纳的，港务机关可以责令其限期离港。"
LAW = (
    "第一条 为了维护港口秩序，制定本办法。\n\n第二条 本办法适用于公共码头。\n\n"
    f"第三条 {ARTICLE}\n\n第四条 本办法自公布之日起施行。"
)
QUESTIONS = {
    "asks in words": "渔船停靠公共码头超过三十日的，应当向下列哪一机关缴纳停泊费用？",
    "leaves a blank": "渔船停靠公共码头超过三十日的，应当向（）缴纳停泊费用；逾期不缴纳的，可以责令其限期离港。",
    "leaves off": "渔船停靠公共码头超过三十日的，应当向港务机关缴纳",
    "quotes": f"《港口管理办法》第三条规定：“{ARTICLE}”这一规定属于哪一类规范？",
}


def parts_found(question: str, text: str) -> set[str]:
    index = unpack(build([Item(benchmark="quiz", id="1", question=question, lang="zh")]), "here")
    return set(matches(pl.Series([text]), index, 0.65)["part"])


@pytest.mark.parametrize("kind", QUESTIONS)
def test_a_law_that_a_question_quotes_is_not_the_question(kind: str) -> None:
    assert parts_found(QUESTIONS[kind], LAW) <= {"quotation"}
    assert parts_found(QUESTIONS[kind], f"根据《港口管理办法》第三条，{ARTICLE}") <= {"quotation"}


@pytest.mark.parametrize("kind", QUESTIONS)
def test_a_question_put_into_a_law_is_the_question(kind: str) -> None:
    first, second = LAW.split("\n\n第二条")
    assert parts_found(QUESTIONS[kind], f"{first}\n{QUESTIONS[kind]}\n第二条{second}") == {"question"}


@pytest.mark.parametrize("kind", QUESTIONS)
def test_a_question_in_an_article_is_the_question(kind: str) -> None:
    assert parts_found(QUESTIONS[kind], f"{article('zh')}{QUESTIONS[kind]} {article('zh')}") == {"question"}


STATEMENTS = {
    "zh": "句子:如果将抚养权变更给原告，势必对两婚生子的成长不利。",
    "en": "Bees carry pollen from flower to flower while they gather sweet nectar, and so they help the flowers by",
}
RULES_EN = (
    "§ 10-101. A vessel that is moored at a public wharf shall pay a fee to the harbor master.\n"
    "§ 10-102. The harbor master shall publish the fee for each public wharf before the first day of the year.\n"
    "§ 10-103. A vessel that does not pay the fee shall leave the public wharf within thirty days.\n"
    "§ 10-104. The harbor master may waive the fee for a vessel that is moored at a public wharf in distress.\n"
)


@pytest.mark.parametrize("gap", ["\n", " "])
def test_a_statement_about_something_else_put_into_a_law_is_no_quotation(gap: str) -> None:
    first, second = LAW.split("；逾期")
    assert parts_found(STATEMENTS["zh"], f"{first}；{gap}{STATEMENTS['zh']}{gap}逾期{second}") == {"question"}
    first, second = RULES_EN.split(" before the first")
    assert parts_found(STATEMENTS["en"], f"{first}{gap}{STATEMENTS['en']}{gap}before the first{second}") == {"question"}


def test_a_statement_that_is_a_sentence_of_the_law_is_a_quotation() -> None:
    assert parts_found("渔船停靠公共码头超过三十日的，应当向港务机关缴纳停泊费用。", LAW) == {"quotation"}
    longer = f"{LAW}\n\n第五条 每年四月十五日为渔业资源保护宣传教育日，由学校组织。"
    assert parts_found("每年四月十五日为渔业资源保护宣传教育日", longer) == {"quotation"}


@pytest.mark.parametrize("before", ["", "# ", "《"])
def test_the_title_of_a_law_is_no_question_about_it(before: str) -> None:
    title = "港口公共码头管理办法实施细则"
    text = f"{before}{title}\n\n2009年7月20日公布\n\n{LAW}"
    assert parts_found(f"《{title}》是根据什么制定", text) <= {"quotation"}
    assert parts_found(f"《{title}》是根据什么制定", f"{text}\n《{title}》是根据什么制定\n") == {"question"}


def test_a_statement_with_its_answer_behind_it_is_the_item_though_a_law_could_say_it() -> None:
    stated = "渔船停靠公共马头超过三十日的，应当向港务机关缴内停泊费用；逾期不缴纳的，港务机关可以责令其限期离港。"
    item = Item(benchmark="quiz", id="1", question=stated, answer=ARTICLE, lang="zh")
    index = unpack(build([item]), "here")
    for text, part in ((f"{stated}{ARTICLE}", "question"), (ARTICLE, "quotation")):
        found = matches(pl.Series([LAW.replace(ARTICLE, text)]), index, 0.65)
        assert part in set(found["part"])
        assert ("question" in set(found["part"])) == (part == "question")


def test_an_english_statute_that_a_question_quotes_is_not_the_question() -> None:
    rule = "A vessel that is moored at a public wharf for more than thirty days shall pay a fee to the harbor master"
    law = f"§ 10-101. Definitions apply.\n§ 10-102. {rule}, unless the fee is waived.\n§ 10-103. Repealed."
    question = f"{rule} of which of the following?"
    assert parts_found(question, law) <= {"quotation"}
    assert parts_found(question, f"{article('en')} {question} {article('en')}") == {"question"}


def test_a_question_is_cut_into_its_own_words_and_what_it_quotes() -> None:
    own, quoted = parts(QUESTIONS["quotes"])
    assert quoted == [f"{ARTICLE}”"]
    assert own == ["《港口管理办法》第三条规定：“", "这一规定属于哪一类规范？"]
    for plain in ("民法典第三十三条的内容是什么？", "Which article applies?", "", "第三条 短。"):
        assert parts(plain) == ([plain] if plain else [], [])


def test_a_case_that_names_people_is_no_law_though_it_cites_one() -> None:
    text = "被告人李某于夜间驾驶渔船靠岸，公诉机关指控其违反第三条 的规定。"
    assert not in_law(text, 0, len(text))
    assert in_law(LAW, LAW.index(ARTICLE), LAW.index(ARTICLE) + 20)
