"""Whom rule sets are for: kinds and languages that no document has are refused, and what nobody measured is told."""

from __future__ import annotations

import json
from math import nan
from pathlib import Path

import pytest

from curate.predict import planned
from curate.recipe import Recipe, RecipeRefused, Source, check
from curate.stage import AnyStage
from curate.stages.heuristics.chinese import ChineseQuality
from curate.stages.heuristics.fineweb import FineWeb
from curate.stages.heuristics.gopher import GopherQuality, GopherRepetition
from curate.stages.heuristics.kind import Kind
from curate.stages.heuristics.length import Length
from curate.stages.heuristics.mojibake import Mojibake
from curate.stages.heuristics.together import Together
from curate.stages.language import Language


def recipe(folder: Path, *stages: AnyStage, kind: str = "prose", lang: str | None = None) -> Recipe:
    (folder / "web.jsonl").write_text(json.dumps({"text": "Rain fell."}), "utf-8")
    source = Source(name="web", path=str(folder / "web.jsonl"), kind=kind, lang=lang)
    return Recipe(name="aimed", sources=(source,), stages=stages)


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        (
            GopherQuality(kinds=frozenset({"pros"})),
            "gopher_quality: no document is of the kind 'pros'; there are .*prose",
        ),
        (Together(sets=(FineWeb(kinds=frozenset({"text"})),)), "fineweb: no document is of the kind 'text'"),
        (GopherQuality(kinds="prose"), "kinds is 'prose'; expected a set"),  # type: ignore[arg-type]
        (ChineseQuality(langs=frozenset({"zh-Hant"})), "langs has 'zh-Hant'; expected primary subtags, as 'zh'"),
        (GopherQuality(alphabetic=80), "low is 80; alphabetic_word_share is a share, between 0 and 1"),
        (GopherQuality(hashes=nan), "high is nan; expected a number"),
        (GopherQuality(hashes="0.1"), "high is '0.1'; expected a number"),  # type: ignore[arg-type]
        (Mojibake(high=-1), "high is -1; mojibake_share is a share"),
        (GopherQuality(least_words=9, most_words=3), "low 9 is above high 3"),
    ],
)
def test_a_set_for_nobody_and_a_limit_that_decides_nothing_are_refused(
    tmp_path: Path, stage: AnyStage, said: str
) -> None:
    with pytest.raises(RecipeRefused, match=said):
        check(recipe(tmp_path, stage))


def test_a_kind_that_a_source_declares_is_one(tmp_path: Path) -> None:
    check(recipe(tmp_path, GopherQuality(kinds=frozenset({"minutes"})), kind="minutes"))


def test_the_plan_says_what_is_judged_by_a_kind_or_language_that_nothing_measures_before(tmp_path: Path) -> None:
    sets = (Together(sets=(GopherQuality(), GopherRepetition())), ChineseQuality())
    said = [line for line in planned(recipe(tmp_path, *sets, Kind(), Language())).split("\n") if line.startswith("!")]
    assert [line.split(" is for ")[0] for line in said] == [
        "! gopher_quality", "! gopher_repetition", "! chinese_quality", "! chinese_quality"
    ]  # fmt: skip
    assert "everything of web counts as prose; put Kind() before it" in said[0]
    assert "what web leave open is not judged; put Language() before it" in said[3]


@pytest.mark.parametrize(("kind", "lang", "lines"), [("prose", None, 2), ("prose", "zh", 1), ("table", "zh", 0)])
def test_what_the_source_declares_needs_no_measuring(tmp_path: Path, kind: str, lang: str | None, lines: int) -> None:
    said = planned(recipe(tmp_path, ChineseQuality(), kind=kind, lang=lang))
    assert said.count("\n! ") == lines


def test_nothing_is_said_where_both_are_measured_first(tmp_path: Path) -> None:
    assert "\n! " not in planned(recipe(tmp_path, Language(), Kind(), GopherQuality(), ChineseQuality()))


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        ((GopherQuality(), Length()), "Length can't be measured together with others"),
        ((GopherQuality,), "GopherQuality can't be measured together"),
        ((), "no sets are given"),
    ],
)
def test_only_sets_over_the_same_measures_are_taken_together(sets: tuple[object, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Together(sets=sets)  # type: ignore[arg-type]
