"""Other thresholds weighed by what a run stored: what is said must be what a run with them does."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from curate.cli import main
from curate.engine import Inline
from curate.job import run
from curate.options import changed
from curate.progress import Lines
from curate.recipe import Recipe, RecipeRefused, load
from curate.tune import NotTunable, overview, told, tune

RECIPE = """
from curate.dedup.exact import ExactDedup
from curate.recipe import Recipe, Source
from curate.stages.heuristics.length import Length
from curate.stages.heuristics.repetition import Repetition
from curate.stages.language import Language

recipe = Recipe(
    name="tuned",
    sources=(Source(name="en", path="en.jsonl", lang="en"), Source(name="zh", path="zh.jsonl", lang="zh")),
    stages=(Language(), Length(low=60), Repetition(lines=0.3, ngrams=0.4), ExactDedup()),
    expects=frozenset({"*"}),
)
"""

EN = "The committee met on day {0} of the month and heard {1} witnesses about the drainage of the northern fields. "
ZH = "委员会在当月第{0}天开会，听取了{1}名证人关于北部农田排水工程的陈述，并将意见记录在案。"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the recipe, its inputs and its run in `run`: lengths and repetition of every degree."""
    folder = tmp_path_factory.mktemp("tune")
    Path(folder, "recipe.py").write_text(RECIPE, "utf-8")
    for name, sentence in (("en", EN), ("zh", ZH)):
        texts = [sentence.format(n, n * n)[: 20 + 3 * n] for n in range(40)]
        texts += [f"{sentence.format(n, 7)}\n" * (1 + n % 5) + sentence.format(7, n) * (n % 7) for n in range(60)]
        lines = [json.dumps({"text": text}, ensure_ascii=False) for text in texts]
        Path(folder, f"{name}.jsonl").write_text("\n".join(lines), "utf-8")
    _run(load(folder / "recipe.py"), folder / "run")
    return folder


def _run(recipe: Recipe, out: Path) -> tuple[set[str], pl.DataFrame]:
    with Path(os.devnull).open("w") as nowhere:
        run(recipe, str(out), Inline(), Lines(nowhere))
    return set(pl.read_parquet(out / "kept/*.parquet")["doc_id"]), pl.read_parquet(out / "verdicts/*.parquet")


@pytest.mark.parametrize(
    ("stage", "options"),
    [
        ("length", {"low": "100"}),
        ("length", {"low": "30"}),
        ("length", {"low": "10", "high": "300"}),
        ("repetition", {"lines": "0.2"}),
        ("repetition", {"lines": "0.9", "ngrams": "0.9"}),
        ("repetition", {"lines": "0.1", "ngrams": "0.7", "pair": "0.05"}),
    ],
)
def test_what_is_said_to_go_and_to_come_back_is_what_a_run_with_those_limits_does(
    place: Path, tmp_path: Path, stage: str, options: dict[str, str]
) -> None:
    recipe = load(place / "recipe.py")
    said = tune(str(place / "run"), recipe, stage, options)
    stages = tuple(changed(one, options) if one.name == stage else one for one in recipe.stages)
    before = pl.read_parquet(place / "run/verdicts/*.parquet").filter(pl.col("stage") == stage)
    was_kept = set(pl.read_parquet(place / "run/kept/*.parquet")["doc_id"])
    _, verdicts = _run(replace(recipe, stages=stages), tmp_path / "run")
    gone = set(verdicts.filter(pl.col("stage") == stage)["doc_id"])
    assert set(said.lost["doc_id"]) == gone & was_kept
    assert set(said.back["doc_id"]) == set(before["doc_id"]) - gone


TOGETHER = """
from curate.recipe import Recipe, Source
from curate.stages.heuristics.fineweb import FineWeb
from curate.stages.heuristics.gopher import GopherQuality, GopherRepetition
from curate.stages.heuristics.kind import Kind
from curate.stages.heuristics.together import Together

recipe = Recipe(
    name="together",
    sources=(Source(name="en", path="en.jsonl", lang="en"), Source(name="zh", path="zh.jsonl", lang="zh")),
    stages=(Kind(), Together(sets=(GopherQuality(least_words=14), GopherRepetition(), FineWeb()))),
    expects=frozenset({"*"}),
)
"""


@pytest.fixture(scope="module")
def together(place: Path) -> Path:
    """The recipe of several sets in one stage; its run lies in `together`."""
    path = place / "together.py"
    path.write_text(TOGETHER, "utf-8")
    _run(load(path), place / "together")
    return path


