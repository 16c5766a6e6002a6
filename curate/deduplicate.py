"""Copies out of some files, without a recipe: which stages, and what they took in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from curate import files
from curate.apply import apply
from curate.dedup.bands import bands_and_rows, told
from curate.dedup.exact import ExactDedup
from curate.dedup.lines import LineDedup
from curate.dedup.minhash import MinHashDedup
from curate.dedup.urls import UrlDedup
from curate.engine import Engine
from curate.ledger import StageCount, read_ledger, total
from curate.progress import Reporter
from curate.recipe import RecipeRefused
from curate.stage import AnyStage

TAKEN = {
    "unique_ids": "same id",
    "url_dedup": "same page",
    "exact_dedup": "exact copies",
    "minhash": "near copies",
}
"""Stages that take copies out, and what their line is called."""

LANGUAGES = 6  # that a line names, the largest first


@dataclass(frozen=True, kw_only=True)
class Deduplication:
    """What counts as a copy, and where text and id stand. Raises `RecipeRefused` where MinHash can't do it.

    `text` and `key` name columns; without `key` a record's place identifies it, and of records with one key one stays.
    """

    threshold: float = 0.8
    n: int = 5
    permutations: int = 128
    near: bool = True
    urls: bool = False
    lines: bool = False
    text: str | None = None
    key: str | None = None

    def stages(self) -> tuple[AnyStage, ...]:
        """Lines go before texts are compared, and what is cheaper to find goes first."""
        found: list[AnyStage] = [UrlDedup()] if self.urls else []
        found += [LineDedup()] if self.lines else []
        found.append(ExactDedup())
        if self.near:
            found.append(self._minhash())
        return tuple(found)

    def _minhash(self) -> MinHashDedup:
        slack = min(MinHashDedup.slack, self.threshold / 2)
        try:
            return MinHashDedup(threshold=self.threshold, n=self.n, permutations=self.permutations, slack=slack)
        except ValueError as error:
            raise RecipeRefused(str(error)) from None

    def parameters(self) -> str:
        """One line: what is compared, and how likely two documents are to be compared at all."""
        exact = "exact copies: equal tokens (case, width, punctuation and space do not count)"
        if not self.near:
            return exact
        bands, rows = bands_and_rows(self.threshold, self.permutations)
        return (
            f"{exact}; near copies: Jaccard similarity of {self.n}-token shingles >= {self.threshold:g} "
            f"(what estimates say from {self._minhash().limit:g} on), {self.permutations} permutations in {bands} "
            f"bands of {rows}, verified; chance to meet at {told(self.threshold, self.permutations)}"
        )


def deduplicate(
    what: Deduplication, inputs: Sequence[str], out: str, engine: Engine, report: Reporter
) -> tuple[list[str], int]:
    """Copies out of `inputs`, into `out` as `curate.apply.apply` lays it: (lines that say what went, quarantined)."""
    stages = what.stages()
    report.say(what.parameters())
    counts = apply(stages, inputs, out, engine, report, text=what.text, key=what.key)
    return [*_told(counts, total(read_ledger(out))), *_unread(out, counts["quarantined"])], counts["quarantined"]


def _unread(out: str, quarantined: int) -> Iterator[str]:
    """Why records were not read, the most frequent reason first, each with one that shows it."""
    if not quarantined:
        return
    with files.open_read(files.join(out, "quarantine.parquet")) as file:
        table = pl.read_parquet(file, columns=["reason", "locator", "error"])
    reasons = table.group_by("reason", maintain_order=True).agg(pl.len(), pl.col("locator", "error").first())
    for reason, count, locator, error in reasons.sort("len", "reason", descending=[True, False]).iter_rows():
        yield f"not read: {reason} {count:,}, as {locator}: {error}"


def _told(counts: dict[str, int], stages: Sequence[StageCount]) -> Iterator[str]:
    read = counts["read"]
    yield _line("read", read, read)
    for stage in stages:
        if stage.stage == "line_dedup" and stage.chars_cut:
            yield f"{'lines cut':<14}{stage.chars_cut:>14,}  characters of {stage.chars_in:,}"
        if stage.stage in TAKEN and (stage.removed.count or stage.stage != "unique_ids"):
            yield _line(TAKEN[stage.stage], stage.removed.count, read, _languages(stage, 1))
    lost = read - counts["kept"] - sum(stage.removed.count for stage in stages if stage.stage in TAKEN)
    if lost:
        yield _line("not read", lost, read)
    last = next((stage for stage in reversed(stages) if stage.stage in TAKEN), None)  # none: there was no document
    yield _line("kept", counts["kept"], read, _languages(last, 0) if last else "")


def _line(name: str, count: int, of: int, languages: str = "") -> str:
    share = "" if count == of and name == "read" else f"{100 * count / max(1, of):>7.2f} %"
    return f"{name:<14}{count:>14,}{share}{languages}".rstrip()


def _languages(stage: StageCount, gone: int) -> str:
    """How many of each language went, or stayed, at a stage; nothing where no document says its language."""
    counts = {
        name.removeprefix("lang="): (removed if gone else came - removed)
        for name, (came, removed) in stage.groups.items()
        if name.startswith("lang=")
    }
    told = sorted(((count, lang) for lang, count in counts.items() if count), key=lambda pair: (-pair[0], pair[1]))
    if not told:
        return ""
    more = f", {len(told) - LANGUAGES} more" if len(told) > LANGUAGES else ""
    return "  " + ", ".join(f"{lang} {count:,}" for count, lang in told[:LANGUAGES]) + more
