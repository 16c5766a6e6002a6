"""Documents that a list names: those that made a training spike, by the quarantine.parquet that the training wrote."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import polars as pl

from curate.stage import Asset, Rule

KEYS = ("doc_id", "content_hash")


class NotAList(ValueError):
    """A file is no list of documents to exclude."""


@dataclass(frozen=True, kw_only=True)
class Excluded:
    """`quarantined`: the document stands in one of `lists`, with what the list says of it in `quarantined_evidence`.
    Reason `quarantined_by_training`.

    A document is meant by its id and its content together: one that has been corrected since is judged anew, and a
    twin under another id is for deduplication to find. Where a recipe splits documents, this stage goes after the
    split: the parts were trained on. `Excluded.of("train/quarantine.parquet")` reads any number of lists.
    """

    lists: tuple[Asset, ...]
    name: str = "excluded"

    version = 1
    reads = {"doc_id": pl.String(), "content_hash": pl.String()}
    writes = {"quarantined": pl.Boolean(), "quarantined_evidence": pl.String()}

    @classmethod
    def of(cls, *paths: str | Path) -> Excluded:
        """With the lists at `paths`. Raises `NotAList`."""
        found = cls(lists=tuple(Asset.of(path) for path in paths))
        _named(found.lists)
        return found

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(reason="quarantined_by_training", measure="quarantined", high=0, evidence="quarantined_evidence"),)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        found = docs.select(KEYS).join(_named(self.lists), on=KEYS, how="left", maintain_order="left")
        return docs.with_columns(
            quarantined=found["quarantined"].fill_null(False), quarantined_evidence=found["evidence"]
        )


@lru_cache(maxsize=4)
def _named(lists: Sequence[Asset]) -> pl.DataFrame:
    """Each (doc_id, content_hash) of the lists once, with the evidence of the first list that has it."""
    tables = [pl.DataFrame(schema=dict.fromkeys((*KEYS, "evidence"), pl.String()))]
    for asset in lists:
        data = asset.verified()
        try:
            table = pl.read_parquet(io.BytesIO(data))
        except pl.exceptions.ComputeError as error:
            raise NotAList(f"{asset.path} is not a Parquet file: {error}") from error
        missing = [name for name in (*KEYS, "evidence") if table.schema.get(name) != pl.String()]
        if missing:
            raise NotAList(
                f"{asset.path} has no text column {', '.join(missing)}; expected a training's quarantine.parquet, "
                f"found {', '.join(table.columns)}"
            )
        tables.append(table.select(*KEYS, "evidence"))
    return pl.concat(tables).unique(KEYS, keep="first", maintain_order=True).with_columns(quarantined=pl.lit(True))
