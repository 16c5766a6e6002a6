"""datasketch reads a version's signatures as its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from datasketch import LeanMinHash, MinHash, MinHashLSH

from curate.dedup.arrays import ArraysAltered
from curate.dedup.export import ExportExists, export, lean
from curate.dedup.links import CJK
from curate.dedup.stored import Stored
from curate.document import doc_id
from curate.kernels.shingles import shingles
from curate.kernels.tokens import tokens
from curate.publish.withdraw import withdraw
from tests.dedup.grown import directly, fresh, twin

ROWS = [*fresh("base", 12), *(twin(row, "t") for row in fresh("base", 12))]


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return directly(tmp_path_factory.mktemp("v") / "medical-1", ROWS)


def theirs(text: str) -> MinHash:
    """datasketch's own signature, of the text's shingles."""
    found = MinHash(128, scheme="affine32", hashfunc=int)
    found.update_batch(shingles(tokens(pl.Series([text]), split=CJK), 5).elements.tolist())
    return found


@pytest.mark.parametrize("name", ["out.npz", "folder"])
def test_exported_signatures_give_the_similarities_that_datasketch_computes(
    version: Path, tmp_path: Path, name: str
) -> None:
    assert export(Stored.of_version(version), tmp_path / name) == 24
    if name.endswith(".npz"):
        loaded = np.load(tmp_path / name, allow_pickle=False)
        ids, values = loaded["doc_ids"], loaded["signatures"]
    else:
        ids, values = (np.load(tmp_path / name / part) for part in ("doc_ids.npy", "signatures.npy"))
    ours = {identity.decode(): LeanMinHash(seed=1, hashvalues=row, scheme="affine32")
            for identity, row in zip(ids, values, strict=True)}  # fmt: skip
    for row in ROWS[:12]:
        one, other = (next(r for r in ROWS if r["id"] == name) for name in (row["id"], f"t-{row['id']}"))
        found = ours[doc_id("pages", one["id"])].jaccard(ours[doc_id("pages", other["id"])])
        assert found == theirs(one["text"]).jaccard(theirs(other["text"])) > 0.6
    with pytest.raises(ExportExists):
        export(Stored.of_version(version), tmp_path / name)


@pytest.mark.parametrize("name", ["out.npz", "folder"])
def test_of_an_index_that_was_altered_nothing_is_left(version: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(version, tmp_path / "v")
    (path,) = (tmp_path / "v" / "signatures" / "blocks").glob("*.signatures.npy")
    path.chmod(0o644)
    path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(ArraysAltered, match=r"signatures\.npy"):
        export(Stored.of_version(tmp_path / "v"), tmp_path / "out" / name)
    assert list((tmp_path / "out").iterdir()) == []


def test_its_index_takes_them_and_finds_the_twins_and_nothing_that_was_withdrawn(version: Path, tmp_path: Path) -> None:
    withdraw(version, ["base-0"], "quality", tmp_path / "v2")
    found = MinHashLSH(params=(20, 6), num_perm=128)
    for identity, signature in lean(Stored.of_version(tmp_path / "v2")):
        found.insert(identity, signature)
    assert len(found.keys) == 23 and doc_id("pages", "base-0") not in found.keys
    assert doc_id("pages", "base-1") in found.query(LeanMinHash(theirs(ROWS[13]["text"])))
