"""Length: one limit that is fair to both languages."""

from __future__ import annotations

from curate.stage import measured
from curate.stages.heuristics.length import Length
from tests.stages.documents import of_texts, reasons


def test_short_things_worth_keeping_are_kept_in_both_languages() -> None:
    kept = [
        "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。",
        "上证指数收盘上涨百分之一点二，成交额过万亿元。",
        "问：高血压能喝咖啡吗？答：少量可以。",
        "Aspirin should not be given to children with fever.",
    ]
    lost = ["感谢您的留言。", "参见上一页。", "Thank you for your message.", "See also the previous page.", ""]
    assert reasons(Length(), of_texts(kept)) == [set()] * len(kept)
    assert reasons(Length(), of_texts(lost)) == [{"too_short"}] * len(lost)


def test_limits_are_bytes_so_that_a_chinese_character_counts_as_three_letters() -> None:
    docs = of_texts(["中" * 20, "x" * 60, "中" * 21, "x" * 61])
    assert reasons(Length(low=61), docs) == [{"too_short"}, {"too_short"}, set(), set()]
    assert reasons(Length(low=0, high=60), docs) == [set(), set(), {"too_long"}, {"too_long"}]
    done = measured(Length(), docs)
    assert done["chars"].to_list() == [20, 60, 21, 61]
    assert done["text_bytes"].to_list() == [60, 60, 63, 61]


def test_what_has_no_text_is_removed() -> None:
    assert reasons(Length(), of_texts([None])) == [{"too_short", "too_long"}]
