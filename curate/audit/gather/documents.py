"""A file of documents, counted a row group at a time: what the page says of them adds up from such parts."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import inf

import polars as pl
import pyarrow.parquet as pq

from curate import files
from curate.audit.excerpt import passage, shown_url
from curate.audit.gather.bins import Bins
from curate.audit.gather.contact import Contacts
from curate.audit.gather.gone import Gone
from curate.audit.gather.hosts import host
from curate.audit.gather.picks import EXCERPT, Pick, Picks
from curate.audit.gather.spread import Spread
from curate.audit.gather.tally import Tally
from curate.kernels import utf8
from curate.stage import VERDICT, Rule, failure, remove
from curate.stages.personal.find import KINDS, find

NEAR = 2  # documents nearest to a limit that are shown, of those that stay
SHOWN = 3  # documents that are shown of each source, and of those that would go for each reason

WHICH = ("doc_id", "origin_id", "parent_id", "url", "source", "role", "domain", "lang", "kind", "license", "date")
FOUND = "contamination_evidence"

KEYS: Mapping[str, tuple[str, ...]] = {
    "sources": ("source", "role", "domain"),
    "licenses": ("license", "source"),
    "languages": ("lang", "domain"),
    "language_sources": ("lang", "source"),
    "kinds": ("kind",),
    "years": ("_year",),
    "hosts": ("_host",),
}


@dataclass(frozen=True)
class Counting:
    """What every task needs. With `silent` nothing was removed: `rules` say who would have gone, and the verdicts of
    each file are written below that folder.
    """

    bins: Mapping[str, Bins]
    rules: Mapping[str, tuple[Rule, ...]]
    silent: str | None = None


@dataclass
class Part:
    """What was counted of some documents; parts add up in the order of their files."""

    tallies: dict[str, Tally] = field(default_factory=lambda: {name: Tally() for name in KEYS})
    spreads: dict[tuple[str, str], Spread] = field(default_factory=dict)  # by measure and source
    personal: dict[tuple[str, str], list[int]] = field(default_factory=dict)  # (source, kind): finds, documents
    stated: dict[str, int] = field(default_factory=dict)  # documents that state a column
    dates: tuple[str, str] | None = None  # the first and the last day
    near: Picks = field(default_factory=lambda: Picks(NEAR))  # by stage and reason: stay, next to the limit
    stay: Picks = field(default_factory=lambda: Picks(SHOWN))  # by source
    go: Picks = field(default_factory=lambda: Picks(SHOWN))  # by stage and reason: would go
    gone: Gone = field(default_factory=Gone)
    contacts: Contacts = field(default_factory=Contacts)  # in documents that stay

    def merge(self, other: Part) -> None:
        for name, tally in other.tallies.items():
            self.tallies[name].merge(tally)
        for measure, spread in other.spreads.items():
            self.spreads.setdefault(measure, Spread.empty(spread.bins)).merge(spread)
        for found, (hits, documents) in other.personal.items():
            mine = self.personal.setdefault(found, [0, 0])
            mine[0], mine[1] = mine[0] + hits, mine[1] + documents
        for column, count in other.stated.items():
            self.stated[column] = self.stated.get(column, 0) + count
        self.dates = _wider(self.dates, other.dates)
        for ours, theirs in ((self.near, other.near), (self.stay, other.stay), (self.go, other.go)):
            ours.merge(theirs)
        self.gone.merge(other.gone)
        self.contacts.merge(other.contacts)


def count_documents(work: Counting, path: str) -> Part:
    """Count the documents of a Parquet file that holds Curate's columns."""
    part = Part()
    for docs in row_groups(path, frozenset(work.bins) | _columns(work.rules)):
        _count(part, docs)
        spread(part.spreads, docs, work.bins)
        _personal(part, docs)
        gone = docs.clear()
        if work.silent is not None:
            verdicts = _would_go(part, docs, work.rules)
            gone = docs.join(verdicts.select("doc_id").unique(), on="doc_id", how="semi")
            name = posixpath.basename(path)
            _written(verdicts, files.join(work.silent, f"{name}.{part.stated.get('groups', 0):05d}.parquet"))
        part.stated["groups"] = part.stated.get("groups", 0) + 1
        stay = docs.join(gone.select("doc_id"), on="doc_id", how="anti", maintain_order="left") if gone.height else docs
        _pick(part, stay, work.rules)
        if FOUND in stay.columns:
            part.contacts.add(stay.select("doc_id", "origin_id", "source", FOUND), False)
    return part


