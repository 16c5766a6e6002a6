"""An index that was altered is refused, before anything is linked or written under its names."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curate.dedup.arrays import ArraysAltered
from curate.dedup.index import SignaturesRefused
from curate.dedup.stored import Stored
from curate.publish.withdraw import withdraw
from tests.dedup.grown import directly, fresh


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    withdraw(directly(folder / "medical-1", fresh("base", 12)), ["base-1"], "takedown", folder / "medical-2")
    return folder / "medical-2"


def altered(base: Path, folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """A copy whose index.json `change` altered."""
    shutil.copytree(base, folder / "v")
    path = folder / "v" / "signatures" / "index.json"
    said = json.loads(path.read_bytes())
    change(said)
    path.chmod(0o644)
    path.write_text(json.dumps(said))
    return folder / "v"


@pytest.mark.parametrize("part", ["blocks", "runs", "ids"])
@pytest.mark.parametrize("name", ["../../../stranger", "/etc/passwd", ".hidden", "a/b", ""])
def test_names_that_lead_out_of_the_folder_are_refused(base: Path, tmp_path: Path, part: str, name: str) -> None:
    with pytest.raises(SignaturesRefused, match="it was altered"):
        Stored.of_version(altered(base, tmp_path, lambda said: said[part][0].update(name=name)))


@pytest.mark.parametrize(
    "data", ["data/../../stranger.parquet", "/tmp/stranger.parquet", "elsewhere/a.parquet", "data/"]
)
def test_data_files_elsewhere_are_refused(base: Path, tmp_path: Path, data: str) -> None:
    with pytest.raises(SignaturesRefused, match="it was altered"):
        Stored.of_version(altered(base, tmp_path, lambda said: said["blocks"][0].update(data=data)))


def test_files_that_are_not_listed_or_belong_to_nothing_are_refused(base: Path, tmp_path: Path) -> None:
    def lose(said: dict[str, Any]) -> None:
        del said["files"]["withdrawn.json"]

    def add(said: dict[str, Any]) -> None:
        said["files"]["../../stranger"] = {"sha256": "", "bytes": 1}

    for number, change in enumerate((lose, add)):
        (tmp_path / str(number)).mkdir()
        with pytest.raises(SignaturesRefused, match="not those of its blocks and runs"):
            Stored.of_version(altered(base, tmp_path / str(number), change))


def test_tombstones_that_were_altered_are_not_believed(base: Path, tmp_path: Path) -> None:
    assert len(Stored.of_version(base).withdrawn) == 1
    version = altered(base, tmp_path, lambda said: None)
    path = version / "signatures" / "withdrawn.json"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b'"blocks": true', b'"blocks":false'))
    with pytest.raises(ArraysAltered, match=r"withdrawn\.json is not the file"):
        _ = Stored.of_version(version).withdrawn
