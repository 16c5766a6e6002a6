from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from curate.decontaminate import background
from curate.decontaminate.background import EMPTY, FLOOR, BackgroundRefused, count, default, unpack
from curate.decontaminate.benchmarks import Item
from curate.decontaminate.building import build
from curate.decontaminate.index import digest
from curate.decontaminate.index import unpack as index_of
from curate.decontaminate.match import matches
from curate.decontaminate.scanned import background as scanned
from curate.decontaminate.scanned import clean
from curate.kernels.overlap import grams, stream
from tests.decontaminate.texts import QUESTION_EN, QUESTION_ZH, article

LAW = "渔船停靠公共码头超过三十日的，应当向港务机关缴纳停泊费用；逾期不缴纳的，港务机关可以责令其限期离港。"


def test_a_document_counts_once_for_what_it_holds_twice() -> None:
    table = count([pl.Series([QUESTION_ZH * 2, QUESTION_ZH, None, "潮水"])])
    keys, _ = grams(stream(pl.Series([QUESTION_ZH])), 999)
    assert table.documents == 4
    assert table.worths(keys).tolist() == pytest.approx([1 / 3] * len(keys))
    assert EMPTY.worths(keys).tolist() == [1.0] * len(keys)


def test_no_split_of_the_documents_changes_the_count() -> None:
    texts = [QUESTION_ZH, QUESTION_EN, article("zh"), article("en"), ""]
    whole = count([pl.Series(texts)])
    apart = count([pl.Series([text]) for text in texts])
    assert whole.packed() == apart.packed()
    assert whole.plus(EMPTY).packed() == whole.packed()


def test_what_is_packed_is_read_back_and_what_is_not_is_refused() -> None:
    table = count([pl.Series([QUESTION_ZH, QUESTION_EN])])
    again = unpack(table.packed(), "mine")
    assert again.packed() == table.packed()
    assert np.array_equal(again.grams, table.grams)
    for damaged in (b"", b"PK", table.packed()[:-9]):
        with pytest.raises(BackgroundRefused, match="mine: no background, or a damaged one"):
            unpack(damaged, "mine")


def test_the_shipped_background_knows_common_words_in_both_languages() -> None:
    table = default()
    read = stream(pl.Series(["the 的 麒 zygote"]))
    the, of, beast, cell = table.telling(read.tokens.hashes)
    assert max(the, of) < 0.4 < min(beast, cell) <= 1.0
    common, _ = grams(stream(pl.Series(["is one of the most common"])), 99)
    assert table.worths(common).min() <= 2 * FLOOR


def test_what_the_background_quotes_weighs_less_and_the_question_is_found_all_the_same() -> None:
    question = f"港区里有人这样说，{LAW}老王的船在这里停了整整两个月，他该怎么办才好？"
    items = [Item(benchmark="quiz", id="1", question=question, lang="zh")]
    texts = pl.Series([article("zh") + LAW + article("zh"), article("zh") + question])
    plain = matches(texts, index_of(build(items), "plain"), 0.1)
    weighed = matches(texts, index_of(build(items, count([pl.Series([LAW] * 3)])), "weighed"), 0.1)
    scores = [dict(zip(table["row"], table["score"], strict=True)) for table in (plain, weighed)]
    assert scores[0][0] > 0.5
    assert scores[1].get(0, 0.0) < 0.4
    assert scores[0][1] == scores[1][1] == 1.0


def test_documents_that_hold_an_item_with_its_answer_are_left_out_of_the_background() -> None:
    items = [Item(benchmark="quiz", id="1", question=QUESTION_ZH, answer="五十四元", lang="zh")]
    index = index_of(build(items), "quiz")
    texts = pl.Series([article("zh"), f"{QUESTION_ZH}答案：五十四元", QUESTION_ZH])
    assert clean(texts, index).to_list() == [texts[0], texts[2]]
    assert scanned(items, [texts]).documents == default().documents + 2


def test_another_background_gives_an_index_another_name() -> None:
    items = [Item(benchmark="quiz", id="1", question=QUESTION_ZH)]
    assert digest(items) == digest(items, background.default())
    assert digest(items) != digest(items, EMPTY)
