"""The stage that finds benchmark items in documents."""

from __future__ import annotations

import json
import os
import secrets
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from curate.decontaminate import benchmarks
from curate.decontaminate import index as indexes
from curate.decontaminate.index import DECIDING
from curate.decontaminate.match import matches
from curate.stage import Asset, Rule

QUOTED = 1000  # characters of a matched text that the evidence holds: the removed document itself is not kept


class NotCheckable(UserWarning):
    """Some items of a benchmark can't be looked for."""


@dataclass(frozen=True, kw_only=True)
class Decontaminate:
    """Remove documents that hold questions of a benchmark; report those that hold its answers and contexts.

    Measures `contamination`: of the item that a document holds most of, the weighted share of the question's n-grams
    that lie in one place of the document, 0 to 1 (`curate.decontaminate.match`); 0 where no item reaches `report`.
    `contamination_evidence` lists, as JSON, the best `most` matches of at least `report`: benchmark, split, item, part
    (question, question+choices, question+answer, question+context, answer, context), score, start and end in
    characters, and the span between them as far as `QUOTED` characters. A context or an answer alone never removes a
    document: what an exam quotes from a law, the corpus may hold.

    The default limit was chosen on 85,901 clean documents and ten benchmarks of 64,696 items: .65 removes .038 % of
    them, 30 Chinese statutes that a question quotes nearly whole and 3 others; .5 removes .08 %. Of questions of 14
    CJK characters or 7 words and more, in an article in other punctuation, width or case, 99.9 % are found. Those of
    LawBench 3-6 that zh_lawyer_llama rewords score .68 and more. (performance/decontamination.py)
    """

    index: Asset
    limit: float = 0.65
    report: float = 0.4
    most: int = 50
    name: str = "decontaminate"

    version = 2
    reads = {"text": pl.String()}
    writes = {"contamination": pl.Float64(), "contamination_evidence": pl.String()}

    def __post_init__(self) -> None:
        if not 0 < self.report <= self.limit <= 1 or self.most < 1:
            raise ValueError(
                f"{self.name}: report {self.report}, limit {self.limit}, most {self.most}; expected "
                "0 < report <= limit <= 1 and at least one match"
            )

    @classmethod
    def of(cls, folder: str | Path, index: str | Path | None = None, **settings: Any) -> Decontaminate:
        """The stage for the benchmarks in `folder`, local or s3://: their index is made, and kept at `index`.

        Without `index` it is kept in the user's cache (XDG_CACHE_HOME), under a name that depends on the items, and
        made once. Items that can't be looked for and records without one are warned of (`NotCheckable`). Raises
        `BenchmarksRefused` or `IndexRefused`.
        """
        found = benchmarks.load(str(folder))
        path = Path(index) if index is not None else _cache() / f"{indexes.digest(found.items)}.index"
        if index is not None or not path.exists():
            _replace(path, indexes.build(found.items))
        stage = cls(index=Asset.of(path), **settings)
        unchecked = indexes.load(stage.index).unchecked
        passed = [record for record in found.passed if "#" in record.place]
        if unchecked or passed:
            warnings.warn(_said(str(folder), len(found.items), unchecked, passed), NotCheckable, stacklevel=2)
        return stage

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(
                reason="benchmark_overlap",
                measure="contamination",
                high=self.limit,
                evidence="contamination_evidence",
            ),
        )

    def __call__(self, docs: pl.DataFrame, /) -> pl.DataFrame:
        texts = docs["text"]
        found = matches(texts, indexes.load(self.index), self.report)
        scores = found.filter(pl.col("part").is_in(sorted(DECIDING))).group_by("row").agg(pl.col("score").max())
        rows = pl.DataFrame({"row": pl.Series(range(docs.height), dtype=pl.UInt32)})
        best = rows.join(scores, on="row", how="left", maintain_order="left")["score"].fill_null(0.0)
        evidence: list[str | None] = [None] * docs.height
        for (row,), group in found.group_by("row", maintain_order=True):
            evidence[int(str(row))] = _evidence(group.head(self.most), texts[int(str(row))])
        return docs.with_columns(
            pl.select(pl.when(texts.is_not_null()).then(best)).to_series().alias("contamination"),
            pl.Series("contamination_evidence", evidence, pl.String),
        )


def _said(folder: str, items: int, unchecked: Sequence[tuple[int, str]], passed: Sequence[benchmarks.Passed]) -> str:
    said = [f"{folder}: {items} items"]
    if unchecked:
        said.append(
            f"{len(unchecked)} of them too short or too common to be noticed in a document "
            "(curate.decontaminate.index.load(stage.index).not_checkable() lists them)"
        )
    if passed:
        said.append(f"{len(passed)} records passed over or renamed, the first {passed[0].place}: {passed[0].why}")
    return "; ".join(said)


def _evidence(found: pl.DataFrame, text: str) -> str:
    listed = [
        {**match, "span": text[match["start"] : min(match["end"], match["start"] + QUOTED)]}
        for match in found.drop("row").iter_rows(named=True)
    ]
    return json.dumps(listed, ensure_ascii=False)


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "curate" / "benchmarks"


def _replace(path: Path, data: bytes) -> None:
    """`data` at `path`, whole or not at all, whatever was there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}.partial")
    partial.write_bytes(data)
    partial.replace(path)
