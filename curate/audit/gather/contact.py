"""What was found of benchmarks, counted: by benchmark, by kind of contact, in documents that went and that stayed."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from curate.audit.excerpt import passage
from curate.audit.gather.picks import Pick, Picks
from curate.decontaminate.evidence import evidence

MATCHES = 3  # matched texts of each benchmark that are shown
QUOTED = 300  # characters of item and document


@dataclass
class Contacts:
    """`documents` by (benchmark, contact, removed) and `sources` by (source, removed): documents that hold an item;
    `items` that were found, by benchmark."""

    documents: dict[tuple[str, str, bool], int] = field(default_factory=dict)
    sources: dict[tuple[str, bool], int] = field(default_factory=dict)
    items: dict[str, set[str]] = field(default_factory=dict)
    matches: Picks = field(default_factory=lambda: Picks(MATCHES))

    def add(self, docs: pl.DataFrame, removed: bool) -> None:
        """`docs`: doc_id, origin_id, source and contamination_evidence."""
        found = evidence(docs)
        if not found.height:
            return
        by = found.unique(["doc_id", "benchmark", "contact"]).group_by("benchmark", "contact").len()
        for benchmark, contact, count in by.iter_rows():
            key = (benchmark, contact, removed)
            self.documents[key] = self.documents.get(key, 0) + count
        sources = docs.join(found.select("doc_id").unique(), on="doc_id", how="semi").group_by("source").len()
        for source, count in sources.iter_rows():
            self.sources[source, removed] = self.sources.get((source, removed), 0) + count
        for benchmark, item in found.select("benchmark", "item").unique().iter_rows():
            self.items.setdefault(benchmark, set()).add(item)
        for row in found.sort("score", "doc_id", descending=[True, False]).head(8 * MATCHES).iter_rows(named=True):
            shown = {
                **{name: row[name] for name in ("benchmark", "item", "part", "contact", "score")},
                "says": passage(row["says"] or "", QUOTED),
                "span": passage(row["span"] or "", QUOTED),
                "removed": removed,
            }
            self.matches.add((row["benchmark"],), [Pick(-row["score"], row["doc_id"], shown)])

    def merge(self, other: Contacts) -> None:
        for key, count in other.documents.items():
            self.documents[key] = self.documents.get(key, 0) + count
        for place, count in other.sources.items():
            self.sources[place] = self.sources.get(place, 0) + count
        for benchmark, items in other.items.items():
            self.items.setdefault(benchmark, set()).update(items)
        self.matches.merge(other.matches)
