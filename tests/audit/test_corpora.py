"""All corpora beside the repository, audited as data that Curate did not make: every figure is computed again from the
files, in another way, and the page is opened in a browser."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import polars as pl
import pytest
import zstandard

from curate.audited import audit
from curate.engine import Inline
from curate.progress import Lines
from tests.audit.conftest import Audited
from tests.browser import DESKTOP, PHONE, watched

CORPORA = Path(__file__).parent.parent.parent.parent / "shared" / "data" / "corpora"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CORPORA.is_dir(), reason="the corpora are not at ../shared/data/corpora"),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    out = tmp_path_factory.mktemp("corpora")
    return Audited(CORPORA, out, audit(str(CORPORA), str(out), Inline(), Lines(), language="zh"))


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    """What the files say themselves, read without Curate: a row for each line."""
    return pl.DataFrame(
        list(lines()), orient="row", schema={"id": pl.String, "url": pl.String, "lang": pl.String, "domain": pl.String}
    )


def lines() -> Iterator[tuple[str, str, str, str]]:
    for path in sorted(CORPORA.rglob("*.jsonl.zst")):
        with zstandard.open(path, "rb") as file:
            for line in io.TextIOWrapper(file, "utf-8"):
                row = json.loads(line)
                yield row["id"], row["url"], row["lang"], row["domain"]


@pytest.fixture(scope="module")
def kept(whole: Audited) -> pl.DataFrame:
    return pl.concat(
        [pl.read_parquet(path) for path in sorted((whole.out / "run" / "kept").glob("*.parquet"))], how="diagonal"
    )


@pytest.fixture(scope="module")
def would_go(whole: Audited) -> pl.DataFrame:
    return pl.read_parquet(whole.out / "would_go" / "*.parquet")


def sums(docs: pl.DataFrame, *by: str) -> dict[Any, tuple[int, int, int]]:
    """(documents, characters, bytes) by the values of `by`."""
    counted = docs.group_by(*by).agg(
        pl.len(), pl.col("text").str.len_chars().sum(), pl.col("text").str.len_bytes().sum().alias("bytes")
    )
    return {row[0] if len(by) == 1 else row[: len(by)]: tuple(row[len(by) :]) for row in counted.rows()}


def told(rows: list[dict[str, Any]], *by: str) -> dict[Any, tuple[int, int, int]]:
    return {
        row[by[0]] if len(by) == 1 else tuple(row[name] for name in by): (
            row["documents"],
            row["characters"],
            row["bytes"],
        )
        for row in rows
    }


def test_every_line_of_the_files_is_a_document_or_is_said_to_be_none(whole: Audited, rows: pl.DataFrame) -> None:
    totals, removal = whole.report["origin"]["totals"], whole.report["removal"]
    assert removal["read"] == rows.height
    left_out = whole.report["faults"]["quarantined"] + removal["stages"][0]["removed"]
    assert totals["documents"] + left_out == rows.height
    assert totals["documents"] == sum(row["documents"] for row in whole.report["origin"]["sources"])


def test_where_it_comes_from(whole: Audited, rows: pl.DataFrame, kept: pl.DataFrame) -> None:
    origin = whole.report["origin"]
    size = kept["text"].str.len_bytes().sum()
    assert origin["totals"] == {
        "documents": kept.height, "characters": kept["text"].str.len_chars().sum(), "bytes": size, "tokens": None,
    }  # fmt: skip
    assert told(origin["sources"], "source") == sums(kept, "source")
    assert told(origin["languages"], "lang") == sums(kept, "lang")
    assert told(origin["domains"], "domain") == sums(kept, "domain")
    assert told(origin["kinds"], "kind") == sums(kept, "kind")
    assert told(origin["language_domain"], "lang", "domain") == sums(kept, "lang", "domain")
    for group in ("sources", "languages", "domains", "kinds"):
        for row in origin[group]:
            assert row["share"] == pytest.approx(row["bytes"] / size, abs=1e-6)
    hosts = Counter((urlsplit(url).hostname or "").removeprefix("www.") for url in kept["url"] if url is not None)
    assert origin["hosts"]["distinct"] == len(hosts)
    assert {row["host"]: row["documents"] for row in origin["hosts"]["top"]} == dict(hosts.most_common(100))
    for name in ("url", "license", "date", "domain", "origin_id"):
        assert origin["stated"][name]["documents"] == kept.height - kept[name].null_count()
    # and the files themselves, where nothing of a line can have changed
    assert {row["domain"]: row["documents"] for row in origin["domains"]} == {
        domain: kept.filter(domain=domain).height for domain in set(rows["domain"])
    }
    assert set(kept["origin_id"]) <= set(rows["id"])


def test_what_would_go(whole: Audited, would_go: pl.DataFrame, kept: pl.DataFrame) -> None:
    removal = whole.report["removal"]
    first = would_go.unique("doc_id", keep="first", maintain_order=True)
    assert removal["hypothetical"] and removal["kept"] == kept.height - first.height
    assert removal["removed"] == first.height + removal["stages"][0]["removed"]
    reasons = {(row["stage"], row["reason"]): (row["documents"], row["bytes"]) for row in removal["reasons"]}
    sized = first.join(kept.select("doc_id", pl.col("text").str.len_bytes().alias("size")), on="doc_id")
    again = sized.group_by("stage", "reason").agg(pl.len(), pl.col("size").sum())
    assert reasons == {(stage, reason): (count, size) for stage, reason, count, size in again.rows()}
    by_stage = Counter(first["stage"])
    assert {row["stage"]: row["removed"] for row in removal["stages"][1:] if row["removed"]} == dict(by_stage)


def test_how_good_it_is(whole: Audited, kept: pl.DataFrame) -> None:
    measures = {measure["measure"]: measure for measure in whole.report["quality"]["measures"]}
    assert {"quality_score", "noise_score", "text_bytes", "repeated_line_share"} <= measures.keys()
    for name, measure in measures.items():
        edges = np.array(measure["edges"])
        for row in measure["sources"]:
            mine = kept if row["source"] is None else kept.filter(source=row["source"])
            values = mine[name].cast(pl.Float64).drop_nulls().drop_nans().to_numpy()
            assert row["documents"] == len(values), name
            assert row["mean"] == pytest.approx(float(values.mean()), rel=1e-5, abs=1e-6), name
            assert (row["least"], row["greatest"]) == pytest.approx((values.min(), values.max()), rel=1e-5, abs=1e-6)
            inside = np.clip(values, edges[0], edges[-1])
            assert row["counts"] == np.histogram(inside, edges)[0].tolist(), (name, row["source"])


def test_duplicates_and_benchmarks(whole: Audited, would_go: pl.DataFrame, kept: pl.DataFrame) -> None:
    copies, found = whole.report["copies"], whole.report["contamination"]
    stages = would_go.filter(pl.col("reason").is_in(["exact_duplicate", "near_duplicate", "same_id"]))
    assert copies["looked"] and copies["documents"] <= stages["doc_id"].n_unique()
    held = would_go.filter(reason="benchmark_overlap")["doc_id"].n_unique()
    assert found["looked"] and found["removed"] <= held


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_its_page_opens_in_both_languages_without_fault_or_request(whole: Audited, width: int, browser: Any) -> None:
    assert (whole.out / "index.html").stat().st_size < 3_000_000
    with watched(browser, whole.out / "index.html", width) as seen:
        for lang, title in (("zh", "能用来训练吗？"), ("en", "Can I train on this?")):
            seen.page.evaluate(f"document.getElementById('show-{lang}').checked = true")
            assert seen.page.inner_text("#verdict h2") == title
            seen.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
            assert seen.wide() == width
            for row in whole.report["origin"]["sources"]:
                assert f"{row['documents']:,}" in seen.page.inner_text("#origin")
        assert seen.faults == [] and len(seen.requests) == 1
