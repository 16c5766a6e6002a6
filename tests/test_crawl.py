"""A judge is learnt from files and looks at a crawl, as docs/crawls.md says."""

from __future__ import annotations

import gzip
import random
import shlex
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from curate import files
from curate.crawl import learn, site_of
from curate.labelled import NotLabelled
from curate.progress import Lines
from tests import faults
from tests.read.samples import http, warc_record
from tests.stages.test_wanted import OTHERS, WORDS, documents, pages
from tests.test_docs import CURATE, ROOT, blocks, run

PAGE = ROOT / "docs" / "crawls.md"


def warc(path: Path, some: Sequence[bytes], sites: int = 40) -> None:
    path.parent.mkdir(exist_ok=True)
    records = [
        warc_record(
            http(page), number=at + 10_000 * int(path.stem[5]), url=f"http://{path.stem[:6]}-{at % sites}.org/{at}"
        )
        for at, page in enumerate(some)
    ]
    path.write_bytes(gzip.compress(b"".join(records)))


def trade(folder: Path, count: int = 60) -> None:
    folder.mkdir()
    for lang in WORDS:
        faults.write(
            folder / f"{lang}.jsonl", [{"id": f"{at}", "text": text} for at, text in enumerate(documents(lang, count))]
        )


def crawl(folder: Path, wanted: int, seed: int) -> int:
    """Two archives in `folder`, mixed; how many pages of them are wanted."""
    for number in range(2):
        some = [page for lang in WORDS for page in pages(lang, OTHERS[lang], seed + number, 60)]
        some += [page for lang in WORDS for page in pages(lang, WORDS[lang], seed + number, wanted)]
        random.Random(seed).shuffle(some)
        warc(folder / f"part-{number}.warc.gz", some)
    return 2 * 2 * wanted


def test_the_page_on_crawls_does_what_it_says(tmp_path: Path) -> None:
    trade(tmp_path / "trade")
    wanted = crawl(tmp_path / "crawl", 6, seed=5)
    learning, running = blocks(PAGE, "sh")
    (recipe,) = blocks(PAGE, "python")
    (tmp_path / "crawl.py").write_text(recipe)
    said = ""
    for line in [*learning.splitlines(), *running.splitlines()]:
        command = shlex.split(line)
        assert command[0] == "curate"
        done = run([CURATE, *command[1:]], tmp_path)
        assert done.returncode == 0, done.stderr
        said += done.stdout + done.stderr
    assert "learnt from 120 documents" in said and "are lost" in said
    assert "first_look lost an estimated" in said
    kept = pl.concat([pl.read_parquet(file.path) for file in files.found(str(tmp_path / "run" / "kept"))])
    assert wanted - 2 <= kept.filter(~pl.col("first_look_spared")).height <= wanted + 2
    again = run([CURATE, *shlex.split(learning)[1:]], tmp_path)
    assert again.returncode == 2 and "not written over" in again.stderr


def test_the_same_files_give_the_same_judge_whatever_they_are_called(tmp_path: Path) -> None:
    trade(tmp_path / "trade", 30)
    crawl(tmp_path / "crawl", 0, seed=3)
    found = learn([str(tmp_path / "trade")], [str(tmp_path / "crawl")], tmp_path / "a.npy", Lines(), most=50)
    assert found.documents == 50 and found.pages == 50 and found.sites > 20
    again = learn([str(tmp_path / "trade")], [str(tmp_path / "crawl")], tmp_path / "b.npy", Lines(), most=50)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
    assert again[1:] == found[1:]


def test_too_little_to_learn_from_is_refused_in_words(tmp_path: Path) -> None:
    trade(tmp_path / "trade", 2)
    crawl(tmp_path / "crawl", 0, seed=3)
    done = run([CURATE, "first-look", "train", "trade", "--crawl", "crawl", "--out", "judge.npy"], tmp_path)
    assert done.returncode == 2
    assert "4 documents" in done.stderr and "8 documents at least" in done.stderr
    assert not (tmp_path / "judge.npy").exists()
    with pytest.raises(NotLabelled, match="nothing at"):
        learn([str(tmp_path / "trade")], [str(tmp_path / "none")], tmp_path / "judge.npy", Lines())


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.court.gov/a?b", "court.gov"),
        ("http://A.org:80/", "a.org"),
        ("http://[::1", None),
        ("no address", None),
        (None, None),
    ],
)
def test_the_site_of_a_page_is_its_host(url: str | None, site: str | None) -> None:
    assert site_of(url) == site
