"""What a run says of benchmarks, and the commands about them."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from curate.cli import main
from curate.decontaminate.storing import MAGIC
from tests.decontaminate.texts import QUESTION_EN, QUESTION_ZH, article

LAW = "公民、法人认为具体行政行为侵犯其合法权益的，可以自知道该具体行政行为之日起六十日内提出行政复议申请。"
OTHER = "Which of the four chambers of the heart pumps oxygenated blood into the aorta of a healthy adult at rest?"
ITEMS = {
    "quiz": [
        {"id": "zh-1", "question": QUESTION_ZH, "answer": "五十四元"},
        {"id": "en-1", "question": QUESTION_EN, "answer": "#### 54 dollars"},
        {"id": "en-2", "question": OTHER, "answer": "The left ventricle"},
        {"id": "short", "question": "Why?"},
    ],
    "exam": [
        {"id": "law-1", "question": "小王在收到罚单七十天之后还能申请行政复议吗？", "context": LAW},
        {"id": "copy", "question": QUESTION_EN},
    ],
}
ARTICLE = article("zh")
TEXTS = {
    "zh": [
        article("zh"),
        f"{article('zh')}{QUESTION_ZH}五十四元。{article('zh')}",
        f"{article('zh')}{LAW}{article('zh')}",
    ],
    "en": [article("en"), f"{article('en')}{QUESTION_EN} {article('en')}"],
}


def curate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two benchmarks in `benchmarks`, texts in two files, and `run`, which looked for the ones in the others."""
    folder = tmp_path_factory.mktemp("contamination")
    for name, items in ITEMS.items():
        Path(folder, "benchmarks", name).mkdir(parents=True)
        lines = "\n".join(json.dumps(item, ensure_ascii=False) for item in items)
        Path(folder, "benchmarks", name, "items.jsonl").write_text(lines, "utf-8")
    for name, texts in TEXTS.items():
        rows = [json.dumps({"text": text, "id": str(at)}, ensure_ascii=False) for at, text in enumerate(texts)]
        Path(folder, f"{name}.jsonl").write_text("\n".join(rows), "utf-8")
    files = [folder / "zh.jsonl", folder / "en.jsonl"]
    done = curate("apply", "decontaminate", *files, "--benchmarks", folder / "benchmarks", "--out", folder / "run")
    assert done.exit_code == 0, done.output
    return folder


def test_a_report_counts_items_by_contact_and_names_those_that_are_clean(place: Path, tmp_path: Path) -> None:
    done = curate("benchmark", "report", place / "run", place / "benchmarks", "--out", tmp_path / "report")
    assert done.exit_code == 0, done.output
    data = json.loads((tmp_path / "report/report.json").read_text("utf-8"))
    told = {row.pop("benchmark"): row for row in data["benchmarks"]}
    quiz = {"items": 4, "unchecked": 1, "found_item": 1, "found_question": 1, "found_passage": 0, "kept": 0, "clean": 3}
    assert told["quiz"] == quiz
    assert told["exam"]["found_passage"] == 1
    assert told["exam"]["found_question"] == 1
    assert {row["source"]: (row["documents"], row["removed"]) for row in data["sources"]} == {
        "zh.jsonl": (2, 1), "en.jsonl": (1, 1),
    }  # fmt: skip
    assert (tmp_path / "report/clean/quiz.txt").read_text().split() == ["zh-1", "en-1", "en-2"]
    assert pl.read_parquet(tmp_path / "report/evidence.parquet").height >= 4


def test_what_is_only_flagged_stays_and_is_touched(place: Path, tmp_path: Path) -> None:
    flagged = curate("apply", "decontaminate", place / "en.jsonl", "--benchmarks", place / "benchmarks",
                     "--out", tmp_path / "run", "--set", "action=flag")  # fmt: skip
    assert flagged.exit_code == 0, flagged.output
    done = curate("benchmark", "report", tmp_path / "run", place / "benchmarks", "--out", tmp_path / "report")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "report/touched/quiz.txt").read_text().split() == ["en-1"]
    assert "en-1" not in (tmp_path / "report/clean/quiz.txt").read_text().split()


