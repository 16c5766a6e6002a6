"""The shipped judge of domains: its card says what was measured, and its training comes out again."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from curate.classifier.judge import Judge
from curate.classifier.scores import Scores
from curate.stage import measured, remove
from tests.classifier.texts import REAL

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "classifiers" / "domain"
SOURCE_DATA = ROOT.parent / "shared" / "data"
METRICS = json.loads((FOLDER / "metrics.json").read_text("utf-8"))
CARD = (FOLDER / "README.md").read_text("utf-8")
DOMAINS = ("medical", "law", "finance", "general")

TEXTS = {  # written for this test; what they say is in none of the sentences that were trained on
    "medical en": "The patient was given antibiotics for pneumonia; her fever fell and the cough improved.",
    "law en": "The court granted the defendant's motion to dismiss because the plaintiff lacked standing to sue.",
    "finance en": "The central bank raised interest rates to curb inflation; bond yields climbed while shares fell.",
    "general en": "We carried the canoe around the rapids, pitched the tent and fried the fish that she had caught.",
    "medical zh": "患者因肺炎入院，给予抗生素静脉滴注，三天后体温恢复正常，咳嗽减轻，复查胸片好转。",
    "law zh": "法院认为原告没有提供充分证据，驳回其诉讼请求，案件受理费由原告负担，原告不服提起上诉。",
    "finance zh": "央行上调基准利率以抑制通胀，债券收益率走高，股市下跌，银行板块逆势上涨。",
    "general zh": "我们抬着小船绕过急流，在岸边支起帐篷，把她钓上来的两条鱼煎了吃，夜里听着水声睡着了。",
}


def test_the_metrics_and_the_facts_are_those_of_the_model_beside_them() -> None:
    model = (FOLDER / "model.ftz").read_bytes()
    digest = hashlib.sha256(model).hexdigest()
    assert METRICS["model"] == digest == json.loads((FOLDER / "judge.json").read_text("utf-8"))["model"]["sha256"]
    assert f"{len(model):,} bytes" in CARD
    assert len(model) < 3_000_000


@pytest.mark.parametrize("name", TEXTS)
def test_a_plain_text_of_a_domain_is_taken_for_it(name: str) -> None:
    domain = name.split(maxsplit=1)[0]
    found = {label: Scores.of(FOLDER, label)(pl.Series([TEXTS[name]]))[0] for label in DOMAINS}
    assert max(found, key=lambda label: found[label]) == domain, found


def test_the_stage_keeps_the_law_and_lets_the_rest_go() -> None:
    stage = Judge.of("classifiers/domain", "law", threshold=0.5)
    docs = pl.DataFrame({"doc_id": list(TEXTS), "text": list(TEXTS.values()), "lang": [name[-2:] for name in TEXTS]})
    kept = remove(measured(stage, docs), stage.name, stage.rules).kept
    assert kept["doc_id"].to_list() == ["law en", "law zh"]


def test_statutes_and_answers_of_doctors_written_for_other_tests_are_found() -> None:
    texts = pl.Series([REAL["en statute"], REAL["zh statute"], REAL["en answer"], REAL["zh answer"]])
    law, medical = Scores.of(FOLDER, "law")(texts), Scores.of(FOLDER, "medical")(texts)
    assert (law > medical).to_list() == [True, True, False, False]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_card_shows_the_figures_that_were_measured(lang: str) -> None:
    for label, row in METRICS["unseen"]["languages"][lang].items():
        cells = " | ".join(f"{row[key]:.3f}" for key in ("precision", "recall", "f1", "auc"))
        assert f"| {lang} | {label} | {row['documents']:,} | {cells} |" in CARD
    for name, row in METRICS["unseen"]["sources"].items():
        path, label, of = name.split()
        if of == lang:
            passages = METRICS["passages"]["sources"][name]["right"]
            assert f"| {path} | {label} | {row['documents']:,} | {row['right']:.1%} | {passages:.1%} |" in CARD


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_sources_held_out_are_told_apart_by_score(lang: str) -> None:
    aucs = {label: row["auc"] for label, row in METRICS["unseen"]["languages"][lang].items()}
    assert min(aucs.values()) > 0.95 and sorted(aucs.values())[1] > 0.98, aucs


@pytest.fixture(scope="module")
def recipe() -> Iterator[Any]:
    """The modules of the folder, which is on the path only while its own script runs."""
    import importlib

    sys.path.insert(0, str(FOLDER))
    try:
        yield {name: importlib.import_module(name) for name in ("sources", "sentences")}
    finally:
        sys.path.remove(str(FOLDER))
        for name in ("sources", "sentences"):
            sys.modules.pop(name, None)


def test_it_learned_from_sources_that_its_card_names_with_a_licence_and_from_no_benchmark(recipe: Any) -> None:
    for origin in recipe["sources"].TRAINED:
        assert re.search(rf"{origin.path}.*\| {re.escape(origin.licence)} \|", CARD), origin.path
        assert "benchmarks" not in origin.path
    trained = {origin.path for origin in recipe["sources"].TRAINED}
    held = {path for path, _, _ in (*recipe["sources"].READ, *recipe["sources"].UNREAD)}
    assert not trained & held


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("domain", DOMAINS)
def test_every_blank_of_the_sentences_is_filled_and_held_out_ones_stay_out(recipe: Any, domain: str, lang: str) -> None:
    kept, held = (recipe["sentences"].Written(domain, lang, held_out=held) for held in (False, True))
    passages = [kept.passage(family, number) for family in kept.kinds for number in range(20)]
    assert passages == [kept.passage(family, number) for family in kept.kinds for number in range(20)]
    assert not [text for text in passages if re.search(r"\{[A-Za-z]+\}", text)]
    lines, others = ({*one.glosses, *(line for _, some in one.groups for line in some)} for one in (kept, held))
    assert lines and others and not lines & others


def test_sources_whose_errors_were_read_are_not_called_unread(recipe: Any) -> None:
    read, unread = ({path for path, _, _ in recipe["sources"].READ}, {path for path, _, _ in recipe["sources"].UNREAD})
    labelled = {row["source"] for row in json.loads((FOLDER / "read.json").read_text("utf-8"))["texts"]}
    assert labelled <= read and not read & unread
    for path in (*read, *unread):
        said = "yes" if path in read else "no"
        assert re.search(rf"\| {re.escape(path)} \|.*\| {said} \|", CARD), path


@pytest.mark.slow
@pytest.mark.skipif(not SOURCE_DATA.is_dir(), reason="the source data is not at ../shared/data")
def test_the_model_is_trained_again_byte_for_byte(tmp_path: Path) -> None:
    script = [sys.executable, str(FOLDER / "train.py"), str(SOURCE_DATA), "--out", str(tmp_path)]
    subprocess.run(script, check=True, cwd=ROOT)
    for name in ("model.ftz", "judge.json", "metrics.json"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name
