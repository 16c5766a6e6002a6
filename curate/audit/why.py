"""Why a document is kept, removed or quarantined: its life in a run."""

from __future__ import annotations

import json
import shutil

import polars as pl

from curate import files
from curate.audit.beside import beside
from curate.audit.excerpt import excerpt, visible
from curate.audit.lost import text_before
from curate.audit.tables import scan
from curate.audit.twins import twins
from curate.document import COLUMNS

KEYS = ("doc_id", "origin_id", "url", "locator")
MATCHES = 5  # benchmark items that are shown
LINES = "line_evidence"  # the column that tells which lines went of a document that stayed
FOUND = "contamination_evidence"  # and the one that tells which benchmark items it holds
WIDTH = 120  # cells, where nothing says how wide the terminal is

FOLDERS = ("kept", "verdicts", "quarantine")


class NotInRun(LookupError):
    """No document of the run has this id, url or locator."""


def why(run: str, key: str, width: int | None = None) -> str:
    """What happened to the document whose doc_id, origin_id, url or locator is `key` (several where it was split).

    A duplicate is shown beside the document that was kept, in `width` cells (by default the terminal's). Raises
    `NotInRun`.
    """
    width = width or shutil.get_terminal_size((WIDTH, 0)).columns
    found = {folder: _matching(run, folder, key) for folder in FOLDERS}
    parts = _parts(run, key)
    if all(table is None or not table.height for table in found.values()) and not parts:
        if not files.exists(files.join(run, "run.json")):
            raise NotInRun(f"{run} holds no run (there is no run.json); expected the --out directory of one")
        raise NotInRun(
            f"{key}: no document of {run} has this doc_id, origin_id, url or locator; what the reader or a source's "
            "`take` skipped leaves only a count (curate funnel)"
        )
    blocks = []
    if (kept := found["kept"]) is not None:
        blocks += [_kept(run, row, width) for row in kept.iter_rows(named=True)]
    if (verdicts := found["verdicts"]) is not None:
        blocks += [_removed(run, rows, width) for _, rows in verdicts.group_by("doc_id", "stage", maintain_order=True)]
    if (quarantine := found["quarantine"]) is not None:
        blocks += [_quarantined(row) for row in quarantine.iter_rows(named=True)]
    if parts:
        blocks.append(
            f"{visible(key)}: split into {len(parts)} parts:\n"
            + "\n".join(f"  {part}  {became}" for part, became in parts)
        )
    return "\n\n".join(blocks)


def _matching(run: str, folder: str, key: str) -> pl.DataFrame | None:
    table = scan(run, folder)
    if table is None:
        return None
    return table.filter(pl.any_horizontal(pl.col(*KEYS) == key)).collect()


def _parts(run: str, key: str) -> list[tuple[str, str]]:
    """The parts that the document `key` was split into, and what became of each."""
    parts = []
    for folder, became in zip(FOLDERS, ("kept", "removed", "quarantined"), strict=True):
        table = scan(run, folder)
        if table is not None:
            ids = table.filter(pl.col("parent_id") == key).select("doc_id").unique().collect()
            parts += [(part, became) for part in ids["doc_id"].sort()]
    return parts


def _head(row: dict[str, object]) -> list[str]:
    names = ("doc_id", "origin_id", "url", "source", "locator", "license", "lang", "kind", "parent_id")
    return [f"  {name:<14}{visible(str(row[name]))}" for name in names if row.get(name) is not None]


def _kept(run: str, row: dict[str, object], width: int) -> str:
    measures = [
        f"  {name:<28}{visible(str(value))}"
        for name, value in row.items()
        if name not in COLUMNS and value is not None and name not in (LINES, FOUND)
    ]
    text = str(row["text"])
    return "\n".join(
        [
            f"kept: {row['doc_id']}",
            *_head(row),
            "measures:",
            *measures,
            *_lines(row.get(LINES)),
            *_reported(row.get(FOUND), width),
            "text:",
            f"  {excerpt(text)}",
            *_versions(run, row),
        ]
    )


