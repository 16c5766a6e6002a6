"""Kinds of contact, and what is done about them: removed, cut out, or said."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from curate.decontaminate.benchmarks import Item
from curate.decontaminate.contact import answered, gold
from curate.decontaminate.stage import Decontaminate, without
from curate.stage import measured, remove
from tests.decontaminate.test_decontaminate import LAW, docs
from tests.decontaminate.texts import QUESTION_EN, QUESTION_ZH, article, embedded

CHOICES = ("bacteria", "viruses", "fungi", "parasites")
QUESTION = "Which kind of organism causes influenza in humans every winter, and changes its coat from year to year?"
ITEMS = [
    {"id": "zh", "benchmark": "quiz", "question": QUESTION_ZH, "answer": "#### 五十四元"},
    {"id": "en", "benchmark": "quiz", "question": QUESTION_EN, "answer": "48 - 30 = 18\n#### 54 dollars"},
    {"id": "mc", "benchmark": "quiz", "question": QUESTION, "choices": CHOICES, "answer": "B"},
    {"id": "law", "benchmark": "exam", "question": "小王在收到罚单七十天之后还能申请行政复议吗？", "context": LAW},
]
LONG = {"en": article("en", 12), "zh": article("zh", 12)}


def made(folder: Path, **options: object) -> Decontaminate:
    (folder / "benchmarks").mkdir(exist_ok=True)
    (folder / "benchmarks" / "items.jsonl").write_text("\n".join(map(json.dumps, ITEMS)))
    return Decontaminate.of(folder / "benchmarks", folder / "benchmarks.index", **options)


@pytest.mark.parametrize(
    ("choices", "answer", "right"),
    [
        (CHOICES, "B", ("B", "viruses")),
        (CHOICES, "(b)", ("B", "viruses")),
        (CHOICES, "1", ("B", "viruses")),
        (CHOICES, "viruses", ("B", "viruses")),
        (CHOICES, "AD", ("AD", "bacteria\nparasites")),
        (CHOICES, "neither of them", ("", "neither of them")),
        (("3", "1", "2"), "1", ("B", "1")),
        ((), "10 x 2 = 20\n#### 20", ("", "20")),
        ((), "答案：第二十一条", ("", "第二十一条")),
        ((), "So $n$ is \\boxed{38}.", ("", "38")),
        ((), "上文涉及到的犯罪金额:8500.0元。", ("", "8500.0元。")),
        (CHOICES, "[正确答案]C<eoa>", ("C", "fungi")),
        (CHOICES, "正确答案：B。", ("B", "viruses")),
        (CHOICES, "B. viruses", ("B", "viruses")),
        (CHOICES, "A、D", ("AD", "bacteria\nparasites")),
        (("A", "B", "O", "AB"), "AB", ("D", "AB")),
        ((), "", ("", "")),
    ],
)
def test_the_right_answer_is_read_from_a_letter_an_ordinal_or_a_text(
    choices: tuple[str, ...], answer: str, right: tuple[str, str]
) -> None:
    assert gold(Item(benchmark="b", id="1", question="?", choices=choices, answer=answer)) == right


LIST = " ".join(f"{letter}. {choice}" for letter, choice in zip("ABCD", CHOICES, strict=True))


@pytest.mark.parametrize(
    ("behind", "given"),
    [
        (f" {LIST} Answer: B", True),
        (f" {LIST} The answer is (B).", True),
        (f" {LIST} 答案：B", True),
        (f" {LIST} 正确答案是 B。", True),
        (" It is caused by viruses.", True),
        (f" {LIST}", False),
        (f" {LIST} Answer: C", False),
        (f"\n{LIST}\nB\n", True),
        (f"\n{LIST}\nC\n", False),
        (f" (B) {LIST}", True),
        (f" ( C ) {LIST}", False),
        (f" {LIST} Influenza is caused by viruses.", True),
        (f" {LIST} It is fungi.", False),
        (" Ask your doctor.", False),
        ("", False),
    ],
)
def test_an_option_is_given_where_it_is_said_to_be_right_or_stands_alone(behind: str, given: bool) -> None:
    item = Item(benchmark="b", id="1", question=QUESTION, choices=CHOICES, answer="B")
    assert (answered(item, QUESTION + behind, 0, len(QUESTION)) is not None) is given


def contacts(stage: Decontaminate, *texts: str) -> list[str | None]:
    return measured(stage, docs(*texts))["contamination_contact"].to_list()


def test_the_gravest_contact_is_told(tmp_path: Path) -> None:
    zh, en = f"{QUESTION_ZH}五十四元。", f"{QUESTION_EN} He earns 54 dollars."
    texts = [embedded(zh, "zh"), embedded(en, "en"), embedded(QUESTION_EN, "en"), embedded(LAW, "zh"), article("zh"),
             embedded(LAW + zh, "zh")]  # fmt: skip
    assert contacts(made(tmp_path), *texts) == ["item", "item", "question", "passage", None, "item"]


def gone(stage: Decontaminate, *texts: str) -> list[int]:
    kept = remove(measured(stage, docs(*texts)), stage.name, stage.rules).kept["doc_id"].to_list()
    return [number for number in range(len(texts)) if str(number) not in kept]


def test_the_recipe_says_which_contacts_count(tmp_path: Path) -> None:
    texts = [
        embedded(f"{QUESTION_ZH}五十四元。", "zh"),
        embedded(QUESTION_ZH, "zh"),
        embedded(LAW, "zh"),
        article("zh"),
    ]
    assert gone(made(tmp_path), *texts) == [0, 1]
    assert gone(made(tmp_path, removes=frozenset({"item"})), *texts) == [0]
    assert gone(made(tmp_path, removes=frozenset({"passage"})), *texts) == [2]
    assert gone(made(tmp_path, action="flag"), *texts) == []


@pytest.mark.parametrize(("lang", "question"), [("en", QUESTION_EN), ("zh", QUESTION_ZH)])
def test_what_was_found_is_cut_with_a_margin_and_the_rest_stays(tmp_path: Path, lang: str, question: str) -> None:
    stage = made(tmp_path, action="cut")
    text = f"{LONG[lang]}{question}{LONG[lang]}"
    table = measured(stage, docs(text, LONG[lang]))
    cut, added = table[f"{stage.name}_cut"][0], table[f"{stage.name}_added"][0]
    around = 200 if lang == "en" else 66
    assert len(text) + added == len(table["text"][0]) + cut
    assert abs(cut - len(question) - 2 * around) <= 2  # the punctuation at both ends is no part of what is found
    assert question[10:30] not in table["text"][0]
    assert table["text"][0].startswith(LONG[lang][:200])
    assert table["text"][1] == LONG[lang]
    assert remove(table, stage.name, stage.rules).kept.height == table.height
    assert contacts(made(tmp_path), table["text"][0]) == [None]


def test_a_document_goes_whole_where_a_cut_would_leave_little_of_it_and_a_dialogue_always(tmp_path: Path) -> None:
    stage = made(tmp_path, action="cut")
    dialogue = docs(LONG["en"] + QUESTION_EN).with_columns(
        messages=pl.Series([[{"role": "user", "content": "?", "reasoning": None, "tool_calls": None}]],
                           dtype=docs().schema["messages"])
    )  # fmt: skip
    assert gone(stage, QUESTION_EN, LONG["en"] + QUESTION_EN) == [0]
    table = measured(stage, dialogue)
    assert table["text"][0] == LONG["en"] + QUESTION_EN
    assert not remove(table, stage.name, stage.rules).kept.height


def test_cuts_that_touch_or_leave_the_text_are_one_and_nothing_is_counted_twice() -> None:
    assert without("0123456789", [(2, 4), (3, 5)], 0) == ("01\n\n56789", 3, 2)
    assert without("0123456789", [(2, 3), (5, 6)], 2) == ("89", 8, 0)
    assert without("0123456789", [(0, 10)], 5) == ("", 10, 0)


@pytest.mark.parametrize(
    "options", [{"action": "erase"}, {"removes": frozenset({"law"})}, {"margin": -1}, {"left": 2.0}]
)
def test_settings_that_make_no_sense_are_refused(tmp_path: Path, options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        made(tmp_path, **options)
