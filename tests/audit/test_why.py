"""`why` finds a document by any of its names or by its words, in a run and in a version, and tells its whole life."""

import json
import os
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from curate.audit import keys
from curate.audit.why import NotInRun, why
from curate.dedup.exact import ExactDedup
from curate.engine import Inline
from curate.job import run
from curate.mix.reader import MixReader
from curate.mix.settings import Mix
from curate.progress import Lines
from curate.publish.settings import Version
from curate.recipe import Recipe, RecipeRefused, Source
from curate.replay import replay
from curate.stage import Asset
from curate.stages.heuristics.length import Length
from curate.stages.normalize import Normalize
from tests import faults

ROOT = Path(__file__).parent.parent.parent
LANGS = pytest.mark.parametrize("lang", ["zh", "en"])


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's directory, with a mix and a version: texts of both languages and roles, and one short one."""
    folder = tmp_path_factory.mktemp("why")
    for role in ("domain", "general"):
        rows = [
            {
                "id": f"{role}-{lang}-{number}",
                "text": f"\u200b{faults.sentence(lang, number + (500 if role == 'domain' else 0), 400)}",
                "url": f"https://{lang}.example.cn/{role}/{number}?token=geheim",
            }
            for lang in ("zh", "en")
            for number in range(40)
        ]
        rows += [{"id": f"{role}-short", "text": "短", "url": "https://example.cn/short"}]
        faults.write(folder / f"{role}.jsonl", rows)
    with open(os.devnull, "w") as quiet:
        run(recipe_of(folder), str(folder / "run"), Inline(), Lines(quiet))
    return folder / "run"


def recipe_of(folder: Path) -> Recipe:
    return Recipe(
        name="why",
        sources=tuple(
            Source(name=role, path=str(folder / f"{role}.jsonl"), role=role, key="id", license="MIT")
            for role in ("domain", "general")
        ),
        stages=(Normalize(), Length(), ExactDedup()),
        mix=Mix(tokenizer=Asset.of(ROOT / "data_samples/tokenizer/tokenizer.json"), row_length=64, held_out=0.05),
        version=Version(name="why-1", title="Why", license="MIT", description="Made by a test."),
    )


def kept(run_: Path) -> pl.DataFrame:
    return pl.read_parquet(sorted((run_ / "kept").glob("*.parquet")))


@LANGS
@pytest.mark.parametrize("name", ["doc_id", "origin_id", "url", "locator", "content_hash"])
def test_a_document_is_found_by_each_of_its_names(carried: Path, name: str, lang: str) -> None:
    row = kept(carried).filter(pl.col("origin_id") == f"domain-{lang}-7").row(0, named=True)
    assert why(str(carried), row[name]).startswith(f"kept: {row['doc_id']}")


@LANGS
def test_a_document_is_found_by_words_of_its_text(carried: Path, lang: str) -> None:
    row = kept(carried).filter(pl.col("origin_id") == f"general-{lang}-9").row(0, named=True)
    assert f"kept: {row['doc_id']}" in why(str(carried), row["text"][40:90])


def test_what_each_stage_measured_and_changed_stands_beside_its_limit(carried: Path) -> None:
    lines = why(str(carried), "domain-zh-7").splitlines()
    length = next(line for line in lines if line.startswith("  length "))
    assert "text_bytes" in length and "at least 50" in length
    row = kept(carried).filter(pl.col("origin_id") == "domain-zh-7").row(0, named=True)
    cut, added = row["normalize_cut"], row["normalize_added"]
    assert cut and f"  normalize         changed: {cut} characters cut, {added} added" in lines


def test_secrets_in_addresses_are_not_shown(carried: Path) -> None:
    assert "geheim" not in why(str(carried), "domain-zh-7")


def test_the_rows_that_are_named_hold_the_document(carried: Path) -> None:
    reader = MixReader(carried / "mix")
    holds: dict[str, set[int]] = {}
    for place in range(len(reader)):
        row = reader.row(place)
        for document in {int(one) for one in row.documents if one >= 0}:
            holds.setdefault(reader.doc_id(row.channel, document), set()).add(place)
    assert len(holds) > 20
    for doc_id, rows in holds.items():
        line = next(line for line in why(str(carried), doc_id).splitlines() if line.startswith("mix: "))
        named = line[line.index("in rows ") + 8 : line.index(" of ")]
        if " and " not in named:
            assert {int(one) for one in named.split(", ")} == rows
    unused = set(kept(carried)["doc_id"]) - set(holds)
    assert any("validation" in why(str(carried), doc_id) for doc_id in unused)


def test_a_removed_document_tells_how_far_it_came(carried: Path) -> None:
    told = why(str(carried), "domain-short")
    assert "removed:" in told and "too_short: text_bytes is 3, the limit is 50" in told
    assert "measures, as far as it came:" in told


