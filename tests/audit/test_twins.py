"""`why` shows a duplicate beside the document that was kept, tells what became of that one, and which lines went."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from curate.audit.why import why
from curate.dedup.exact import ExactDedup
from curate.dedup.lines import LineDedup
from curate.dedup.minhash import MinHashDedup
from curate.dedup.urls import UrlDedup
from curate.engine import Inline
from curate.job import run
from curate.progress import Lines
from curate.recipe import Recipe, Source
from curate.stage import Rule
from tests import faults

FOOT = {"zh": "责任编辑：张三\n版权所有 © 2024 某新闻网", "en": "Share on Facebook\nAll rights reserved."}


@dataclass(frozen=True, kw_only=True)
class NoSpam:
    """Removes documents that say so."""

    name: str = "no_spam"
    version = 1
    reads = {"text": pl.String()}
    writes = {"spam": pl.Int64()}
    rules = (Rule(reason="spam", measure="spam", high=0),)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        return docs.with_columns(pl.col("text").str.count_matches("SPAM").cast(pl.Int64).alias("spam"))


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's directory: sites in both languages, and among their pages copies of each kind."""
    folder = tmp_path_factory.mktemp("twins")
    rows = []

    def page(identity: str, lang: str, text: str, url: str, date: str = "2024-01-01") -> None:
        whole = f"{text}\n{FOOT[lang]}"
        rows.append({"id": identity, "text": whole, "url": f"https://{lang}.example.cn/{url}", "date": date})

    for lang in ("zh", "en"):
        for number in range(20):
            page(f"{lang}-{number}", lang, faults.sentence(lang, number, 300), str(number))
        near = faults.sentence(lang, 3, 300).replace(*NEAR[lang])
        page(f"{lang}-near", lang, near, "near", "2020-01-01")
        page(f"{lang}-exact", lang, faults.sentence(lang, 4, 300), "exact", "2020-01-01")
        page(f"{lang}-url", lang, faults.sentence(lang, 104, 60), "5?utm_source=x", "2020-01-01")
        page(f"{lang}-spam", lang, faults.sentence(lang, 50, 300) + "\nSPAM", "spam")
        page(f"{lang}-like-spam", lang, faults.sentence(lang, 50, 300), "like-spam", "2020-01-01")
        page(f"{lang}-chain", lang, faults.sentence(lang, 3, 300).replace(*NEAR[lang]).upper(), "chain", "2010-01-01")
    faults.write(folder / "pages.jsonl", rows)
    recipe = Recipe(
        name="twins",
        sources=(Source(name="web", path=str(folder / "pages.jsonl")),),
        stages=(LineDedup(), UrlDedup(), ExactDedup(), MinHashDedup(), NoSpam()),
    )
    with open(os.devnull, "w") as quiet:
        run(recipe, str(folder / "run"), Inline(), Lines(quiet))
    return folder / "run"


NEAR = {"zh": ("医", "药", 2), "en": ("silver", "golden", 1)}
LANGS = pytest.mark.parametrize("lang", ["zh", "en"])


@LANGS
def test_a_near_copy_stands_beside_what_was_kept_with_its_cluster(carried: Path, lang: str) -> None:
    told = why(str(carried), f"{lang}-near", 140)
    assert "near_duplicate" in told
    assert f"kept instead: {ids(carried)[f'{lang}-3']} https://{lang}.example.cn/3" in told
    cluster = next(line for line in told.splitlines() if line.startswith("  cluster "))
    assert "2 documents met, 1 went for" in cluster
    header, *lines = told.splitlines()[told.splitlines().index("") + 1 :]
    assert header.startswith("removed (") and ", similarity 0." in header
    replaced, by, _ = NEAR[lang]
    assert any(f"[{replaced}]" in line and f"[{by}]" in line for line in lines)


@LANGS
def test_the_text_is_found_where_no_sample_holds_it(carried: Path, lang: str, tmp_path: Path) -> None:
    bare = tmp_path / "run"
    shutil.copytree(carried, bare)
    shutil.rmtree(bare / "samples")
    for identity in (f"{lang}-near", f"{lang}-exact", f"{lang}-url"):
        told = why(str(bare), identity, 140)
        assert told == why(str(carried), identity, 140)
        assert FOOT[lang].split("\n")[0] not in told  # as the stage saw it: lines had been cut


@LANGS
def test_a_copy_by_url_shows_both_texts(carried: Path, lang: str) -> None:
    told = why(str(carried), f"{lang}-url", 140)
    assert "url_duplicate" in told and f"kept instead: {ids(carried)[f'{lang}-5']}" in told
    text = told[told.index("removed (") :]
    assert faults.sentence(lang, 104, 60)[:20] in text and faults.sentence(lang, 5, 300)[:20] in text


@LANGS
def test_a_kept_one_that_went_later_is_followed(carried: Path, lang: str) -> None:
    told = why(str(carried), f"{lang}-like-spam", 140)
    assert "removed later itself by stage no_spam (spam)" in told
    assert any(line.rstrip().endswith("> SPAM") for line in told.splitlines())
    chain = why(str(carried), f"{lang}-chain", 140)
    assert "exact_duplicate" in chain
    assert "removed later itself by stage minhash (near_duplicate)" in chain
    assert f"which was kept instead: {ids(carried)[f'{lang}-3']}" in chain


@LANGS
def test_of_a_kept_document_the_lines_are_named_that_went(carried: Path, lang: str) -> None:
    told = why(str(carried), f"{lang}-7", 140)
    assert told.startswith("kept: ")
    assert f"lines that recur in the 26 documents of {lang}.example.cn:" in told
    for line in FOOT[lang].split("\n"):
        assert f"        26  {line}" in told


def test_a_kept_document_that_the_run_no_longer_holds_is_said(carried: Path, tmp_path: Path) -> None:
    bare = tmp_path / "run"
    shutil.copytree(carried, bare)
    for folder in ("objects", "samples"):
        shutil.rmtree(bare / folder)
    told = why(str(bare), "zh-near", 140)
    assert "the run no longer holds the text of the removed document" in told
    assert f"kept instead: {ids(carried)['zh-3']}" in told


def ids(out: Path) -> dict[str, str]:
    """doc_id by origin_id of what was kept."""
    kept = pl.read_parquet(sorted((out / "kept").glob("*.parquet")))
    return dict(kept.select("origin_id", "doc_id").iter_rows())


def test_evidence_names_what_it_says(carried: Path) -> None:
    verdicts = pl.read_parquet(sorted((carried / "verdicts").glob("*.parquet")))
    told = {row["origin_id"]: json.loads(row["evidence"]) for row in verdicts.drop_nulls("evidence").to_dicts()}
    five = ids(carried)["zh-5"]
    assert told["zh-url"] == {"kept": five, "url": "https://zh.example.cn/5", "cluster": five, "cluster_size": 2}
