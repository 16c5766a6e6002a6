"""A duplicate and the document that was kept instead: both texts, the cluster, and what became of the kept one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from curate.audit.beside import beside
from curate.audit.excerpt import shown_url, visible
from curate.audit.keys import CLUSTER, find
from curate.audit.lost import text_before

STEPS = 5  # kept documents of kept documents that are followed
NAMED = 10  # kept documents of a cluster that are named


def twins(run: str, doc_id: str, told: Mapping[str, Any], width: int) -> list[str]:
    """Lines about a document that was removed for another one; `told` is its evidence, which names it as `kept`."""
    kept = str(told["kept"])
    lines = _cluster(run, told)
    mine = text_before(run, doc_id)
    if isinstance(version := told.get("version"), str):
        # It was published before; where this run extends that version, its own version holds it too.
        lines.append(f"kept instead: {visible(kept)}, which is in version {visible(version)}")
        theirs = _text_in(run, "version/data", kept)
    else:
        lines += _became(run, kept)
        other = _text_in(run, "kept", kept)
        theirs = other if other is not None else text_before(run, kept)
    if mine is not None and theirs is not None:
        like = f", similarity {told['similarity']:.3f}" if isinstance(told.get("similarity"), float) else ""
        lines += ["", *beside(mine, theirs, ("removed", f"kept {kept[:8]}{like}"), width)]
    elif mine is None and theirs is None:
        lines.append("  the run no longer holds either text")
    else:
        lines.append(f"  the run no longer holds the text of the {'removed' if mine is None else 'kept'} document")
    return lines


def _cluster(run: str, told: Mapping[str, Any]) -> list[str]:
    """The cluster that the evidence names: how large it is, and which of its members stayed for others to go."""
    if not isinstance(name := told.get("cluster"), str):
        return []
    gone = find(run, "verdicts", name, [CLUSTER], ["doc_id", "evidence"])
    if gone is None:
        return []
    kept = pl.col("evidence").str.json_path_match("$.kept").alias("kept")
    members = gone.select("doc_id", kept).unique("doc_id")
    stayed = sorted({name, *members["kept"].drop_nulls()} - set(members["doc_id"]))
    size = told.get("cluster_size", members.height + len(stayed))
    named = ", ".join(map(visible, stayed[:NAMED])) + (
        f" and {len(stayed) - NAMED} more" if len(stayed) > NAMED else ""
    )
    return [f"  cluster       {visible(name)}: {size:,} documents met, {members.height:,} went for {named}"]


def _became(run: str, kept: str) -> list[str]:
    """What became of the document that was kept: kept to the end, or removed later, and for which one."""
    lines: list[str] = []
    for step in range(STEPS):
        which = "kept instead" if step == 0 else "  which was kept instead"
        found = find(run, "kept", kept, ["doc_id", "parent_id"], ["doc_id", "url"])
        if found is not None and found.height:
            url = shown_url(found["url"][0] or "")
            parts = "" if found["doc_id"][0] == kept else f", split later; {found.height} of its parts are kept"
            return [*lines, f"{which}: {visible(kept)} {url}".rstrip() + parts]
        gone = find(run, "verdicts", kept, ["doc_id"])
        if gone is None or not gone.height:
            return [*lines, f"{which}: {visible(kept)}, which is not in this run"]
        first = gone.row(0, named=True)
        url = shown_url(first["url"] or "")
        lines.append(
            f"{which}: {visible(kept)} {url}".rstrip()
            + f", removed later itself by stage {visible(first['stage'])} ({visible(first['reason'])})"
        )
        follows = gone.select(pl.col("evidence").str.json_path_match("$.kept")).to_series()[0]
        if follows is None or not str(first["evidence"]).startswith("{"):
            return lines
        kept = follows
    return lines


def _text_in(run: str, folder: str, doc_id: str) -> str | None:
    found = find(run, folder, doc_id, ["doc_id"], ["text"])
    text: str | None = found["text"][0] if found is not None and found.height else None
    return text
