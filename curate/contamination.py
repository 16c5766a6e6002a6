"""What a run says of benchmarks: which of their items the documents hold, which documents went, what is clean.

The items that no document holds are a benchmark's clean subset: on them alone a model can be measured that was trained
on the data.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from curate import files
from curate.audit.tables import scan
from curate.decontaminate.contact import ASKED, CONTACTS, ITEM
from curate.decontaminate.evidence import evidence
from curate.decontaminate.index import Index
from curate.recipe import RecipeRefused, stages_ran
from curate.stage import Asset

NAME = ("benchmark", "split", "item")
COUNTS = tuple(f"found_{kind}" for kind in CONTACTS)
TWIN = 0.8  # of an item's question that another benchmark's item holds, from which on both are one question


@dataclass(frozen=True)
class Report:
    """Of one run and one index."""

    items: pl.DataFrame
    """A row for each item: benchmark, split, item; `checked`; documents that hold it by kind of contact (`found_item`,
    `found_question`, `found_passage`), and `kept`, documents among the kept ones that hold its question."""
    sources: pl.DataFrame
    """source, documents that hold an item, those of them that were removed for it."""
    found: pl.DataFrame
    """The evidence, as `decontaminate.evidence`, with `source` and `removed`."""

    def benchmarks(self) -> pl.DataFrame:
        """A row for each benchmark: items, those that can't be checked, touched by each contact, clean."""
        touched = [(pl.col(kind) > 0).sum() for kind in COUNTS]
        return (
            self.items.group_by("benchmark", maintain_order=True)
            .agg(pl.len().alias("items"), (~pl.col("checked")).sum().alias("unchecked"), *touched,
                 (pl.col("kept") > 0).sum().alias("kept"), clean().sum().alias("clean"))
        )  # fmt: skip


def clean() -> pl.Expr:
    """Items that were checked, and whose question no document that stayed holds."""
    return pl.col("checked") & (pl.col("kept") == 0)


def report(run: str, index: Index, asset: Asset | None = None) -> Report:
    """What the run in `run` found of the items of `index`.

    Raises `RecipeRefused` where the run did not look for benchmarks, or, where `asset` is given, for other ones.
    """
    _check(run, asset)
    found = pl.concat([_found(run, "verdicts", "evidence", True), _found(run, "kept", "contamination_evidence", False)])
    names = pl.DataFrame(list(index.items), dict.fromkeys(NAME, pl.String), orient="row")
    unchecked = {ordinal for ordinal, _ in index.unchecked}
    names = names.with_columns(pl.Series("checked", [number not in unchecked for number in range(names.height)]))
    asked = pl.col("contact").is_in([ITEM, ASKED])
    counts = found.group_by(NAME).agg(
        *(
            pl.col("doc_id").filter(pl.col("contact") == kind).n_unique().alias(count)
            for kind, count in zip(CONTACTS, COUNTS, strict=True)
        ),
        pl.col("doc_id").filter(asked & ~pl.col("removed")).n_unique().alias("kept"),
    )
    items = names.join(counts, on=NAME, how="left", maintain_order="left").with_columns(
        pl.col(*COUNTS, "kept").fill_null(0)
    )
    sources = found.group_by("source").agg(
        pl.col("doc_id").n_unique().alias("documents"),
        pl.col("doc_id").filter(pl.col("removed")).n_unique().alias("removed"),
    )
    return Report(items, sources.sort("source"), found)


