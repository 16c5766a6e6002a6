"""The configurations under which `datasets.load_dataset` reads a version: all of it, and each domain alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from curate.publish.place import SPLITS, part_of

DEFAULT = "default"


@dataclass(frozen=True)
class Split:
    """Of one split: documents, bytes of its files, and bytes of their columns before compression."""

    rows: int = 0
    size: int = 0
    columns: int = 0

    def __add__(self, other: Split) -> Split:
        return Split(self.rows + other.rows, self.size + other.size, self.columns + other.columns)


@dataclass(frozen=True)
class Config:
    """A configuration: the files of each split as a glob, and how much is in them."""

    name: str
    globs: Mapping[str, str]
    splits: Mapping[str, Split]

    def data_files(self) -> dict[str, Any]:
        """As the card's `configs` say it."""
        files = [{"split": split, "path": glob} for split, glob in self.globs.items()]
        return {"config_name": self.name, "data_files": files, **({"default": True} if self.name == DEFAULT else {})}

    def info(self) -> dict[str, Any]:
        """As the card's `dataset_info` says it."""
        splits = [{"name": name, "num_bytes": split.columns, "num_examples": split.rows}
                  for name, split in self.splits.items()]  # fmt: skip
        whole = sum(self.splits.values(), Split())
        return {
            "config_name": self.name,
            "splits": splits,
            "download_size": whole.size,
            "dataset_size": whole.columns,
        }


def configs(manifest: Mapping[str, Any]) -> list[Config]:
    """`default`, which is everything, and where there are several domains one for each. Empty splits are left out."""
    found: dict[tuple[str, str], Split] = {}
    for path, file in manifest["files"].items():
        if path.startswith("data/"):
            part = part_of(path)
            one = Split(file["rows"], file["bytes"], file["columns_bytes"])
            found[part.domain, part.split] = found.get((part.domain, part.split), Split()) + one
    domains = sorted({domain for domain, _ in found})
    splits = [split for split in SPLITS if any((domain, split) in found for domain in domains)]
    whole = {split: sum((found.get((domain, split), Split()) for domain in domains), Split()) for split in splits}
    out = [Config(DEFAULT, {split: f"data/{split}-*.parquet" for split in splits}, whole)]
    for domain in domains if len(domains) > 1 else ():
        own = [split for split in splits if found.get((domain, split), Split()).rows]
        name = domain if domain != DEFAULT else f"{domain}_domain"
        out.append(Config(name, {split: f"data/{split}-{domain}-*.parquet" for split in own},
                          {split: found[domain, split] for split in own}))  # fmt: skip
    return out
