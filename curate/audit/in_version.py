"""What a version holds of a document."""

from __future__ import annotations

import json

import polars as pl

from curate import files
from curate.audit.excerpt import excerpt, visible
from curate.audit.keys import find
from curate.document import COLUMNS

NAMES = ("doc_id", "origin_id", "url", "locator", "content_hash", "parent_id")


def versions(run: str, doc_id: str) -> list[str]:
    """Lines about the version that the run published, as far as the document is concerned; none without a version."""
    place = files.join(run, "version")
    if not files.exists(files.join(place, "manifest.json")):
        return []
    there = find(run, "version/data", doc_id, ["doc_id"], ["channel"])
    if there is None or not there.height:
        return ["version: not drawn into the mix"]
    return [f"version: {place}, channel {visible(str(there['channel'][0]))}"]


def of_version(place: str, key: str) -> str | None:
    """The documents of the version at `place` that have the id, address or locator `key`, or hold it as text; None
    where none does. Reads names first and texts only where no name is equal."""
    manifest = json.loads(files.read_bytes(files.join(place, "manifest.json")))
    paths = [file.path for file in files.found(files.join(place, "data")) if file.path.endswith(".parquet")]
    if not paths:
        return None
    table = pl.scan_parquet(paths, glob=False, missing_columns="insert", extra_columns="ignore")
    schema = table.collect_schema()
    named = [name for name in NAMES if name in schema]
    found = table.filter(pl.any_horizontal(pl.col(*named) == key)).head(20).collect()
    if not found.height:
        found = table.filter(pl.col("text").str.contains(key, literal=True)).head(20).collect(engine="streaming")
    said = manifest.get("version", {})
    blocks = []
    for row in found.iter_rows(named=True):
        lines = [f"in version {visible(str(said.get('name')))}: {row['doc_id']}"]
        lines += [
            f"  {name:<14}{visible(str(row[name]))}"
            for name in (*NAMES[1:], "source", "license", "lang", "kind", "channel")
            if row.get(name) is not None
        ]
        lines += ["measures:"]
        lines += [
            f"  {name:<28}{visible(str(value))}"
            for name, value in row.items()
            if name not in COLUMNS and name != "channel" and value is not None
        ]
        blocks.append("\n".join([*lines, "text:", f"  {excerpt(str(row['text']))}"]))
    return "\n\n".join(blocks) or None
