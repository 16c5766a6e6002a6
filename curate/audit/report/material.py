"""What the sections of a report are made of: the subject, and everything that was counted of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, TypeVar

import polars as pl
import pyarrow.parquet as pq

from curate import files
from curate.audit.browse.labels import Said
from curate.audit.gather.bins import bins_for, extents
from curate.audit.gather.documents import Counting, Part, count_documents
from curate.audit.gather.labelled import there
from curate.audit.gather.removed import Lost, count_removed
from curate.audit.gather.spread import Spread
from curate.audit.subject import Subject
from curate.document import COLUMNS
from curate.engine import Engine
from curate.ledger import StageCount, total
from curate.progress import Reporter

T = TypeVar("T")

OWN = frozenset({"row", "tokens", "shard"})  # numbers in a table that measure nothing of the text


@dataclass(frozen=True)
class Limits:
    """Where the verdicts change, and what the annexes ask for; `limits` of a facts file sets others.

    `copies_caution` and `copies_bad`: share of documents that are copies of others. Epochs: above 4 (3 in SFT)
    practitioners see a static set over-fitted. The sample figures are those of GB/T 45654-2025 (docs/audit.md).
    """

    copies_caution: float = 0.01
    copies_bad: float = 0.05
    unlicensed_caution: float = 0.0
    unlicensed_bad: float = 0.5
    epochs_pt: float = 4
    epochs_sft: float = 3
    sample_documents: int = 4000
    sample_pass: float = 0.96
    technical_share: float = 0.10
    technical_pass: float = 0.98
    unlawful: float = 0.05


@dataclass(frozen=True)
class Material:
    """`stay`: documents that are there; `went`: what a run removed. `facts` are what somebody declares (docs/audit.md).
    `tokens` by source, None where nothing counted any. `labels` are what people said of documents, None where nobody
    was asked; `labelled` are the ids of those that are in the data.
    """

    subject: Subject
    stay: Part
    went: Part
    limits: Limits = field(default_factory=Limits)
    facts: Mapping[str, Any] = field(default_factory=dict)
    tokens: Mapping[str, int] | None = None
    labels: Said | None = None
    labelled: frozenset[str] = frozenset()

    @cached_property
    def documents(self) -> int:
        return self.stay.stated.get("documents", 0)

    @cached_property
    def roles(self) -> Mapping[str, str]:
        """Role by source: of the documents, else of the recipe; sources of the domain first, as the recipe has them."""
        declared = [] if self.subject.recipe is None else self.subject.recipe["sources"]
        order = {str(source["name"]): place for place, source in enumerate(declared)}
        roles = {str(source["name"]): str(source["role"]) for source in declared}
        roles |= {str(key[0]): str(key[1]) for key, _ in self.stay.tallies["sources"]}
        names = sorted(roles, key=lambda name: (roles[name] != "domain", order.get(name, len(order)), name))
        return {name: roles[name] for name in names}

    @cached_property
    def counts(self) -> Sequence[StageCount]:
        """The ledger's counts of each stage; none but for a run."""
        return total(self.subject.records)

    @property
    def gone(self) -> Part:
        """Where verdicts are counted: of what went, or of what would have gone."""
        return self.stay if self.subject.silent else self.went

    def spreads(self) -> Iterator[tuple[str, dict[str, Spread]]]:
        """(measure, its spread by source), over what stayed and what went."""
        both: dict[str, dict[str, Spread]] = {}
        for part in (self.stay, self.went):
            for (measure, source), spread in part.spreads.items():
                there = both.setdefault(measure, {})
                there.setdefault(source, Spread.empty(spread.bins)).merge(spread)
        return iter(sorted(both.items()))


def share(part: float, whole: float) -> float | None:
    """A share, rounded to 6 decimals; None of nothing."""
    return round(part / whole, 6) if whole else None


def gather(
    subject: Subject,
    engine: Engine,
    report: Reporter,
    *,
    silent: str | None = None,
    limits: Limits | None = None,
    facts: Mapping[str, Any] | None = None,
    labels: Said | None = None,
) -> Material:
    """Count everything, a file a task. Verdicts of what would have gone are written below `silent`."""
    schema = _schema(subject.documents)
    numbers = frozenset(
        name for name, dtype in schema.items() if dtype.is_numeric() and name not in COLUMNS and name not in OWN
    )
    whole = frozenset(name for name, dtype in schema.items() if dtype.is_integer())
    told = [files.join(subject.place, lost.measures) for lost in subject.lost if lost.measures is not None]
    found = extents([*subject.documents, *told], numbers, whole)
    bins = {name: bins_for(one.low, one.high, whole=one.whole) for name, one in sorted(found.items())}
    counting = Counting(bins, subject.rules or {}, silent if subject.silent else None)
    sizes = [files.size(path) for path in subject.documents]
    report.begin("count", sum(sizes))
    stay = Part()
    for index, part in ordered(engine, partial(count_documents, counting), subject.documents):
        stay.merge(part)
        report.advance(sizes[index], part.stated.get("documents", 0))
    went = Part()
    for _, part in ordered(engine, partial(count_removed, subject.place, bins), list[Lost](subject.lost)):
        went.merge(part)
    report.end()
    tokens = _tokens(subject, stay)
    known = there(subject.documents, (label.doc_id for label in labels.labels)) if labels is not None else frozenset()
    return Material(subject, stay, went, limits or Limits(), facts or {}, tokens, labels, known)


def ordered(engine: Engine, task: Callable[[Any], T], items: Sequence[Any]) -> Iterator[tuple[int, T]]:
    """(index, result) in the order of `items`: what finishes early waits."""
    waiting: dict[int, T] = {}
    following = 0
    for index, result in engine.run(task, items):
        waiting[index] = result
        while following in waiting:
            yield following, waiting.pop(following)
            following += 1


def _schema(paths: Sequence[str]) -> pl.Schema:
    out: dict[str, pl.DataType] = {}
    for path in paths:
        with files.open_read(path) as file:
            out |= dict(pl.DataFrame(pl.from_arrow(pq.ParquetFile(file).schema_arrow.empty_table())).schema)
    return pl.Schema(out)


def _tokens(subject: Subject, stay: Part) -> Mapping[str, int] | None:
    """Tokens by source: as the documents say, else as the mix counted what the run kept."""
    if stay.stated.get("tokens"):
        out: dict[str, int] = {}
        for key, counts in stay.tallies["sources"]:
            out[str(key[0])] = out.get(str(key[0]), 0) + counts["tokens"]
        return out
    if subject.mix is None or subject.kind != "run":
        return None
    docs = [file.path for file in files.found(files.join(subject.place, "mix", "docs"))]
    if not docs:
        return None
    table = pl.scan_parquet(docs, glob=False).group_by("source").agg(pl.col("length").cast(pl.Int64).sum())
    return dict(table.collect().sort("source").iter_rows())
