"""Why a document is kept, removed or quarantined: its whole life in a run, or what a version holds of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

import polars as pl

from curate import files
from curate.audit.excerpt import excerpt, shown_url, visible
from curate.audit.in_mix import in_mix
from curate.audit.in_version import LEAST, MOST, of_version, versions
from curate.audit.keys import find
from curate.audit.measured import measured
from curate.audit.removed import recurring, removed, reported
from curate.audit.searched import holding
from curate.audit.tables import described, measures_of
from curate.publish.address import place_of

KEYS = ("doc_id", "origin_id", "url", "locator", "content_hash")
LINES = "line_evidence"  # the column that tells which lines went of a document that stayed
FOUND = "contamination_evidence"  # and the one that tells which benchmark items it holds
WIDTH = 120  # cells, where nothing says how wide the terminal is

FOLDERS = ("kept", "verdicts", "quarantine")


class NotInRun(LookupError):
    """No document of the run or version has this id, address, locator or text."""


def why(place: str, key: str, width: int | None = None) -> str:
    """What happened to the documents that `key` names, in the run or version at `place`.

    `key` is a doc_id, origin_id, url, locator or content hash (several documents where one was split), or words of a
    text, which are looked for in every text that is there and therefore take time. A duplicate is shown beside the
    document that was kept, in `width` cells (by default the terminal's). `place` may be STORE/NAME@VERSION. Raises
    `NotInRun`, and what `curate.publish.address.located` raises.
    """
    width = width or shutil.get_terminal_size((WIDTH, 0)).columns
    asked, place = place, place_of(place)
    if not files.exists(files.join(place, "run.json")):
        if files.exists(files.join(place, "manifest.json")):
            if (found := of_version(place, key)) is None:
                raise NotInRun(
                    f"{visible(key)}: no document of the version {asked} has this id, address or text (of at least "
                    f"{LEAST} bytes). What the run that made it removed its directory alone can tell (curate why RUN); "
                    "of what was withdrawn no more is left than the doc_id"
                )
            return found
        raise NotInRun(
            f"{place} holds no run (there is no run.json) and no version (no manifest.json); expected the --out "
            "directory of a run, or a version's folder"
        )
    ran = described(place)
    blocks = _named(place, ran, key, width)
    if blocks or len(key.strip().encode()) < LEAST:
        searched: list[str] = []
    else:
        searched = holding(place, key, MOST)
        blocks = [block for doc_id in searched for block in _named(place, ran, doc_id, width)]
    if not blocks:
        raise NotInRun(
            f"{visible(key)}: no document of {place} has this doc_id, origin_id, url, locator or content hash, and no "
            f"text that is there holds it (texts of at least {LEAST} bytes are looked for); what the reader or "
            "a source's `take` skipped leaves only a count (curate funnel)"
        )
    if len(blocks) > MOST or len(searched) == MOST:
        blocks = [*blocks[:MOST], f"... and more: these are the first {MOST}; name one of them by its doc_id"]
    return "\n\n".join(blocks)


def _named(run: str, ran: Mapping[str, Any], key: str, width: int) -> list[str]:
    """A block of lines for every document that `key` names; `ran` is run.json."""
    found = {folder: find(run, folder, key, KEYS) for folder in FOLDERS}
    blocks = []
    if (kept := found["kept"]) is not None:
        blocks += [_kept(run, ran, row, width) for row in kept.head(MOST + 1).iter_rows(named=True)]
    if (verdicts := found["verdicts"]) is not None:
        for number, (_, rows) in enumerate(verdicts.group_by("doc_id", "stage", maintain_order=True)):
            if number <= MOST:
                blocks.append(_removed(run, ran, rows, width))
    if (quarantine := found["quarantine"]) is not None:
        blocks += [_quarantined(row) for row in quarantine.head(MOST + 1).iter_rows(named=True)]
    if parts := _parts(run, key):
        lines = [f"{visible(key)}: split into {len(parts)} parts:", *(f"  {part}  {became}" for part, became in parts)]
        blocks.append("\n".join(lines))
    return blocks


def _parts(run: str, key: str) -> list[tuple[str, str]]:
    """The parts that the document `key` was split into, and what became of each."""
    parts = []
    for folder, became in zip(FOLDERS, ("kept", "removed", "quarantined"), strict=True):
        table = find(run, folder, key, ["parent_id"], ["doc_id"])
        if table is not None:
            parts += [(part, became) for part in table["doc_id"].unique().sort()]
    return parts


def _head(row: Mapping[str, Any]) -> list[str]:
    names = ("doc_id", "origin_id", "url", "source", "locator", "license", "lang", "kind", "parent_id")
    shown = {"url": shown_url, "locator": shown_url}
    return [f"  {name:<14}{shown.get(name, visible)(str(row[name]))}" for name in names if row.get(name) is not None]


def _kept(run: str, ran: Mapping[str, Any], row: Mapping[str, Any], width: int) -> str:
    return "\n".join(
        [
            f"kept: {row['doc_id']}",
            *_head(row),
            "measures:",
            *measured(ran, row, (LINES, FOUND)),
            *recurring(row.get(LINES)),
            *reported(row.get(FOUND), width),
            "text:",
            f"  {excerpt(str(row['text']))}",
            *in_mix(run, row["doc_id"]),
            *versions(run, row["doc_id"]),
        ]
    )


def _removed(run: str, ran: Mapping[str, Any], rows: pl.DataFrame, width: int) -> str:
    first = rows.row(0, named=True)
    lines = removed(run, _head(first), rows, width)
    if (before := measures_of(run, first["_file"], first["doc_id"])) is not None:
        lines += ["measures, as far as it came:", *measured(ran, before, (LINES, FOUND, "stage"))]
    return "\n".join(lines)


def _quarantined(row: Mapping[str, Any]) -> str:
    return "\n".join(
        [f"quarantined: {visible(str(row['doc_id'] or row['locator']))} at stage {row['stage']}", *_head(row),
         f"  reason        {row['reason']}", f"  error         {visible(str(row['error']))}"]
    )  # fmt: skip