def written(made: Report, out: str) -> list[str]:
    """Writes `made` below `out`: report.json, evidence.parquet, clean/BENCHMARK.txt (ids, one a line) and
    touched/BENCHMARK.txt. Returns the paths.
    """
    paths = []
    for benchmark, rows in made.items.group_by("benchmark", maintain_order=True):
        name = "".join(char if char.isalnum() or char in "-_." else "_" for char in str(benchmark[0]))
        for folder, part in (("clean", rows.filter(clean())), ("touched", rows.filter(pl.col("kept") > 0))):
            paths.append(files.join(out, folder, f"{name}.txt"))
            with files.rewrite(paths[-1]) as file:
                file.write("".join(f"{_id(row)}\n" for row in part.iter_rows(named=True)).encode())
    paths.append(files.join(out, "evidence.parquet"))
    with files.rewrite(paths[-1]) as file:
        made.found.write_parquet(file)
    paths.append(files.join(out, "report.json"))
    data = {"benchmarks": made.benchmarks().to_dicts(), "sources": made.sources.to_dicts()}
    with files.rewrite(paths[-1]) as file:
        file.write((json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode())
    return paths


def twins(index: Index) -> Iterator[tuple[tuple[str, str, str], tuple[str, str, str], float]]:
    """(item, item of another benchmark, share) of items whose question stands in the other's, each pair once."""
    from curate.decontaminate.index import DECIDING
    from curate.decontaminate.match import matches

    texts = [index.item(ordinal).said("question+choices") for ordinal in range(len(index.items))]
    found = matches(pl.Series(texts, dtype=pl.String), index, TWIN)
    seen = set()
    columns = ("row", "benchmark", "split", "item", "score")
    for row, *other, score in found.filter(pl.col("part").is_in(sorted(DECIDING))).select(columns).iter_rows():
        one, name = index.items[row], (str(other[0]), str(other[1]), str(other[2]))
        pair = frozenset({one, name})
        if one[0] != name[0] and pair not in seen:
            seen.add(pair)
            yield one, name, score


def texts_of(paths: Sequence[str]) -> Iterator[pl.Series]:
    """The texts of files, folders or globs of any format that holds text, a batch at a time.

    Raises `RecipeRefused` where there are no files.
    """
    from curate.apply import sources_of
    from curate.read import open_shard

    for source in sources_of(paths):
        found = files.found(source.path)
        if not found:
            raise RecipeRefused(f"{source.path}: there are no files to read texts from")
        for file in found:
            for batch in open_shard(source, file):
                yield batch.docs["text"].drop_nulls()


def _id(row: dict[str, str]) -> str:
    """An item's id: one line, whatever a benchmark names its items."""
    return row["item"].replace("\n", " ").replace("\r", " ")


def _check(run: str, asset: Asset | None) -> None:
    indexes = [stage["index"]["sha256"] for stage in stages_ran(run) if stage["is"] == "Decontaminate"]
    if not indexes:
        raise RecipeRefused(f"the run in {run} did not look for benchmarks: its recipe has no Decontaminate")
    if asset is not None and asset.sha256 not in indexes:
        raise RecipeRefused(
            f"the run in {run} looked for the items of another index ({indexes[0][:16]}...) than {asset.path} "
            f"({asset.sha256[:16]}...); give the benchmarks of its recipe"
        )


def _found(run: str, folder: str, column: str, removed: bool) -> pl.DataFrame:
    table = scan(run, folder)
    if table is None or column not in table.collect_schema().names():
        table = pl.LazyFrame(schema={name: pl.String for name in ("doc_id", "origin_id", "source", column, "reason")})
    if removed:
        table = table.filter(pl.col("reason") == "benchmark_overlap")
    held = table.select("doc_id", "origin_id", "source", pl.col(column).alias("contamination_evidence")).collect()
    held = held.unique("doc_id", keep="first", maintain_order=True)
    found = evidence(held).join(held.select("doc_id", "source"), on="doc_id", how="left", maintain_order="left")
    return found.with_columns(pl.lit(removed).alias("removed"))


def index_of(place: str) -> tuple[Asset, Index]:
    """The index at `place`, a file that `curate benchmark index` wrote or a folder of benchmarks."""
    from curate.decontaminate import index as indexes
    from curate.decontaminate.stage import Decontaminate
    from curate.decontaminate.storing import is_index

    asset = Asset.of(place) if Path(place).is_file() and is_index(place) else Decontaminate.of(place).index
    return asset, indexes.load(asset)
