from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from curate.document import COLUMNS
from curate.engine import Inline
from curate.mix.build import build
from curate.mix.settings import Mix
from curate.publish import place
from curate.publish.place import NotTheMix
from curate.publish.settings import Version
from curate.publish.verify import verify
from curate.publish.version import NothingToPublish, VersionExists, publish
from tests.mix import kept
from tests.mix.test_mix_build import Backwards, Repeating, bytes_of

VERSION = Version(name="medical-1", title="Medical, 中文 and English", license="CC-BY-4.0", known_limits=("Small.",))
FACTS: dict[str, Any] = {
    "recipe": {"name": "medical", "stages": [{"is": "Length", "name": "length", "version": 3}]},
    "funnel": [{"stage": "length", "reason": "too_short", "removed": 12}],
    "versions": {"polars": "2.1.0"},
}


def mixed(folder: Path, kind: str = "prose", **wishes: Any) -> tuple[list[str], str]:
    shards = kept.shards(folder / "kept", kept.documents(kind), [30, 31])
    mix = Mix(tokenizer=kept.tokenizer(folder), stage="pt" if kind == "prose" else "sft", held_out=0.05, **wishes)
    build(mix, shards, str(folder / "mix"), Inline())
    return shards, str(folder / "mix")


def test_a_version_holds_the_documents_of_the_mix_and_no_others(tmp_path: Path) -> None:
    shards, mix = mixed(tmp_path)
    manifest = publish(VERSION, shards, mix, str(tmp_path / "v"), FACTS, Inline())
    docs = kept.docs_of(Path(mix))
    for split in ("train", "validation"):
        found = pl.read_parquet(tmp_path / "v" / "data" / f"{split}-*.parquet")
        members = docs.filter(pl.col("split") == split)
        assert sorted(found["doc_id"]) == sorted(members["doc_id"])
        assert found["tokens"].sum() == members["length"].sum()
        original = kept.documents().filter(pl.col("doc_id").is_in(members["doc_id"].to_list())).sort("doc_id")
        assert found.select(original.columns).sort("doc_id").equals(original)
        assert manifest["rows"][split] == members.height
    train = pl.read_parquet(tmp_path / "v" / "data" / "train-*.parquet")
    share = train.filter(pl.col("role") == "domain")["tokens"].sum() / train["tokens"].sum()
    assert sorted(train["channel"].unique()) == ["eips", "history", "medquad", "poetry", "toyhom"]
    assert manifest["mix"]["realised"] == round(share, 6) <= 0.12
    assert manifest["tokens"]["train"]["toyhom"] == train.filter(pl.col("channel") == "toyhom")["tokens"].sum()


def test_without_a_mix_all_kept_documents_are_published(tmp_path: Path) -> None:
    shards = kept.shards(tmp_path / "kept", kept.documents(), [3])
    manifest = publish(VERSION, shards, None, str(tmp_path / "v"), FACTS, Inline())
    docs = pl.read_parquet(tmp_path / "v" / "data" / "*.parquet")
    assert docs.height == manifest["rows"]["train"] == kept.documents().height
    assert docs["channel"].equals(docs["role"].alias("channel")) and docs["tokens"].null_count() == docs.height
    assert manifest["tokens"] == {} and manifest["mix"] is None


def test_the_schema_is_the_contract_without_raw_bytes_and_the_measures_by_name(tmp_path: Path) -> None:
    docs = kept.documents().with_columns(pl.lit(None, pl.Binary).alias("raw"), pl.lit(0.5).alias("a_measure"))
    publish(VERSION, kept.shards(tmp_path / "kept", docs, []), None, str(tmp_path / "v"), FACTS, Inline())
    schema = pl.read_parquet_schema(next((tmp_path / "v" / "data").iterdir()))
    assert list(schema) == [*COLUMNS, "channel", "tokens", "a_measure", "chars", "quality_score"]


@pytest.mark.parametrize("kind", ["prose", "dialogue"])
def test_the_bytes_are_the_same_for_any_sharding_order_and_engine(tmp_path: Path, kind: str) -> None:
    shards, mix = mixed(tmp_path, kind)
    publish(VERSION, shards, mix, str(tmp_path / "a"), FACTS, Inline())
    shuffled = kept.documents(kind).sample(fraction=1, shuffle=True, seed=3)
    others = kept.shards(tmp_path / "others", shuffled, [0, 5, 6, 60])
    publish(VERSION, others[::-1], mix, str(tmp_path / "b"), FACTS, Backwards())
    publish(VERSION, shards, mix, str(tmp_path / "c"), FACTS, Repeating())
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b") == bytes_of(tmp_path / "c")


