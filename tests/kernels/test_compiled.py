"""Kernels are compiled once, and also where nothing can be written."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl

import curate
from curate.kernels import fingerprints, shingles, signatures, sketches, tokens
from curate.kernels.likeness import likeness
from curate.kernels.tokens import NEVER
from curate.kernels.utf8 import BLOCK

PACKAGE = Path(curate.__file__).parent


def kernels_of(tree: ast.Module) -> list[ast.FunctionDef]:
    return [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and any(ast.unparse(mark) == "kernel" for mark in node.decorator_list)
    ]


def test_a_kernel_calls_only_kernels_of_its_own_file() -> None:
    # The cache knows a kernel by the content of its file: it would go on with the old code of another file.
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}
    names = {node.name for tree in trees.values() for node in kernels_of(tree)}
    assert "_tokens" in names
    for path, tree in trees.items():
        here = kernels_of(tree)
        called = {
            ast.unparse(call.func).rsplit(".", 1)[-1]
            for function in here
            for call in ast.walk(function)
            if isinstance(call, ast.Call)
        }
        foreign = (called & names) - {function.name for function in here}
        assert not foreign, f"{path.name} calls {foreign}"


def test_every_kernel_is_compiled_for_one_set_of_types() -> None:
    # A second set of types, of a read-only array or of another integer, costs seconds in each process without a word.
    for texts in (["a", "中"], [], ["中 b" * 9], [None], ["ab", None]):
        column = pl.Series(texts, dtype=pl.String)
        for size in (4, BLOCK):
            for split in (0.1, NEVER):
                found = likeness(column, n=5, permutations=8, sketch=4, split=split, size=size)
            fingerprints.fingerprints(column, size=size)
        pairs = np.arange(len(column))
        sketches.similarities(found.sketches, found.sketches, pairs, pairs, 4)
        tokens.spaced(column[:1])
        tokens.tokens(column)
    for module in (fingerprints, shingles, signatures, sketches, tokens):
        kernels = [value for value in vars(module).values() if hasattr(value, "py_func")]
        assert kernels
        for one in kernels:
            assert len(one.signatures) <= 1, one.signatures


def test_a_read_only_install_without_a_home_compiles_in_the_process(tmp_path: Path) -> None:
    for name in ("compiled.py", "mine.py"):
        source = (PACKAGE / "kernels" / "compiled.py").read_text() if name == "compiled.py" else MINE
        (tmp_path / name).write_text(source)
    (tmp_path / "__pycache__").write_text("a file, where numba wants to make a folder")
    environment = {**os.environ, "HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null", "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-c", "import mine; print(mine.twice(21), mine.twice._cache.cache_path)"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "42 None\n", done.stderr


def test_likeness_is_measured_on_a_read_only_install_without_a_home(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE / "kernels", tmp_path / "curate" / "kernels", ignore=ignored)
    (tmp_path / "curate" / "__init__.py").touch()
    (tmp_path / "curate" / "kernels" / "__pycache__").write_text("a file, where numba wants to make a folder")
    environment = {**os.environ, "HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null", "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("NUMBA_CACHE_DIR", None)
    environment["NUMBA_OPT"] = "0"  # compiling takes half as long
    done = subprocess.run(
        [sys.executable, "-c", LIKENESS], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout == f"{tmp_path} [2] [6]\n", done.stderr


LIKENESS = """
from pathlib import Path
import polars as pl, curate
from curate.kernels.fingerprints import fingerprints
from curate.kernels.likeness import likeness
texts = pl.Series(["臺灣 and 台湾"])
found = likeness(texts, n=4, permutations=8, sketch=4)
print(Path(curate.__file__).parent.parent, (found.sketches.starts[1:]), fingerprints(texts).tokens + 1)
"""

MINE = """
from compiled import kernel

@kernel
def twice(number):
    return number * 2
"""
