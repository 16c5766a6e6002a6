from __future__ import annotations

import json
import pickle
from pathlib import Path

import polars as pl
import pytest

from curate.decontaminate.benchmarks import BenchmarksRefused
from curate.decontaminate.evidence import COLUMNS as EVIDENCE
from curate.decontaminate.evidence import evidence
from curate.decontaminate.stage import Decontaminate, NotCheckable
from curate.document import COLUMNS as DOCUMENT
from curate.stage import Asset, AssetChanged, Stage, assets_of, measured, remove, settings
from tests.decontaminate.texts import QUESTION_EN, QUESTION_ZH, article, embedded, full_width

LAW = "公民、法人认为具体行政行为侵犯其合法权益的，可以自知道该具体行政行为之日起六十日内提出行政复议申请。"
ITEMS = [
    {"id": "zh-1", "benchmark": "quiz", "question": QUESTION_ZH, "choices": ["54", "36", "18"], "answer": "54"},
    {"id": "en-1", "benchmark": "quiz", "question": QUESTION_EN, "answer": "54"},
    {"id": "law-1", "benchmark": "exam", "question": "小王在收到罚单七十天之后还能申请行政复议吗？", "context": LAW},
]


@pytest.fixture
def stage(tmp_path: Path) -> Decontaminate:
    return made(tmp_path)


def made(folder: Path, **options: float) -> Decontaminate:
    (folder / "benchmarks").mkdir(exist_ok=True)
    (folder / "benchmarks" / "items.jsonl").write_text("\n".join(map(json.dumps, ITEMS)))
    return Decontaminate.of(folder / "benchmarks", folder / "benchmarks.index", **options)


def docs(*texts: str | None) -> pl.DataFrame:
    names = [str(number) for number in range(len(texts))]
    return pl.DataFrame(
        {"doc_id": names, "origin_id": [f"origin-{name}" for name in names], "text": texts, "messages": None},
        {"doc_id": pl.String, "origin_id": pl.String, "text": pl.String, "messages": DOCUMENT["messages"]},
    )


def test_documents_that_hold_a_question_are_removed_and_others_kept(stage: Decontaminate) -> None:
    texts = [
        article("zh"), embedded(QUESTION_ZH, "zh"), article("en"), embedded(QUESTION_EN.upper(), "en"),
        embedded(full_width(QUESTION_EN), "zh"), embedded(LAW, "zh"), "", "。，",
    ]  # fmt: skip
    kept, _, verdicts = remove(measured(stage, docs(*texts)), stage.name, stage.rules)
    assert kept["doc_id"].to_list() == ["0", "2", "5", "6", "7"]
    assert verdicts.select("doc_id", "stage", "reason", "value", "limit").rows() == [
        (name, "decontaminate", "benchmark_overlap", 1.0, 0.65) for name in ("1", "3", "4")
    ]


def test_the_verdict_holds_the_item_and_the_matched_text_as_evidence(stage: Decontaminate) -> None:
    text = embedded(QUESTION_ZH, "zh")
    _, _, verdicts = remove(measured(stage, docs(text)), stage.name, stage.rules)
    (match,) = json.loads(verdicts["evidence"][0])
    assert (match["benchmark"], match["item"], match["part"], match["score"]) == ("quiz", "zh-1", "question", 1.0)
    assert text[match["start"] : match["end"]] == match["span"] == QUESTION_ZH.strip("？")


def test_a_quoted_law_is_reported_and_kept(stage: Decontaminate) -> None:
    out = measured(stage, docs(embedded(LAW, "zh"), article("zh")))
    assert out["contamination"].to_list() == [0.0, 0.0]
    (match,) = json.loads(out["contamination_evidence"][0])
    assert (match["item"], match["part"]) == ("law-1", "context")
    assert out["contamination_evidence"][1] is None


def test_a_document_without_text_is_not_measured_and_so_not_waved_through(stage: Decontaminate) -> None:
    out = measured(stage, docs(None, article("en")))
    assert out["contamination"].to_list() == [None, 0.0]
    kept, _, verdicts = remove(out, stage.name, stage.rules)
    assert kept["doc_id"].to_list() == ["1"]
    assert verdicts["evidence"].to_list() == ["not measured"]


def test_an_empty_batch_is_measured(stage: Decontaminate) -> None:
    assert measured(stage, docs()).columns == [*docs().columns, *stage.writes]


def test_the_evidence_quotes_no_more_matches_than_asked_the_best_first_and_names_all_that_count(tmp_path: Path) -> None:
    both = embedded(f"{QUESTION_EN[:110]}\n{QUESTION_ZH}\n{LAW[:-8]}", "zh")
    listed = [json.loads(made(tmp_path, most=most)(docs(both))["contamination_evidence"][0]) for most in (1, 2, 3)]
    assert [match["item"] for match in listed[2]] == ["zh-1", "law-1", "en-1"]
    assert [match["item"] for match in listed[0]] == ["zh-1", "en-1"]
    assert listed[0][0] == listed[2][0]
    last = {**listed[2][2], "span": None, "says": None}
    assert listed[0][1] == listed[1][2] == last


