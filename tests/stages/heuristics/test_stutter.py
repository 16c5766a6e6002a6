"""Text that says every word again."""

from __future__ import annotations

import polars as pl
import pytest

from curate.kernels.stutter import stutter
from curate.stages.heuristics.stutter import Stutter

EN = "the committee met on tuesday and heard three witnesses about the drainage of the northern fields near the river"
ZH = "委员会周二开会听取三名证人关于北部农田排水工程的陈述并将意见记录在案以备查考"


def shares(*texts: str | None) -> list[float | None]:
    docs = pl.DataFrame({"text": list(texts)}, {"text": pl.String})
    return Stutter()(docs)["stuttered_share"].to_list()


@pytest.mark.parametrize(
    ("text", "said", "count"),
    [
        ("a b c d", 0, 4),
        ("a a b b", 2, 4),
        ("a b a b c", 2, 5),
        ("a b a", 0, 3),
        ("a a a a", 3, 4),
        ("a b c d a b c d", 4, 8),
        ("a b c d e a b c d e", 0, 10),
        ("病人病人需要需要", 4, 8),
        ("", 0, 0),
    ],
)
def test_tokens_that_repeat_those_right_before_them_are_counted_once(text: str, said: int, count: int) -> None:
    found = stutter(pl.Series([text]))
    assert [int(part[0]) for part in found] == [said, count]


def test_words_that_stand_twice_are_half_of_the_text_and_prose_has_none() -> None:
    doubled = " ".join(f"{word} {word}" for word in EN.split())
    pairs = "".join(ZH[at : at + 2] * 2 for at in range(0, len(ZH), 2))
    prose_en, prose_zh, twice_en, twice_zh = shares(EN * 3, ZH * 3, doubled, pairs)
    assert prose_en == prose_zh == 0
    assert twice_en == pytest.approx(0.5)
    assert twice_zh == pytest.approx(0.5)


def test_short_texts_are_not_judged_and_null_is_not_measured() -> None:
    assert shares("ha ha ha ha", None, "") == [0.0, None, 0.0]
