"""What the documents say is what happens: every command and code block of a page is run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests import faults

ROOT = Path(__file__).parent.parent
CURATE = str(Path(sys.executable).parent / "curate")


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    path = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=path, capture_output=True, text=True, check=False)


def test_a_new_filter_is_a_file_a_line_in_a_recipe_and_a_test_as_the_page_says(tmp_path: Path) -> None:
    stage, recipe, test = blocks(ROOT / "docs" / "a-new-filter.md", "python")
    (tmp_path / "shouting.py").write_text(stage)
    (tmp_path / "recipe.py").write_text(recipe)
    (tmp_path / "test_shouting.py").write_text(test)
    rows = [
        {"id": "loud", "text": "BUY NOW, ONLY TODAY, EVERYTHING MUST GO"},
        {"id": "quiet", "text": faults.sentence("en", 1)},
        {"id": "zh", "text": faults.sentence("zh", 1)},
    ]
    faults.write(tmp_path / "pages.jsonl", rows)
    assert len([line for line in stage.splitlines() if line.strip()]) <= 25

    tested = run([sys.executable, "-m", "pytest", "-q", "test_shouting.py", "-p", "no:cacheprovider"], tmp_path)
    assert tested.returncode == 0, tested.stdout
    assert "shouting: capital_share > 0.5" in run([CURATE, "plan", "recipe.py"], tmp_path).stdout
    done = run([CURATE, "run", "recipe.py", "--out", "run", "--inline"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "BUY NOW" in run([CURATE, "sample", "run", "--reason", "shouting"], tmp_path).stdout
    assert "capital_share is 1" in run([CURATE, "why", "run", "loud"], tmp_path).stdout
    assert "kept" in run([CURATE, "why", "run", "zh"], tmp_path).stdout


READMES = ("README.md", "README.zh-CN.md")


@pytest.mark.parametrize("name", READMES)
def test_the_readme_names_both_commands_and_every_top_level_folder(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert "make demo" in text and "make test" in text
    for folder in ("curate", "pipelines", "classifiers", "tests", "data_samples", "performance", "docs"):
        assert f"{folder}/" in text


@pytest.mark.parametrize("name", READMES)
def test_the_recipe_in_the_readme_is_a_recipe_that_passes_its_checks(name: str, tmp_path: Path) -> None:
    (recipe,) = blocks(ROOT / name, "python")
    for role in ("clinic", "web"):
        (tmp_path / role).mkdir()
        faults.corpus(tmp_path / role, 20, 1)
    (tmp_path / "benchmarks").mkdir()
    item = {"id": "1", "question": faults.sentence("zh", 9, 60), "answer": "A"}
    faults.write(tmp_path / "benchmarks" / "own.jsonl", [item])
    (tmp_path / "tokenizer.json").write_bytes((ROOT / "data_samples" / "tokenizer" / "tokenizer.json").read_bytes())
    (tmp_path / "recipe.py").write_text(recipe)
    planned = run([CURATE, "plan", "recipe.py"], tmp_path)
    assert planned.returncode == 0, planned.stderr


@pytest.mark.parametrize("name", READMES)
def test_every_curate_command_of_the_readme_exists(name: str) -> None:
    text = "\n".join(blocks(ROOT / name, "sh"))
    commands = set(re.findall(r"curate ([a-z]+)", text))
    assert {"run", "plan", "why", "funnel", "sample", "apply"} <= commands
    for command in sorted(commands):
        assert run([CURATE, command, "--help"], ROOT).returncode == 0, command


@pytest.mark.parametrize("name", READMES)
def test_the_files_of_the_readme_are_deduplicated_as_it_says(name: str, tmp_path: Path) -> None:
    block = next(block for block in blocks(ROOT / name, "sh") if "curate dedup" in block)
    rows = [{"id": f"{lang}-{n}", "text": faults.sentence(lang, n, 200)} for n in range(20) for lang in ("zh", "en")]
    near = [{"id": f"{row['id']}-near", "text": row["text"].replace("医", "药", 2) + " silver"} for row in rows[:4]]
    faults.write(tmp_path / "news.jsonl", rows)
    pl.DataFrame([*near, {"id": "again", "text": rows[0]["text"]}]).write_parquet(tmp_path / "web.parquet")
    for line in block.splitlines():
        command = shlex.split(line, comments=True)
        done = run([CURATE, *command[1:]], tmp_path)
        assert done.returncode == 0, done.stderr
    assert pl.read_parquet(tmp_path / "clean" / "kept.parquet").height == 40
    verdicts = pl.read_parquet(tmp_path / "clean" / "verdicts.parquet")
    assert dict(verdicts.group_by("reason").len().iter_rows()) == {"near_duplicate": 4, "exact_duplicate": 1}
    told = run([CURATE, "why", "clean", verdicts["doc_id"][0]], tmp_path).stdout
    assert "kept instead: " in told and "removed (" in told


GROWING = """
from curate.dedup.minhash import MinHashDedup
from curate.publish.settings import Version
from curate.recipe import Recipe, Source

recipe = Recipe(
    name="news",
    sources=(Source(name="news", path="news.jsonl", key="id", license="CC0-1.0"),),
    stages=(MinHashDedup(),),
    version=Version(name="news-1", title="News", license="CC0-1.0"),
)
"""


@pytest.mark.parametrize("name", READMES)
def test_a_version_is_looked_at_withdrawn_from_and_compared_as_the_readme_says(name: str, tmp_path: Path) -> None:
    block = next(block for block in blocks(ROOT / name, "sh") if "curate similar" in block)
    rows = [{"id": f"{lang}-{n}", "text": faults.sentence(lang, n, 200)} for n in range(20) for lang in ("zh", "en")]
    faults.write(tmp_path / "news.jsonl", rows)
    faults.write(tmp_path / "newcomers.jsonl", [{"id": "new", "text": rows[6]["text"] + " 又"}])
    (tmp_path / "recipe.py").write_text(GROWING)
    done = run([CURATE, "run", "recipe.py", "--out", "out", "--inline"], tmp_path)
    assert done.returncode == 0, done.stderr
    said = {}
    for line in block.splitlines():
        command = shlex.split(line, comments=True)
        done = run([CURATE, *command[1:]], tmp_path)
        assert done.returncode == 0, done.stderr
        said[command[1]] = done.stdout
    assert "1 documents, 1 with something similar" in said["similar"]
    assert "takedown" in said["diff"]
    assert (tmp_path / "signatures.npz").is_file()