def test_it_keeps_the_contract_of_a_stage_and_travels_to_workers(stage: Decontaminate) -> None:
    assert isinstance(stage, Stage)
    assert assets_of(stage) == (stage.index,)
    again = pickle.loads(pickle.dumps(stage))
    assert again == stage
    assert again(docs(QUESTION_ZH)).equals(stage(docs(QUESTION_ZH)))


def test_the_settings_of_a_recipe_hold_the_digest_of_the_index_and_nothing_of_the_machine(tmp_path: Path) -> None:
    stage = made(tmp_path)
    assert str(tmp_path) not in json.dumps(settings(stage))
    assert stage.index.sha256 in json.dumps(settings(stage))


def test_an_index_that_changed_under_a_recipe_is_refused(stage: Decontaminate) -> None:
    stage.index.path.write_bytes(stage.index.path.read_bytes() + b"x")
    with pytest.raises(AssetChanged):
        Decontaminate(index=Asset(stage.index.path, "1" * 64))(docs(QUESTION_ZH))


def test_the_index_of_a_folder_is_made_once_and_anew_when_an_item_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "quiz.jsonl").write_text(json.dumps(ITEMS[0]))
    first, second = (Decontaminate.of(str(tmp_path / "quiz.jsonl")).index for _ in range(2))
    assert first == second
    assert first.path.is_relative_to(tmp_path / "cache")
    (tmp_path / "quiz.jsonl").write_text(json.dumps(ITEMS[1]))
    third = Decontaminate.of(tmp_path / "quiz.jsonl").index
    assert third.path != first.path
    assert third.sha256 != first.sha256


def test_a_kept_index_that_was_damaged_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "quiz.jsonl").write_text(json.dumps(ITEMS[0]))
    path = Decontaminate.of(tmp_path / "quiz.jsonl").index.path
    whole = path.read_bytes()
    for damaged in (whole[:-9], b"", bytes([*whole[:-1], whole[-1] ^ 1])):
        path.unlink()  # as a file of its own: the one that is read is mapped
        path.write_bytes(damaged)
        assert Decontaminate.of(tmp_path / "quiz.jsonl").index.path == path
        assert path.read_bytes() == whole


def test_a_given_place_is_written_anew(tmp_path: Path) -> None:
    before = made(tmp_path).index
    (tmp_path / "benchmarks" / "items.jsonl").write_text(json.dumps(ITEMS[0]))
    after = Decontaminate.of(tmp_path / "benchmarks", before.path).index
    assert after.path == before.path
    assert after.sha256 != before.sha256
    assert sorted(path.name for path in tmp_path.iterdir()) == ["benchmarks", "benchmarks.index"]


def test_a_folder_without_benchmarks_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(BenchmarksRefused, match="no benchmark items found"):
        Decontaminate.of(tmp_path)


def test_items_that_can_not_be_noticed_and_records_without_one_are_warned_of(tmp_path: Path) -> None:
    rows = [*ITEMS, {"id": "short", "question": "为什么？"}, {"id": "none"}]
    (tmp_path / "quiz.jsonl").write_text("\n".join(map(json.dumps, rows)))
    said = r"quiz\.jsonl: 4 items; 1 of them too short.*; 1 records passed over.*quiz\.jsonl#4: no question"
    with pytest.warns(NotCheckable, match=said):
        Decontaminate.of(tmp_path / "quiz.jsonl", tmp_path / "quiz.index")


@pytest.mark.parametrize("options", [{"limit": 1.5}, {"report": 0.9}, {"report": 0.0}, {"most": 0}])
def test_limits_that_make_no_sense_are_refused(tmp_path: Path, options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="0 < report <= limit <= 1"):
        made(tmp_path, **options)


def test_evidence_is_a_row_for_each_match_with_the_matched_text(stage: Decontaminate) -> None:
    text = embedded(f"{QUESTION_ZH}\n\n{article('en')}\n\n{QUESTION_EN}", "zh")
    table = evidence(measured(stage, docs(article("zh"), text, embedded(LAW, "zh"), None)))
    assert table.schema == EVIDENCE
    assert table.select("doc_id", "origin_id", "benchmark", "item", "part", "span").rows() == [
        ("1", "origin-1", "quiz", "en-1", "question", QUESTION_EN.strip("?")),
        ("1", "origin-1", "quiz", "zh-1", "question", QUESTION_ZH.strip("？")),
        ("2", "origin-2", "exam", "law-1", "context", LAW.strip("。")),
    ]


def test_evidence_is_read_from_verdicts_too_and_passes_over_what_was_not_measured(stage: Decontaminate) -> None:
    texts = (embedded(QUESTION_ZH, "zh"), None, embedded(LAW, "zh"))
    kept, _, verdicts = remove(measured(stage, docs(*texts)), stage.name, stage.rules)
    both = [verdicts.rename({"evidence": "contamination_evidence"}), kept]
    table = evidence(pl.concat([one.select("doc_id", "origin_id", "contamination_evidence") for one in both]))
    assert table.select("doc_id", "item").rows() == [("0", "zh-1"), ("2", "law-1")]


def test_evidence_of_clean_documents_is_an_empty_table(stage: Decontaminate) -> None:
    table = evidence(measured(stage, docs(article("zh"))))
    assert table.is_empty()
    assert table.schema == EVIDENCE
