"""`curate dedup` takes copies out of files as someone does it who has no recipe: what it says, writes and refuses."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from curate.cli import main
from tests import faults

FOOT = "\n版权所有 © 2024 某新闻网\nAll rights reserved."


def curate(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)), env={"COLUMNS": "120"})


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """news.jsonl and web.parquet: 20 documents in each language, and of each language one copy of each kind."""
    folder = tmp_path_factory.mktemp("files")
    rows, more = [], []
    for lang, near in (("zh", ("医", "药", 2)), ("en", ("silver", "golden", 3))):
        for number in range(20):
            url = f"https://{lang}.example.cn/{number}"
            row = {"docno": f"{lang}-{number}", "body": faults.sentence(lang, number, 300) + FOOT, "lang": lang}
            rows.append({**row, "url": url})
        for kind, text, url in (
            ("exact", faults.sentence(lang, 1, 300).upper(), "a"),
            ("near", faults.sentence(lang, 2, 300).replace(*near), "b"),
            ("page", faults.sentence(lang, 90, 40), "3/?utm_source=x"),
        ):
            copy = {"docno": f"{lang}-{kind}", "body": text + FOOT, "lang": lang}
            more.append({**copy, "url": f"https://{lang}.example.cn/{url}"})
    random.Random(1).shuffle(rows)
    faults.write(folder / "news.jsonl", rows)
    pl.DataFrame(more).write_parquet(folder / "web.parquet")
    return folder


@pytest.fixture(scope="module")
def done(files: Path) -> tuple[Path, Result]:
    out = files / "out"
    names = ("--text", "body", "--id", "docno")
    return out, curate("dedup", files / "news.jsonl", files / "web.parquet", "--out", out, "--urls", "--lines", *names)


def test_it_prints_what_counts_as_a_copy_and_how_many_went(done: tuple[Path, Result]) -> None:
    out, ran = done
    assert ran.exit_code == 0, ran.stderr
    assert "128 permutations in 20 bands of 6" in ran.stderr
    assert "chance to meet at 0.6: 0.615, 0.7: 0.918, 0.8: 0.998, 0.9: 1.000" in ran.stderr
    assert ran.stdout.splitlines() == [
        "read                      46",
        "same page                  2   4.35 %  en 1, zh 1",
        f"lines cut      {44 * len(FOOT):>13,}  characters of {characters(out):,}",
        "exact copies               2   4.35 %  en 1, zh 1",
        "near copies                2   4.35 %  en 1, zh 1",
        "kept                      40  86.96 %  en 20, zh 20",
        f"{out}/kept.parquet",
    ]


def characters(out: Path) -> int:
    """Of what came to the stage that cuts lines, by the ledger."""
    records = [json.loads(line) for line in (out / "ledger.jsonl").read_text().splitlines()]
    return sum(stage["chars_in"] for one in records for stage in one["stages"] if stage["stage"] == "line_dedup")


def test_it_writes_what_stayed_and_why_the_others_went(done: tuple[Path, Result]) -> None:
    out, _ = done
    kept, verdicts = pl.read_parquet(out / "kept.parquet"), pl.read_parquet(out / "verdicts.parquet")
    pairs = {tuple(sorted(pair)) for lang in ("zh", "en") for pair in COPIES[lang]}
    reasons = dict(verdicts.select("origin_id", "reason").iter_rows())
    assert not kept["text"].str.contains("版权所有").any()
    assert len(reasons) == len(pairs) == 6
    for one, other in pairs:
        assert (one in reasons) != (other in reasons)
    assert sorted([*kept["origin_id"], *reasons]) == sorted(
        f"{lang}-{name}" for lang in ("zh", "en") for name in (*range(20), "exact", "near", "page")
    )


COPIES = {
    lang: [(f"{lang}-1", f"{lang}-exact"), (f"{lang}-2", f"{lang}-near"), (f"{lang}-3", f"{lang}-page")]
    for lang in ("zh", "en")
}


def test_it_leaves_a_run_that_can_be_asked(done: tuple[Path, Result]) -> None:
    out, _ = done
    assert "near_duplicate 2" in curate("funnel", out).stdout
    gone = pl.read_parquet(out / "verdicts.parquet").filter(pl.col("reason") == "near_duplicate")
    told = curate("why", out, gone["origin_id"][0])
    assert "kept instead: " in told.stdout and "removed (" in told.stdout
    assert gone["doc_id"][0] in curate("sample", out, "--reason", "near_duplicate").stdout


def test_exact_only_leaves_near_copies(files: Path, tmp_path: Path) -> None:
    ran = curate(
        "dedup", files / "*.parquet", files / "news.jsonl", "--out", tmp_path, "--exact-only", "--text", "body"
    )
    assert "near copies" not in ran.stdout + ran.stderr
    assert "kept                      44" in ran.stdout


def test_other_parameters_are_said_and_used(files: Path, tmp_path: Path) -> None:
    more = ("--threshold", 0.95, "--n", 20, "--permutations", 64, "--text", "body", "--inline")
    ran = curate("dedup", files / "news.jsonl", files / "web.parquet", "--out", tmp_path, *more)
    assert re.search(r"20-token shingles >= 0.95 \(.* from 0.9\d on\), 64 permutations", ran.stderr)
    assert "near copies                0" in ran.stdout, ran.stderr


def test_what_can_not_be_done_is_refused(files: Path, tmp_path: Path) -> None:
    few = curate("dedup", files / "news.jsonl", "--out", tmp_path, "--threshold", 0.1, "--permutations", 2)
    assert few.exit_code == 2
    assert "raise one of the two" in few.stderr
    assert curate("dedup", files / "nothing.jsonl", "--out", tmp_path).exit_code == 2
    assert curate("dedup", files / "news.jsonl", "--out", tmp_path, "--threshold", 0).exit_code == 2


def test_a_record_that_can_not_be_read_is_counted_and_the_exit_says_so(tmp_path: Path) -> None:
    path = faults.write(tmp_path / "in.jsonl", [{"text": "一篇"}, {"text": "一篇。"}, {"nothing": "here"}])
    ran = curate("dedup", path, "--out", tmp_path / "out")
    assert ran.exit_code == 4
    assert ran.stdout.splitlines()[:5] == [
        "read                       3",
        "exact copies               1  33.33 %",
        "near copies                0   0.00 %",
        "not read                   1  33.33 %",
        "kept                       1  33.33 %",
    ]


@pytest.mark.parametrize("records", [[], [{"text": ""}]], ids=["no record", "no text"])
def test_files_without_a_document_leave_none(tmp_path: Path, records: list[dict[str, str]]) -> None:
    path = faults.write(tmp_path / "in.jsonl", records)
    ran = curate("dedup", path, "--out", tmp_path / "out", "--lines", "--urls")
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.splitlines()[0] == f"{'read':<14}{1:>14}"  # an empty file is a record that is skipped
    assert any(line.startswith("kept                       0") for line in ran.stdout.splitlines())
    assert pl.read_parquet(tmp_path / "out" / "kept.parquet").is_empty()


@pytest.mark.parametrize(("option", "reason"), [("--text", "no_text"), ("--id", "no_key")])
def test_a_column_that_is_not_there_is_said_with_those_that_are(tmp_path: Path, option: str, reason: str) -> None:
    path = faults.write(tmp_path / "in.jsonl", [{"body": "一篇", "text": "one"}, {"body": "两篇", "text": "two"}])
    ran = curate("dedup", path, "--out", tmp_path / "out", option, "nothing")
    assert ran.exit_code == 4
    last = ran.stdout.splitlines()[-2]
    assert last.startswith(f"not read: {reason} 2, as ")
    assert "'nothing'" in last and "body, text" in last


def test_why_says_where_there_is_no_run(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        asked = curate("why", place, "zh-1")
        assert asked.exit_code == 2
        assert f"{place} holds no run" in asked.stderr


@pytest.mark.parametrize("named", [True, False])
def test_the_same_documents_cut_into_other_files_leave_the_same(tmp_path: Path, named: bool) -> None:
    draw = random.Random(3)
    texts = [faults.sentence(lang, number, 200) for number in range(30) for lang in ("zh", "en")]
    texts += [text.replace("a", "e", 1).replace("的", "了", 1) for text in texts] + texts[:10]
    rows = [{"id": f"{number:03d}", "text": text} if named else {"text": text} for number, text in enumerate(texts)]
    faults.write(tmp_path / "whole.jsonl", rows)
    (tmp_path / "parts").mkdir()
    draw.shuffle(rows)
    for part in range(5):
        faults.write(tmp_path / "parts" / f"{part}.jsonl", rows[part::5])
    kept = []
    for given in ("whole.jsonl", "parts"):
        done = curate("dedup", tmp_path / given, "--out", tmp_path / f"{given}-out", "--inline")
        assert done.exit_code == 0, done.output
        found = pl.read_parquet(tmp_path / f"{given}-out" / "kept.parquet")
        kept.append(sorted(found["origin_id"] if named else found["text"]))
    assert 60 <= len(kept[0]) < len(texts)
    assert kept[0] == kept[1]


def test_what_was_made_of_other_files_is_not_overwritten(tmp_path: Path) -> None:
    for name in ("a", "b"):
        faults.write(tmp_path / f"{name}.jsonl", [{"text": faults.sentence("zh", ord(name), 100)}])
    for _ in range(2):
        assert curate("dedup", tmp_path / "a.jsonl", "--out", tmp_path / "out", "--inline").exit_code == 0
    before = (tmp_path / "out" / "kept.parquet").read_bytes()
    other = curate("dedup", tmp_path / "b.jsonl", "--out", tmp_path / "out", "--inline")
    assert other.exit_code == 2
    assert "a.jsonl, and this is to read" in other.output and "give another --out" in other.output
    assert (tmp_path / "out" / "kept.parquet").read_bytes() == before