def test_many_documents_of_one_address_are_not_all_printed(carried: Path) -> None:
    told = why(str(carried), "https://example.cn/short")
    assert told.count("removed:") == 2


def test_a_version_tells_what_it_holds(carried: Path) -> None:
    version = carried / "version"
    there = pl.read_parquet(sorted((version / "data").rglob("*.parquet")))
    row = there.row(0, named=True)
    for key in (row["doc_id"], row["url"], row["text"][10:60]):
        told = why(str(version), key)
        assert f"in version why-1: {row['doc_id']}" in told and "geheim" not in told
    with pytest.raises(NotInRun, match="no document of the version"):
        why(str(version), "f" * 32)


@pytest.mark.parametrize("key", ["f" * 32, "https://example.cn/none", "本句不在任何文档之中呀", "x"])
def test_what_is_not_there_is_refused(carried: Path, key: str) -> None:
    with pytest.raises(NotInRun, match="no document of"):
        why(str(carried), key)


def test_a_folder_that_is_neither_run_nor_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotInRun, match=r"no run .* and no version"):
        why(str(tmp_path), "x")


def test_a_table_that_changed_is_indexed_anew(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    path = tmp_path / "kept" / "a.parquet"
    for names in (["one", "two"], ["two", "six"]):
        pl.DataFrame({"doc_id": names, "text": ["t", "t"]}).write_parquet(path)
        for name in ("one", "two", "six"):
            found = keys.find(str(tmp_path), "kept", name, ["doc_id"])
            assert found is not None and found["doc_id"].to_list() == [name] * (name in names)


def test_every_row_of_a_large_table_is_found_and_a_damaged_key_file_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    names = [f"document {number}" for number in range(30_000)]
    addresses = [f"https://example.cn/{number // 3}" for number in range(30_000)]
    table = pl.DataFrame({"doc_id": names, "url": addresses})
    table.write_parquet(tmp_path / "kept" / "a.parquet", row_group_size=1000)
    for number in (0, 1, 14_999, 15_000, 29_999):
        found = keys.find(str(tmp_path), "kept", names[number], ["doc_id"])
        assert found is not None and found["doc_id"].to_list() == [names[number]]
        same = keys.find(str(tmp_path), "kept", addresses[number], ["doc_id", "url"])
        assert same is not None and same["doc_id"].to_list() == table.filter(url=addresses[number])["doc_id"].to_list()
        by_id = keys.find(str(tmp_path), "kept", addresses[number], ["doc_id"])
        assert by_id is not None and by_id.height == 0  # the name of another kind
    file = tmp_path / "keys" / "kept" / "a.parquet.keys"
    file.write_bytes(file.read_bytes()[:1000])
    found = keys.find(str(tmp_path), "kept", "document 777", ["doc_id"])
    assert found is not None and found.height == 1 and file.stat().st_size > 100_000


def test_a_run_without_rules_told_is_shown_with_its_measures(carried: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "run.json").write_text(json.dumps({}))
    for path in (carried / "kept").glob("*.parquet"):
        (tmp_path / "kept" / path.name).write_bytes(path.read_bytes())
    assert "text_bytes" in why(str(tmp_path), "domain-zh-7")


@LANGS
def test_a_document_is_read_again_and_taken_through_the_stages(carried: Path, lang: str) -> None:
    told = replay(str(carried), recipe_of(carried.parent), f"domain-{lang}-7", 100)
    doc_id = kept(carried).filter(pl.col("origin_id") == f"domain-{lang}-7")["doc_id"][0]
    assert told.startswith(f"{doc_id}, read again from domain.jsonl#")
    places = [told.index(f"\n{name}:") for name in ("normalize", "length", "exact_dedup")]
    assert places == sorted(places)
    changed, length, _ = places
    assert "\\x200b" in told[changed:length]


def test_a_removed_document_is_removed_again(carried: Path) -> None:
    told = replay(str(carried), recipe_of(carried.parent), "domain-short", 100)
    assert "removes it, too_short: 3, the limit is 50" in told and "exact_dedup" not in told


def test_another_recipe_or_a_source_that_changed_is_refused(carried: Path, tmp_path: Path) -> None:
    recipe = recipe_of(carried.parent)
    with pytest.raises(RecipeRefused, match="another or with other settings"):
        replay(str(carried), replace(recipe, stages=(Normalize(), Length(low=9), ExactDedup())), "domain-zh-7")
    for role in ("domain", "general"):
        faults.write(tmp_path / f"{role}.jsonl", [{"id": "new", "text": "新的文本"}])
    with pytest.raises(NotInRun, match="no longer holds"):
        replay(str(carried), replace(recipe, sources=recipe_of(tmp_path).sources), "domain-zh-7")
