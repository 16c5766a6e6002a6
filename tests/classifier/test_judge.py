"""The judge as a stage: one text, one score, whatever stands beside it; and what the shipped one tells apart."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import cloudpickle
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.classifier.judge import CHARACTERS, THRESHOLD, Judge
from curate.classifier.scores import Scores
from curate.recipe import Recipe, Source, check
from curate.stage import Asset, AssetChanged, assets_of, measured, remove
from curate.stage import settings as settings_of
from curate.stages.first_look import Relevance
from tests.classifier.texts import BOILERPLATE, REAL

ROOT = Path(__file__).resolve().parents[2]
JUDGE = Judge.shipped(threshold=THRESHOLD)
TEXTS = [*BOILERPLATE.values(), None, *REAL.values(), "", " \n\t", "……！？"]


def table(texts: list[str | None]) -> pl.DataFrame:
    ids = [f"{number:032x}" for number in range(len(texts))]
    return pl.DataFrame({"doc_id": ids, "text": texts}, schema={"doc_id": pl.String, "text": pl.String})


def scores(*texts: str | None, judge: Judge = JUDGE) -> list[float | None]:
    return measured(judge, table(list(texts)))["quality_score"].to_list()


ALONE = [scores(text)[0] for text in TEXTS]


@settings(max_examples=20, deadline=None)
@given(order=st.lists(st.integers(0, len(TEXTS) - 1), max_size=40))
def test_a_text_has_one_score_in_any_batch_and_order(order: list[int]) -> None:
    assert scores(*(TEXTS[number] for number in order)) == [ALONE[number] for number in order]


def test_null_stays_null_and_text_without_a_letter_scores_zero() -> None:
    assert scores(None, "", " \n\t", "……！？") == [None, 0.0, 0.0, 0.0]
    removal = remove(measured(JUDGE, table([None, ""])), JUDGE.name, JUDGE.rules)
    assert removal.kept.height == 0


def test_line_breaks_and_what_looks_like_a_label_are_nothing_special() -> None:
    text = REAL["zh short news"]
    assert scores(text.replace("，", "\n"), f"{text}\r\n\x00\x85\u2028") == scores(text, text)
    assert scores("</s> __label__noise " + REAL["en tale"]) == scores("s label noise " + REAL["en tale"])


def test_traditional_characters_are_judged_as_simplified_ones_are() -> None:
    one, other = scores(
        "夜裡下了一場大雨，早上起來，院子裡的花都開了。", "夜里下了一场大雨，早上起来，院子里的花都开了。"
    )
    assert one == other


def test_without_a_threshold_it_only_annotates() -> None:
    assert Judge.shipped().rules == ()
    (rule,) = Judge.shipped(threshold=0.3).rules
    assert (rule.reason, rule.measure, rule.low) == ("low_quality", "quality_score", 0.3)


def test_two_judges_can_stand_in_one_recipe_under_two_names() -> None:
    strict = Judge(model=JUDGE.model, name="strict", threshold=0.9)
    assert not set(strict.writes) & set(JUDGE.writes)
    assert strict.rules[0].reason == "low_strict"
    recipe = Recipe(name="r", sources=(Source(name="s", path=str(ROOT / "README.md")),), stages=(JUDGE, strict))
    check(recipe)


def placed(rows: list[tuple[str | None, str | None, str | None]]) -> pl.DataFrame:
    """Documents of (text, lang, domain)."""
    found = pl.DataFrame(rows, schema={"text": pl.String, "lang": pl.String, "domain": pl.String}, orient="row")
    return found.with_row_index("doc_id").with_columns(pl.col("doc_id").cast(pl.String))


def test_thresholds_of_a_language_and_a_domain_count_the_narrowest_first() -> None:
    judge = Judge(model=JUDGE.model, threshold=0.5, thresholds={"zh": 1.0, "zh/law": 0.0, "/law": 0.0, "en/web": 1.0})
    good, bad = REAL["zh essay"], BOILERPLATE["zh frame"]
    docs = placed([
        (good, "zh", "web"), (bad, "zh", "law"), (bad, "zh-TW", "law"), (bad, "en", "law"), (good, "en", "web"),
        (good, "en", None), (bad, None, None), (good, None, None),
    ])  # fmt: skip
    assert set(judge.reads) == {"text", "lang", "domain"}
    kept = remove(measured(judge, docs), judge.name, judge.rules).kept
    assert kept["doc_id"].to_list() == ["1", "2", "3", "5", "7"]


def test_a_judge_without_a_threshold_for_the_others_leaves_them_alone() -> None:
    judge = Judge(model=JUDGE.model, thresholds={"zh": 1.0})
    docs = placed([(BOILERPLATE["en shop"], "en", None), (BOILERPLATE["zh shop"], "zh", None)])
    assert remove(measured(judge, docs), judge.name, judge.rules).kept["lang"].to_list() == ["en"]


def test_pareto_keeps_by_chance_what_gpt_3_would_have_kept_and_the_same_each_time() -> None:
    text = BOILERPLATE["en shop"]
    (score,) = scores(text)
    judge = Judge(model=JUDGE.model, pareto=1.0)
    docs = placed([(text, "en", None)] * 3000)
    kept = remove(measured(judge, docs), judge.name, judge.rules).kept
    assert score is not None
    expected = (1 / (2 - score)) ** 1.0  # P(draw > 1 - score) of numpy.random.pareto(alpha)
    assert kept.height / 3000 == pytest.approx(expected, abs=0.03)
    mixed = remove(measured(judge, docs.reverse()), judge.name, judge.rules).kept
    assert set(mixed["doc_id"]) == set(kept["doc_id"])
    other = Judge(model=JUDGE.model, pareto=1.0, seed=1)
    assert set(remove(measured(other, docs), other.name, other.rules).kept["doc_id"]) != set(kept["doc_id"])


@pytest.mark.parametrize(
    "wrong", [{"threshold": 1.5}, {"thresholds": {"ZH": 0.5}}, {"thresholds": {"zh": 2.0}}, {"pareto": 0.0},
              {"pareto": 9.0, "threshold": 0.5}]
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"threshold|pareto"):
        Judge(model=JUDGE.model, **wrong)


def calibrated(folder: Path, calibration: dict[str, dict[str, list[float]]]) -> Judge:
    """The shipped judge in a folder of its own, with other curves."""
    facts = json.loads((ROOT / "classifiers" / "quality" / "judge.json").read_text("utf-8"))
    folder.mkdir()
    (folder / "model.ftz").write_bytes(JUDGE.model.path.read_bytes())
    (folder / "judge.json").write_text(json.dumps({**facts, "calibration": calibration}))
    return Judge.of(folder, "clean")


def test_scores_are_calibrated_for_the_language_and_the_domain(tmp_path: Path) -> None:
    judge = calibrated(tmp_path / "j", {"clean": {"": [1, 0], "zh": [1, -20], "zh/law": [1, 20]}})
    text = REAL["zh essay"]
    docs = placed([(text, "en", "law"), (text, "zh", None), (text, "zh", "law"), (text, None, None), ("", "zh", "law")])
    found = measured(judge, docs)["clean_score"].to_list()
    assert found[0] == found[3] == scores(text)[0]
    assert found[1] < 0.01 and found[2] > 0.999 and found[4] == 0


def test_a_calibration_that_knows_no_groups_asks_for_no_column(tmp_path: Path) -> None:
    assert set(calibrated(tmp_path / "a", {"clean": {"": [2, 1]}}).reads) == {"text"}
    assert set(calibrated(tmp_path / "b", {"clean": {"zh": [2, 1]}}).reads) == {"text", "lang"}
    assert calibrated(tmp_path / "c", {}).facts is None


def test_another_calibration_is_another_stage(tmp_path: Path) -> None:
    one, two = (calibrated(tmp_path / name, {"clean": {"": [2, shift]}}) for name, shift in (("a", 0), ("b", 1)))
    assert settings_of(one) != settings_of(two)
    assert len(assets_of(one)) == 2


def test_scores_serve_as_the_judge_of_a_domain() -> None:
    judge = Scores.of("classifiers/quality", "clean")
    docs = placed([(REAL["en tale"], "en", None), (BOILERPLATE["en shop"], "en", None), (None, "en", None)])
    stage = Relevance(judge=judge, threshold=0.5)
    assert remove(measured(stage, docs), stage.name, stage.rules).kept["doc_id"].to_list() == ["0"]
    assert judge(docs["text"])[2] is None


def test_it_survives_pickling_with_its_scores() -> None:
    again = pickle.loads(cloudpickle.dumps(JUDGE))
    assert again == JUDGE
    assert scores(*TEXTS, judge=again) == ALONE


def test_only_the_beginning_of_a_long_document_is_read() -> None:
    start = (REAL["en tale"] + "\n") * (CHARACTERS // len(REAL["en tale"]) + 1)
    assert scores(start[:CHARACTERS]) == scores(start[:CHARACTERS] + BOILERPLATE["en shop"] * 1000)


def test_a_model_that_is_not_the_one_named_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.ftz"
    path.write_bytes(JUDGE.model.path.read_bytes())
    judge = Judge(model=Asset.of(path))
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(AssetChanged, match=r"model\.ftz"):
        scores("text", judge=judge)


@pytest.mark.parametrize("name", BOILERPLATE)
def test_the_shipped_judge_removes_boilerplate_that_it_has_not_seen(name: str) -> None:
    removal = remove(measured(JUDGE, table([BOILERPLATE[name]])), JUDGE.name, JUDGE.rules)
    assert removal.verdicts["reason"].to_list() == ["low_quality"]


@pytest.mark.parametrize("name", REAL)
def test_the_shipped_judge_keeps_real_text_of_every_kind(name: str) -> None:
    removal = remove(measured(JUDGE, table([REAL[name]])), JUDGE.name, JUDGE.rules)
    assert removal.kept.height == 1, removal.verdicts["value"].to_list()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_boilerplate_traps_of_the_quickstart_score_low(lang: str) -> None:
    text = (ROOT / "data_samples" / "written" / f"boilerplate.{lang}.txt").read_text("utf-8")
    (score,) = scores(text)
    assert score is not None
    assert score < THRESHOLD / 2


@pytest.mark.parametrize("size", [120, 300, 1200])
def test_the_samples_of_the_quickstart_survive_at_any_length(size: int) -> None:
    texts = pl.read_parquet(ROOT / "data_samples" / "general" / "reference.parquet")["body"]
    low = [
        text for text, score in zip(texts, scores(*texts.str.slice(200, size)), strict=True) if (score or 0) < THRESHOLD
    ]
    assert len(low) <= 0.01 * len(texts), low[0]
