"""The stage that finds benchmark items in documents."""

from __future__ import annotations

import json
import os
import secrets
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from curate.decontaminate import benchmarks
from curate.decontaminate import index as indexes
from curate.decontaminate.building import build
from curate.decontaminate.contact import ASKED, CONTACTS, ITEM, PASSAGE, answered
from curate.decontaminate.dialogue import PARTED, Talk, before, read
from curate.decontaminate.index import DECIDING
from curate.decontaminate.match import matches
from curate.document import COLUMNS, render
from curate.stage import Asset, Rule, Schema

ACTIONS = ("remove", "cut", "flag")
LEAST_LEFT = 200  # bytes: what a cut leaves is a document of its own
QUOTED = 1000  # characters of a matched text that the evidence holds: the removed document itself is not kept


class NotCheckable(UserWarning):
    """Some items of a benchmark can't be looked for."""


@dataclass(frozen=True, kw_only=True)
class Decontaminate:
    """Finds items of benchmarks in documents, and removes these documents, cuts what was found, or says so.

    A contact is of one of three kinds: `item`, a question with its answer; `question`, one without; `passage`, an
    answer or a context alone. What an exam quotes from a law, the corpus may hold: by default passages are reported,
    and `removes` names the kinds that count. `contamination` is the weighted share of the n-grams of such a part that
    lie in one place of the document, 0 to 1 (`curate.decontaminate.match`), of the item that it holds most of; 0 where
    none reaches `report`. `contamination_contact` is the kind of the gravest contact, null without one.
    `contamination_evidence` lists, as JSON, the matches of at least `report`, the best first; after `most` of them,
    passages not, and others without their texts, so that each item found is named: benchmark, split, item, part
    (question, question+choices, question+answer, question+context, answer, context, quotation, mention), contact,
    score, start and end in characters, the span between them and what the item says, both as far as `QUOTED`
    characters; answer_start and answer_end where the answer of an `item` stands. In a dialogue also turn and side,
    which hold the question, and answer_turn and answer_side, from 1 and as roles; reasoning and calls are looked
    through as well, and what they hold has no place in the text: its start and end are null.

    `action`: `remove` takes the document out (`benchmark_overlap`); `flag` only measures; `cut` takes out what scores
    above `limit` with `margin` characters on either side (a Chinese one counts 3) as GPT-3 did (Brown et al. 2020,
    appendix C), and removes the document where less than `left` of its text, or `LEAST_LEFT` bytes, would stay. A
    dialogue is cut between exchanges: what was said before the first one that holds an item stays, and nothing behind.

    The default limit was chosen on clean documents and ten benchmarks of 64,696 items: it removes 1 of 85,901
    documents, and none of 2,596 Chinese statutes and regulations. Of items planted in documents, as they are and in
    other punctuation, width and script, all are found, with a tenth of their words edited 97 to 99 %
    (performance/contamination.py). Raises `IndexRefused` or `AssetChanged` where the index is there and is another.
    """

    index: Asset
    limit: float = 0.65
    report: float = 0.4
    most: int = 50
    removes: frozenset[str] = frozenset({ITEM, ASKED})
    action: str = "remove"
    margin: int = 200
    left: float = 0.5
    name: str = "decontaminate"

    version = 7

    @property
    def reads(self) -> Schema:
        return {"text": pl.String(), "messages": COLUMNS["messages"]}

    @property
    def writes(self) -> Schema:
        measures: Schema = {
            "contamination": pl.Float64(),
            "contamination_contact": pl.String(),
            "contamination_evidence": pl.String(),
        }
        if self.action != "cut":
            return measures
        edits = {f"{self.name}_cut": pl.Int64(), f"{self.name}_added": pl.Int64()}
        edited: Schema = {"text": pl.String(), "messages": COLUMNS["messages"]}
        return {**edited, **measures, "contamination_whole": pl.Boolean(), **edits}

    def __post_init__(self) -> None:
        if not 0 < self.report <= self.limit <= 1 or self.most < 1:
            raise ValueError(
                f"{self.name}: report {self.report}, limit {self.limit}, most {self.most}; expected "
                "0 < report <= limit <= 1 and at least one match"
            )
        if self.action not in ACTIONS:
            raise ValueError(f"{self.name}: action {self.action!r}; expected {', '.join(ACTIONS)}")
        if not self.removes <= set(CONTACTS):
            strange = sorted(self.removes - set(CONTACTS))[0]
            raise ValueError(f"{self.name}: removes {strange!r}; expected some of {', '.join(CONTACTS)}")
        if self.margin < 0 or not 0 <= self.left <= 1:
            raise ValueError(f"{self.name}: margin {self.margin}, left {self.left}; expected 0 or more, and a share")
        if self.index.path.exists():
            # Before any work: on a worker every document would be quarantined for it, one by one.
            indexes.load(self.index)

    @classmethod
    def of(cls, folder: str | Path, index: str | Path | None = None, **settings: Any) -> Decontaminate:
        """The stage for the benchmarks in `folder`, local or s3://: their index is made, and kept at `index`.

        Without `index` it is kept in the user's cache (XDG_CACHE_HOME), under a name that depends on the items, and
        made once. Items that can't be looked for and records without one are warned of (`NotCheckable`). Raises
        `BenchmarksRefused` or `IndexRefused`.
        """
        found = benchmarks.load(str(folder))
        path = Path(index) if index is not None else _cache() / f"{indexes.digest(found.items)}.index"
        if index is not None or not _readable(path):
            _replace(path, build(found.items))
        stage = cls(index=Asset.of(path), **settings)
        unchecked = indexes.load(stage.index).unchecked
        passed = [record for record in found.passed if "#" in record.place]
        if unchecked or passed:
            warnings.warn(_said(str(folder), len(found.items), unchecked, passed), NotCheckable, stacklevel=2)
        return stage

    @property
    def rules(self) -> tuple[Rule, ...]:
        if self.action == "flag":
            return ()
        return (
            Rule(
                reason="benchmark_overlap",
                measure="contamination",
                high=self.limit,
                when=None if self.action == "remove" else "contamination_whole",
                evidence="contamination_evidence",
            ),
        )

    def __call__(self, docs: pl.DataFrame, /) -> pl.DataFrame:
        texts, talks = read(docs)
        index = indexes.load(self.index)
        found = _beside_items(matches(texts, index, self.report), texts, talks, index)
        counts = found.filter(pl.col("contact").is_in(sorted(self.removes)))
        gravest = pl.col("contact").cast(pl.Enum(CONTACTS)).min().cast(pl.String)
        judged = [
            counts.group_by("row").agg(pl.col("score").max().alias("contamination")),
            found.group_by("row").agg(gravest.alias("contamination_contact")),
        ]
        rows = pl.DataFrame({"row": pl.Series(range(docs.height), dtype=pl.UInt32)})
        for table in judged:
            rows = rows.join(table, on="row", how="left", maintain_order="left")
        evidence: list[str | None] = [None] * docs.height
        for (key,), group in found.group_by("row", maintain_order=True):
            row = int(str(key))
            evidence[row] = _evidence(group, self.most, texts[row], talks.get(row))
        score = pl.when(texts.is_not_null()).then(rows["contamination"].fill_null(0.0))
        measured = docs.with_columns(
            pl.select(score).to_series().alias("contamination"),
            rows["contamination_contact"],
            pl.Series("contamination_evidence", evidence, pl.String),
        )
        if self.action != "cut":
            return measured
        return self._cut(measured, counts.filter(pl.col("score") > self.limit), talks)

    def _cut(self, docs: pl.DataFrame, counts: pl.DataFrame, talks: Mapping[int, Talk]) -> pl.DataFrame:
        """`docs` without the spans of `counts`, where enough is left of them."""
        texts, messages = docs["text"].to_list(), docs["messages"].to_list()
        whole = [False] * docs.height
        cut, added = [0] * docs.height, [0] * docs.height
        for (key,), spans in counts.group_by("row", maintain_order=True):
            row = int(str(key))
            if row in talks:
                left = before(messages[row], first_turn(talks[row], spans["start"].to_list()))
                rest = Rest(render(left), len(texts[row]) - len(render(left)), 0)
                if not texts[row].startswith(rest.text):  # the text is not what the turns say
                    left, rest = [], Rest("", len(texts[row]), 0)
            else:
                rest = without(texts[row], spans.select("start", "end").rows(), self.margin)
            if len(rest.text.encode()) < max(LEAST_LEFT, self.left * len(texts[row].encode())):
                whole[row] = True
                continue
            texts[row], cut[row], added[row] = rest
            if row in talks:
                messages[row] = left
        return docs.with_columns(
            pl.Series("text", texts, pl.String),
            pl.Series("messages", messages, docs.schema["messages"]),
            pl.Series("contamination_whole", whole, pl.Boolean),
            pl.Series(f"{self.name}_cut", cut, pl.Int64),
            pl.Series(f"{self.name}_added", added, pl.Int64),
        )


