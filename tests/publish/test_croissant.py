"""Other programs read a version: Croissant's own reader, `datasets` by configurations, polars, DuckDB."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from curate.engine import Inline
from curate.publish.croissant import croissant
from curate.publish.place import domain_of, parts_of
from curate.publish.settings import Version
from curate.publish.version import publish
from tests.mix import kept

VERSION = Version(
    name="medical",
    number="1.2.0",
    date="2026-11-22",
    title="Medical, 中文 and English",
    license="CC-BY-4.0",
    known_limits=("Small.",),
    personal_data=("Names of authors of public notices are left.",),
    description="Real pages, 真实的网页。",
)
FACTS: dict[str, Any] = {
    "recipe": {"stages": [{"is": "Length", "name": "length", "version": 3}]},
    "funnel": [{"stage": "length", "removed": 12, "reasons": "too_short 12"}],
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("v")
    docs = pl.concat([kept.documents(), kept.documents("dialogue")], how="diagonal_relaxed")
    docs = docs.with_columns(
        pl.when(pl.col("lang") == "zh").then(pl.lit("医学")).otherwise(pl.lit("medicine")).alias("domain")
    )
    publish(VERSION, kept.shards(folder / "kept", docs, [50]), None, str(folder / "v"), FACTS, Inline())
    return folder / "v"


def manifest_of(folder: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    return said


def test_mlcroissant_finds_no_fault_and_reads_every_document(published: Path) -> None:
    mlcroissant = pytest.importorskip("mlcroissant")
    dataset = mlcroissant.Dataset(jsonld=str(published / "croissant.json"))
    assert dataset.metadata.issues.errors == set() == dataset.metadata.issues.warnings
    metadata = dataset.metadata
    assert (metadata.name, metadata.version) == ("medical", "1.2.0")
    assert metadata.license == ["https://spdx.org/licenses/CC-BY-4.0.html"]
    written = {row["doc_id"]: row["text"] for row in pl.read_parquet(published / "data" / "*.parquet").to_dicts()}
    read = {
        record["train/doc_id"].decode(): record["train/text"].decode() for record in dataset.records(record_set="train")
    }
    assert read == written
    turns = [record["train/messages"] for record in dataset.records(record_set="train")]
    said = [turn["train/messages/role"] for one in turns for turn in one or []]
    assert said.count(b"user") > 5 and said.count(b"assistant") > 5


def test_the_metadata_says_files_columns_licence_and_what_is_known_of_responsibility(published: Path) -> None:
    said, manifest = json.loads((published / "croissant.json").read_bytes()), manifest_of(published)
    files = {one["contentUrl"]: one for one in said["distribution"] if one["@type"] == "cr:FileObject"}
    assert {path: one["sha256"] for path, one in files.items()} == {
        path: one["sha256"] for path, one in manifest["files"].items() if path.startswith("data/")
    }
    assert {field["name"] for field in said["recordSet"][0]["field"]} == set(manifest["schema"])
    assert "http://mlcommons.org/croissant/1.1" in said["conformsTo"]
    assert said["rai:dataLimitations"] == ["Small."] and "length" in said["rai:dataPreprocessingProtocol"][0]
    assert said["rai:personalSensitiveInformation"] == ["Names of authors of public notices are left."]
    assert said["rai:dataManipulationProtocol"] == ["length: too_short 12 (12 removed)"]
    silent = json.loads(croissant(Version(name="v", title="V"), {**manifest, "funnel": [], "recipe": None}))
    assert not {"rai:dataLimitations", "rai:personalSensitiveInformation"} & set(silent)


def test_each_domain_is_a_configuration_with_its_own_documents(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    front = yaml.safe_load((published / "README.md").read_text("utf-8").split("---\n")[1])
    chinese = domain_of("医学", "general")
    assert [one["config_name"] for one in front["configs"]] == ["default", *sorted(["medicine", chinese])]
    docs = pl.read_parquet(published / "data" / "*.parquet")
    for config, some in (("default", docs), (chinese, docs.filter(pl.col("domain") == "医学"))):
        loaded = datasets.load_dataset(str(published), config, split="train", cache_dir=str(tmp_path / "cache"))
        assert set(loaded["doc_id"]) == set(some["doc_id"]) and len(loaded) == some.height
        info = next(one for one in front["dataset_info"] if one["config_name"] == config)
        assert info["splits"][0]["num_examples"] == some.height and info["download_size"] > 0


def test_duckdb_and_polars_read_the_same_rows(published: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    pattern = str(published / "data" / "*.parquet")
    rows = duckdb.sql(f"select doc_id, text, len(messages) from read_parquet('{pattern}') order by doc_id").fetchall()
    docs = pl.read_parquet(pattern).sort("doc_id")
    lengths = docs["messages"].list.len().to_list()
    assert [(row[0], row[1]) for row in rows] == docs.select("doc_id", "text").rows()
    assert [row[2] for row in rows] == lengths and any(lengths)


def test_names_of_domains_are_safe_and_never_two_alike() -> None:
    assert domain_of("medicine", "domain") == "medicine" and domain_of(None, "general") == "general"
    odd = ["医学", "法律", "a/b", "a b", "A_b", "../x", "a-b", "", "x" * 200]
    names = [domain_of(one or None, "general") for one in odd]
    assert len(set(names)) == len(odd) and all(name.replace("_", "").isalnum() and name.isascii() for name in names)
    many = [(f"trade{number}", "domain") for number in range(65)]
    assert [part.domain for part in parts_of(many)] == ["domain", "domain"]