def row_groups(path: str, measures: frozenset[str]) -> Iterator[pl.DataFrame]:
    """The documents of a file, a row group at a time: WHICH, text, those of `measures` that are there, and `_chars`,
    `_bytes`, `_tokens`, `_year`, `_host`.
    """
    with files.open_read(path) as file, pq.ParquetFile(file) as opened:
        there = opened.schema_arrow.names
        columns = [*(name for name in (*WHICH, "text", "tokens") if name in there)]
        columns += [name for name in there if name in measures and name not in columns]
        for group in range(opened.num_row_groups):
            docs = pl.DataFrame(pl.from_arrow(opened.read_row_group(group, columns=columns)))
            if docs.height:
                yield _sized(docs)


def _sized(docs: pl.DataFrame) -> pl.DataFrame:
    tokens = pl.col("tokens") if "tokens" in docs.columns else pl.lit(None, pl.Int64)
    return docs.with_columns(
        pl.col("text").str.len_chars().cast(pl.Int64).fill_null(0).alias("_chars"),
        pl.Series("_bytes", utf8.lengths(docs["text"]), pl.Int64),
        tokens.cast(pl.Int64).alias("_tokens"),
        pl.col("date").str.extract(r"^(\d{4})").alias("_year"),
        host("url").alias("_host"),
    )


def _columns(rules: Mapping[str, tuple[Rule, ...]]) -> frozenset[str]:
    """All columns that rules look at, and the evidence."""
    named = [(rule.measure, rule.when, rule.evidence) for some in rules.values() for rule in some]
    return frozenset(name for names in named for name in names if name is not None) | {FOUND}


def _count(part: Part, docs: pl.DataFrame) -> None:
    for name, keys in KEYS.items():
        part.tallies[name].add(docs, *keys)
    part.stated["documents"] = part.stated.get("documents", 0) + docs.height
    for column in ("url", "license", "date", "lang", "domain", "origin_id"):
        part.stated[column] = part.stated.get(column, 0) + docs.height - docs[column].null_count()
    traced = docs.select(pl.col("url").is_not_null() | pl.col("origin_id").is_not_null()).to_series().sum()
    part.stated["traced"] = part.stated.get("traced", 0) + int(traced or 0)
    if "_tokens" in docs.columns:
        part.stated["tokens"] = part.stated.get("tokens", 0) + docs.height - docs["_tokens"].null_count()
    days = docs["date"].drop_nulls().str.slice(0, 10)
    if days.len():
        part.dates = _wider(part.dates, (str(days.min()), str(days.max())))


def spread(spreads: dict[tuple[str, str], Spread], docs: pl.DataFrame, bins: Mapping[str, Bins]) -> None:
    """Count the measures of `docs` by source."""
    measures = [name for name in bins if name in docs.columns]
    for (source,), some in docs.select("source", *measures).group_by("source", maintain_order=True):
        for name in measures:
            if some[name].null_count() < some.height:
                spreads.setdefault((name, str(source)), Spread.empty(bins[name])).add(some[name])