def test_an_index_is_made_listed_and_looked_for(place: Path, tmp_path: Path) -> None:
    index = tmp_path / "benchmarks.index"
    assert curate("benchmark", "index", place / "benchmarks", "--out", index).exit_code == 0
    listed = curate("benchmark", "list", index, "--unchecked", "--twins")
    assert listed.exit_code == 0, listed.output
    assert "short  too short to check" in listed.output
    pair = next(line for line in listed.output.splitlines() if " = " in line)
    assert "copy" in pair and "en-1" in pair
    assert "1 pairs of items" in listed.output
    again = curate("apply", "decontaminate", place / "zh.jsonl", "--benchmarks", index, "--out", tmp_path / "run")
    assert again.exit_code == 0, again.output
    assert pl.read_parquet(tmp_path / "run/kept.parquet").height == len(TEXTS["zh"]) - 1


def test_an_index_weighs_words_by_a_background_of_ones_own(place: Path, tmp_path: Path) -> None:
    index, other = tmp_path / "plain.index", tmp_path / "other.index"
    phrase = "小王在收到罚单七十天之后还能申请行政复议吗？"
    rows = [json.dumps({"text": f"{phrase[:12]}{number}{article('zh')}"}, ensure_ascii=False) for number in range(50)]
    (tmp_path / "common.jsonl").write_text("\n".join(rows), "utf-8")
    assert curate("benchmark", "index", place / "benchmarks", "--out", index).exit_code == 0
    made = curate("benchmark", "index", place / "benchmarks", "--out", other, "--background", tmp_path / "common.jsonl")
    assert made.exit_code == 0, made.output
    assert index.read_bytes() != other.read_bytes()


def test_why_shows_item_and_document_beside_each_other(place: Path) -> None:
    gone = curate("why", place / "run", "1")
    assert "zh-1 of quiz: 1.00 of its question" in gone.output
    assert "contact: item" in gone.output
    assert "the item (" in gone.output
    stayed = curate("why", place / "run", "2")
    assert "law-1 of exam" in stayed.output
    assert "contact: passage" in stayed.output


@pytest.mark.parametrize("damage", ["a byte altered", "cut short", "of another version"])
def test_an_index_that_can_not_be_read_is_refused_before_any_document_is(
    place: Path, tmp_path: Path, damage: str
) -> None:
    index = tmp_path / "benchmarks.index"
    assert curate("benchmark", "index", place / "benchmarks", "--out", index).exit_code == 0
    data = bytearray(index.read_bytes())
    if damage == "a byte altered":
        data[len(data) // 2] ^= 1
    elif damage == "of another version":
        data[len(MAGIC)] -= 1
    else:
        del data[len(data) // 2 :]
    (tmp_path / "wrong.index").write_bytes(data)
    for command in (("benchmark", "list", tmp_path / "wrong.index"),
                    ("apply", "decontaminate", place / "zh.jsonl", "--benchmarks", tmp_path / "wrong.index",
                     "--out", tmp_path / "run")):  # fmt: skip
        done = curate(*command)
        assert done.exit_code == 2, done.output
        assert "make it anew" in done.output
    assert not (tmp_path / "run" / "kept.parquet").exists()


def test_a_background_or_a_folder_that_is_not_there_is_refused(place: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    for command, said in (
        (("benchmark", "index", nowhere, "--out", tmp_path / "i"), "no such file or folder"),
        (("benchmark", "index", place / "benchmarks", "--out", tmp_path / "i", "--background", nowhere), "nowhere"),
    ):
        done = curate(*command)
        assert done.exit_code == 2, done.output
        assert said in done.output
        assert not (tmp_path / "i").exists()


@pytest.mark.parametrize("case", ["no run", "other benchmarks", "nothing looked for", "there already"])
def test_what_can_not_be_told_is_refused_in_words(place: Path, tmp_path: Path, case: str) -> None:
    if case == "no run":
        done = curate("benchmark", "report", tmp_path, place / "benchmarks")
    elif case == "other benchmarks":
        done = curate("benchmark", "report", place / "run", place / "benchmarks/exam")
    elif case == "nothing looked for":
        assert curate("apply", "length", place / "en.jsonl", "--out", tmp_path / "run").exit_code == 0
        done = curate("benchmark", "report", tmp_path / "run", place / "benchmarks")
    else:
        done = curate("benchmark", "index", place / "benchmarks", "--out", place / "en.jsonl")
    assert done.exit_code == 2, done.output
    assert done.output.startswith("curate: refused: ")
