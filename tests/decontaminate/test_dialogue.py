"""Items in dialogues: the question on one side, the answer on the other, and what stays of such a dialogue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from curate.decontaminate.dialogue import before, talk
from curate.decontaminate.stage import Decontaminate
from curate.document import COLUMNS, render
from curate.stage import measured, remove
from tests.decontaminate.texts import QUESTION_EN, QUESTION_ZH, article

CHOICES = ("细菌", "病毒", "真菌", "寄生虫")
CHOSEN = "每年冬天使人患上流行性感冒、并且外壳年年变化的病原体属于下列哪一类？"
OFFERED = "\n".join(f"{letter}. {choice}" for letter, choice in zip("ABCD", CHOICES, strict=True))
ITEMS = [
    {"id": "zh", "benchmark": "quiz", "question": QUESTION_ZH, "answer": "#### 五十四元"},
    {"id": "en", "benchmark": "quiz", "question": QUESTION_EN, "answer": "48 - 30 = 18\n#### 54"},
    {"id": "mc", "benchmark": "quiz", "question": CHOSEN, "choices": CHOICES, "answer": "B"},
]
SOLVED = {
    "zh": "四十八减三十等于十八个，每个三元，所以是五十四元。",
    "en": "48 - 2 x 15 = 18 loaves, 18 x 3 = 54. So $54.",
}
REFUSED = {"zh": "抱歉，我不能回答这个问题。", "en": "I am sorry, but I can't help with this."}
QUESTIONS = {"zh": QUESTION_ZH, "en": QUESTION_EN}
TALK = {
    "zh": (("user", "潮水什么时候涨？"), ("assistant", article("zh", 4))),
    "en": (("user", "When is high tide?"), ("assistant", article("en", 4))),
}


def turn(role: str, content: str | None, **more: str) -> dict[str, str | None]:
    return {"role": role, "content": content, "reasoning": None, "tool_calls": None, **more}


def dialogues(*all_turns: list[dict[str, str | None]]) -> pl.DataFrame:
    rows = [
        {"doc_id": str(n), "origin_id": str(n), "text": render(turns), "messages": turns}
        for n, turns in enumerate(all_turns)
    ]
    return pl.DataFrame(rows, {name: COLUMNS[name] for name in ("doc_id", "origin_id", "text", "messages")})


def made(folder: Path, **options: Any) -> Decontaminate:
    (folder / "items.jsonl").write_text("\n".join(map(json.dumps, ITEMS)))
    return Decontaminate.of(folder / "items.jsonl", folder / "made.index", **options)


def told(stage: Decontaminate, turns: list[dict[str, str | None]]) -> dict[str, Any]:
    (match,) = json.loads(stage(dialogues(turns))["contamination_evidence"][0])
    return dict(match)


def several(lang: str, *last: tuple[str, str]) -> list[dict[str, str | None]]:
    return [turn(role, said) for role, said in (*TALK[lang], *last)]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_question_in_one_turn_and_its_answer_in_the_next_are_an_item(tmp_path: Path, lang: str) -> None:
    turns = several(lang, ("user", QUESTIONS[lang]), ("assistant", SOLVED[lang]), *TALK[lang])
    match, text = told(made(tmp_path), turns), render(turns)
    assert (match["item"], match["contact"]) == (lang, "item")
    assert (match["turn"], match["side"], match["answer_turn"], match["answer_side"]) == (3, "user", 4, "assistant")
    assert text[match["start"] : match["end"]] == QUESTIONS[lang].strip("？?")
    assert text[match["answer_start"] : match["answer_end"]] == {"zh": "五十四元", "en": "54"}[lang]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_question_that_is_refused_or_answered_only_later_is_a_question(tmp_path: Path, lang: str) -> None:
    later = (("user", "?"), ("assistant", SOLVED[lang]))
    for more in ((), later):
        match = told(made(tmp_path), several(lang, ("user", QUESTIONS[lang]), ("assistant", REFUSED[lang]), *more))
        assert (match["contact"], match["turn"], match["side"]) == ("question", 3, "user")
        assert "answer_turn" not in match


@pytest.mark.parametrize(
    ("reply", "contact"),
    [
        ("B", "item"), ("B。理由如下", "item"), ("（B）病毒", "item"), ("**B**", "item"), ("答案是 B。", "item"),
        ("是病毒引起的。", "item"),
        ("选B", "item"), ("C", "question"), ("Bacteria, I think.", "question"),
        ("细菌和真菌都不对，病毒才对，不是寄生虫。", "question"),
    ],
)  # fmt: skip
def test_a_reply_names_the_right_option_by_its_letter_or_its_words(tmp_path: Path, reply: str, contact: str) -> None:
    turns = [turn("user", f"{CHOSEN}\n{OFFERED}"), turn("assistant", reply)]
    assert told(made(tmp_path), turns)["contact"] == contact


def test_an_assistant_may_ask_and_a_user_answer(tmp_path: Path) -> None:
    turns = [turn("user", "出一道题。"), turn("assistant", QUESTION_ZH), turn("user", SOLVED["zh"])]
    match = told(made(tmp_path), turns)
    assert (match["contact"], match["side"], match["answer_side"], match["answer_turn"]) == (
        "item",
        "assistant",
        "user",
        3,
    )


def test_what_is_only_thought_or_called_with_is_looked_through(tmp_path: Path) -> None:
    turns = [turn("user", "继续。"), turn("assistant", "好的。", reasoning=QUESTION_ZH), turn("user", "谢谢。")]
    match = told(made(tmp_path), turns)
    assert (match["turn"], match["side"], match["start"], match["span"]) == (
        2,
        "assistant",
        None,
        QUESTION_ZH.strip("？"),
    )
    called = [turn("user", "Go on."), turn("assistant", None, tool_calls=json.dumps({"q": QUESTION_EN}))]
    assert told(made(tmp_path), called)["item"] == "en"
    thought = [turn("user", QUESTION_ZH), turn("assistant", "好的。", reasoning=SOLVED["zh"])]
    match = told(made(tmp_path), thought)
    assert (match["contact"], match["answer_turn"], match["answer_start"]) == ("item", 2, None)


def test_a_dialogue_is_cut_before_the_exchange_that_holds_an_item(tmp_path: Path) -> None:
    stage = made(tmp_path, action="cut")
    first = several("zh")
    asked = several(
        "zh", ("user", QUESTION_ZH), ("assistant", SOLVED["zh"]), ("user", "真的吗？"), ("assistant", "是。")
    )
    begun = [*[turn("user", QUESTION_EN), turn("assistant", SOLVED["en"])], *several("en")]
    docs = measured(stage, dialogues(first, asked, begun))
    assert docs["messages"].to_list()[:2] == [first, first]
    assert docs["text"].to_list()[:2] == [render(first), render(first)]
    assert docs[f"{stage.name}_cut"].to_list() == [0, len(render(asked)) - len(render(first)), 0]
    assert docs["messages"][2].to_list() == begun
    assert remove(docs, stage.name, stage.rules).kept["doc_id"].to_list() == ["0", "1"]


def test_a_cut_dialogue_ends_with_an_answer_that_waits_for_nothing() -> None:
    turns = [turn("system", "s"), turn("user", "a"), turn("assistant", "b"), turn("user", "c"), turn("user", "d")]
    assert before(turns, 5) == turns[:3]
    assert before(turns, 3) == []
    calls = [turn("user", "a"), turn("assistant", "b", tool_calls="[]"), turn("tool", "c"), turn("assistant", "d")]
    assert before(calls, 3) == []
    assert before([*calls, turn("user", "e")], 5) == calls


def test_a_dialogue_whose_text_was_edited_is_read_in_both() -> None:
    turns = [turn("user", "甲"), turn("assistant", "乙", reasoning="丙")]
    assert talk("甲\n\n乙", turns).text == "甲\n\n乙\n\n丙"
    assert talk("别的", turns).text == "别的\n\n甲\n\n乙\n\n丙"
    assert talk("文", None).strings == ()
    assert [one.turn for one in talk("甲\n\n乙", turns).strings] == [1, 2, 2]
