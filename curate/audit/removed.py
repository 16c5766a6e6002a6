"""A document that a stage removed: its reasons with measure and limit, the evidence, its text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from curate.audit.beside import beside
from curate.audit.excerpt import excerpt, visible
from curate.audit.lost import text_before
from curate.audit.twins import twins

MATCHES = 5  # benchmark items that are shown


def removed(run: str, head: list[str], rows: pl.DataFrame, width: int) -> list[str]:
    """Lines about the verdicts `rows` of one stage on one document, under `head`."""
    first = rows.row(0, named=True)
    lines = [f"removed: {first['doc_id']} by stage {first['stage']}", *head]
    shown = False
    for row in rows.iter_rows(named=True):
        measured = (
            "" if row["value"] is None else f": {row['measure']} is {row['value']:g}, the limit is {row['limit']:g}"
        )
        lines.append(f"  reason        {row['reason']}{measured}")
        evidence = told(row["evidence"])
        if isinstance(evidence, dict) and "kept" in evidence and "content_hash" not in evidence:
            # With a content hash it names a place, not an id.
            lines += [_words(evidence), *(twins(run, first["doc_id"], evidence, width) if not shown else [])]
            shown = True
        elif isinstance(evidence, dict) and "lines" in evidence:
            lines += recurring(row["evidence"])
        elif isinstance(evidence, dict):
            lines.append(_words(evidence))
        elif isinstance(evidence, list):
            lines += _matches(evidence, width)
        elif row["evidence"]:
            lines.append(f"  evidence      {excerpt(row['evidence'], 1000)}")
    if not shown and (text := text_before(run, first["doc_id"])) is not None:
        lines += ["text:", f"  {excerpt(text)}"]
    return lines


def told(evidence: str | None) -> object:
    """Evidence as data, None where it is plain words."""
    try:
        return json.loads(evidence or "null")
    except json.JSONDecodeError:
        return None


def recurring(evidence: object) -> list[str]:
    """The lines that line deduplication cut, or would have, had anything else been left."""
    if not isinstance(evidence, str):
        return []
    found = json.loads(evidence)
    more = f" and {found['more']} more" if "more" in found else ""
    return [
        f"lines that recur in the {found['of']:,} documents of {visible(found['in'])}{more}:",
        *(f"  {line['documents']:>8,}  {visible(line['line'])}" for line in found["lines"]),
    ]


def reported(evidence: object, width: int) -> list[str]:
    """Benchmark items that were found in a document that stayed."""
    found = told(evidence) if isinstance(evidence, str) else None
    return ["found of benchmarks:", *_matches(found, width)] if isinstance(found, list) and found else []


def _words(evidence: Mapping[str, object]) -> str:
    words = ", ".join(f"{name} {value}" for name, value in evidence.items())
    return f"  evidence      {excerpt(words, 1000)}"


def _matches(found: list[dict[str, Any]], width: int) -> list[str]:
    """The best benchmark items that were found, each beside the text that holds it, what differs marked."""
    lines = [line for match in found[:MATCHES] for line in _match(match, width)]
    return lines if len(found) <= MATCHES else [*lines, f"  and {len(found) - MATCHES} items more"]


def _match(match: Mapping[str, Any], width: int) -> list[str]:
    turn = match.get("turn")
    where = "" if turn is None else f"turn {turn} ({visible(str(match['side']))})"
    if match["start"] is not None:
        where += f"{', ' if where else ''}characters {match['start']} to {match['end']}"
    if match.get("answer_turn") is not None and match["answer_turn"] != turn:
        where += f", its answer in turn {match['answer_turn']} ({visible(str(match['answer_side']))})"
    elif match.get("answer_start") is not None:
        where += f", its answer in {match['answer_start']} to {match['answer_end']}"
    name, benchmark = visible(str(match["item"])), visible(str(match["benchmark"]))
    texts = (str(match["says"]), str(match["span"]))
    return [
        f"  evidence      {name} of {benchmark}: {match['score']:.2f} of its {match['part']}, in {where}; "
        f"contact: {match['contact']}",
        *(f"    {line}" for line in beside(*texts, ("the item", "the document"), width - 4)),
    ]
