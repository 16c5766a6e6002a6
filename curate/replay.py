"""A document read again from its source and taken through a recipe's stages one by one: its text before and after."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import polars as pl

from curate.audit.beside import beside
from curate.audit.excerpt import excerpt, visible
from curate.audit.keys import find
from curate.audit.why import FOLDERS, KEYS, WIDTH, NotInRun
from curate.inputs import found
from curate.read import open_shard
from curate.recipe import Recipe
from curate.stage import AnyStage, CorpusStage, Splitter, Stage, measured, remove, split
from curate.tune import check_ran

LINES = 14  # of what differs that are shown of each stage


def replay(run: str, recipe: Recipe, key: str, width: int | None = None) -> str:
    """What each of the recipe's stages makes of the document that `key` names (its doc_id, or an id or address at its
    source), read again from its source.

    Raises `NotInRun` where the run or the source no longer has it, and `RecipeRefused` where the recipe is not the
    run's. Stages that look at the whole corpus are passed over. Reads one file of the source up to the document.
    """
    width = width or shutil.get_terminal_size((WIDTH, 0)).columns
    check_ran(run, recipe)
    row = _row(run, key)
    docs = _read(recipe, row["source"], row["locator"], {row["doc_id"], row["parent_id"]})
    if docs is None:
        raise NotInRun(
            f"{row['doc_id']}: its source {visible(row['source'])} no longer holds {visible(row['locator'])}"
        )
    lines = [f"{row['doc_id']}, read again from {visible(row['locator'])}"]
    for stage in recipe.stages:
        said, docs = _through(stage, docs, row["doc_id"], width)
        lines += said
        if not docs.height:
            break
    return "\n".join(lines)


def _row(run: str, key: str) -> dict[str, str]:
    for folder in FOLDERS:
        there = find(run, folder, key, KEYS, ["doc_id", "parent_id", "source", "locator"])
        if there is not None and there.height:
            return there.row(0, named=True)
    raise NotInRun(f"{visible(key)}: no document of {run} has this doc_id, origin_id, url, locator or content hash")


def _read(recipe: Recipe, source: str, locator: str, ids: set[str]) -> pl.DataFrame | None:
    """The document as its source has it, one row with the raw page."""
    for of, file in found(recipe):
        if of.name == source and locator.startswith(file.relative):
            for batch in open_shard(of, file):
                mine = batch.docs.filter(pl.col("doc_id").is_in(list(ids)))
                if mine.height:
                    return mine
    return None


def _through(stage: AnyStage, docs: pl.DataFrame, doc_id: str, width: int) -> tuple[list[str], pl.DataFrame]:
    if isinstance(stage, CorpusStage):
        return [f"{stage.name}: looks at the whole corpus; `curate why` tells what it found"], docs
    if isinstance(stage, Splitter):
        parts = split(stage, docs)
        if parts.height == 1:
            return [f"{stage.name}: not split"], docs
        mine = parts.filter(pl.col("doc_id") == doc_id)
        return [f"{stage.name}: {parts.height} parts, of which this is followed"], mine if mine.height else parts.head(
            1
        )
    before = docs["text"][0]
    after = measured(stage, docs)
    lines = [f"{stage.name}:", *(f"  {line}" for line in _measures(stage, after))]
    lines += [f"  {line}" for line in _changed(before, after["text"][0], width - 2)]
    judged = remove(after, stage.name, stage.rules)
    for verdict in judged.verdicts.iter_rows(named=True):
        value = "" if verdict["value"] is None else f": {verdict['value']:g}, the limit is {verdict['limit']:g}"
        lines.append(f"  removes it, {verdict['reason']}{value}")
    return lines if len(lines) > 1 else [f"{stage.name}: nothing changed"], judged.kept


def _measures(stage: Stage, after: pl.DataFrame) -> Iterator[str]:
    for name in stage.writes:
        value = after[name][0]
        if name not in ("text", "messages", "raw", f"{stage.name}_cut", f"{stage.name}_added") and value is not None:
            yield f"{name:<28}{f'{value:g}' if isinstance(value, float) else excerpt(str(value), 200)}"


def _changed(before: str | None, after: str | None, width: int) -> list[str]:
    """What differs, side by side; of a raw page the text that was found."""
    if before == after:
        return []
    if before is None or after is None:
        return [f"text: {excerpt(after or '(none)')}"]
    lines = beside(before, after, ("before", "after"), width)
    marked = [
        line for line in lines[1:] if any(sign in line for sign in (" | ", " < ", " > ", "[")) or line[:1] in "+-"
    ]
    more = f"  ... {len(marked) - LINES} lines more that differ" if len(marked) > LINES else ""
    return [lines[0], *marked[:LINES], *([more] if more else [])]
