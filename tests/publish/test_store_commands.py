"""The commands about stores, on disk and on S3: from documents to a published, checked-out, patched version."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from curate import files
from curate.cli import main
from curate.publish.address import held, located
from curate.publish.keep import keep
from curate.publish.store import Store
from curate.publish.verify import verify, verify_store
from curate.recipe import Recipe, RecipeRefused, stored
from tests import faults
from tests.dedup.grown import directly, fresh, published, recipe, twin
from tests.publish import fakes

ROWS = fresh("base", 24)


def called(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return directly(tmp_path_factory.mktemp("v") / "medical", ROWS)


@pytest.fixture(params=["disk", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "store") if request.param == "disk" else f"{request.getfixturevalue('bucket')}/versions"


def test_a_version_is_published_listed_shown_verified_and_checked_out(folder: Path, place: str, tmp_path: Path) -> None:
    done = called("publish", str(folder), "--store", place, "--as", "1.0.0")
    assert done.exit_code == 0 and "medical@1.0.0 published" in done.output, done.output
    assert "there already, the very same" in called("publish", str(folder), "--store", place, "--as", "1.0.0").output
    assert called("tag", f"{place}/medical@1.0.0", "paper").exit_code == 0
    assert called("tag", f"{place}/medical@1.0.0", "1.0.1").exit_code == 2
    ignored = called("publish", str(folder), "--store", place, "--as", "1.0.1", "--license", "MIT")
    assert ignored.exit_code == 2 and "has the licence of its recipe" in ignored.output
    listed = called("versions", place).output
    assert "medical@1.0.0  24 documents" in listed and "latest" in listed and "medical@paper = 1.0.0" in listed
    assert len(json.loads(called("versions", place, "--json").output)) == 2
    shown = called("show", f"{place}/medical@paper").output
    assert "documents  train 24" in shown and "data/train-general-00000-of-00001.parquet" in shown
    assert "all is what it was" in called("verify", place).output
    assert "1 versions" in called("verify", f"{place}/medical@latest").output
    said = called("checkout", f"{place}/medical@1.0.0", str(tmp_path / "out"), "--dry-run").output
    assert ("hard links" in said) is (not place.startswith("s3")) and not (tmp_path / "out").exists()
    assert called("checkout", f"{place}/medical@1.0.0", str(tmp_path / "out")).exit_code == 0
    assert verify(tmp_path / "out")["number"] == "1.0.0"
    dry = called("push", f"{place}/medical@1.0.0", "me/medical", "--dry-run")
    assert dry.exit_code == 0 and "then tag v1.0.0" in dry.output


def test_withdrawing_from_a_stored_version_shares_all_but_what_held_the_document(
    folder: Path, place: str, tmp_path: Path
) -> None:
    called("publish", str(folder), "--store", place, "--as", "1.0.0")
    at = f"{place}/medical@1.0.0"
    done = called("withdraw", at, "base-3", "--reason", "takedown", "--as", "1.0.1", "--note", "asked for")
    assert done.exit_code == 0 and "1 documents withdrawn, 23 left: medical@1.0.1" in done.output, done.output
    before, after = held(at).manifest, held(f"{place}/medical@latest").manifest
    changed = {name for name in after["files"] if before["files"].get(name) != after["files"][name]}
    described = {"README.md", "croissant.json", "signatures/index.json", "signatures/withdrawn.json"}
    assert changed - described == {"data/train-general-00000-of-00001.parquet", f"parents/{before['digest'][:16]}.json"}
    assert verify_store(Store.open(place)).faults == []
    called("checkout", f"{place}/medical@1.0.1", str(tmp_path / "out"))
    assert "base-3" not in set(pl.read_parquet(tmp_path / "out" / "data" / "*.parquet")["origin_id"])
    told = called("diff", at, f"{place}/medical@1.0.1").output
    assert "withdrawn: takedown" in told and "as 1.1.0" in told  # one of 24 is more than 1 %
    refused = called("withdraw", at, "nobody", "--reason", "other", "--as", "1.0.2")
    assert refused.exit_code == 2 and "no document has the doc_id, origin_id or url" in refused.output
    assert called("withdraw", at, "base-4", "--reason", "other").exit_code == 2
    taken = called("withdraw", at, "base-4", "--reason", "other", "--as", "1.0.1")
    assert taken.exit_code == 2 and "has a medical@1.0.1 already" in taken.output


def test_signatures_of_a_stored_version_are_used_by_its_address_on_disk(folder: Path, tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    called("publish", str(folder), "--store", store, "--as", "1.0.0")
    new = str(faults.write(tmp_path / "new.jsonl", [twin(ROWS[2], "twin")]))
    assert "1 with something similar" in called("similar", f"{store}/medical@latest", new).output
    assert called("signatures", f"{store}/medical@1.0.0", "--out", str(tmp_path / "s.npz")).exit_code == 0


def test_a_stored_version_is_extended_and_the_next_one_shares_its_files(tmp_path: Path) -> None:
    store = tmp_path / "store"
    first = published(tmp_path / "medical-1", ROWS)
    keep(first, str(store), "medical", "1.0.0")
    parent = located(f"{store}/medical@1.0.0")
    child = published(tmp_path / "medical-2", [*fresh("more", 6), *ROWS[:3]], extends=parent)
    done = keep(child, str(store), "medical", "1.1.0")
    data = [name for name in done.manifest["files"] if name.startswith("data/")]
    assert len(data) == 2 and done.put.shared >= 6 and done.manifest["rows"] == {"train": 30}
    assert held(f"{store}/medical@1.0.0").manifest["digest"] in done.manifest["parents"]


def test_a_run_puts_its_version_into_the_store_that_the_command_names(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    faults.write(tmp_path / "pages" / "rows.jsonl", ROWS[:8])
    (tmp_path / "recipe.py").write_text(
        "from curate.publish.settings import Version\nfrom curate.recipe import Recipe, Source\n"
        "recipe = Recipe(name='r', sources=(Source(name='pages', path='pages', key='id', license='MIT'),),\n"
        "                version=Version(name='medical', title='Medical', license='MIT'))\n"
    )
    run = ("run", str(tmp_path / "recipe.py"), "--out", str(tmp_path / "run"), "--inline")
    refused = called(*run, "--store", str(tmp_path / "store"))
    assert refused.exit_code == 2 and "has a number: give --as 1.0.0" in refused.output
    for _ in range(2):  # the second goes on where the first ended
        done = called(*run, "--store", str(tmp_path / "store"), "--as", "1.0.0")
        assert done.exit_code == 0 and "medical@1.0.0" in done.output, done.output
    manifest = held(f"{tmp_path}/store/medical@latest").manifest
    assert manifest == verify(tmp_path / "run" / "version") and str(tmp_path) not in json.dumps(manifest)
    assert manifest["run"] and manifest["environment"]["polars"] and manifest["benchmarks"] == []
    other = called(
        "publish", str(tmp_path / "run"), "--store", str(tmp_path / "store"), "--name", "two", "--as", "2.0.0"
    )
    assert other.exit_code == 0 and "(100.0 %" not in other.output and "two@2.0.0 published" in other.output


def test_a_run_without_a_version_is_published_of_what_it_kept(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    faults.write(tmp_path / "pages" / "rows.jsonl", ROWS[:8])
    (tmp_path / "recipe.py").write_text(
        "from curate.recipe import Recipe, Source\n"
        "recipe = Recipe(name='r', sources=(Source(name='pages', path='pages', key='id', license='MIT'),))\n"
    )
    assert called("run", str(tmp_path / "recipe.py"), "--out", str(tmp_path / "run"), "--inline").exit_code == 0
    publish = ("publish", str(tmp_path / "run"), "--store", str(tmp_path / "store"), "--name", "kept", "--as", "1.0.0")
    refused = called(*publish)
    assert refused.exit_code == 2 and "published no version" in refused.output
    done = called(*publish, "--title", "Kept", "--license", "MIT", "--inline")
    assert done.exit_code == 0, done.output
    manifest = held(f"{tmp_path}/store/kept@1.0.0").manifest
    assert manifest["rows"] == {"train": 8} and manifest["funnel"][0]["stage"] == "read"
    nothing = called("publish", str(tmp_path / "pages"), "--store", str(tmp_path / "store"), "--as", "1.0.0")
    assert nothing.exit_code == 2 and "neither a version" in nothing.output


def test_garbage_goes_when_it_is_told_to(place: str, tmp_path: Path) -> None:
    keep(fakes.version(tmp_path / "v", "a", files=2), place, "medical", "1.0.0")
    assert "0 files that no version reaches would be taken away" in called("gc", place, "--dry-run").output
    assert called("gc", place, "--grace", "soon").exit_code == 2
    assert called("gc", place, "--grace", "0").exit_code == 0


def test_a_fault_in_a_store_ends_with_code_2_and_is_named(place: str, tmp_path: Path) -> None:
    keep(fakes.version(tmp_path / "v", "a", files=2), place, "medical", "1.0.0")
    digest = held(f"{place}/medical@1.0.0").manifest["files"]["data/train-general-00001-of-00002.parquet"]["sha256"]
    shutil.rmtree(tmp_path / "v")
    files.delete(Store.open(place).object(digest))
    for what in (place, f"{place}/medical@1.0.0"):
        done = called("verify", what)
        assert done.exit_code == 2 and ": 1 fault\n" in done.output
        assert "is missing: it is data/train-general-00001-of-00002.parquet of medical@1.0.0" in done.output
    assert called("checkout", f"{place}/medical@1.0.0", str(tmp_path / "out")).exit_code == 2
    for command in (
        ("versions", str(tmp_path)),
        ("show", f"{place}/other@1.0.0"),
        ("gc", str(tmp_path)),
        ("verify", f"{place}/medical@9.9.9"),
        ("tag", place, "x"),
        ("tag", f"{place}/medical@1.0.0", "../x"),
        ("publish", str(tmp_path), "--store", place, "--as", "1.0.0"),
    ):
        done = called(*command)
        assert done.exit_code == 2 and "refused" in done.output, (command, done.output)


def test_a_recipe_names_its_store_and_number(tmp_path: Path) -> None:
    made = recipe(tmp_path / "one", ROWS[:2])
    said = stored(made, str(tmp_path / "store"), "1.2.3").version
    assert said is not None and (said.store, said.number) == (str(tmp_path / "store"), "1.2.3")
    with pytest.raises(RecipeRefused, match="MAJOR"):
        stored(made, str(tmp_path / "store"), "one")
    with pytest.raises(RecipeRefused, match="makes no version"):
        stored(Recipe(name="r", sources=()), "s3://b/x", "1.0.0")


def test_what_was_withdrawn_for_its_content_does_not_come_back_unasked(
    folder: Path, place: str, tmp_path: Path
) -> None:
    def published(number: str, *more: str) -> Result:
        return called("publish", str(folder), "--store", place, "--as", number, *more)

    assert published("1.0.0").exit_code == 0
    gone = called("withdraw", f"{place}/medical@1.0.0", "base-3", "--reason", "takedown", "--as", "1.0.1")
    assert gone.exit_code == 0, gone.output
    again = published("1.0.2")  # the same recipe run again holds it, as before
    assert again.exit_code == 2 and "would bring back" in again.output and "(takedown)" in again.output
    other = ("withdraw", f"{place}/medical@1.0.0", "base-4", "--reason", "quality", "--as", "1.0.2")
    assert called(*other).exit_code == 2  # made from the version before the withdrawal
    assert called(*other[:1], f"{place}/medical@1.0.1", *other[2:]).exit_code == 0
    assert published("1.0.0").exit_code == 0  # is there already
    assert published("1.0.3", "--readmit").exit_code == 0
    assert called("publish", str(folder), "--store", place, "--name", "law", "--as", "1.0.0").exit_code == 0
