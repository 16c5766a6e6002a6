"""The stage that applies a judge: a score for each document, and a rule where the recipe gives a threshold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from curate.classifier.model import NotAJudge
from curate.classifier.scores import CHARACTERS, Scores
from curate.document import share_of
from curate.stage import Asset, Rule, Schema

__all__ = ["CHARACTERS", "THRESHOLD", "Judge", "NotAJudge"]

THRESHOLD = 0.5
"""The threshold that the shipped quality judge is made for; classifiers/quality/README.md says what it loses."""

ALPHA = 9.0
"""Of the Pareto distribution by which GPT-3 drew documents (Brown et al. 2020, appendix A)."""


@dataclass(frozen=True, kw_only=True)
class Judge:
    """How likely the text is of one of `labels`, as a model sees it: `{name}_score` in [0, 1].

    The score is null for null text, and 0 for text without a letter or digit. The model sees the folded tokens of the
    first `CHARACTERS` characters (a CJK character is a token), in all languages alike. With `facts`, the judge.json of
    the judge's folder, scores are calibrated for the document's language and domain, so that one threshold means one
    thing. `Judge.of(FOLDER)` fills both in.

    Without a `threshold` the judge only annotates; with one, documents that score below it are removed as `reason`
    (`low_{name}` where none is given: low_quality). `thresholds` gives other limits to a language ("zh"), a domain
    ("/law") or both ("zh/law"); the narrowest counts, the domain before the language. `pareto` keeps by chance instead,
    as GPT-3 did, with its alpha (9 there): what scores high nearly always, what scores low seldom: kept is what has
    draw > 1 - score, the draw from a Pareto distribution by `seed` and doc_id; `{name}_score_drawn` is score + draw,
    which must reach 1.
    """

    model: Asset
    labels: tuple[str, ...] = ("clean",)
    facts: Asset | None = None
    threshold: float | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)
    pareto: float | None = None
    seed: int = 0
    reason: str | None = None
    name: str = "quality"

    version = 3

    def __post_init__(self) -> None:
        limits = {"threshold": self.threshold, **{f"thresholds[{key!r}]": at for key, at in self.thresholds.items()}}
        for what, limit in limits.items():
            if limit is not None and not 0 <= limit <= 1:
                raise ValueError(f"{what} is {limit}; a score lies between 0 and 1")
        for key in self.thresholds:
            if not re.fullmatch(r"[a-z]{2,3}(/\w+)?|/\w+", key):
                raise ValueError(f"thresholds has {key!r}; expected a language (zh), a domain (/law) or both (zh/law)")
        if self.pareto is not None and not self.pareto > 0:
            raise ValueError(f"pareto is {self.pareto}; expected an alpha above 0, as {ALPHA:g}")
        if self.pareto is not None and (self.threshold is not None or self.thresholds):
            raise ValueError("either a threshold decides or pareto does; give one of them")

    @classmethod
    def of(
        cls,
        folder: str | Path,
        *labels: str,
        threshold: float | None = None,
        thresholds: Mapping[str, float] | None = None,
        pareto: float | None = None,
        seed: int = 0,
        reason: str | None = None,
        name: str | None = None,
    ) -> Judge:
        """The judge in `folder`, by `labels` or else its first one. Named for the labels, as `law` or `medical_law`,
        or for the folder's judge where none is given. Raises `NotAJudge`."""
        scores = Scores.of(folder, *labels)
        named = name or ("_".join(labels) if labels else Path(folder).name)
        return cls(
            model=scores.model, labels=scores.labels, facts=scores.facts, threshold=threshold,
            thresholds=thresholds or {}, pareto=pareto, seed=seed, reason=reason, name=named,
        )  # fmt: skip

    @classmethod
    def shipped(cls, threshold: float | None = None) -> Judge:
        """With the judge of quality that comes with Curate (classifiers/quality)."""
        return cls.of("classifiers/quality", threshold=threshold)

    @property
    def measure(self) -> str:
        return f"{self.name}_score"

    @property
    def reads(self) -> Schema:
        asked = set(self._scores.grouped)
        asked |= {"lang" for key in self.thresholds if not key.startswith("/")}
        asked |= {"domain" for key in self.thresholds if "/" in key}
        asked |= {"doc_id"} if self.pareto is not None else set()
        return {"text": pl.String(), **{column: pl.String() for column in sorted(asked)}}

    @property
    def writes(self) -> Schema:
        drawn = {f"{self.measure}_drawn": pl.Float64()} if self.pareto is not None else {}
        groups = {column: pl.Boolean() for column, _, _ in self._groups()}
        return {self.measure: pl.Float64(), **drawn, **groups}

    @property
    def rules(self) -> tuple[Rule, ...]:
        reason = self.reason or f"low_{self.name}"
        if self.pareto is not None:
            return (Rule(reason=reason, measure=f"{self.measure}_drawn", low=1.0),)
        if self.thresholds:
            return tuple(
                Rule(reason=reason, measure=self.measure, low=limit, when=column)
                for column, _, limit in self._groups()
                if limit is not None
            )
        return () if self.threshold is None else (Rule(reason=reason, measure=self.measure, low=self.threshold),)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        langs, domains = ((docs[name] if name in self.reads else None) for name in ("lang", "domain"))
        found = self._scores.within(
            docs["text"], None if langs is None else langs.to_list(), None if domains is None else domains.to_list()
        )
        out = docs.with_columns(found.alias(self.measure))
        if self.pareto is not None:
            out = out.with_columns(_draws(docs["doc_id"], self.pareto, self.seed).alias("_draw")).with_columns(
                (pl.col(self.measure) + pl.col("_draw")).alias(f"{self.measure}_drawn")
            )
            out = out.drop("_draw")
        return out.with_columns(condition.alias(column) for column, condition, _ in self._groups())

    @property
    def _scores(self) -> Scores:
        return Scores(model=self.model, labels=self.labels, facts=self.facts)

    def _groups(self) -> list[tuple[str, pl.Expr, float | None]]:
        """(boolean column, who is in the group and in none that is narrower, limit), the narrowest first."""
        if not self.thresholds:
            return []
        rank = sorted(self.thresholds, key=lambda key: (-(key.count("/") + (not key.startswith("/"))),
                                                        not key.startswith("/"), key))  # fmt: skip
        taken, out = pl.lit(False), []
        for key in rank:
            lang, _, domain = key.partition("/")
            mine = pl.lit(True)
            if lang:
                mine = mine & (pl.col("lang").str.split("-").list.first() == lang)
            if domain:
                mine = mine & (pl.col("domain") == domain)
            mine = mine.fill_null(False)
            column = f"{self.measure}_{'_'.join(part for part in (lang, domain) if part)}"
            out.append((column, mine & ~taken, self.thresholds[key]))
            taken = taken | mine
        return [*out, (f"{self.measure}_others", ~taken, self.threshold)]


def _draws(ids: pl.Series, alpha: float, seed: int) -> pl.Series:
    """A draw from numpy.random.pareto's distribution for each id: (1 - u) ^ (-1 / alpha) - 1, u from the id's hash."""
    return pl.Series([(1 - share_of(one, f"pareto {seed}")) ** (-1 / alpha) - 1 for one in ids], dtype=pl.Float64)
