"""Labelled documents out of files and runs, and which of them are near copies of each other: what judges learn from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import polars as pl

from curate import files
from curate.apply import sources_of
from curate.audit.browse.labels import Labelled, browsed
from curate.classifier.make import LABELLED
from curate.classifier.scores import CHARACTERS
from curate.classifier.train import LABEL
from curate.corpus import ADDRESS, notes_of
from curate.dedup.bands import bands_and_rows
from curate.dedup.clusters import Clusters
from curate.dedup.links import Links
from curate.document import share_of
from curate.files import FileInfo
from curate.progress import Reporter
from curate.read import open_shard
from curate.recipe import Source
from curate.stage import Rounds, Rule, Schema
from curate.stages.extract import Extract
from curate.stages.language import Language

MOST = 200_000  # documents of one label that are held in memory, chosen by hash of their id


class NotLabelled(ValueError):
    """What was given holds no labelled documents."""


class Labels(NamedTuple):
    """Documents of one label, or of the labels that they name themselves (`label` is None)."""

    label: str | None
    path: str

    @classmethod
    def of(cls, said: str) -> Labels:
        """From LABEL=PATH. Raises `NotLabelled`."""
        label, equals, path = said.partition("=")
        if not equals or not path or not LABEL.fullmatch(label):
            raise NotLabelled(f"--label {said!r}; expected LABEL=PATH, as clean=books.jsonl")
        return cls(label, path)


class Found(NamedTuple):
    """The documents (columns of `make.LABELLED`), and of each input its facts for judge.json."""

    docs: pl.DataFrame
    inputs: list[dict[str, Any]]


def labelled(inputs: Sequence[Labels], report: Reporter, *, text: str | None = None, most: int = MOST) -> Found:
    """All documents of `inputs`, null `cluster`. An input is a file, folder, glob or s3:// path of any format that
    Curate reads, or the directory of a run (its kept documents).

    A row's own `source` counts, else the file is the source; its own `lang`, else what `Language` measures. Where
    `label` is None a row's field `label` says it. Of labels of `curate browse` the last word of each reader counts, and
    what most readers of a document say. Raises `NotLabelled`.
    """
    names = [source.name for source in sources_of([one.path for one in inputs])]
    tables, facts = [], []
    for one, name in zip(inputs, names, strict=True):
        path = files.join(one.path, "kept") if files.exists(files.join(one.path, "run.json")) else one.path
        there = files.found(path)
        if not there:
            raise NotLabelled(f"nothing at {path}")
        report.begin(f"read {name}", sum(file.size for file in there))
        pieces, digests = [], []
        for file in there:
            if one.label is None and browsed(file.path):
                some = [_settled(file.path).head(most)]
            else:
                some = [_taken(piece, one, most) for piece in _documents(file, name, text)]
            pieces += some
            digests.append(files.sha256(file.path))
            report.advance(file.size, sum(piece.height for piece in some))
        report.end()
        docs = pl.concat(pieces) if pieces else pl.DataFrame(schema={**_FOUND, "draw": pl.Float64()})
        docs = docs.sort("draw", "text").head(most)
        if docs.is_empty():
            raise NotLabelled(f"{path}: no document with text" + ("" if one.label else " and a label"))
        tables.append(docs.drop("draw"))
        facts.append({"label": one.label, "name": name, "files": len(there), "sha256": _digest(digests),
                      "documents": docs.height})  # fmt: skip
    found = pl.concat(tables)
    return Found(found.with_columns(pl.lit(None, pl.UInt64).alias("cluster")).select(*LABELLED), facts)


_FOUND: Schema = {name: dtype for name, dtype in LABELLED.items() if name != "cluster"}


def _documents(file: FileInfo, name: str, text: str | None) -> Iterator[pl.DataFrame]:
    """doc_id, text, source, lang, domain, meta of a file's documents; raw pages are extracted."""
    for batch in open_shard(Source(name=name, path=file.path, text=text), file):
        docs = batch.docs
        if docs["raw"].null_count() < docs.height:
            docs = Extract()(docs)
        yield docs.filter(pl.col("text").is_not_null()).with_columns(pl.col("text").str.head(CHARACTERS))


