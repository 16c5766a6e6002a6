"""Ray clusters of several nodes, one of which is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from tests import faults

pytestmark = pytest.mark.slow

RECIPE = """
import time
from dataclasses import dataclass

import polars as pl

from curate.recipe import Recipe, Source


@dataclass(frozen=True, kw_only=True)
class Works:
    name: str = "works"
    version = 1
    reads = {"text": pl.String()}
    writes = {"worked": pl.Int64()}
    rules = ()

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        end = time.process_time() + 0.7
        while time.process_time() < end:
            pass
        return docs.with_columns(pl.lit(1, pl.Int64).alias("worked"))


recipe = Recipe(
    name="cluster",
    sources=tuple(Source(name=f"s{number}", path=f"in/{number}") for number in range(12)),
    stages=(Works(),),
)
"""


def test_a_lost_node_costs_no_document(tmp_path: Path) -> None:
    from ray.cluster_utils import Cluster

    for number in range(12):
        faults.corpus(tmp_path / "in" / str(number), 20, 1, role=f"s{number}")
    (tmp_path / "recipe.py").write_text(RECIPE)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        lost = cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        out = tmp_path / "run"
        run = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "curate",
                "run",
                str(tmp_path / "recipe.py"),
                "--out",
                str(out),
                "--ray",
                cluster.address,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        )
        chains = out / "commits" / "2-chain"
        deadline = time.monotonic() + 120
        while len(list(chains.glob("*.json"))) < 2 and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)  # until the moment to strike
        assert run.poll() is None
        cluster.remove_node(lost, allow_graceful=False)
        _, said = run.communicate(timeout=240)
        assert run.returncode == 0, said.decode()
    finally:
        cluster.shutdown()
    kept = pl.concat([pl.read_parquet(file) for file in sorted((out / "kept").glob("*.parquet"))])
    assert kept.height == kept["doc_id"].n_unique() == 240
    assert pl.read_parquet(out / "quarantine" / "*.parquet").height == 0