def _personal(part: Part, docs: pl.DataFrame) -> None:
    hits, _ = find(docs["text"], frozenset(KINDS))
    if not hits:
        return
    rows = pl.DataFrame({"row": [hit.row for hit in hits], "kind": [hit.kind for hit in hits]})
    sources = docs["source"].gather(rows["row"])
    counted = (
        rows.with_columns(sources.alias("source"))
        .group_by("source", "kind")
        .agg(pl.len(), pl.col("row").n_unique().alias("documents"))
    )
    for source, kind, count, documents in counted.iter_rows():
        mine = part.personal.setdefault((source, kind), [0, 0])
        mine[0], mine[1] = mine[0] + count, mine[1] + documents


def _would_go(part: Part, docs: pl.DataFrame, rules: Mapping[str, tuple[Rule, ...]]) -> pl.DataFrame:
    """The verdicts of all stages over documents of which none was removed; counted, and some picked."""
    whole = docs.with_columns(pl.lit(None, pl.String).alias("locator"))
    some = [remove(whole, stage, its).verdicts for stage, its in rules.items() if _can(its, docs)]
    verdicts = pl.concat([pl.DataFrame(schema=VERDICT), *some])
    if not verdicts.height:
        return verdicts
    sizes = docs.select("doc_id", pl.col("_bytes").alias("bytes"), pl.col("_chars").alias("characters"))
    part.gone.add(verdicts, sizes)
    first = verdicts.unique("doc_id", keep="first", maintain_order=True)
    lowest = first.sort("doc_id").group_by("stage", "reason", maintain_order=True).head(SHOWN)
    texts = docs.select("doc_id", "lang", "license", "text")
    for row in lowest.join(texts, on="doc_id", how="left", maintain_order="left").iter_rows(named=True):
        shown = {**document(row), **{name: row[name] for name in ("measure", "value", "limit", "evidence")}}
        part.go.add((row["stage"], row["reason"]), [Pick(0, row["doc_id"], shown)])
    return verdicts


def _can(rules: tuple[Rule, ...], docs: pl.DataFrame) -> bool:
    names = [name for rule in rules for name in (rule.measure, rule.when, rule.evidence) if name is not None]
    return bool(rules) and all(name in docs.columns for name in names)


def _pick(part: Part, docs: pl.DataFrame, rules: Mapping[str, tuple[Rule, ...]]) -> None:
    """Of documents that stay: the first of each source, and for each rule with a limit those nearest to it."""
    for row in docs.sort("doc_id").group_by("source", maintain_order=True).head(SHOWN).iter_rows(named=True):
        part.stay.add((row["source"],), [Pick(0, row["doc_id"], document(row))])
    for stage, its in rules.items():
        for rule in its:
            if rule.among is not None or not _can((rule,), docs) or not docs.height:
                continue
            value = pl.col(rule.measure).cast(pl.Float64)
            far = pl.min_horizontal((value - rule.low).abs(), (value - rule.high).abs())
            if rule.low == -inf:  # a document of which the measure found nothing is not near to anything
                far = pl.when(value > 0).then(far)
            asked = ~failure(rule) & (pl.lit(True) if rule.when is None else pl.col(rule.when).fill_null(False))
            ranked = docs.with_columns(far.round(6).alias("_far")).filter(asked & pl.col("_far").is_finite())
            for row in ranked.sort("_far", "doc_id").head(NEAR).iter_rows(named=True):
                shown = {**document(row), "measure": rule.measure, "value": row[rule.measure]}
                part.near.add((stage, rule.reason), [Pick(row["_far"], row["doc_id"], shown)])


def document(row: Mapping[str, object]) -> dict[str, object]:
    """What is shown of a document."""
    text = str(row["text"] or "")
    return {
        **{name: row.get(name) for name in ("doc_id", "source", "lang", "license")},
        "url": shown_url(str(row["url"])) if row.get("url") else None,
        "text": passage(text, EXCERPT),
        "characters": len(text),
    }


def _written(verdicts: pl.DataFrame, path: str) -> None:
    if verdicts.height:
        with files.rewrite(path) as file:
            verdicts.write_parquet(file)


def _wider(one: tuple[str, str] | None, other: tuple[str, str] | None) -> tuple[str, str] | None:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), max(one[1], other[1])
