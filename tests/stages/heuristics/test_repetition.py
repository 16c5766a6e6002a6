"""Repetition: what repeats itself goes, what repeats by its nature stays."""

from __future__ import annotations

import pytest

from curate.stage import measured
from curate.stages.heuristics.repetition import Repetition
from tests.stages.documents import of_texts, reasons

POEM = "蒹葭苍苍，白露为霜。所谓伊人，在水一方。\n溯洄从之，道阻且长。溯游从之，宛在水中央。\n蒹葭萋萋，白露未晞。所谓伊人，在水之湄。\n溯洄从之，道阻且跻。溯游从之，宛在水中坻。"  # noqa: E501
STATUTE = "\n".join(
    f"第{n}条 {who}违反本法规定的，由县级以上人民政府{office}部门责令改正，处{low}万元以上{high}万元以下的罚款。"
    for n, (who, office, low, high) in enumerate(
        [("生产者", "市场监督管理", 1, 5), ("销售者", "商务", 2, 8), ("运输企业", "交通运输", 3, 10),
         ("医疗机构", "卫生健康", 5, 20), ("学校", "教育", 1, 3)], 11,
    )
)  # fmt: skip
TABLE = "| 药品 | 剂量 | 用法 |\n|---|---|---|\n" + "\n".join(
    f"| {name} | {dose} mg | 口服 |"
    for name, dose in zip(
        ("阿莫西林", "布洛芬", "二甲双胍", "氨氯地平", "辛伐他汀"), (500, 200, 850, 5, 20), strict=True
    )
)
CODE = "def add(a, b):\n    return a + b\n\n\ndef sub(a, b):\n    return a - b\n\n\ndef mul(a, b):\n    return a * b\n"
PROSE = "The patient was seen on Monday. The patient had no fever, and the patient was sent home with advice."


@pytest.mark.parametrize("text", [POEM, STATUTE, TABLE, CODE, PROSE, "一段普通的话，没有什么重复。", "", "word"])
def test_poems_statutes_tables_and_code_are_kept(text: str) -> None:
    assert reasons(Repetition(), of_texts([text])) == [set()]


@pytest.mark.parametrize(
    "text",
    [
        "buy buy buy buy",
        "好好好好好好好好",
        "buy now " * 80,
        "好评返现" * 80,
        "我很喜欢这个产品。" * 4,
        "This product changed my life and I recommend it to everybody. " * 4,
        "哈哈哈哈哈哈",
        PROSE + " " + "best price online " * 30,
        "专业治疗，快速康复。\n\n" * 10,
        "<>".join(["优质手表全场特价"] * 20),
    ],
)
def test_words_and_sentences_over_and_over_are_removed(text: str) -> None:
    assert "repeated_words" in reasons(Repetition(), of_texts([text]))[0]


def test_repeated_lines_are_their_own_reason() -> None:
    lines = "Accept cookies\nRead more\nShare this\n" * 6 + "One line of its own that says something else.\n"
    assert "repeated_lines" in reasons(Repetition(), of_texts([lines]))[0]
    done = measured(Repetition(), of_texts(["ab\n  ab \ncd\n\n\nef", "ab\ncd", None]))
    assert done["repeated_line_share"].to_list() == [0.25, 0.0, None]


def test_measures_are_shares_of_tokens_in_both_languages() -> None:
    ten = "一二三四五六七八九十"
    done = measured(Repetition(), of_texts([ten * 2, ten, " ".join("abcdefghij") + " " + " ".join("ABCDEFGHIJ")]))
    assert done["repeated_ngram_share"].to_list() == [0.5, 0.0, 0.5]
    assert measured(Repetition(), of_texts(["a b a b c d"]))["top_pair_share"].to_list() == [0.666667]


def test_a_null_text_is_not_waved_through() -> None:
    assert reasons(Repetition(), of_texts([None])) == [{"repeated_lines", "repeated_words"}]


def test_statutes_may_repeat_their_clauses_more_than_prose_may() -> None:
    whom = [*"商渔农工学医药建矿船车电水气林牧盐茶酒糖棉麻丝纸"]
    clause = "经营者有前款规定的行为的，给予警告，没收违法所得，并处违法所得一倍以上五倍以下的罚款；构成犯罪的，"
    clause += "依法追究刑事责任。"
    statute = "\n".join(f"第{n}条 {who}业{clause}" if n % 3 else f"第{n}条 {who}{n}" for n, who in enumerate(whom, 1))
    prose = statute.replace("第", "").replace("条", "")
    assert measured(Repetition(), of_texts([statute]))["repeated_ngram_share"].item() > 0.5
    drafted = measured(Repetition(statute_ngrams=0.99), of_texts([statute, prose]))
    assert drafted["repetition_statute"].to_list() == [True, False]
    assert reasons(Repetition(statute_ngrams=0.99), of_texts([statute, prose])) == [set(), {"repeated_words"}]
    assert reasons(Repetition(statute_ngrams=0.5), of_texts([statute])) == [{"repeated_words"}]
