"""The shipped judge's folder: its card says what was measured, its noise is fair, its training comes out again."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "classifiers" / "quality"
SOURCE_DATA = ROOT.parent / "shared" / "data"
METRICS = json.loads((FOLDER / "metrics.json").read_text("utf-8"))
CARD = (FOLDER / "README.md").read_text("utf-8")
WORDS = {"en": ["river", "history", "method"], "zh": ["河流", "历史", "方法"]}

languages = pytest.mark.parametrize("lang", ["en", "zh"])


@pytest.fixture(scope="module")
def recipe() -> Iterator[dict[str, ModuleType]]:
    """The modules of the folder, which is on the path only while its own script runs."""
    import importlib

    names = ("boilerplate", "damage", "passages", "measure", "train")
    sys.path.insert(0, str(FOLDER))
    try:
        yield {name: importlib.import_module(name) for name in names}
    finally:
        sys.path.remove(str(FOLDER))
        for name in names:
            sys.modules.pop(name, None)


def test_the_metrics_are_those_of_the_model_beside_them() -> None:
    model = (FOLDER / "model.ftz").read_bytes()
    assert METRICS["model"] == hashlib.sha256(model).hexdigest()
    assert f"{len(model):,} bytes" in CARD
    assert len(model) < 2_000_000


@languages
def test_the_card_shows_the_figures_that_were_measured(lang: str) -> None:
    for name, row in METRICS[lang]["unseen"].items():
        assert f"| {name} | {row['texts']:,} | {row['lost']:.2%} | {row['passages_lost']:.2%} |" in CARD.replace(
            " %", "%"
        )
    assert f"(AUC {METRICS[lang]['auc']:.4f})" in CARD


@languages
def test_no_unseen_corpus_loses_more_than_one_document_in_a_hundred(lang: str) -> None:
    assert METRICS["threshold"] == 0.5
    corpora = {name: row for name, row in METRICS[lang]["unseen"].items() if not name.startswith("sft")}
    assert len(corpora) >= 3
    assert all(row["lost"] <= 0.01 for row in corpora.values())
    assert METRICS[lang]["auc"] >= 0.95


def test_it_learned_from_sources_that_its_card_names_with_a_licence_and_from_no_benchmark(recipe: Any) -> None:
    known = ("MedQuAD", "EIPs", "PEPs", "Standard Ebooks", "TAT-QA", "Toyhom", "Classical-Modern", "novel", "poetry")
    for name in known:
        assert re.search(rf"{name}.*\| [\d,]+ \| .*(CC0|CC BY|MIT|public domain)", CARD), name
    assert len(recipe["passages"].ORIGINS) == len(known)
    assert not [origin for origin in recipe["passages"].ORIGINS if "benchmarks" in origin.path]


@languages
def test_held_out_phrases_are_not_trained_on(recipe: Any, lang: str) -> None:
    boilerplate = recipe["boilerplate"]
    trained, kept = (
        {line for _, group in boilerplate.phrases(lang, WORDS[lang], held_out=held).groups for line in group}
        for held in (False, True)
    )
    assert not trained & kept
    assert 0.1 < len(kept) / len(trained | kept) < 0.25


@languages
def test_the_quickstart_s_boilerplate_is_not_among_the_phrases(recipe: Any, lang: str) -> None:
    trap = (ROOT / "data_samples" / "written" / f"boilerplate.{lang}.txt").read_text("utf-8")
    known = {line for held in (True, False) for _, group in
             recipe["boilerplate"].phrases(lang, WORDS[lang], held_out=held).groups for line in group}  # fmt: skip
    sentences = {
        part.strip() for part in re.split(r"[.。？?\n]", trap) if len(part.strip()) > (25 if lang == "en" else 12)
    }
    assert sentences
    assert not sentences & known


@languages
def test_every_blank_is_filled(recipe: Any, lang: str) -> None:
    boilerplate = recipe["boilerplate"]
    for some in (boilerplate.phrases(lang, WORDS[lang], held_out=False), boilerplate.sentences(lang, WORDS[lang])):
        for _, group in some.groups:
            for line in group:
                assert not re.search(r"\{(n|nn|word|city|name|site|date|time|year|price|brand|phone)\}",
                                     boilerplate.filled(line, some, Random(1)))  # fmt: skip


@languages
def test_noise_of_every_kind_is_the_same_each_time(recipe: Any, lang: str) -> None:
    some = recipe["boilerplate"].phrases(lang, WORDS[lang], held_out=False)
    clean = [("他在河边种了三十年的树。" if lang == "zh" else "He planted trees by the river for years. ") * 20] * 3
    one, two = (list(recipe["train"].noise(clean, some, 40)) for _ in range(2))
    assert one == two
    assert {kind for kind, _ in one} == {"page", "spam", "teasers", "keywords", "shuffled", "gibberish", "mojibake"}
    assert len({text for _, text in one}) == 40


@pytest.mark.slow
@pytest.mark.skipif(not SOURCE_DATA.is_dir(), reason="the source data is not at ../shared/data")
def test_the_model_is_trained_again_byte_for_byte(tmp_path: Path) -> None:
    script = [sys.executable, str(FOLDER / "train.py"), str(SOURCE_DATA), "--out", str(tmp_path)]
    subprocess.run(script, check=True, cwd=ROOT)
    assert (tmp_path / "model.ftz").read_bytes() == (FOLDER / "model.ftz").read_bytes()
    assert json.loads((tmp_path / "metrics.json").read_text("utf-8")) == METRICS
