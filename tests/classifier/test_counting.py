"""A model made by counting: what a word weighs, what a source counts, and a file that fastText reads."""

from __future__ import annotations

from pathlib import Path

import fasttext
import numpy as np
import polars as pl
import pytest

from curate.classifier.card import card
from curate.classifier.counting import Counting, count
from curate.classifier.make import LABELLED, Making, make
from curate.classifier.model import Model, parsed
from curate.classifier.train import NotTrainable
from curate.kernels.tokens import spaced

LOOSE = Counting(pair_sources=1, word_count=1, buckets=1 << 16)
ROWS = [  # text, label, language, source
    *[("the court heard the appeal of the tenant", "law", "en", "courts")] * 3,
    *[("a statute of the state on wages", "law", "en", "statutes")] * 3,
    *[("the soup of the day with bread", "food", "en", "menus")] * 3,
    *[("bake the bread for an hour", "food", "en", "recipes")] * 3,
    *[("法院驳回原告的上诉", "law", "zh", "courts")] * 3,
    *[("第三条 本法所称合同", "law", "zh", "statutes")] * 3,
    *[("锅里放油炒鸡蛋", "food", "zh", "recipes")] * 3,
    *[("今天的汤很好喝", "food", "zh", "menus")] * 3,
]


def model_of(rows: list[tuple[str, str, str, str]], path: Path, counting: Counting = LOOSE) -> Model:
    texts, labels, langs, sources = (list(column) for column in zip(*rows, strict=True))
    return parsed(count(pl.Series(texts), labels, langs, sources, path, counting).path.read_bytes(), "counted")


def share(model: Model, label: str, *texts: str) -> list[float]:
    return model.probabilities(spaced(pl.Series(texts)))[:, model.labels.index(label)].tolist()


@pytest.mark.parametrize("text", ["the appeal was heard in court", "原告提起上诉"])
def test_a_text_is_of_the_label_whose_words_it_has(text: str, tmp_path: Path) -> None:
    model = model_of(ROWS, tmp_path / "model.ftz")
    assert share(model, "law", text)[0] > 0.6
    assert share(model, "law", "", "xyz") == [0.5, 0.5]


def test_a_source_counts_once_however_many_texts_it_has(tmp_path: Path) -> None:
    """One source of a label is fond of a word that two sources of the other label know, too."""
    rows = [
        *[("well then bread", "food", "en", "menus")] * 5,
        *[("well then soup", "food", "en", "recipes")] * 5,
        *[("appeal of a tenant", "law", "en", "courts")] * 5,
        *[("well then wages", "law", "en", "forum")] * 500,
    ]
    model = model_of(rows, tmp_path / "model.ftz")
    assert share(model, "law", "well then")[0] < 0.5 < share(model, "law", "tenant")[0]


def test_numbers_weigh_nothing_alone_or_in_a_pair(tmp_path: Path) -> None:
    rows = [("12 34 court", "law", "en", "a"), ("56 78 soup", "food", "en", "b")] * 3
    model = model_of(rows, tmp_path / "model.ftz")
    assert share(model, "law", "12 34", "56 78") == [0.5, 0.5]


def test_a_pair_needs_as_many_sources_as_are_asked_for(tmp_path: Path) -> None:
    rows = [(f"x y {source}", "law", "en", source) for source in "abc"] * 2
    rows += [(f"y x {source}", "food", "en", source) for source in "def"] * 2
    three = model_of(rows, tmp_path / "three.ftz", Counting(pair_sources=3, word_count=7))
    four = model_of(rows, tmp_path / "four.ftz", Counting(pair_sources=4, word_count=7))
    none = model_of(rows, tmp_path / "none.ftz", Counting(pair_sources=3, word_count=7, pairs=0))
    assert share(three, "law", "x y")[0] > 0.6 and share(three, "law", "y x")[0] < 0.4
    assert share(four, "law", "x y") == share(none, "law", "x y") == [0.5]


def test_a_pair_does_not_reach_from_one_text_into_the_next(tmp_path: Path) -> None:
    rows = [("p", "law", "en", "a"), ("q", "law", "en", "a"), ("r s", "food", "en", "b")] * 4
    lone = model_of(rows, tmp_path / "model.ftz", Counting(pair_sources=1, word_count=100, buckets=1 << 16))
    assert share(lone, "law", "p q", "q p") == [0.5, 0.5] and share(lone, "food", "r s")[0] > 0.5


def test_the_file_does_not_depend_on_the_order_of_the_texts(tmp_path: Path) -> None:
    model_of(ROWS, tmp_path / "one.ftz")
    model_of(ROWS[::-1], tmp_path / "two.ftz")
    assert (tmp_path / "one.ftz").read_bytes() == (tmp_path / "two.ftz").read_bytes()


def test_fasttext_reads_the_file_and_gives_the_same_answers(tmp_path: Path) -> None:
    model = model_of(ROWS, tmp_path / "model.ftz")
    lines = spaced(pl.Series([*(row[0] for row in ROWS), "nothing known", "", "bread and 法院 wages of the day"]))
    found = model.probabilities(lines)
    names, odds = fasttext.load_model(str(tmp_path / "model.ftz")).predict(lines.to_list(), k=2)
    for row, (own, theirs) in enumerate(zip(names, odds, strict=True)):
        for name, value in zip(own, theirs, strict=True):
            assert found[row, model.labels.index(name.removeprefix("__label__"))] == pytest.approx(value, abs=1e-4)


def test_texts_of_one_label_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotTrainable, match="at least two kinds"):
        count(pl.Series(["a"]), ["law"], ["en"], ["x"], tmp_path / "model.ftz", LOOSE)
    with pytest.raises(NotTrainable, match="expected a word"):
        count(pl.Series(["a", "b"]), ["law", "not law"], ["en", "en"], ["x", "y"], tmp_path / "model.ftz", LOOSE)


def test_a_judge_made_by_counting_is_a_folder_like_any_other(tmp_path: Path) -> None:
    rows = [(f"{text} {n}", label, source, lang, None, None) for text, label, lang, source in ROWS for n in range(40)]
    docs = pl.DataFrame(rows, schema=dict(LABELLED), orient="row")
    made = make(docs, tmp_path / "judge", Making(name="judge", training=LOOSE))
    assert made.evaluation is not None
    (tmp_path / "judge" / "README.md").write_text(card(tmp_path / "judge"), encoding="utf-8")
    assert "| model | linear, in fastText's format" in (tmp_path / "judge" / "README.md").read_text("utf-8")
    right = [row["right"] for row in made.evaluation.data["sources"].values()]
    assert np.mean(right) == 1.0