def _settled(path: str) -> pl.DataFrame:
    """As `_taken`, of labels that people gave in `curate browse`."""
    rows = [
        (one.text[:CHARACTERS], one.label, one.source, one.lang, one.domain, share_of(one.doc_id, "labelled"))
        for one in Labelled(path).said().settled()
        if one.text is not None and one.text.strip()
    ]
    schema = {name: _FOUND[name] for name in ("text", "label", "source", "lang", "domain")}
    return _spoken(pl.DataFrame(rows, schema={**schema, "draw": pl.Float64()}, orient="row").sort("draw", "text"))


def _taken(docs: pl.DataFrame, one: Labels, most: int) -> pl.DataFrame:
    """The columns that count, with a draw by the hash of the id; at most `most` rows."""
    said = [json.loads(meta) if meta else {} for meta in docs["meta"]]
    own = {name: [_word(row.get(name)) for row in said] for name in ("label", "source")}
    table = docs.select(
        "text",
        pl.Series("label", own["label"], pl.String) if one.label is None else pl.lit(one.label).alias("label"),
        pl.Series("source", own["source"], pl.String).fill_null(docs["source"]),
        "lang",
        "domain",
        pl.Series("draw", [share_of(identity, "labelled") for identity in docs["doc_id"]], pl.Float64),
    ).filter(pl.col("label").is_not_null() & (pl.col("text").str.strip_chars().str.len_chars() > 0))
    wrong = [label for label in table["label"].unique() if not LABEL.fullmatch(label)]
    if wrong:
        raise NotLabelled(f"{one.path}: label {min(wrong)!r}; expected a word of letters, digits, '.', '_' and '-'")
    return _spoken(table.sort("draw", "text").head(most))


def _spoken(table: pl.DataFrame) -> pl.DataFrame:
    """With a language where none is stated."""
    if table["lang"].null_count():
        measured = Language()(table.select("text"))["lang"]
        table = table.with_columns(pl.col("lang").fill_null(measured))
    return table.with_columns(pl.col("lang").str.split("-").list.first())


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _digest(digests: Sequence[str]) -> str:
    """One digest for the files of an input, whatever they are called."""
    return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Twins:
    """A corpus stage without rules: whoever shares a band of MinHash with whom, in connected components.

    Wider than near copies on purpose: a split along components leaves no pair at `threshold` on both sides, but for one
    in 400 that never meet.
    """

    name: str = "twins"
    threshold: float = 0.8
    n: int = 5
    permutations: int = 128
    version = 1
    reads = {"text": pl.String()}
    writes = {"component": pl.UInt64()}
    absent = {"component": None}
    rules: tuple[Rule, ...] = ()

    def rounds(self) -> Rounds:
        bands, rows = bands_and_rows(self.threshold, self.permutations)
        yield Links(self.n, self.permutations, bands, rows)
        yield Clusters()


def with_clusters(docs: pl.DataFrame, report: Reporter) -> pl.DataFrame:
    """`docs` with the number of the cluster of near copies that each belongs to, null where it is like no other."""
    report.begin("near copies", int(docs["text"].str.len_bytes().sum() or 0))
    notes = notes_of(Twins(), [docs.select("text")])
    report.advance(int(docs["text"].str.len_bytes().sum() or 0), docs.height)
    report.end()
    rows = docs.drop("cluster", strict=False).with_row_index("row").with_columns(pl.col("row").cast(ADDRESS["row"]))
    found = rows.join(notes.select("row", pl.col("component").alias("cluster")), on="row", how="left")
    return found.sort("row").drop("row").select(*LABELLED)
