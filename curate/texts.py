"""The texts of files and of runs, a batch at a time, with what tokenizers are reported by: source, language, domain."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import polars as pl

from curate import files
from curate.apply import sources_of
from curate.files import FileInfo
from curate.progress import Reporter
from curate.read import open_shard
from curate.recipe import Source
from curate.stages.extract import Extract
from curate.stages.language import Language

COLUMNS = ("doc_id", "text", "source", "lang", "domain")


class NoTexts(ValueError):
    """What was given holds no text."""


class Input(NamedTuple):
    """A file, folder, glob or run, under the name that its documents have no better source for."""

    name: str
    there: list[FileInfo]


def inputs_of(paths: Sequence[str]) -> list[Input]:
    """The files of each path: a file, folder, glob or s3:// path of any format that Curate reads, or the directory of a
    run (its kept documents). Raises `NoTexts` for one that is not there."""
    out = []
    for source in sources_of(paths):
        path = files.join(source.path, "kept") if files.exists(files.join(source.path, "run.json")) else source.path
        there = files.found(path)
        if not there:
            raise NoTexts(f"nothing at {path}")
        out.append(Input(source.name, there))
    return out


def texts(inputs: Sequence[Input], report: Reporter, field: str | None = None) -> Iterator[pl.DataFrame]:
    """`COLUMNS` of all documents that have text, in the order of the files. Raw pages are extracted; a language that
    is not declared is measured, and only its primary subtag is given; null is what nobody said."""
    for one in inputs:
        report.begin(f"read {one.name}", sum(file.size for file in one.there))
        for file in one.there:
            found = 0
            for batch in open_shard(Source(name=one.name, path=file.path, text=field), file):
                docs = batch.docs
                if docs["raw"].null_count() < docs.height:
                    docs = Extract()(docs)
                docs = docs.filter(pl.col("text").str.len_bytes() > 0)
                if docs.height:
                    found += docs.height
                    yield _described(docs)
            report.advance(file.size, found)
        report.end()


def _described(docs: pl.DataFrame) -> pl.DataFrame:
    said = [json.loads(meta) if meta else {} for meta in docs["meta"]]
    own = [row["source"] if isinstance(row.get("source"), str) and row["source"] else None for row in said]
    table = docs.select(COLUMNS).with_columns(pl.Series("source", own, pl.String).fill_null(docs["source"]))
    if table["lang"].null_count():
        table = table.with_columns(pl.col("lang").fill_null(Language()(table.select("text"))["lang"]))
    return table.with_columns(pl.col("lang").str.split("-").list.first())
