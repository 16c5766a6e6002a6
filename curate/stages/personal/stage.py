"""Personal data: found, then replaced, given pseudonyms, counted, or a reason to remove the document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.document import MESSAGE
from curate.kernels.anchors import anchors
from curate.kernels.utf8 import Utf8
from curate.stage import Asset, Rule, Schema
from curate.stages.personal.fields import Fields
from curate.stages.personal.find import KINDS, PUBLIC, Hit, find
from curate.stages.personal.pseudonym import placeholder, pseudonym
from curate.stages.personal.recogniser import Recogniser
from curate.stages.personal.rewrite import Rewritten, rewrite
from curate.stages.turns import turns, written

_JSON = ("meta", "tools")  # columns that hold JSON: what stands in its strings and numbers is edited there


@dataclass(frozen=True, kw_only=True)
class PersonalData:
    """E-mail addresses, telephone, identity, card, account, patient and insurance numbers, IP addresses, plates.

    `action` is `replace` (by [EMAIL], [PHONE] ..., the same in every language), `pseudonym` (the same value becomes
    the same stand-in under `salt`, one that reads like its kind and can be nobody's), `remove` (a document with more
    than `most` values of a kind goes, reason `personal_KIND`) or `count`. All count: `personal_KIND` for each kind.

    Edited are `text`, the turns of a dialogue (content, reasoning, tool calls; its text is rendered again, so both say
    the same) and the values in `meta` and `tools`. `url`, `origin_id` and `locator` lead back to the source and stay
    as they are. Counted is what is found in these places, a dialogue's content once.

    `kinds` are those of `find.KINDS`; numbers of court cases (`case_number`) are public and asked for by name.
    `obfuscated` also takes addresses whose signs are spelt out ('name (at) host (dot) com'). `recogniser` adds kinds
    of its own, names and addresses of persons. `salt` is text, which then stands in the run's record, or an `Asset`, a
    file of which only the digest is recorded. Raises `ValueError` for an unknown action or kind, and for pseudonyms
    without salt. What its finders reach: performance/personal.py.
    """

    name: str = "personal"
    action: Literal["replace", "pseudonym", "remove", "count"] = "replace"
    kinds: frozenset[str] = frozenset(KINDS)
    salt: str | Asset = ""
    most: int = 0
    obfuscated: bool = False
    recogniser: Recogniser | None = None

    version = 3

    def __post_init__(self) -> None:
        if self.action not in ("replace", "pseudonym", "remove", "count"):
            raise ValueError(f"action is {self.action!r}; expected replace, pseudonym, remove or count")
        unknown = set(self.kinds) - {*KINDS, *PUBLIC}
        if unknown:
            raise ValueError(f"there is no kind {min(unknown)!r}; there are {', '.join((*KINDS, *PUBLIC))}")
        if self.action == "pseudonym" and not self.salt:
            raise ValueError("pseudonyms need a salt: without one, whoever tries all numbers turns them back")

    @property
    def edits(self) -> bool:
        """Whether text is changed, and not only counted."""
        return self.action in ("replace", "pseudonym")

    @property
    def every(self) -> tuple[str, ...]:
        """The kinds that are counted, those of the recogniser behind the others."""
        own = tuple(kind for kind in (*KINDS, *PUBLIC) if kind in self.kinds)
        told = self.recogniser.kinds if self.recogniser is not None else ()
        return (*own, *(kind for kind in told if kind not in own))

    @property
    def reads(self) -> Schema:
        return {"text": pl.String(), "messages": pl.List(MESSAGE), **dict.fromkeys(_JSON, pl.String())}

    @property
    def writes(self) -> Schema:
        measures: Schema = {f"personal_{kind}": pl.Int64() for kind in self.every}
        if not self.edits:
            return measures
        return {**self.reads, f"{self.name}_cut": pl.Int64(), f"{self.name}_added": pl.Int64(), **measures}

    @property
    def rules(self) -> tuple[Rule, ...]:
        if self.action != "remove":
            return ()
        return tuple(Rule(reason=f"personal_{kind}", measure=f"personal_{kind}", high=self.most) for kind in self.every)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        work = _Work(self, docs.height)
        before = turns(docs)
        text = work.through(docs["text"], range(docs.height), before.rendered)
        rows = before.table["row"].to_list()
        content, reasoning = (work.through(before.table[field], rows) for field in ("content", "reasoning"))
        calls = work.through_json(before.table["tool_calls"], rows)
        fields = [work.through_json(docs[name], range(docs.height)) for name in _JSON]
        counts = [
            pl.Series(f"personal_{kind}", work.counts[kind]).set(docs["text"].is_null(), None) for kind in self.every
        ]
        if not self.edits:
            return docs.with_columns(counts)
        again = before.rendered.to_numpy()[rows]
        np.add.at(text.cut, rows, content.cut * again)
        np.add.at(text.added, rows, content.added * again)
        after = before.table.with_columns(content.texts, reasoning.texts, calls)
        return written(docs.with_columns(text.texts, *fields), before, after).with_columns(
            pl.Series(f"{self.name}_cut", text.cut), pl.Series(f"{self.name}_added", text.added), *counts
        )


class _Work:
    """What one call of the stage does: texts go through the finders, and what is found is counted by document."""

    def __init__(self, stage: PersonalData, documents: int) -> None:
        self._stage = stage
        salt = stage.salt.verified() if isinstance(stage.salt, Asset) else stage.salt.encode()
        self._key = blake2b(salt).digest()
        self.counts: dict[str, NDArray[np.int64]] = {kind: np.zeros(documents, np.int64) for kind in stage.every}

    def through(self, texts: pl.Series, rows: Sequence[int], but: pl.Series | None = None) -> Rewritten:
        """The texts, edited where the stage edits; `rows` are their documents', and those of `but` are left alone."""
        hits, utf8 = self._found(texts if but is None else texts.set(but, None))
        for hit in hits:
            self.counts[hit.kind][rows[hit.row]] += 1
        return rewrite(texts, hits if self._stage.edits else [], utf8, self._stand_in)

    def through_json(self, values: pl.Series, rows: Sequence[int]) -> pl.Series:
        """JSON, edited value by value; the key before a value is its label."""
        suspects = values.is_not_null().arg_true() if self._stage.recogniser else np.unique(anchors(values)[0].rows)
        fields = {int(place): Fields(values[int(place)]) for place in suspects}
        texts = [
            (place, ordinal, label, text)
            for place, field in fields.items()
            for ordinal, (label, text) in enumerate(field.texts)
        ]
        column = pl.Series([label + text for _, _, label, text in texts], dtype=pl.String)
        hits, utf8 = self._found(column)
        hits = [hit for hit in hits if hit.start >= utf8.offsets[hit.row] + len(texts[hit.row][2].encode())]
        for hit in hits:
            self.counts[hit.kind][rows[texts[hit.row][0]]] += 1
        if not self._stage.edits or not hits:
            return values
        mended = rewrite(column, hits, utf8, self._stand_in).texts
        new: dict[int, dict[int, str]] = defaultdict(dict)
        for row in sorted({hit.row for hit in hits}):
            place, ordinal, label, _ = texts[row]
            new[place][ordinal] = mended[row][len(label) :]
        return values.scatter(list(new), [fields[place].written(some) for place, some in new.items()])

    def _found(self, texts: pl.Series) -> tuple[list[Hit], Utf8]:
        stage = self._stage
        return find(texts, stage.kinds, obfuscated=stage.obfuscated, recogniser=stage.recogniser)

    def _stand_in(self, kind: str, value: str) -> str:
        return pseudonym(kind, value, self._key) if self._stage.action == "pseudonym" else placeholder(kind)
