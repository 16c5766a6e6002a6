from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import polars as pl
import pytest

from curate.decontaminate.benchmarks import Item, load
from curate.decontaminate.building import build
from curate.decontaminate.index import DECIDING, Index, unpack
from curate.decontaminate.match import SCHEMA, matches
from tests.decontaminate.texts import (
    QUESTION_EN,
    QUESTION_ZH,
    QUESTION_ZH_TRADITIONAL,
    SAMPLES,
    article,
    embedded,
    full_width,
    other_punctuation,
    without_punctuation,
)

QUESTIONS = {"zh": QUESTION_ZH, "en": QUESTION_EN}


def index_of(*items: Item) -> Index:
    return unpack(build(items), "here")


def asked(question: str, **fields: str | tuple[str, ...]) -> Index:
    return index_of(Item(benchmark="quiz", id="1", question=question, **fields))  # type: ignore[arg-type]


def found(text: str | None, index: Index) -> list[tuple[str, float]]:
    """(part, score) of each match in one text, the best first."""
    return list(matches(pl.Series([text], dtype=pl.String), index, 0.4).select("part", "score").iter_rows())


def unchanged(text: str) -> str:
    return text


WAYS = (unchanged, without_punctuation, other_punctuation, full_width, str.upper, str.title)


@pytest.mark.parametrize(
    ("lang", "written"), [*(("zh", way) for way in (*WAYS, "\n".join)), *(("en", way) for way in WAYS)]
)
def test_a_question_in_an_article_scores_one_however_it_is_written(lang: str, written: Callable[[str], str]) -> None:
    text = embedded(written(QUESTIONS[lang]), lang)
    assert found(text, asked(QUESTIONS[lang])) == [("question", 1.0)]


