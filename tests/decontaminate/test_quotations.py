from __future__ import annotations

import polars as pl
import pytest

from curate.decontaminate.benchmarks import Item
from curate.decontaminate.index import build, unpack
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