def first_turn(talk: Talk, starts: Sequence[int]) -> int:
    """The first turn, from 1, that holds one of the characters `starts`; 1 where none does."""
    return min((string.turn for start in starts if (string := talk.at(start)) is not None), default=1)


class Rest(NamedTuple):
    """A text after cuts: what is left, characters taken out, and characters put in to part what stood around them."""

    text: str
    cut: int
    added: int


def without(text: str, spans: Sequence[tuple[int, int]], margin: int) -> Rest:
    """`text` without the characters of `spans` and `margin` on either side of each, in characters of which a Chinese
    one counts 3. What stood around a cut becomes two paragraphs.
    """
    wide = 3 * len(text.encode()) > 5 * len(text)  # a third of it takes three bytes a character
    around = margin // 3 if wide else margin
    kept, at = [], 0
    for start, end in sorted(spans):
        kept.append(text[at : max(at, start - around)])
        at = max(at, min(len(text), end + around))
    parts = [part for part in (*kept, text[at:]) if part]
    return Rest(PARTED.join(parts), len(text) - sum(map(len, parts)), len(PARTED) * max(0, len(parts) - 1))


def _beside_items(
    found: pl.DataFrame, texts: pl.Series, talks: Mapping[int, Talk], index: indexes.Index
) -> pl.DataFrame:
    """`found` with `contact`, the kind of each match, `says`, the part of the item that was matched, and where its
    answer stands: `answer_start` and `answer_end`."""
    kinds, says, places = [], [], []
    for row, ordinal, part, start, end in found.select("row", "ordinal", "part", "start", "end").iter_rows():
        item = index.item(ordinal)
        place = None
        if part in DECIDING:
            replies = talks[row].replies(start, end) if row in talks else None
            place = answered(item, texts[row], start, end, replies)
        kinds.append(PASSAGE if part not in DECIDING else ASKED if place is None else ITEM)
        says.append(item.said(part)[:QUOTED])
        places.append(place or (None, None))
    return found.drop("ordinal").with_columns(
        pl.Series("contact", kinds, pl.String),
        pl.Series("says", says, pl.String),
        pl.Series("answer_start", [start for start, _ in places], pl.Int64),
        pl.Series("answer_end", [end for _, end in places], pl.Int64),
    )