@pytest.mark.parametrize(
    ("part", "options"),
    [
        ("gopher_quality", {"least_words": "18", "cjk_least_words": "14"}),
        ("gopher_repetition", {"lines": "0.6", "line_chars": "0.6", "cjk_duplicates": "0.9,0.9,0.9,0.9,0.9,0.9"}),
    ],
)
def test_a_set_that_is_taken_together_with_others_is_tuned_by_its_own_name(
    together: Path, tmp_path: Path, part: str, options: dict[str, str]
) -> None:
    recipe, ran = load(together), together.parent / "together"
    said = tune(str(ran), recipe, part, options)
    _, verdicts = _run(replace(recipe, stages=(recipe.stages[0], said.after)), tmp_path / "run")
    gone = set(verdicts["doc_id"])
    before = set(pl.read_parquet(ran / "verdicts/*.parquet")["doc_id"])
    assert set(said.lost["doc_id"]) == gone - before
    assert set(said.back["doc_id"]) == before - gone
    assert said.lost.height + said.back.height
    assert "Together(sets=(GopherQuality(" in told(str(ran), said)


def test_the_overview_names_every_limit_of_every_set_and_counts_each_by_itself(together: Path) -> None:
    ran = together.parent / "together"
    lines = {line.split()[0]: line.split() for line in overview(str(ran), load(together)).split("\n")}
    assert {"gopher_quality.hashes", "gopher_repetition.tops[2]", "gopher_repetition.cjk_duplicates[5]"} <= set(lines)
    assert {"fineweb.repeated", "fineweb.punctuated"} <= set(lines)  # .1 moves, too
    verdicts = pl.read_parquet(ran / "verdicts/*.parquet").filter(pl.col("measure") == "word_count")
    for setting, limit in (("least_words", 14), ("cjk_least_words", 10)):
        assert int(lines[f"gopher_quality.{setting}"][4]) == verdicts.filter(pl.col("limit") == limit).height
    assert lines["gopher_quality.least_words"][2:4] == [">=", "14"]  # of a rule with two limits, its own


def test_a_stage_without_rules_is_not_tuned(together: Path) -> None:
    with pytest.raises(NotTunable, match="kind removes nothing"):
        tune(str(together.parent / "together"), load(together), "kind", {"classical": "0.9"})


def test_sets_themselves_are_no_setting_of_a_command_line(together: Path) -> None:
    with pytest.raises(RecipeRefused, match=r"sets is given in a recipe: sets=\(\.\.\.\)"):
        tune(str(together.parent / "together"), load(together), "together", {"sets": "1"})


def test_the_cases_lose_and_bring_back_something(place: Path) -> None:
    recipe = load(place / "recipe.py")
    tighter = tune(str(place / "run"), recipe, "length", {"low": "100"})
    looser = tune(str(place / "run"), recipe, "repetition", {"lines": "0.9", "ngrams": "0.9"})
    assert tighter.lost.height
    assert not tighter.back.height
    assert looser.back.height
    assert not looser.lost.height


def test_the_limits_are_listed_with_what_they_took(place: Path) -> None:
    said = overview(str(place / "run"), load(place / "recipe.py"))
    verdicts = pl.read_parquet(place / "run/verdicts/*.parquet")
    short = verdicts.filter(pl.col("reason") == "too_short").height
    line = next(line for line in said.split("\n") if line.startswith("length.low"))
    assert short
    assert line.split()[4] == str(short)


def test_a_suggested_limit_loses_about_the_share_it_stands_under(place: Path) -> None:
    recipe = load(place / "recipe.py")
    line = next(line for line in overview(str(place / "run"), recipe).split("\n") if line.startswith("length.low"))
    said = tune(str(place / "run"), recipe, "length", {"low": line.split()[-1]})
    assert said.lost.height == int(0.05 * said.kept)


def test_the_command_prints_counts_samples_and_the_line_for_the_recipe(place: Path) -> None:
    arguments = ["tune", str(place / "run"), str(place / "recipe.py"), "--set", "length.low=100", "--by", "lang"]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert "  Length(low=100)" in done.output
    assert "would go, nearest to the limit first" in done.output


def test_a_setting_that_changes_what_is_measured_is_refused(place: Path) -> None:
    recipe = load(place / "recipe.py")
    with pytest.raises(NotTunable, match="whole corpus"):
        tune(str(place / "run"), recipe, "exact_dedup", {"name": "other"})
    with pytest.raises(RecipeRefused, match="no setting 'wrong'"):
        tune(str(place / "run"), recipe, "length", {"wrong": "1"})
    with pytest.raises(RecipeRefused, match="no stage 'wrong'"):
        tune(str(place / "run"), recipe, "wrong", {"low": "1"})


def test_a_recipe_that_was_not_run_is_refused(place: Path) -> None:
    recipe = load(place / "recipe.py")
    with pytest.raises(RecipeRefused, match="as it was run"):
        tune(str(place / "run"), replace(recipe, stages=recipe.stages[1:]), "length", {"low": "100"})