def _reported(evidence: object, width: int) -> list[str]:
    """Benchmark items that were found in a document that stayed."""
    told = _told(evidence) if isinstance(evidence, str) else None
    return ["found of benchmarks:", *_matches(told, width)] if isinstance(told, list) and told else []


def _lines(evidence: object) -> list[str]:
    """The lines that line deduplication cut, or would have, had anything else been left."""
    if not isinstance(evidence, str):
        return []
    told = json.loads(evidence)
    more = f" and {told['more']} more" if "more" in told else ""
    return [
        f"lines that recur in the {told['of']:,} documents of {visible(told['in'])}{more}:",
        *(f"  {line['documents']:>8,}  {visible(line['line'])}" for line in told["lines"]),
    ]


def _versions(run: str, row: dict[str, object]) -> list[str]:
    manifest = files.join(run, "version", "manifest.json")
    data = [file.path for file in files.found(files.join(run, "version", "data"))] if files.exists(manifest) else []
    if not data:
        return []
    there = pl.scan_parquet(data, glob=False).filter(pl.col("doc_id") == row["doc_id"]).select("channel").collect()
    if not there.height:
        return ["version: not drawn into the mix"]
    return [f"version: {files.join(run, 'version')}, channel {there['channel'][0]}"]


def _removed(run: str, rows: pl.DataFrame, width: int) -> str:
    first = rows.row(0, named=True)
    lines = [f"removed: {first['doc_id']} by stage {first['stage']}", *_head(first)]
    shown = False
    for row in rows.iter_rows(named=True):
        measured = (
            "" if row["value"] is None else f": {row['measure']} is {row['value']:g}, the limit is {row['limit']:g}"
        )
        lines.append(f"  reason        {row['reason']}{measured}")
        told = _told(row["evidence"])
        if (
            isinstance(told, dict) and "kept" in told and "content_hash" not in told
        ):  # that one names a place, not an id
            lines += [_words(told), *(twins(run, first["doc_id"], told, width) if not shown else [])]
            shown = True
        elif isinstance(told, dict) and "lines" in told:
            lines += _lines(row["evidence"])
        elif isinstance(told, dict):
            lines.append(_words(told))
        elif isinstance(told, list):
            lines += _matches(told, width)
        elif row["evidence"]:
            lines.append(f"  evidence      {excerpt(row['evidence'], 1000)}")
    if not shown and (text := text_before(run, first["doc_id"])) is not None:
        lines += ["text:", f"  {excerpt(text)}"]
    return "\n".join(lines)


def _told(evidence: str | None) -> object:
    """Evidence as data, None where it is plain words."""
    try:
        return json.loads(evidence or "null")
    except json.JSONDecodeError:
        return None


def _words(told: dict[str, object]) -> str:
    words = ", ".join(f"{name} {value}" for name, value in told.items())
    return f"  evidence      {excerpt(words, 1000)}"


def _matches(told: list[dict[str, object]], width: int) -> list[str]:
    """The best benchmark items that were found, each beside the text that holds it, what differs marked."""
    lines = [line for match in told[:MATCHES] for line in _match(match, width)]
    return lines if len(told) <= MATCHES else [*lines, f"  and {len(told) - MATCHES} items more"]


def _match(match: dict[str, object], width: int) -> list[str]:
    where = f"characters {match['start']} to {match['end']}"
    name, benchmark = visible(str(match["item"])), visible(str(match["benchmark"]))
    texts = (str(match["says"]), str(match["span"]))
    return [
        f"  evidence      {name} of {benchmark}: {match['score']:.2f} of its {match['part']}, in {where}; "
        f"contact: {match['contact']}",
        *(f"    {line}" for line in beside(*texts, ("the item", "the document"), width - 4)),
    ]


def _quarantined(row: dict[str, object]) -> str:
    return "\n".join(
        [f"quarantined: {visible(str(row['doc_id'] or row['locator']))} at stage {row['stage']}", *_head(row),
         f"  reason        {row['reason']}", f"  error         {visible(str(row['error']))}"]
    )  # fmt: skip
