"""Where a run is written and where it works: never over what it reads, and on a cluster that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.engine import NoSuchCluster, on_ray
from curate.recipe import RecipeRefused
from tests import faults
from tests.test_run import quietly, recipe_of


@pytest.mark.parametrize(
    "reads, out",
    [("in", "in/out"), ("in", "in"), ("in", "link/out"), ("in/**/*.jsonl", "in/out"), ("in/*.json*", "in"),
     ("*/*", "out"), ("out/kept", "out"), ("out/kept.parquet", "out")],
)  # fmt: skip
def test_a_run_that_would_read_what_it_writes_is_refused(tmp_path: Path, reads: str, out: str) -> None:
    faults.corpus(tmp_path / "in", 4, 1)
    (tmp_path / "link").symlink_to("in")
    quietly(recipe_of(tmp_path / "in"), tmp_path / "elsewhere")
    faults.corpus(tmp_path / "out" / "kept", 4, 1)
    (tmp_path / "elsewhere" / "kept" / "small-00000.parquet").rename(tmp_path / "out" / "kept.parquet")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RecipeRefused, match="would write there"):
        quietly(recipe_of(tmp_path / reads), tmp_path / out)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_run_beside_what_it_reads_is_not_refused(tmp_path: Path) -> None:
    faults.corpus(tmp_path, 4, 1)
    for out in ("out", ".hidden"):
        assert quietly(recipe_of(tmp_path / "*.jsonl"), tmp_path / out).kept == 4


def test_a_file_in_the_place_of_the_run_is_refused(tmp_path: Path) -> None:
    faults.corpus(tmp_path / "in", 4, 1)
    (tmp_path / "run").write_text("mine")
    with pytest.raises(RecipeRefused, match="run is a file; expected the folder"):
        quietly(recipe_of(tmp_path / "in"), tmp_path / "run")


@pytest.mark.parametrize("address", ["nonsense", "host:port"])
def test_what_is_no_address_of_a_cluster_is_refused(address: str) -> None:
    with pytest.raises(NoSuchCluster, match=f"--ray {address}: .*expected HOST:PORT or auto"), on_ray(address):
        raise AssertionError("there is no such cluster")
