"""A judge for a first look, learnt from files: documents of a trade, and pages of the crawl that it will look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import polars as pl

from curate import files
from curate.apply import sources_of
from curate.document import share_of
from curate.files import FileInfo
from curate.labelled import Labels, NotLabelled, labelled
from curate.progress import Reporter
from curate.read import open_shard
from curate.recipe import Source
from curate.stages.first_look import looked_at
from curate.stages.wanted import Learnt, trained

MOST = 3000  # documents, and pages, of the inputs together, by the hash of their ids: a minute's work


class FromFiles(NamedTuple):
    """What a judge was learnt from, and what came of it."""

    learnt: Learnt
    documents: int
    pages: int
    sites: int


def learn(
    documents: Sequence[str],
    pages: Sequence[str],
    out: Path,
    report: Reporter,
    *,
    text: str | None = None,
    lost: float = 0.006,
    passing: float = 0.03,
    most: int = MOST,
    seed: int = 0,
) -> FromFiles:
    """`wanted.trained` over files, folders, globs and s3:// paths of any format that Curate reads; raw `documents` are
    extracted, `text` is the field of their text. Raises `NotLabelled` where there is nothing, `TooFew` of too little.
    """
    found = labelled([Labels("wanted", path) for path in documents], report, text=text, most=most).docs
    crawl = _pages(pages, report, most)
    report.begin("learn", found.height + crawl.height)
    learnt = trained(
        found["text"].to_list(),
        crawl["text"].to_list(),
        out,
        sites=crawl["site"].to_list(),
        lost=lost,
        passing=passing,
        most=most,
        seed=seed,
    )
    report.advance(found.height + crawl.height)
    report.end()
    return FromFiles(learnt, min(found.height, most), crawl.height, crawl["site"].n_unique())


def _pages(paths: Sequence[str], report: Reporter, most: int) -> pl.DataFrame:
    """text, site: of `most` pages of the inputs, those with the lowest draw."""
    kept = pl.DataFrame(schema={"draw": pl.Float64(), "text": pl.String(), "site": pl.String()})
    for source in sources_of(list(paths)):
        there = files.found(source.path)
        if not there:
            raise NotLabelled(f"nothing at {source.path}")
        report.begin(f"read {source.name}", sum(file.size for file in there))
        for file in there:
            for seen in _seen(source, file):
                kept = pl.concat([kept, seen]).sort("draw", "text").head(most)
            report.advance(file.size, kept.height)
        report.end()
    return kept


def _seen(source: Source, file: FileInfo) -> Iterator[pl.DataFrame]:
    for batch in open_shard(source, file):
        texts, _ = looked_at(batch.docs)
        table = pl.DataFrame(
            {
                "draw": [share_of(identity, "first look") for identity in batch.docs["doc_id"]],
                "text": texts,
                "site": [site_of(url) or identity for url, identity in batch.docs.select("url", "doc_id").iter_rows()],
            },
            schema={"draw": pl.Float64(), "text": pl.String(), "site": pl.String()},
        )
        yield table.filter(pl.col("text").str.strip_chars().str.len_chars() > 0)


def site_of(url: str | None) -> str | None:
    """The host of an address, without www; None where there is none."""
    try:
        host = urlsplit(url or "").hostname
    except ValueError:
        return None
    return host.removeprefix("www.") if host else None
