"""The page on the audit: every command on it is run, in its order."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from click.testing import CliRunner, Result

from curate.cli import main
from tests import faults
from tests.test_docs import CURATE, ROOT, blocks

RECIPE = """
from curate.dedup.minhash import MinHashDedup
from curate.publish.settings import Version
from curate.recipe import Recipe, Source
from curate.stages.heuristics.length import Length
from curate.stages.normalize import Normalize

recipe = Recipe(
    name="news",
    sources=(Source(name="news", path="news.jsonl", key="id", license="CC0-1.0"),),
    stages=(Normalize(), Length(), MinHashDedup()),
    version=Version(name="news", title="News", license="CC0-1.0"),
)
"""
BAD = {"zh": "点击这里立即购买，限时优惠", "en": "click here buy now limited offer"}


def rows() -> Iterator[dict[str, str]]:
    """Documents of both languages; every other one is an advertisement."""
    for number in range(120):
        for lang in ("zh", "en"):
            text = faults.sentence(lang, number, 120)
            if number % 2:
                text = " ".join([BAD[lang], text[:60]] * 3)
            text += " 请按时服药。" if number == 7 else ""
            yield {"id": f"{lang}-{number}", "lang": lang, "url": f"https://news.example/{lang}/{number}", "text": text}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs-audit")
    faults.write(folder / "news.jsonl", rows())
    (folder / "recipe.py").write_text(RECIPE)
    (folder / "stranger").mkdir()
    faults.corpus(folder / "stranger", 20, 1)
    for command in (
        ("run", "recipe.py", "--out", "run", "--inline"),
        ("publish", "run", "--store", "store", "--as", "1.0.0"),
        ("withdraw", "store/news@1.0.0", "zh-0", "--reason", "takedown", "--as", "1.0.1"),
    ):
        done = called(folder, *command)
        assert done.exit_code == 0, done.output
    return folder


def called(folder: Path, *command: str) -> Result:
    """The command as it is typed in `folder`."""
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        return CliRunner().invoke(main, command)


def commands(holds: str) -> list[list[str]]:
    (block,) = [block for block in blocks(ROOT / "docs" / "audit.md", "sh") if holds in block]
    return [shlex.split(line, comments=True)[1:] for line in block.splitlines()]


def test_runs_versions_and_folders_are_audited(place: Path) -> None:
    for command in commands("--against"):
        done = called(place, *command, "--inline")
        assert done.exit_code == 0, done.output
        out = place / command[command.index("--out") + 1]
        assert (out / "index.html").is_file() and (out / "tables" / "domains.csv").is_file()
    found = json.loads((place / "audit-version" / "report.json").read_text("utf-8"))
    assert found["changes"]["withdrawn"] == [{"reason": "takedown", "documents": 1}]


def test_a_document_is_found_by_all_its_names_and_replayed(place: Path) -> None:
    said = [called(place, *command) for command in commands("why run")]
    assert all(done.exit_code == 0 for done in said), [done.output for done in said]
    by_id, by_address, by_words, replayed, of_version = [done.output for done in said]
    assert by_id == by_address and by_id.startswith("kept: ") and "zh-7" in by_words and "en-7" in by_words
    assert "read again from news.jsonl#" in replayed and of_version.startswith("in version news 1.0.0: ")


def test_two_read_a_sample_the_audit_tells_how_good_it_is_and_a_judge_learns(place: Path) -> None:
    for command in commands("audit sample"):
        if command[0] == "browse":
            read(command, place)
            continue
        done = called(place, *command, *(["--inline"] if command[:2] == ["audit", "run"] else []))
        assert done.exit_code == 0, done.output
    sampled = json.loads((place / "read" / "report.json").read_text("utf-8"))["quality"]["sampled"]
    drawn = [json.loads(line) for line in (place / "sample.jsonl").read_text("utf-8").splitlines()]
    assert sampled["documents"] == len(drawn) and sampled["agreements"][0]["kappa"] == 1
    assert sampled["good"] == sum(not is_bad(row["text"]) for row in drawn)
    assert (place / "judge" / "model.ftz").is_file()


def is_bad(text: str) -> bool:
    return any(words in text for words in BAD.values())


def read(command: list[str], folder: Path) -> None:
    """Says of every document of the sample whether it is good, as a reader at the page does, and stops."""
    drawn = [json.loads(line) for line in (folder / "sample.jsonl").read_text("utf-8").splitlines()]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    shown = subprocess.Popen(
        [CURATE, *command, "--no-open"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert shown.stdout is not None
        address = shown.stdout.readline().split()[0]
        for row in drawn:
            said = urlencode({"id": row["doc_id"], "label": "bad" if is_bad(row["text"]) else "good"})
            assert urlopen(f"{address}label", said.encode(), timeout=60).status == 200
    finally:
        shown.terminate()  # as Ctrl-C, which is ignored by what was started in the background
        assert shown.wait(60) == 0
