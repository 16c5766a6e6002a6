"""The commands of docs/versions.md, run one after the other as they stand there."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from curate.cli import main
from tests import faults
from tests.dedup.grown import fresh

PAGE = Path(__file__).parents[2] / "docs" / "versions.md"

RECIPE = """
from curate.dedup.exact import ExactDedup
from curate.dedup.minhash import MinHashDedup
from curate.publish.settings import Version
from curate.recipe import Recipe, Source

recipe = Recipe(
    name="medical",
    sources=(Source(name="pages", path="pages.jsonl", key="id", license="MIT"),),
    stages=(ExactDedup(), MinHashDedup()),
    version=Version(name="medical", title="Medical", license="MIT"),
)
"""


def test_every_command_of_the_page_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    faults.write(tmp_path / "pages.jsonl", [{**row, "url": f"https://x.y/{row['id']}"} for row in fresh("base", 12)])
    (tmp_path / "recipe.py").write_text(RECIPE)
    (block,) = re.findall(r"```bash\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    lines = [line.partition("#")[0].strip() for line in block.splitlines()]
    assert len(lines) == 9
    for line in lines:
        command = shlex.split(line)[1:]
        command = ["https://x.y/base-3" if word == "URL" else word for word in command]
        command += {"run": ["--inline"], "push": ["--dry-run"]}.get(command[0], [])
        done = CliRunner().invoke(main, command)
        assert done.exit_code == 0, (line, done.output)
    assert os.path.samefile(
        "folder/data/train-general-00000-of-00001.parquet",
        "store/views/medical/1.0.0/data/train-general-00000-of-00001.parquet",
    )
