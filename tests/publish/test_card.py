from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from curate.engine import Inline
from curate.mix.settings import Base, Shares
from curate.publish.card import size_category
from curate.publish.settings import Version
from curate.publish.version import publish
from tests.mix import kept
from tests.publish.test_publish import FACTS, VERSION, mixed


@pytest.fixture
def datasets(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(os.environ, "HF_HUB_OFFLINE", "1")
    return pytest.importorskip("datasets")


def front_matter(folder: Path) -> Any:
    return yaml.safe_load((folder / "README.md").read_text("utf-8").split("---\n")[1])


@pytest.mark.parametrize("kind", ["prose", "dialogue"])
def test_datasets_reads_the_folder_by_its_card(tmp_path: Path, kind: str, datasets: Any) -> None:
    shards, mix = mixed(tmp_path, kind)
    manifest = publish(VERSION, shards, mix, str(tmp_path / "v"), FACTS, Inline())
    loaded = datasets.load_dataset(str(tmp_path / "v"), cache_dir=str(tmp_path / "cache"))
    assert {split: loaded[split].num_rows for split in loaded} == manifest["rows"]
    written = {row["doc_id"]: row for row in kept.documents(kind).to_dicts()}
    for row in loaded["train"]:
        assert row["text"] == written[row["doc_id"]]["text"]
        assert row["messages"] == written[row["doc_id"]]["messages"]
        assert row["tokens"] > 0 and row["channel"] == row["source"]
    assert sorted(loaded["train"].column_names) == list(manifest["schema"])


def test_the_front_matter_says_what_the_hub_asks_for(tmp_path: Path) -> None:
    shards, mix = mixed(tmp_path)
    publish(VERSION, shards, mix, str(tmp_path / "v"), FACTS, Inline())
    said = front_matter(tmp_path / "v")
    assert said["pretty_name"] == "Medical, 中文 and English"
    assert said["license"] == "cc-by-4.0" and said["language"] == ["en", "zh"]
    assert said["size_categories"] == ["n<1K"] and said["task_categories"] == ["text-generation"]
    assert [file["split"] for file in said["configs"][0]["data_files"]] == ["train", "validation"]


def test_the_card_tells_the_base_model_the_shares_and_how_often_a_source_is_read(tmp_path: Path) -> None:
    base = Base("Qwen3-8B-Base", {"en": 0.6})
    shards, mix = mixed(
        tmp_path, shares=Shares(lang={"zh": 0.5}), weights={"poetry": 2.0, "history": 2.0, "eips": 2.0}, base=base
    )
    manifest = publish(VERSION, shards, mix, str(tmp_path / "v"), FACTS, Inline())
    card = (tmp_path / "v" / "README.md").read_text("utf-8")
    assert "presumed to have read: Qwen3-8B-Base: en 60 %." in card
    assert "By lang: zh" in card and "(50 % asked)" in card
    assert "| poetry.zh |" in card and " times |" in card
    assert manifest["mix"]["epochs"]["poetry.zh"] > 1


def test_the_card_tells_ratio_funnel_sources_and_limits(tmp_path: Path) -> None:
    shards, mix = mixed(tmp_path)
    publish(VERSION, shards, mix, str(tmp_path / "v"), FACTS, Inline())
    card = (tmp_path / "v" / "README.md").read_text("utf-8")
    assert "12 % domain was asked" in card and "General : domain is" in card
    assert "| length | too_short | 12 |" in card and "1. `length`, version 3" in card
    assert "| poetry | general | general | zh | prose | MIT |" in card
    assert "- Small." in card and "No licence is stated for history" in card


def test_what_comes_from_data_is_no_mark_up_in_the_card(tmp_path: Path, datasets: Any) -> None:
    evil = '</script><img src=x>\n---\nlicense: "mit"\n| a | b `'
    docs = kept.documents().with_columns(pl.lit(evil).alias("source"))
    version = Version(name="v", title='Of "quotes": and\n--- lines', license="Own terms, see below")
    shards = kept.shards(tmp_path / "kept", docs, [])
    publish(version, shards, None, str(tmp_path / "v"), {"funnel": [{"stage": evil}]}, Inline())
    card = (tmp_path / "v" / "README.md").read_text("utf-8")
    assert "<img" not in card and "</script" not in card and '\nlicense: "mit"' not in card
    said = front_matter(tmp_path / "v")
    assert said["license"] == "other" and said["license_name"] == "Own terms, see below"
    assert said["pretty_name"] == version.title
    loaded = datasets.load_dataset(str(tmp_path / "v"), split="train", cache_dir=str(tmp_path / "cache"))
    assert set(loaded["source"]) == {evil}


def test_polars_reads_a_version_as_one_table(tmp_path: Path) -> None:
    shards = kept.shards(tmp_path / "kept", kept.documents("dialogue"), [])
    publish(VERSION, shards, None, str(tmp_path / "v"), FACTS, Inline())
    docs = pl.read_parquet(tmp_path / "v" / "data" / "*.parquet")
    assert docs.select(kept.documents().columns).sort("doc_id").equals(kept.documents("dialogue").sort("doc_id"))


@pytest.mark.parametrize(
    ("rows", "category"), [(0, "n<1K"), (1000, "1K<n<10K"), (99_999, "10K<n<100K"), (10**12, "n>1T")]
)
def test_sizes_are_said_in_the_hubs_words(rows: int, category: str) -> None:
    assert size_category(rows) == category


@pytest.mark.parametrize("name", ["", "Medical", "a/b", "-a", "a" * 97, "a\n"])
def test_a_name_that_could_be_no_folder_or_repository_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="lower-case letters"):
        Version(name=name, title="T")


def test_a_version_without_a_title_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a title"):
        Version(name="a", title=" ")
