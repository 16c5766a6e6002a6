"""The recipes that come with Curate, but for the quickstart, which has a file of its own."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from curate.document import COLUMNS
from curate.engine import Inline
from curate.job import run
from curate.progress import Lines
from curate.recipe import Recipe, check, load
from curate.stage import Stage, measured

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "data_samples"
SHARED = ROOT.parent / "shared" / "data"
TRADES = [f"{trade}_{stage}" for trade in ("medical", "law", "finance") for stage in ("pt", "sft")]


def test_dialogues_are_judged_and_mixed_half_and_half(tmp_path: Path) -> None:
    with Path(os.devnull).open("w") as nowhere:
        outcome = run(load(ROOT / "pipelines/dialogues.py"), str(tmp_path / "out"), Inline(), Lines(nowhere))
    verdicts = pl.read_parquet(tmp_path / "out/verdicts/*.parquet")
    assert outcome.read == 600
    assert outcome.kept > 0.95 * outcome.read
    assert "truncated_answer" in set(verdicts["reason"])
    report = json.loads((tmp_path / "out/mix/report.json").read_text("utf-8"))
    assert abs(report["general_per_domain"] - 1) < 0.02
    assert (tmp_path / "out/version/manifest.json").is_file()


def tree(root: Path) -> Path:
    """The pipelines in a tree of their own, whose data holds the benchmarks and the tokenizer of the samples."""
    shutil.copytree(ROOT / "pipelines", root / "pipelines", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "data").mkdir()
    for name in ("benchmarks", "tokenizer"):
        (root / "data" / name).symlink_to(SAMPLES / name)
    return root


def recipe_of(root: Path, name: str) -> Recipe:
    return load(tree(root) / "pipelines" / f"{name}.py")


def stage_of(recipe: Recipe, name: str) -> Stage:
    [found] = [stage for stage in recipe.stages if stage.name == name]
    assert isinstance(found, Stage)
    return found


@pytest.mark.parametrize("name", TRADES)
def test_recipes_of_the_trades_can_be_carried_out_where_their_files_are(tmp_path: Path, name: str) -> None:
    recipe = recipe_of(tmp_path, name)
    for source in recipe.sources:
        file = tmp_path / "pipelines" / source.path.replace("*", "part")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    check(recipe)
    assert {source.role for source in recipe.sources} == {"domain", "general"}
    assert recipe.mix is not None and recipe.version is not None
    assert recipe.mix.stage == name.rpartition("_")[2]


@pytest.mark.parametrize("name", ["law_pt", "medical_sft"])
def test_a_sample_of_the_real_sources_goes_through(tmp_path: Path, name: str) -> None:
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is missing: the sources of pipelines/shelf.py, which docs/pipelines.md names")
    recipe = recipe_of(tmp_path, name)
    for part in ("corpora", "sft"):
        (tmp_path / "data" / part).symlink_to(SHARED / part)
    few = tuple(replace(source, take=0.02) for source in recipe.sources)
    with Path(os.devnull).open("w") as nowhere:
        outcome = run(replace(recipe, sources=few), str(tmp_path / "out"), Inline(), Lines(nowhere))
    assert outcome.kept > 500  # read are all, and a fiftieth of them taken
    report = json.loads((tmp_path / "out/mix/report.json").read_text("utf-8"))
    assert report["roles"]["domain"]["documents"] > 0
    kept = pl.concat([pl.read_parquet(file, columns=["text"]) for file in (tmp_path / "out/kept").glob("*.parquet")])
    assert not kept["text"].str.contains("INFO END|第X条|please answer the medical questions based").any()
    assert (tmp_path / "out/version/manifest.json").is_file()


def test_of_a_statute_the_newest_day_of_its_head_is_its_date(tmp_path: Path) -> None:
    enacted = stage_of(recipe_of(tmp_path, "law_pt"), "enacted")
    head = "# 生产许可证管理条例\n\n2005年7月9日 国务院令第440号公布\n\n"
    texts = [
        f"{head}2023年7月20日 修订\n\n<!-- INFO END -->\n\n第一条 自2030年1月1日起施行。",
        f"{head}<!-- INFO END -->\n\n第一条 自2005年9月1日起施行。",
        "2005年7月9日的新闻。",
    ]
    docs = pl.DataFrame([{"doc_id": str(n), "text": text} for n, text in enumerate(texts)], schema=COLUMNS)
    assert measured(enacted, docs)["date"].to_list() == ["2023-07-20", "2005-07-09", None]


OLD = "水病之初，先目上肿起如老蚕，色侠头脉动，股里冷，胫中满，按之没指，腹内转侧有"


@pytest.mark.parametrize(
    ("source", "before", "after"),
    [
        ("eips", "---\neip: 20\ntitle: Tokens\nstatus: Final\n---\n\n## Abstract\nA.", "# Tokens\n\n## Abstract\nA."),
        ("eips", "---\neip: 6604\nstatus: Moved\n---\n\nThis file was moved to https://a.example/erc-6604.md", ""),
        ("market_daily", "---\na: b\n---\n\n涨。\n\n![i](data:image/png;base64,iV+/=)\n\n**免责声明：**参考。", "涨。"),
        ("lctt_zh", "[#]: author: (J)\n\n题\n======\n\n看 [它][3]。\n\n![图][1]\n\n[3]: https://a.b", "题\n\n看 它。"),
        ("prc_laws", "# 法\n\n<!-- INFO END -->\n\n第一条 甲。", "# 法\n\n第一条 甲。"),
        ("dc_law", "29A-1\nRepealed\nVoting.\nRepealed.\nJune 8, 1954, 68 Stat. 193", ""),
        ("tcm_books", f"<目录>卷四\n\n<篇名>水病\n\n属性：{OLD}\n节声，此也。", f"卷四\n\n水病\n\n{OLD}节声，此也。"),
        ("finance_news", "[[+_+]][[+_+]]方城县法院经审理查明。{IMG:3}", "方城县法院经审理查明。"),
        ("poetry", "[[+_+]]甲", "[[+_+]]甲"),
    ],
)  # fmt: skip
def test_what_a_source_carries_beside_its_texts_is_cut(tmp_path: Path, source: str, before: str, after: str) -> None:
    furniture = stage_of(recipe_of(tmp_path, "finance_pt"), "cut")
    docs = pl.DataFrame([{"doc_id": "0", "source": source, "text": before}], schema=COLUMNS)
    assert measured(furniture, docs)["text"].item() == after
