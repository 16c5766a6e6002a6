"""Lines that recur over the pages of a site: headers, footers, share bars and notices go, the document stays.

Three rounds. How many documents each site has; in how many of them each line recurs that may be the furniture of a
page; and which lines of which document go, as cuts. A line travels as a hash, with a count for each batch.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from curate import cuts
from curate.dedup.furniture import furniture
from curate.dedup.places import own_keys
from curate.kernels import lines as kernel
from curate.kernels.utf8 import blocks
from curate.stage import Rounds, Rule, Schema

SHARE_OF_LINE = 0.25  # of a line's tokens, from which on words that any text may hold say what it is
LONGEST = 300  # tokens of a line; beyond that it is text, whatever it says
SHORT = 60  # tokens of a line that says nothing of itself, and may go with one that does
DEPTH = 30  # lines from the beginning and from the end of a page among which such lines are looked for
SHOWN = 20  # lines that evidence names
EXCERPT = 120  # characters of each

By = Literal["host", "source"]


@dataclass(frozen=True, kw_only=True)
class LineDedup:
    """Cuts lines that recur in at least `documents` documents, and the share `share` of all, of one host.

    Recurrence alone is no evidence: the chapter headings and closings of statutes recur, refrains, code, the headings
    of leaflets. A line goes if, besides, it holds what the furniture of pages says (`curate.dedup.furniture`), or
    stands without a break, other recurring lines aside, between such a line and the beginning or the end of its page.

    Lines are compared by their folded tokens (case, width and punctuation do not count, digits do), once a document.
    Of kind prose only: code, tables, formulas and dialogues are left alone. A document without a url belongs to no
    host; `by="source"` takes the documents of a source together instead. A document in which nothing else would be
    left is not cut, and with `least` it is removed if it has fewer characters besides such lines.

    Measures: `lines_cut`; `has_boilerplate`, whether any such line was found; `chars_besides`, the characters of the
    document besides them, null where there are none. Evidence: the lines that went, in how many documents of which
    host each recurs.
    """

    name: str = "line_dedup"
    by: By = "host"
    documents: int = 10
    share: float = 0.02
    least: int | None = None
    version = 2
    reads: ClassVar[Schema] = {name: pl.String() for name in ("url", "source", "kind", "text")}

    def __post_init__(self) -> None:
        if self.documents < 2 or not 0 < self.share <= 1:
            raise ValueError(
                f"a line recurs in 2 documents or more, and in a share above 0 and at most 1; found documents="
                f"{self.documents}, share={self.share}"
            )
        if self.by not in ("host", "source"):
            raise ValueError(f"by is {self.by!r}; expected 'host' or 'source'")

    @property
    def writes(self) -> Schema:
        return {
            cuts.COLUMN: cuts.TYPE,
            f"{self.name}_cut": pl.Int64(),
            f"{self.name}_added": pl.Int64(),
            "lines_cut": pl.Int64(),
            "has_boilerplate": pl.Boolean(),
            "chars_besides": pl.Int64(),
            "line_evidence": pl.String(),
        }

    @property
    def absent(self) -> dict[str, Any]:
        counts = {f"{self.name}_cut": 0, f"{self.name}_added": 0, "lines_cut": 0, "has_boilerplate": False}
        return {cuts.COLUMN: None, **counts, "chars_besides": None, "line_evidence": None}

    @property
    def rules(self) -> tuple[Rule, ...]:
        if self.least is None:
            return ()
        return (
            Rule(
                reason="nothing_but_boilerplate",
                measure="chars_besides",
                low=self.least,
                when="has_boilerplate",
                evidence="line_evidence",
            ),
        )

    def rounds(self) -> Rounds:
        flow = yield Sizes(self.by, self.documents)
        if not flow.notes:
            return
        flow = yield Recurrence(self.by, self.documents, self.share)
        if flow.notes:
            yield Cuts(self.by, self.name)


@dataclass(frozen=True)
class Sizes:
    """How many documents each group has: a row for each group of a batch, answered at its first document there."""

    by: By
    documents: int
    reads: ClassVar[Schema] = {name: pl.String() for name in ("url", "source", "kind")}
    single = False

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        return (
            _grouped(docs, self.by)
            .group_by("group", maintain_order=True)
            .agg(pl.col("shard", "row").first(), pl.len().cast(pl.UInt32).alias("documents"))
            .rename({"group": "key"})
        )

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        whole = pl.col("documents").cast(pl.UInt64).sum().over("key").alias("of")
        return rows.select("shard", "row", pl.col("key").alias("group"), whole).filter(pl.col("of") >= self.documents)


@dataclass(frozen=True)
class Recurrence:
    """In how many documents of its group each line stands that may go.

    A row for each such line of a batch, answered at the first document there that has it: the batches of a shard are
    the same in every round.
    """

    by: By
    documents: int
    share: float
    reads: ClassVar[Schema] = LineDedup.reads
    single = False

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        groups = notes if notes.width > 2 else pl.DataFrame(schema=_SIZES)
        of = groups.select("group", "of").unique(maintain_order=True)
        some = _grouped(docs, self.by).join(of, on="group", maintain_order="left")
        found = [pl.DataFrame(schema={"key": pl.UInt64, "row": pl.UInt32})]
        for first, block in blocks(some["text"]):
            part = some.slice(first, len(block))
            lines = _lines(block)
            may = np.flatnonzero(kernel.candidates(lines, DEPTH, SHORT))
            owner = _owners(lines)[may]
            keys = lines.hashes[may] ^ part["group"].to_numpy()[owner]
            found.append(pl.DataFrame({"key": keys, "row": part["row"].to_numpy()[owner]}))
        once = pl.concat(found).unique(maintain_order=True)
        counted = once.group_by("key", maintain_order=True).agg(
            pl.col("row").first(), pl.len().cast(pl.UInt32).alias("documents")
        )
        where = some.select("shard", "row", "group", "of")
        return counted.join(where, on="row", maintain_order="left").select(
            "key", "shard", "row", "documents", "group", "of"
        )

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        whole = pl.col("documents").cast(pl.UInt64).sum().over("key")
        counted = rows.select("shard", "row", pl.col("key").alias("line"), whole.alias("documents"), "group", "of")
        return counted.filter(
            (pl.col("documents") >= self.documents) & (pl.col("documents") >= self.share * pl.col("of"))
        )


@dataclass(frozen=True)
class Cuts:
    """What goes of each document; nothing is left to be brought together, so a document's row is its key."""

    by: By
    name: str
    reads: ClassVar[Schema] = LineDedup.reads
    single = False

    def emit(self, docs: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
        known = (notes if notes.width > 2 else pl.DataFrame(schema=_RECURRING)).unique("line").sort("line")
        of = known.select("group", "of").unique(maintain_order=True)
        some = _grouped(docs, self.by).join(of, on="group", maintain_order="left")
        told = [self._cut(block, some.slice(first, len(block)), known) for first, block in blocks(some["text"])]
        return pl.concat(told) if told else self._cut(some["text"], some, known)

    def reduce(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.drop("key")

    def _cut(self, texts: pl.Series, docs: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
        """The notes for the documents of a block that hold a line that goes."""
        lines = _lines(texts)
        owner = _owners(lines)
        at, recur = _among(lines.hashes ^ docs["group"].to_numpy()[owner], known["line"].to_numpy())
        recur &= kernel.candidates(lines, DEPTH, SHORT)
        gone = kernel.leaving(lines, recur)
        content = np.bincount(owner[(lines.sizes > 0) & ~gone], minlength=len(texts)) > 0
        found = np.flatnonzero(np.bincount(owner[gone], minlength=len(texts)))
        lengths = lines.spans[:, 1].astype(np.int64) - lines.spans[:, 0]
        besides = texts.str.len_chars().fill_null(0).cast(pl.Int64).to_numpy() - np.bincount(
            owner[gone], lengths[gone], len(texts)
        ).astype(np.int64)
        evidence = [
            _evidence(texts[row], lines, lines.starts[row] + np.flatnonzero(gone[_slice(lines, row)]), at, known, place)
            for row, place in zip(found.tolist(), docs["place"].gather(found), strict=True)
        ]
        going = kernel.ranges(lines, gone & content[owner])
        taken = going.spans[:, 1].astype(np.int64) - going.spans[:, 0]
        characters = np.zeros(len(texts), np.int64)
        np.add.at(characters, np.repeat(np.arange(len(texts)), np.diff(going.starts)), taken)
        number = np.where(content, np.bincount(owner[gone], minlength=len(texts)), 0)
        told = docs[found]
        return told.select(
            own_keys(told),
            "shard",
            "row",
            _spans(going)[found].alias(cuts.COLUMN),
            pl.Series(f"{self.name}_cut", characters[found], pl.Int64),
            pl.lit(0, pl.Int64).alias(f"{self.name}_added"),
            pl.Series("lines_cut", number[found], pl.Int64),
            pl.lit(True).alias("has_boilerplate"),
            pl.Series("chars_besides", np.where(content, besides, 0)[found], pl.Int64),
            pl.Series("line_evidence", evidence, pl.String),
        )


def _grouped(docs: pl.DataFrame, by: By) -> pl.DataFrame:
    """The documents that belong to a group and are prose, with `place`, its name, and `group`, a hash of it."""
    prose = docs.filter(pl.col("kind") == "prose").with_columns(place=_HOST if by == "host" else pl.col("source"))
    some = prose.filter(pl.col("place") != "")
    names = some["place"].unique(maintain_order=True)
    hashes = pl.Series("group", [xxhash.xxh3_64_intdigest(name.encode()) for name in names], pl.UInt64)
    return some.join(names.to_frame().with_columns(hashes), on="place", maintain_order="left")


def _lines(texts: pl.Series) -> kernel.Lines:
    return kernel.lines(texts, furniture(), SHARE_OF_LINE, LONGEST)


def _owners(lines: kernel.Lines) -> NDArray[np.int64]:
    """i64[lines]: the text of each line."""
    return np.repeat(np.arange(len(lines.starts) - 1), np.diff(lines.starts))


def _slice(lines: kernel.Lines, text: int) -> slice:
    return slice(int(lines.starts[text]), int(lines.starts[text + 1]))


def _among(keys: NDArray[np.uint64], known: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """(where in the sorted `known` each key would stand, whether it stands there)."""
    at = np.searchsorted(known, keys)
    there = np.zeros(len(keys), np.bool_)
    inside = at < len(known)
    there[inside] = known[at[inside]] == keys[inside]
    return at, there


def _evidence(
    text: str,
    lines: kernel.Lines,
    gone: NDArray[np.int64],
    at: NDArray[np.int64],
    known: pl.DataFrame,
    place: str,
) -> str:
    """The lines that went of one document, as JSON."""
    told = {
        "in": place,
        "of": known["of"][int(at[gone[0]])],
        "lines": [
            {
                "line": text[lines.spans[line, 0] : lines.spans[line, 1]].strip()[:EXCERPT],
                "documents": known["documents"][int(at[line])],
            }
            for line in gone[:SHOWN].tolist()
        ],
    }
    if len(gone) > SHOWN:
        told["more"] = len(gone) - SHOWN
    return json.dumps(told, ensure_ascii=False)


def _spans(going: kernel.Ranges) -> pl.Series:
    """The ranges of each text as a column of `cuts.TYPE`; null where there are none."""
    parts = pa.StructArray.from_arrays(
        [pa.array(going.spans[:, 0], pa.uint32()), pa.array(going.spans[:, 1], pa.uint32())], ["start", "end"]
    )
    lists = pl.Series(pa.LargeListArray.from_arrays(pa.array(going.starts, pa.int64()), parts), dtype=cuts.TYPE)
    return lists.to_frame("cuts").select(pl.when(pl.col("cuts").list.len() > 0).then("cuts")).to_series()


_HOST = (
    pl.col("url")
    .str.extract(r"(?i)^\s*(?:https?:)?//(?:[^/?#@]*@)?(?:www\.)?([^/?#:\s]+)", 1)
    .str.to_lowercase()
    .str.strip_suffix(".")
)
_SIZES: Schema = {"shard": pl.UInt32(), "row": pl.UInt32(), "group": pl.UInt64(), "of": pl.UInt64()}
_RECURRING: Schema = {
    "shard": pl.UInt32(),
    "row": pl.UInt32(),
    "line": pl.UInt64(),
    "documents": pl.UInt64(),
    "group": pl.UInt64(),
    "of": pl.UInt64(),
}
