"""What is exported: the documents of a mix, a run or a version, each as often as it is read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from curate import files
from curate.document import COLUMNS
from curate.mix.count import TRAIN, VALIDATION
from curate.mix.draw import order
from curate.mix.export.settings import ExportRefused
from curate.mix.plan import Plan
from curate.table import batches

SPLITS = (TRAIN, VALIDATION)
ADDED: Mapping[str, pl.DataType] = {"channel": pl.String(), "epochs": pl.Int64()}


@dataclass(frozen=True)
class Material:
    """The documents in `paths`, by split; with a `mix` those that it draws, as often as it reads them."""

    where: str
    paths: Mapping[str, Sequence[str]]
    mix: Path | None = None
    facts: Mapping[str, Any] | None = None  # of a version: its manifest

    @classmethod
    def of(cls, where: str | Path, kept: Sequence[str] = ()) -> Material:
        """What lies in the folder `where`: a mix (its kept documents beside it, or given as `kept`), the folder of a
        run, or a published version. Raises `ExportRefused`."""
        place = Path(where)
        if (place / "manifest.json").is_file() and (place / "data").is_dir():
            paths = {
                split: [str(path) for path in sorted((place / "data").glob(f"{split}-*.parquet"))] for split in SPLITS
            }
            return cls(str(place), paths, facts=json.loads((place / "manifest.json").read_bytes()))
        mix = next((folder for folder in (place, place / "mix") if (folder / "plan.json").is_file()), None)
        if mix is None and not (place / "kept").is_dir():
            raise ExportRefused(
                f"{place} is no mix (plan.json), no run (kept/) and no published version (manifest.json, data/)"
            )
        run = place.resolve().parent if mix == place else place
        shards = [path for pattern in (kept or [str(run / "kept")]) for path in _shards(pattern)]
        if not shards:
            raise ExportRefused(
                f"the kept documents of {place} are not there ({run / 'kept'}): a mix holds tokens; name the "
                "folder with its documents with --kept"
            )
        return cls(str(place), dict.fromkeys(SPLITS, shards) if mix else {TRAIN: shards, VALIDATION: []}, mix)

    @cached_property
    def plan(self) -> Plan | None:
        return None if self.mix is None else Plan.read(self.mix / "plan.json")

    @cached_property
    def task(self) -> str:
        """pt or sft: the mix's; without one sft where there are dialogues."""
        stage = self.plan.stage if self.plan is not None else ((self.facts or {}).get("mix") or {}).get("stage")
        if stage is not None:
            return "sft" if stage == "sft" else "pt"
        kinds = (docs["kind"].eq("dialogue").any() for path in self.paths[TRAIN] for docs in batches(path, ["kind"]))
        return "sft" if any(kinds) else "pt"

    @cached_property
    def readings(self) -> int:
        """How often the document that is read most is read."""
        if self.mix is None:
            return int(str(self._again["epochs"].max() or 1))
        tables = [pl.scan_parquet(path, glob=False).select(pl.col("epochs").max()) for path in self._tables]
        return max((int(one.collect().item() or 0) for one in tables), default=0)

    def documents(self, split: str, reading: int = 0) -> Iterator[pl.DataFrame]:
        """The documents of a split that are read more than `reading` times, in batches: the columns of a document,
        `channel` and `epochs`. Validation is read once."""
        for path in self.paths[split]:
            found = self._members(path, split) if self.mix is not None else None
            for docs in batches(path):
                if found is not None:
                    named = docs.select(list(COLUMNS)).join(found, on=["doc_id", "content_hash"], how="inner")
                else:
                    # A version names the channel, a run has its sources.
                    channel = "channel" if "channel" in docs.columns else "source"
                    named = docs.drop("epochs", strict=False).with_columns(pl.col(channel).alias("channel"))
                    named = named.join(self._again, on="doc_id", how="left", maintain_order="left")
                    named = named.with_columns(pl.col("epochs").fill_null(1))
                mine = named.filter(pl.col("epochs") > reading) if split == TRAIN else named
                if mine.height and (split == TRAIN or not reading):
                    yield mine.select(*COLUMNS, *ADDED)

    @cached_property
    def _again(self) -> pl.DataFrame:
        """`doc_id` and `epochs` of a version's documents, in channels that its mix reads more than once.

        A version says how many documents were read of a channel, and which of them once more follows from the seed: the
        first ones of the draw's order.
        """
        mix = (self.facts or {}).get("mix") or {}
        passes = {
            name: divmod(said["read_documents"], said["documents"])
            for name, said in mix.get("channels", {}).items()
            if said["read_documents"] > said["documents"]
        }
        empty = pl.DataFrame(schema={"doc_id": pl.String, "epochs": pl.Int64})
        ids = [docs for path in self.paths[TRAIN] for docs in batches(path, ["doc_id", "channel"])] if passes else []
        tables = [empty]
        for name, (times, rest) in passes.items():
            mine = pl.concat(ids).filter(pl.col("channel") == name)
            mine = mine.with_columns(order(mine["doc_id"], mix["seed"])).sort("order", "doc_id")
            epochs = times + (pl.int_range(pl.len()) < rest).cast(pl.Int64)
            tables.append(mine.select("doc_id", epochs.alias("epochs")))
        return pl.concat(tables)

    @property
    def _tables(self) -> list[Path]:
        assert self.mix is not None
        return sorted((self.mix / "docs").glob("*.parquet"))

    def _members(self, path: str, split: str) -> pl.DataFrame:
        """The documents of one kept shard that are in the split: docs/ is streamed and met with the shard's ids."""
        ids = pl.concat([docs.select("doc_id") for docs in batches(path, ["doc_id"])] or [pl.DataFrame({"doc_id": []})])
        found = [
            pl.scan_parquet(table, glob=False)
            .filter(pl.col("split") == split)
            .join(ids.cast(pl.String).lazy(), on="doc_id", how="semi")
            .select("doc_id", "content_hash", pl.lit(table.stem).alias("channel"), "epochs")
            .collect(engine="streaming")
            for table in self._tables
        ]
        return pl.concat(found)


def _shards(pattern: str) -> list[str]:
    return [file.path for file in files.found(pattern) if file.path.endswith(".parquet")]
