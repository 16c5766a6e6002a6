"""Who may import whom, and what importing costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CODE = ROOT / "curate"

# What a room may import of Curate. Where the work is described (stage, document, kernels) everybody may look.
CONTRACT = {"__version__", "document", "stage", "files", "kernels", "exchange", "table"}
CONTRACT |= {"s3", "growing", "shipped", "child", "corpus", "cuts"}
ROOMS = {
    "kernels": {"kernels"},
    "stages": CONTRACT | {"stages"},
    "dedup": CONTRACT | {"dedup"},
    "decontaminate": CONTRACT | {"decontaminate"},
    "classifier": CONTRACT | {"classifier"},
    "read": CONTRACT | {"read", "recipe"},
    "mix": CONTRACT | {"mix", "engine", "classifier"},  # general sources hide domain text: a judge counts it
    "publish": CONTRACT | {"publish", "engine", "mix", "dedup"},  # a version carries what later ones are compared with
    "train": {"mix", "train", "files"},
    # An audit looks at whatever was made, and at personal data a second time; nothing that makes it looks back.
    "audit": CONTRACT
    | {"audit", "ledger", "shard", "mix", "publish", "decontaminate", "stages", "recipe", "engine", "progress"},
}


def imports(path: Path) -> set[str]:
    """Dotted names that a file imports at any place."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_imports_only_what_it_may_know(room: str) -> None:
    for path in (CODE / room).rglob("*.py"):
        for name in imports(path):
            if name.startswith("curate."):
                assert name.split(".")[1] in ROOMS[room], f"{path.relative_to(ROOT)} imports {name}"


def test_only_the_engine_and_the_launcher_of_trainings_import_ray() -> None:
    users = {path.name for path in CODE.rglob("*.py") if any(name.split(".")[0] == "ray" for name in imports(path))}
    assert users == {"engine.py", "launch.py"}


def test_nothing_imports_recipes_or_judges() -> None:
    for path in CODE.rglob("*.py"):
        assert not {name.split(".")[0] for name in imports(path)} & {
            "pipelines",
            "classifiers",
            "data_samples",
            "tests",
        }


def test_importing_curate_and_what_a_recipe_names_loads_neither_torch_nor_ray() -> None:
    code = (
        "import sys, curate, curate.recipe, curate.cli\n"
        "assert not {'torch', 'ray', 'transformers'} & set(sys.modules), 'heavy'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_curate_takes_under_half_a_second() -> None:
    code = "import time; start = time.perf_counter(); import curate; print(time.perf_counter() - start)"
    best = min(
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout) for _ in range(3)
    )
    assert best < 0.5


def test_no_room_is_named_for_what_has_no_idea() -> None:
    assert not {path.stem for path in CODE.rglob("*.py")} & {"utils", "util", "helpers", "common", "misc"}