def _said(folder: str, items: int, unchecked: Sequence[tuple[int, str]], passed: Sequence[benchmarks.Passed]) -> str:
    said = [f"{folder}: {items} items"]
    if unchecked:
        said.append(
            f"{len(unchecked)} of them too short or too common to be noticed in a document "
            "(curate.decontaminate.index.load(stage.index).not_checkable() lists them)"
        )
    if passed:
        said.append(f"{len(passed)} records passed over or renamed, the first {passed[0].place}: {passed[0].why}")
    return "; ".join(said)


def _evidence(found: pl.DataFrame, most: int, text: str, talk: Talk | None) -> str:
    """The matches of one document, the best first: `most` of them with their texts, then what else counts."""
    listed = []
    for place, match in enumerate(found.drop("row").iter_rows(named=True)):
        if place >= most and match["contact"] == PASSAGE:
            continue
        span = text[match["start"] : min(match["end"], match["start"] + QUOTED)]
        texts = {"span": span} if place < most else {"span": None, "says": None}
        listed.append({**match, **texts, **(_turns(match, talk) if talk is not None else {})})
    return json.dumps(listed, ensure_ascii=False)


def _turns(match: Mapping[str, Any], talk: Talk) -> dict[str, Any]:
    """Which turns of a dialogue hold a match and its answer; no place in the text where its turns do not say it."""
    out: dict[str, Any] = {}
    for prefix in ("", "answer_"):
        start, end = match[f"{prefix}start"], match[f"{prefix}end"]
        held = talk.at(start) if start is not None else None
        if held is not None:
            out |= {f"{prefix}turn": held.turn, f"{prefix}side": held.role}
        if end is not None and end > talk.spoken:
            out |= {f"{prefix}start": None, f"{prefix}end": None}
    return out


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "curate" / "benchmarks"


def _readable(path: Path) -> bool:
    """Whether an index that was made before is there, whole."""
    try:
        return path.exists() and indexes.load(Asset.of(path)) is not None
    except indexes.IndexRefused:
        return False


def _replace(path: Path, data: bytes) -> None:
    """`data` at `path`, whole or not at all, whatever was there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}.partial")
    partial.write_bytes(data)
    partial.replace(path)
