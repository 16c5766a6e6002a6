from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from curate.engine import Inline
from curate.publish.manifest import VersionAltered
from curate.publish.settings import Version
from curate.publish.verify import verify
from curate.publish.version import publish
from tests.mix import kept


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("version")
    shards = kept.shards(folder / "kept", kept.documents(), [])
    publish(Version(name="v", title="V"), shards, None, str(folder / "v"), {}, Inline())
    return folder / "v"


def flip(path: Path, byte: int, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[byte] ^= 1 << bit
    path.chmod(0o644)
    path.write_bytes(data)


def copy_of(published: Path, folder: Path) -> Path:
    shutil.copytree(published, folder / "v")
    return folder / "v"


def test_an_untouched_version_verifies_wherever_it_was_copied(published: Path, tmp_path: Path) -> None:
    manifest = json.loads((published / "manifest.json").read_bytes())
    assert verify(published) == verify(copy_of(published, tmp_path)) == manifest


@pytest.mark.parametrize("name", ["README.md", "data/train-general-00000-of-00001.parquet", "manifest.json"])
@pytest.mark.parametrize("at", [0.0, 0.5, 0.999])
def test_one_altered_bit_is_found_and_the_file_is_named(published: Path, tmp_path: Path, name: str, at: float) -> None:
    copy = copy_of(published, tmp_path)
    flip(copy / name, int(at * (copy / name).stat().st_size), 2)
    with pytest.raises(VersionAltered, match=f"{Path(name).name} was altered"):
        verify(copy)


def lose(copy: Path) -> str:
    (copy / "data" / "train-general-00000-of-00001.parquet").unlink()
    return "train-general-00000-of-00001.parquet is missing"


def add(copy: Path) -> str:
    (copy / "data" / "more.parquet").write_bytes(b"")
    return "more.parquet was added"


def rewrite(copy: Path) -> str:
    """A hand that mends the sum in the manifest after it altered a file does not mend the manifest's own digest."""
    path = copy / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["name"] = "other"
    path.chmod(0o644)
    path.write_text(json.dumps(manifest, sort_keys=True, indent=2, ensure_ascii=False) + "\n")
    return "its own digest does not match"


def unname(copy: Path) -> str:
    (copy / "manifest.json").unlink()
    return "is not a published version"


@pytest.mark.parametrize("damage", [lose, add, rewrite, unname])
def test_other_damage_is_found_too(published: Path, tmp_path: Path, damage: Callable[[Path], str]) -> None:
    copy = copy_of(published, tmp_path)
    says = damage(copy)
    with pytest.raises(VersionAltered, match=says):
        verify(copy)
