"""A version grows by additions: files of the parent are linked, new documents are compared with what it stores."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from curate.dedup.stored import Stored
from curate.publish.manifest import verify
from tests.dedup.grown import fresh, held, published, twin, verdicts


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(tmp_path_factory.mktemp("base") / "medical-1", fresh("base", 60))


def test_a_version_stores_the_signatures_of_its_documents(base: Path) -> None:
    manifest = verify(base)
    stored = Stored.of_version(base)
    assert stored.index.documents == manifest["rows"]["train"] == 60
    docs = pl.read_parquet(base / "data" / "*.parquet")
    assert stored.doc_ids(pl.Series(range(60), dtype=pl.Int64).to_numpy()) == docs["doc_id"].to_list()


def test_an_extended_version_holds_the_parents_files_and_the_new_documents(base: Path, tmp_path: Path) -> None:
    rows = fresh("base", 60)
    more = [*fresh("more", 20), *(twin(row, "twin") for row in rows[:10]), *rows[20:25]]
    child = published(tmp_path / "medical-2", more, extends=base)
    manifest, parent = verify(child), verify(base)
    assert held(child) == {row["id"] for row in (*rows, *fresh("more", 20))}
    for name, said in parent["files"].items():
        if name.startswith(("data/", "signatures/blocks/")):
            assert manifest["files"][name] == said
            assert (child / name).stat().st_ino == (base / name).stat().st_ino
    assert manifest["parents"] == [parent["digest"]] and manifest["rows"] == {"train": 80}
    reasons = verdicts(child).group_by("reason").len().sort("reason").rows()
    assert reasons == [("known_id", 5), ("known_near_duplicate", 15)]
