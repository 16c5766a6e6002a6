"""A version grows by additions: files of the parent are linked, new documents are compared with what it stores."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from curate.audit.why import why
from curate.dedup.arrays import ArraysAltered
from curate.dedup.exact import ExactDedup
from curate.dedup.index import SignaturesRefused
from curate.dedup.known import Known
from curate.dedup.lines import LineDedup
from curate.dedup.minhash import MinHashDedup
from curate.dedup.near import alike, candidates, likeness_of
from curate.dedup.stored import Stored
from curate.engine import on_ray
from curate.mix.settings import Mix
from curate.publish.manifest import VersionAltered
from curate.publish.parent import CannotExtend
from curate.publish.verify import verify
from curate.publish.version import NothingToPublish
from curate.recipe import check
from curate.stage import AssetChanged
from curate.stages.heuristics.length import Length
from curate.stages.normalize import Normalize
from curate.stages.split import Split
from tests.dedup.grown import directly, fresh, held, published, recipe, twin, verdicts
from tests.mix import kept
from tests.mix.test_mix_build import Backwards, Repeating, bytes_of

ROWS = fresh("base", 60)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(tmp_path_factory.mktemp("base") / "medical-1", ROWS)


def test_a_version_stores_the_signatures_of_its_documents_in_plain_arrays(base: Path) -> None:
    manifest, stored = verify(base), Stored.of_version(base)
    docs = pl.read_parquet(base / "data" / "*.parquet")
    assert stored.index.documents == docs.height == manifest["rows"]["train"] == 60
    assert stored.doc_ids(np.arange(60)) == docs["doc_id"].to_list()
    for path in (base / "signatures").rglob("*.npy"):
        assert f"signatures/{path.relative_to(base / 'signatures')}" in manifest["files"]
        np.load(path, allow_pickle=False)


def test_a_version_without_signatures_or_without_minhash_stores_none(tmp_path: Path) -> None:
    one = recipe(tmp_path / "one", ROWS[:4])
    assert one.version is not None
    silent = replace(one.version, signatures=False)
    for name, wishes in (("a", {"version": silent}), ("b", {"stages": (ExactDedup(),)})):
        version = published(tmp_path / name, ROWS[:4], **wishes)
        assert not (version / "signatures").exists()
        with pytest.raises(SignaturesRefused, match="stores no signatures"):
            Known.of(version)


def test_an_extended_version_holds_the_parents_files_and_the_new_documents(base: Path, tmp_path: Path) -> None:
    more = [*fresh("more", 20), *(twin(row, "twin") for row in ROWS[:10]), *ROWS[20:25]]
    child = published(tmp_path / "medical-2", more, extends=base)
    manifest, parent = verify(child), verify(base)
    assert held(child) == {row["id"] for row in (*ROWS, *fresh("more", 20))}
    for name, said in parent["files"].items():
        if name.startswith(("data/", "signatures/blocks/")):
            assert manifest["files"][name] == said
            assert (child / name).stat().st_ino == (base / name).stat().st_ino
    assert manifest["parents"] == [parent["digest"]] and manifest["rows"] == {"train": 80}
    assert json.loads((child / "parents" / f"{parent['digest'][:16]}.json").read_bytes()) == parent
    reasons = dict(verdicts(child).group_by("reason").len().rows())
    assert reasons == {"known_id": 5, "known_near_duplicate": 15}
    assert str(base) not in json.dumps(manifest)


def test_why_shows_a_known_document_beside_the_stored_one(base: Path, tmp_path: Path) -> None:
    child = published(tmp_path / "medical-2", [ROWS[1], twin(ROWS[3], "t"), *fresh("more", 3)], extends=base)
    told = why(str(child.parent), "t-base-3")
    assert "which is in version medical-1" in told and ROWS[3]["text"][:20] in told and "no longer holds" not in told
    again = why(str(child.parent), "base-1")
    assert again.count("kept instead") == 1 and "removed later" not in again


def test_counts_of_an_extended_version_are_those_of_its_documents(base: Path, tmp_path: Path) -> None:
    child = published(tmp_path / "medical-2", fresh("more", 21), extends=base)
    manifest, docs = verify(child), pl.read_parquet(child / "data" / "*.parquet")
    assert manifest["characters"] == docs["text"].str.len_chars().sum()
    assert manifest["languages"] == dict(docs.group_by("lang").len().sort("lang").rows())
    assert sum(source["documents"] for source in manifest["sources"]) == docs.height == 81


def test_datasets_reads_all_files_of_an_extended_version(base: Path, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    child = published(tmp_path / "medical-2", fresh("more", 5), extends=base)
    loaded = datasets.load_dataset(str(child), split="train", cache_dir=str(tmp_path / "cache"))
    assert set(loaded["origin_id"]) == held(child) and len(loaded) == 65


def test_additions_one_by_one_hold_what_one_addition_of_all_holds(base: Path, tmp_path: Path) -> None:
    parts = [[*fresh(f"part{number}", 6), *(twin(row, f"twin{number}") for row in ROWS[number::20])]
             for number in range(4)]  # fmt: skip
    grown = base
    for number, part in enumerate(parts):
        grown = published(tmp_path / f"step-{number}", part, extends=grown)
    at_once = published(tmp_path / "at-once", [row for part in parts for row in part], extends=base)
    assert held(grown) == held(at_once) and len(held(grown)) == 60 + 24
    one, other = verify(grown), verify(at_once)
    assert [one[name] for name in ("rows", "characters", "languages", "sources")] == [
        other[name] for name in ("rows", "characters", "languages", "sources")
    ]


def test_twenty_additions_leave_few_runs_with_the_answers_of_one(tmp_path: Path) -> None:
    grown, everything = directly(tmp_path / "v", ROWS), list(ROWS)
    for number in range(20):
        rows = fresh(f"step{number}", 3)
        everything += rows
        grown = directly(tmp_path / f"v-{number}", rows, extends=grown)
    verify(grown)
    whole = Stored.of_version(directly(tmp_path / "whole", everything))
    many = Stored.of_version(grown)
    assert len(many.index.blocks) == 21 and len(many.index.runs) <= 1 + np.log2(20) and len(many.index.ids) <= 5
    texts = pl.Series([twin(row, "probe")["text"] for row in everything])

    def answers(stored: Stored) -> set[tuple[int, str, float]]:
        found = likeness_of(texts, stored.parameters)
        left, numbers = candidates(stored, found)
        like = alike(stored, found, left, numbers)
        return set(zip(left.tolist(), stored.doc_ids(numbers), like.tolist(), strict=True))

    assert answers(many) == answers(whole) and len(answers(many)) >= len(everything)


@pytest.mark.parametrize("engine", [Backwards(), Repeating()], ids=["backwards", "repeating"])
def test_the_bytes_of_a_grown_version_are_the_same_for_any_engine(
    base: Path, tmp_path: Path, engine: Backwards | Repeating
) -> None:
    more = [*fresh("more", 12), *(twin(row, "twin") for row in ROWS[:6])]
    one = published(tmp_path / "a" / "medical-2", more, extends=base)
    again = published(tmp_path / "b" / "medical-2", more, extends=base, engine=engine)
    ours, theirs = bytes_of(one), bytes_of(again)
    assert {name for name in ours if ours[name] != theirs.get(name)} <= {"manifest.json"}  # the recipe names its path


KILLED = """
import os, sys
from pathlib import Path
import curate.publish.signed as signed
from tests.dedup.grown import directly, fresh, published

