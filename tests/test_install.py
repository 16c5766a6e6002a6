"""What is installed: locked versions that name no machine, and a wheel that works without a checkout."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

from curate.shipped import shipped

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-test.lock")
TORCH_NEEDS = {
    *("filelock", "typing-extensions", "sympy", "mpmath", "networkx", "jinja2", "markupsafe", "fsspec", "setuptools"),
}


def locked(name: str) -> dict[str, str]:
    """Package -> version of a lock file."""
    lines = [line for line in (ROOT / name).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    pins = [re.fullmatch(r"([a-z0-9-]+)==([\w.+!]+)((?: --hash=sha256:[0-9a-f]{64})+)", line) for line in lines]
    assert all(pins), [line for line, pin in zip(lines, pins, strict=True) if not pin]
    return {pin[1]: pin[2] for pin in pins if pin}


def plain(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of this checkout."""
    copy, out = tmp_path_factory.mktemp("checkout") / "curate", tmp_path_factory.mktemp("dist")
    unwanted = shutil.ignore_patterns(".*", "build", "dist", "demo", "runs", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, copy, ignore=unwanted)
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(out)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(copy)], check=True)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin/ of an environment that has Curate from the wheel; other packages are taken from this one."""
    home = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    inside = next(home.glob("lib/python*/site-packages"))
    (inside / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    options = ["--quiet", "--no-deps", "--no-index", "--ignore-installed", "--no-compile"]
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(home / "bin/python"), "install", *options, str(wheel)], check=True
    )
    return home / "bin"


def test_lock_files_name_versions_and_hashes_and_nothing_of_a_machine() -> None:
    for name in LOCKS:
        assert locked(name)
        assert not re.search(r"/|\\|https?:|index|find-links", (ROOT / name).read_text(encoding="utf-8"))


def test_every_dependency_is_locked_once_torch_by_its_version_alone() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    runtime, test = (locked(name) for name in LOCKS)
    assert {plain(one) for one in project["dependencies"]} - set(runtime) == {"torch"}
    assert {plain(one) for one in project["optional-dependencies"]["test"]} <= set(runtime) | set(test)
    assert not set(runtime) & set(test)
    assert set(runtime) >= TORCH_NEEDS
    assert not [name for name in (*runtime, *test) if re.match(r"torch|nvidia|cuda|triton", name)]
    assert "torch==2.13.0" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_wheel_carries_judges_recipe_and_samples_and_one_import_name(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.split("/")[0] for name in names}
    assert len(tops) == 2
    assert "curate" in tops
    for folder in ("classifiers", "pipelines", "data_samples"):
        here = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*") if path.is_file()}
        here = {name for name in here if "__pycache__" not in name}
        assert here, folder
        assert {f"curate/_shipped/{name}" for name in here} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "curate/py.typed" in names
    assert {f"curate/kernels/opencc/{name}.txt" for name in ("TSCharacters", "LICENSE", "NOTICE")} <= names
    assert not [name for name in names if "__pycache__" in name]


def test_the_wheel_checks_its_quickstart_without_a_checkout(elsewhere: Path, tmp_path: Path) -> None:
    where = [str(elsewhere / "python"), "-c", "import curate.shipped as s; print(s.shipped('pipelines/quickstart.py'))"]
    recipe = subprocess.run(where, check=True, capture_output=True, text=True, cwd=tmp_path).stdout.strip()
    assert not Path(recipe).is_relative_to(ROOT)
    done = subprocess.run(
        [str(elsewhere / "curate"), "plan", recipe], check=False, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "near_duplicate" in done.stdout


@pytest.mark.slow
def test_the_demo_runs_from_the_wheel_without_a_checkout(elsewhere: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(elsewhere / "curate"), "demo"], check=False, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "demo/version/manifest.json").is_file()
    assert (tmp_path / "demo/train/model.safetensors").is_file()


@pytest.mark.slow
def test_make_demo_does_everything_on_a_clean_checkout(tmp_path: Path) -> None:
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(tmp_path / "fresh")], check=True)
    done = subprocess.run(
        ["make", "demo", f"PYTHON={sys.executable}"],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path / "fresh",
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "fresh/demo/version/manifest.json").is_file()


def test_what_comes_with_curate_is_found_and_what_does_not_is_named() -> None:
    assert shipped("data_samples/traps.jsonl").is_file()
    with pytest.raises(FileNotFoundError, match="classifiers/nobody"):
        shipped("classifiers/nobody")