@pytest.mark.parametrize(
    ("question", "written"), [(QUESTION_ZH, QUESTION_ZH_TRADITIONAL), (QUESTION_ZH_TRADITIONAL, QUESTION_ZH)]
)
def test_a_question_is_found_in_simplified_and_in_traditional_characters(question: str, written: str) -> None:
    (row,) = matches(pl.Series([embedded(written, "zh")]), asked(question), 0.4).iter_rows(named=True)
    assert (row["part"], row["score"]) == ("question", 1.0)
    assert embedded(written, "zh")[row["start"] : row["end"]] == written.strip("？")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_span_is_the_question_in_characters_of_the_document(lang: str) -> None:
    text = embedded(QUESTIONS[lang], "zh")  # before the question every character has three bytes
    (row,) = matches(pl.Series([text]), asked(QUESTIONS[lang]), 0.4).iter_rows(named=True)
    assert text[row["start"] : row["end"]] == QUESTIONS[lang].strip("？?")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_article_without_the_question_gives_nothing(lang: str) -> None:
    assert found(article(lang), asked(QUESTIONS[lang])) == []
    assert found("", asked(QUESTIONS[lang])) == []
    assert found(None, asked(QUESTIONS[lang])) == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_pieces_of_a_question_that_lie_far_apart_are_not_the_question(lang: str) -> None:
    units = list(QUESTION_ZH) if lang == "zh" else QUESTION_EN.split(" ")
    size = 12 if lang == "zh" else 8
    joint = "" if lang == "zh" else " "
    pieces = [joint.join(units[at : at + size]) for at in range(0, len(units), size)]
    text = article(lang, 2).join(pieces)
    assert max((score for _, score in found(text, asked(QUESTIONS[lang]))), default=0) < 0.5
    assert found(" ".join(pieces), asked(QUESTIONS[lang])) == [("question", 1.0)]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_half_of_a_question_scores_about_half(lang: str) -> None:
    question = QUESTIONS[lang]
    ((_, score),) = found(embedded(question[: len(question) * 6 // 10], lang), asked(question))
    assert 0.4 <= score <= 0.65


def test_a_phrase_is_no_evidence_however_much_of_the_item_it_is() -> None:
    index = asked("The Federal Open Market Committee", choices=("sets the federal funds rate", "is elected for life"))
    assert found(embedded("The Federal Open Market Committee", "en"), index) == []


QUIZ = Item(
    benchmark="quiz",
    id="1",
    question="Which one is a mollusc?",
    choices=("the common garden snail", "the European earthworm", "the edible sea urchin", "the moon jellyfish"),
)


def test_a_short_question_is_found_with_its_choices_in_any_order_and_under_any_labels() -> None:
    index = index_of(QUIZ)
    orders = [QUIZ.choices, QUIZ.choices[::-1], QUIZ.choices[2:] + QUIZ.choices[:2]]
    for order, labels in zip(orders, ("ABCD", "1234", "abcd"), strict=True):
        lines = "\n".join(f"({label}) {choice}" for label, choice in zip(labels, order, strict=True))
        assert found(embedded(f"{QUIZ.question}\nOptions:\n{lines}", "en"), index) == [("question+choices", 1.0)]
    assert found(embedded(QUIZ.question, "en"), index) == []


def test_a_question_that_is_too_short_alone_is_found_beside_its_context() -> None:
    context = "女：你在忙什么呢？刚才打你的手机你也不接。男：对不起，我刚洗了个澡，没听见，有什么事吗？"
    index = asked("男的怎么了？", choices=("洗澡了", "睡着了"), context=context)
    item = f"{context}\n问：男的怎么了？\nA. 洗澡了  B. 睡着了"
    assert {part for part, score in found(embedded(item, "zh"), index) if score > 0.9} == {
        "question+context",
        "context",
    }
    assert [part for part, _ in found(embedded(context, "zh"), index)] == ["context"]


def test_a_context_or_an_answer_is_reported_and_decides_nothing() -> None:
    law = "公民、法人认为具体行政行为侵犯其合法权益的，可以自知道该具体行政行为之日起六十日内提出行政复议申请。"
    for field in ("context", "answer"):
        index = asked("根据上述规定，小王在收到罚单七十天之后还能申请行政复议吗？", **{field: law})
        assert found(embedded(law, "zh"), index) == [(field, 1.0)]
    assert not DECIDING & {"context", "answer"}


def test_what_a_question_shares_with_an_answer_or_a_context_weighs_less() -> None:
    law = "公民、法人认为具体行政行为侵犯其合法权益的，可以自知道该具体行政行为之日起六十日内提出行政复议申请。"
    question = f"根据规定，{law}小王在收到罚单七十天之后才想起这件事，请问他现在还能不能申请行政复议？"
    ((_, plain),) = found(embedded(law, "zh"), asked(question))
    quoting = index_of(
        Item(benchmark="quiz", id="1", question=question),
        Item(benchmark="other", id="2", question=QUESTION_EN, answer=law),
    )
    assert plain > 0.45
    assert [part for part, _ in found(embedded(law, "zh"), quoting)] == ["answer"]
    assert ("question", 1.0) in found(embedded(question, "zh"), quoting)


def test_what_many_items_of_a_benchmark_share_weighs_less() -> None:
    places = ("Lisbon", "Oslo", "Cairo", "Lima", "Hanoi", "Quito", "Accra", "Sofia", "Riga", "Doha")
    frame = "Of the capitals named below, choose the one nearest by sea to"
    items = [Item(benchmark="quiz", id=str(n), question=f"{frame} {place} itself") for n, place in enumerate(places)]
    assert found(embedded(frame, "en"), index_of(*items)) == []
    ((_, alone),) = found(embedded(frame, "en"), index_of(items[0]))
    assert alone > 0.6


def test_two_items_of_one_text_are_both_named() -> None:
    items = [Item(benchmark=name, id="1", question=QUESTION_ZH) for name in ("a", "b")]
    table = matches(pl.Series([QUESTION_ZH]), index_of(*items), 0.4)
    assert table.select("benchmark", "score").rows() == [("a", 1.0), ("b", 1.0)]


def test_no_split_of_the_texts_changes_what_is_found() -> None:
    items = load(str(SAMPLES)).items
    index = index_of(*items)
    texts = pl.Series([embedded(item.question, "zh") if n % 3 else article("en") for n, item in enumerate(items)])
    whole = matches(texts, index, 0.4)
    cuts = [0, 1, 2, 50, 51, 159, 160]
    pieces = [
        matches(texts[a:b], index, 0.4).with_columns(pl.col("row") + pl.lit(a, pl.UInt32)) for a, b in pairwise(cuts)
    ]
    assert whole.equals(pl.concat(pieces))
    assert whole.schema == SCHEMA


def test_every_item_of_the_samples_is_found_in_an_article_and_none_in_the_article_alone() -> None:
    items = load(str(SAMPLES)).items
    index = index_of(*items)
    texts = [embedded(other_punctuation(item.question).upper(), "zh") for item in items]
    table = matches(pl.Series(texts), index, 0.4).filter(pl.col("part").is_in(sorted(DECIDING)), pl.col("score") > 0.65)
    assert {items[row].id for row in table["row"]} == {item.id for item in items}
    assert all(items[row].id == item for row, item in table.group_by("row").first().select("row", "item").iter_rows())
    assert matches(pl.Series([article("zh"), article("en")]), index, 0.4).is_empty()


def test_one_text_may_hold_a_whole_benchmark() -> None:
    items = load(str(SAMPLES)).items
    text = "\n\n".join(item.question for item in items)
    table = matches(pl.Series([text]), index_of(*items), 0.9).filter(pl.col("part") == "question")
    assert table.height == len(items)


@pytest.mark.parametrize(("lang", "edits"), [
    ("zh", (("每天早晨", "每日清晨"), ("两家餐馆", "两家饭馆"))),
    ("en", (("makes 48 round", "makes 36 big round"), ("fifteen of them", "fifteen"), ("in the street?", "there?"))),
])  # fmt: skip
def test_a_question_with_some_words_changed_scores_above_the_limit(
    lang: str, edits: tuple[tuple[str, str], ...]
) -> None:
    text = QUESTIONS[lang]
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    ((part, score),) = found(embedded(text, lang), asked(QUESTIONS[lang]))
    assert part == "question"
    assert 0.75 < score < 1.0


@pytest.mark.parametrize(("lang", "other"), [
    ("zh", "一位渔夫每天傍晚收四十八条鱼，分给两家邻居各十五条，剩下的每条三元卖给游客，他每天能收入多少元？"),
    ("en", "A teacher marks 48 short essays every evening, gives fifteen of them to each of two helpers, and keeps "
     "the rest for himself at 3 minutes per essay. How long does he mark in the evening?"),
])  # fmt: skip
def test_a_question_of_the_same_pattern_about_something_else_is_another_one(lang: str, other: str) -> None:
    assert max((score for _, score in found(embedded(other, lang), asked(QUESTIONS[lang]))), default=0.0) < 0.65


def test_a_changed_question_beside_its_context_is_found() -> None:
    context = "女：你在忙什么呢？刚才打你的手机你也不接。男：对不起，我刚洗了个澡，没听见，有什么事吗？"
    index = asked("男的刚才为什么不接？", choices=("洗澡去了", "睡着了"), context=context)
    for text in (
        f"{context}\n男的刚刚为什么不接？\nA. 洗澡去了  B. 睡着了",
        f"男的刚刚为什么不接？洗澡去了 睡着了\n{context}",
    ):
        assert {part for part, score in found(embedded(text, "zh"), index) if score > 0.65} == {
            "question+context",
            "context",
        }