def dies(*args, **more):
    os.kill(os.getpid(), 9)

signed._sealed = dies
published(Path(sys.argv[2]), fresh("more", 8), extends=Path(sys.argv[1]))
"""


def test_a_kill_while_a_version_grows_leaves_nothing_half_made(base: Path, tmp_path: Path) -> None:
    before = bytes_of(base)
    place = tmp_path / "medical-2"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(base), str(place)], check=False, capture_output=True)
    assert killed.returncode == -9, killed.stderr
    assert not (tmp_path / "medical-2.run" / "version").exists() and bytes_of(base) == before
    child = published(place, fresh("more", 8), extends=base)
    verify(child)
    assert [path.name for path in child.parent.iterdir() if "partial" in path.name] == []


def copied(base: Path, folder: Path) -> Path:
    shutil.copytree(base, folder / "copy")
    for path in (folder / "copy").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder / "copy"


def lose_a_run(copy: Path) -> None:
    next((copy / "signatures" / "runs").iterdir()).unlink()


def shorten_a_block(copy: Path) -> None:
    path = next((copy / "signatures" / "blocks").glob("*.signatures.npy"))
    path.write_bytes(path.read_bytes()[:-4])


def rename_the_format(copy: Path) -> None:
    path = copy / "signatures" / "index.json"
    path.write_text(path.read_text().replace("curate-signatures-1", "curate-signatures-9"))


@pytest.mark.parametrize("damage", [lose_a_run, shorten_a_block, rename_the_format])
def test_a_damaged_parent_is_refused_with_the_file_named(
    base: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    copy = copied(base, tmp_path)
    wishes = recipe(tmp_path / "medical-2", fresh("more", 3), extends=copy)
    damage(copy)
    with pytest.raises((VersionAltered, SignaturesRefused, AssetChanged), match="signatures/"):
        check(wishes)
    with pytest.raises(VersionAltered, match="signatures/"):
        verify(copy)
    with pytest.raises((ArraysAltered, SignaturesRefused), match="signatures/"):
        Known.of(copy)


def test_one_altered_bit_of_an_array_is_found_by_verify(base: Path, tmp_path: Path) -> None:
    copy = copied(base, tmp_path)
    for path in sorted((copy / "signatures").rglob("*.npy")):
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        with pytest.raises(VersionAltered, match=path.name):
            verify(copy)
        data[-1] ^= 1
        path.write_bytes(data)
    verify(copy)


def test_what_would_not_fit_the_parent_is_refused(base: Path, tmp_path: Path) -> None:
    rows = fresh("more", 4)
    known = Known.of(base)
    with pytest.raises(CannotExtend, match="no stage compares with it"):
        check(recipe(tmp_path / "a", rows, extends=base, stages=(ExactDedup(), MinHashDedup())))
    with pytest.raises(CannotExtend, match=r"threshold is 0\.7, medical-1 .* was made with 0\.8"):
        check(recipe(tmp_path / "b", rows, extends=base, stages=(known, ExactDedup(), MinHashDedup(threshold=0.7))))
    mix = Mix(stage="pt", tokenizer=kept.tokenizer(tmp_path))
    with pytest.raises(CannotExtend, match="has a mix"):
        check(recipe(tmp_path / "c", rows, extends=base, mix=mix))
    with pytest.raises(CannotExtend, match="column 'chars' is not there"):
        check(recipe(tmp_path / "d", rows, extends=base, stages=(Length(), known, ExactDedup(), MinHashDedup())))
    with pytest.raises(CannotExtend, match="column 'copies_before' is Int64, of the new documents it is not there"):
        check(recipe(tmp_path / "g", rows, extends=base, stages=(known, MinHashDedup())))
    for late in (Normalize(), LineDedup(), Split()):
        with pytest.raises(CannotExtend, match=f"stage {late.name} changes texts behind Known, .* put Known behind it"):
            check(recipe(tmp_path / late.name, rows, extends=base, stages=(known, late, ExactDedup(), MinHashDedup())))
    with pytest.raises(NothingToPublish, match="documents that it does not hold"):
        published(tmp_path / "e", ROWS[:5], extends=base)
    with pytest.raises(VersionAltered, match="is not a published version"):
        check(recipe(tmp_path / "f", rows, stages=(known,), version=replace_extends(tmp_path)))


def replace_extends(folder: Path) -> object:
    from curate.publish.settings import Version

    return Version(name="f", title="F", extends=str(folder / "nothing"))


def test_a_document_that_is_there_already_is_never_added(tmp_path: Path) -> None:
    base = directly(tmp_path / "v", ROWS[:8])
    with pytest.raises(CannotExtend, match=r"is in v .* already, and so are 1 more"):
        directly(tmp_path / "w", [*fresh("more", 3), *ROWS[2:4]], extends=base)
    assert not (tmp_path / "w").exists()


def test_kernels_that_read_texts_otherwise_are_refused(base: Path, tmp_path: Path) -> None:
    copy = copied(base, tmp_path)
    path = copy / "signatures" / "index.json"
    said = json.loads(path.read_bytes())
    path.write_text(json.dumps({**said, "kernel": "0" * 32}))
    with pytest.raises(SignaturesRefused, match="fold or hash texts otherwise"):
        Known.of(copy)


def test_workers_make_the_same_version_as_one_process(base: Path, tmp_path: Path) -> None:
    more = [*fresh("more", 12), *(twin(row, "twin") for row in ROWS[:6])]
    alone = published(tmp_path / "medical-2", more, extends=base)
    shutil.move(tmp_path / "medical-2.run", tmp_path / "alone")
    with on_ray(cpus=2) as engine:
        shared = published(tmp_path / "medical-2", more, extends=base, engine=engine)
    assert bytes_of(shared) == bytes_of(tmp_path / "alone" / alone.name)
