"""What a version holds of a document."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from curate import files
from curate.audit.excerpt import excerpt, shown_url, visible
from curate.audit.keys import find
from curate.audit.measured import measured
from curate.document import COLUMNS
from curate.publish.address import Held, held
from curate.publish.tombstones import Withdrawn, tombstones

NAMES = ("doc_id", "origin_id", "url", "locator", "content_hash", "parent_id")
SHOWN = (*NAMES[1:], "source", "role", "domain", "license", "lang", "kind")
MOST = 20  # documents that are shown
LEAST = 8  # bytes of text that may be searched for, three Chinese characters: fewer are everywhere
_FILE = "_file"


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
    """The documents of the version in folder `place` that have the id, address or locator `key`, or hold it as text,
    and those of that id that were withdrawn from it; None where there is none. Reads names first and texts only where
    no name is equal."""
    version = held(place)
    blocks = [_withdrawn(one) for one in tombstones(version) if one.doc_id == key]
    paths = [version.path(name) for name in version.manifest["files"] if name.startswith("data/")]
    if paths:
        table = pl.scan_parquet(
            paths, glob=False, missing_columns="insert", extra_columns="ignore", include_file_paths=_FILE
        )
        named = [name for name in NAMES if name in table.collect_schema()]
        found = table.filter(pl.any_horizontal(pl.col(*named) == key)).head(MOST).collect(engine="streaming")
        if not (found.height or blocks) and len(key.strip().encode()) >= LEAST:
            holds = pl.col("text").str.contains(key, literal=True)
            found = table.filter(holds).head(MOST).collect(engine="streaming")
        blocks += ["\n".join(_document(version, row)) for row in found.iter_rows(named=True)]
        if found.height == MOST:
            blocks.append(f"... and more, it may be: these are the first {MOST}; name one of them by its doc_id")
    return "\n\n".join(blocks) or None


def _document(version: Held, row: Mapping[str, Any]) -> Iterator[str]:
    yield f"in version {_name(version)}: {row['doc_id']}"
    as_shown = {"url": shown_url, "locator": shown_url}
    for name in SHOWN:
        if row.get(name) is not None:
            yield f"  {name:<14}{as_shown.get(name, visible)(str(row[name]))}"
    split = posixpath.basename(row[_FILE]).partition("-")[0]
    if version.manifest["mix"] is None:
        yield f"  {'split':<14}{split}"
    else:
        yield f"mix: channel {visible(str(row['channel']))}, {split}, {row['tokens']:,} tokens"
    yield "measures:"
    # The recipe's limits stand in the manifest: they say what the document was held against, without the run.
    stages = [str(stage["name"]) for stage in version.manifest.get("recipe", {}).get("stages", [])]
    said = {"rules": version.manifest.get("rules", {}), "segments": {"all": stages}}
    rest = {name: value for name, value in row.items() if name not in COLUMNS and name not in ("channel", "tokens")}
    yield from measured(said, rest)
    yield "text:"
    yield f"  {excerpt(str(row['text']))}"


def _withdrawn(stone: Withdrawn) -> str:
    lines = [f"withdrawn: {stone.doc_id}", f"  since         {visible(stone.version)}"]
    lines.append(f"  reason        {visible(stone.reason)}")
    if stone.note:
        lines.append(f"  note          {visible(stone.note)}")
    if stone.along is not None:
        lines.append(f"  along with    {visible(stone.along)}, of which it is a copy")
    if stone.blocks:
        lines.append("  newcomers     that are like it are kept out of versions that grow from this one")
    return "\n".join(lines)


def _name(version: Held) -> str:
    said, number = str(version.manifest["name"]), version.manifest.get("number")
    return visible(said if number is None or number in said else f"{said} {number}")
