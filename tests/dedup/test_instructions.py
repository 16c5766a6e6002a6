"""Dialogues that ask the same."""

from __future__ import annotations

import polars as pl
import pytest

from curate.corpus import notes_of
from curate.dedup.instructions import InstructionDedup
from curate.dedup.minhash import MinHashDedup
from curate.document import COLUMNS
from curate.stage import failure

EN = (
    "My mother is 71 years old and has taken metformin for her diabetes since 2009. For some weeks her legs swell in "
    "the evening, and the skin around her ankles has turned brown. Her doctor prescribed furosemide, which helped for "
    "some days only. She sleeps badly, eats little salt, walks an hour every day and has never smoked. Should she see "
    "a specialist for her veins, and which examinations would be useful before that visit?"
)
ZH = (
    "我母亲今年七十一岁，二零零九年起因糖尿病长期服用二甲双胍。最近几周每到傍晚双腿浮肿，脚踝周围的皮肤颜色也变深了。"
    "医生开了呋塞米，只好了几天。请问她是否需要去血管外科就诊，就诊之前最好先做哪些检查？饮食上还要注意什么？"
)


def dialogues(*exchanges: tuple[str, str]) -> pl.DataFrame:
    """A document for each (question, answer), in one shard; "" for a question makes one without messages."""
    rows = [
        {
            "doc_id": f"{number:032x}", "origin_id": str(number), "content_hash": f"{number:032x}", "row": number,
            "messages": [
                {"role": "system", "content": "Answer as a doctor.", "reasoning": None, "tool_calls": None},
                {"role": "user", "content": question, "reasoning": None, "tool_calls": None},
                {"role": "assistant", "content": answer, "reasoning": None, "tool_calls": None},
            ] if question else None,
        }
        for number, (question, answer) in enumerate(exchanges)
    ]  # fmt: skip
    schema = {"row": pl.UInt32(), **COLUMNS}
    return pl.DataFrame(rows, schema=schema).with_columns(
        shard=pl.lit(0, pl.UInt32), priority=pl.lit(0, pl.Int64), score=pl.lit(0.0)
    )


def removed(stage: InstructionDedup, docs: pl.DataFrame) -> list[int]:
    notes = notes_of(stage, [docs])
    table = docs.join(notes, on=["shard", "row"], how="left").with_columns(
        pl.col(name).fill_null(value) for name, value in stage.absent.items() if value is not None
    )
    return sorted(table.filter(failure(stage.rules[0]))["row"].to_list())


@pytest.mark.parametrize("question", [EN, ZH], ids=["en", "zh"])
def test_the_same_question_in_nearly_the_same_words_is_kept_once_whatever_the_answer(question: str) -> None:
    near = question.replace("2009", "2008").replace("零九", "零八")
    docs = dialogues((question, "Yes."), (near, "No, wait for the results of the blood test."), ("Other?", "No."))
    assert len(removed(InstructionDedup(), docs)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What helps against type 1 diabetes?", "What helps against type 2 diabetes?"),
        ("一型糖尿病怎么治", "二型糖尿病怎么治"),
    ],
)
def test_short_questions_that_differ_in_a_word_are_two_questions(one: str, other: str) -> None:
    answer = "Insulin, diet and exercise, as your doctor advises. " * 5
    assert removed(InstructionDedup(), dialogues((one, answer), (other, answer), (one.upper(), "?"))) == [2]
    assert removed(InstructionDedup(), dialogues((one, answer), (other, answer))) == []


def test_documents_without_messages_are_like_none() -> None:
    assert removed(InstructionDedup(), dialogues(("", ""), ("", ""), (EN, "Yes."))) == []


def test_the_better_answered_one_is_kept_where_a_measure_is_named() -> None:
    docs = dialogues((EN, "Yes."), (EN, "No.")).with_columns(score=pl.Series([0.2, 0.9]))
    assert removed(InstructionDedup(minhash=MinHashDedup(quality="score")), docs) == [0]