def test_many_files_are_placed_by_the_prefix_of_the_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "FILE", 20_000)
    docs = kept.documents()
    manifest = publish(VERSION, kept.shards(tmp_path / "kept", docs, [50]), None, str(tmp_path / "v"), FACTS, Inline())
    paths = sorted((tmp_path / "v" / "data").iterdir())
    assert len(paths) == 6 and paths[0].name == "train-general-00000-of-00004.parquet"
    for number, path in enumerate(paths[:4]):
        assert {int(name[0], 16) // 4 for name in pl.read_parquet(path)["doc_id"]} <= {number}
    assert sum(file["rows"] or 0 for file in manifest["files"].values()) == docs.height
    # A document less changes the file that held it, and no other.
    gone = pl.read_parquet(paths[1])["doc_id"][0]
    fewer = kept.shards(tmp_path / "fewer", docs.filter(pl.col("doc_id") != gone), [])
    other = publish(VERSION, fewer, None, str(tmp_path / "w"), FACTS, Inline())
    changed = {path for path, file in manifest["files"].items() if file != other["files"][path]}
    assert changed == {"README.md", "croissant.json", f"data/{paths[1].name}"}


def test_text_that_compresses_to_nothing_is_sent_again_in_more_partitions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "FILE", 500_000)
    docs = kept.documents().with_columns(pl.lit("重复 the same " * 5000).alias("text"))
    shards = kept.shards(tmp_path / "kept", docs, [50])
    assert sum(Path(path).stat().st_size for path in shards) * 8 < 500_000
    manifest = publish(VERSION, shards, None, str(tmp_path / "v"), FACTS, Inline())
    sizes = docs.group_by("role").agg(pl.col("text").str.len_bytes().sum())["text"]
    assert len(manifest["files"]) == 2 + sum(map(place.files_for, sizes)) > 8
    assert manifest["rows"]["train"] == docs.height
    verify(tmp_path / "v")


def test_the_same_version_again_is_left_as_it_is_and_another_is_refused(tmp_path: Path) -> None:
    shards, mix = mixed(tmp_path)
    first = publish(VERSION, shards, mix, str(tmp_path / "v"), FACTS, Inline())
    before = bytes_of(tmp_path / "v")
    assert publish(VERSION, shards, mix, str(tmp_path / "v"), FACTS, Inline()) == first
    with pytest.raises(VersionExists, match="a version never changes"):
        publish(VERSION, shards, None, str(tmp_path / "v"), FACTS, Inline())
    assert bytes_of(tmp_path / "v") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "mix", "tokenizer.json", "v"]
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("mine")
    with pytest.raises(VersionExists, match="is no version"):
        publish(VERSION, shards, mix, str(tmp_path / "taken"), FACTS, Inline())


def test_published_files_are_read_only(tmp_path: Path) -> None:
    publish(VERSION, kept.shards(tmp_path / "kept", kept.documents(), []), None, str(tmp_path / "v"), FACTS, Inline())
    for path in (tmp_path / "v").rglob("*"):
        assert path.is_dir() or stat.S_IMODE(path.stat().st_mode) == 0o444


def test_the_manifest_says_how_the_version_was_made_and_nothing_of_the_machine(tmp_path: Path) -> None:
    shards, mix = mixed(tmp_path)
    manifest = publish(VERSION, shards, mix, str(tmp_path / "v"), FACTS, Inline())
    assert manifest == json.loads((tmp_path / "v" / "manifest.json").read_bytes())
    assert manifest["recipe"] == FACTS["recipe"] and manifest["versions"] == FACTS["versions"]
    assert manifest["mix"]["tokenizer"] == kept.tokenizer(tmp_path).sha256 and manifest["mix"]["seed"] == 0
    assert str(tmp_path) not in (tmp_path / "v" / "manifest.json").read_text("utf-8")
    assert sum(source["documents"] for source in manifest["sources"]) == sum(manifest["rows"].values())


def test_facts_that_would_overwrite_what_was_counted_are_refused(tmp_path: Path) -> None:
    shards = kept.shards(tmp_path / "kept", kept.documents(), [])
    with pytest.raises(ValueError, match="facts name 'rows'"):
        publish(VERSION, shards, None, str(tmp_path / "v"), {"rows": 1}, Inline())


def test_documents_that_are_not_those_of_the_mix_are_refused(tmp_path: Path) -> None:
    shards, mix = mixed(tmp_path)
    with pytest.raises(NotTheMix, match="mix the documents that are kept now"):
        publish(VERSION, shards[1:], mix, str(tmp_path / "v"), FACTS, Inline())
    changed = kept.documents().with_columns(pl.lit("0" * 32).alias("content_hash"))
    with pytest.raises(NothingToPublish, match="belongs to the mix"):
        publish(VERSION, kept.shards(tmp_path / "c", changed, []), mix, str(tmp_path / "v"), FACTS, Inline())
    with pytest.raises(NotTheMix, match="kept twice"):
        publish(VERSION, shards * 2, mix, str(tmp_path / "v"), FACTS, Inline())
    assert not (tmp_path / "v").exists()


def test_shards_whose_measures_differ_make_no_version(tmp_path: Path) -> None:
    one, other = kept.documents()[:50], kept.documents()[50:].with_columns(pl.lit("high").alias("chars"))
    shards = [*kept.shards(tmp_path / "a", one, []), *kept.shards(tmp_path / "b", other, [])]
    with pytest.raises(ValueError, match="column 'chars'"):
        publish(VERSION, shards, None, str(tmp_path / "v"), FACTS, Inline())


def test_an_empty_shard_is_nothing_and_nothing_is_no_version(tmp_path: Path) -> None:
    shards = kept.shards(tmp_path / "kept", kept.documents(), [0])
    assert pl.read_parquet(shards[0]).height == 0
    assert publish(VERSION, shards, None, str(tmp_path / "v"), FACTS, Inline())["rows"] == {"train": 96}
    with pytest.raises(NothingToPublish, match="no kept documents"):
        publish(VERSION, shards[:1], None, str(tmp_path / "w"), FACTS, Inline())
