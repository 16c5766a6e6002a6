"""Scores of texts by a judge: what the model says of some labels, as its calibration reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.classifier.calibration import calibrated
from curate.classifier.folder import assets, facts_of
from curate.classifier.model import NotAJudge, loaded
from curate.kernels import utf8
from curate.kernels.tokens import spaced
from curate.shipped import shipped
from curate.stage import Asset

CHARACTERS = 20_000
"""What is read of a document: so many characters from its start. A judge's answer is settled long before that, and a
document of 50 MB costs no more than one of 50 kB."""


@dataclass(frozen=True, kw_only=True)
class Scores:
    """How likely texts are of one of `labels`: a frozen setting, and a judge of a domain (`stages.domain.DomainJudge`).

        FirstLook(judge=Scores.of("classifiers/domain", "medical", "law"))

    `facts` is the judge.json by which scores are calibrated; without it they are the model's own.
    """

    model: Asset
    labels: tuple[str, ...]
    facts: Asset | None = None

    @classmethod
    def of(cls, folder: str | Path, *labels: str) -> Scores:
        """By the judge in `folder`; without `labels` by its first one. Raises `NotAJudge`."""
        model, facts = assets(place(folder))
        said = facts_of(facts)
        wanted = labels or said.labels[:1]
        unknown = [label for label in wanted if label not in said.labels]
        if unknown:
            raise NotAJudge(f"{folder}: no label {unknown[0]!r}; its labels are {', '.join(said.labels)}")
        return cls(model=model, labels=tuple(wanted), facts=facts if said.calibration else None)

    @property
    def grouped(self) -> frozenset[str]:
        """Which of `lang` and `domain` the calibration asks for."""
        if self.facts is None:
            return frozenset()
        groups = [group for label in self.labels for group in facts_of(self.facts).calibration.get(label, {})]
        asked = {"lang"} if any(group for group in groups) else set()
        return frozenset(asked | ({"domain"} if any("/" in group for group in groups) else set()))

    def __call__(self, texts: pl.Series) -> pl.Series:
        """Float64 in [0, 1] for each text by itself, calibrated for all languages together; null for null."""
        return self.within(texts, None, None)

    def within(
        self, texts: pl.Series, langs: Sequence[str | None] | None, domains: Sequence[str | None] | None
    ) -> pl.Series:
        """The same, each by the curve of its language and domain; 0 for a text without a letter or digit."""
        raw = probabilities(self.model, texts)
        labels = _labels(self.model, self.labels)
        curves = {} if self.facts is None else facts_of(self.facts).calibration
        found = np.zeros(len(texts))
        for label, column in labels:
            found += calibrated(raw.found[:, column], curves.get(label, {}), langs, domains)
        found = np.where(raw.empty, 0.0, np.minimum(found, 1.0))
        table = pl.DataFrame({"found": found, "null": texts.is_null()})
        return table.select(pl.when(~pl.col("null")).then("found").alias(texts.name)).to_series()


@dataclass(frozen=True, eq=False)
class Probabilities:
    """f64[n, labels] as the model gives them, and which texts hold no token."""

    found: NDArray[np.float64]
    empty: NDArray[np.bool_]


def probabilities(model: Asset, texts: pl.Series) -> Probabilities:
    """What the model says of the first `CHARACTERS` characters of each text. Raises `AssetChanged`, `NotAJudge`."""
    judge = loaded(model)
    seen = spaced(texts.str.head(CHARACTERS))
    return Probabilities(judge.probabilities(seen), utf8.lengths(seen) == 0)


def _labels(model: Asset, wanted: Sequence[str]) -> list[tuple[str, int]]:
    there = loaded(model).labels
    unknown = [label for label in wanted if label not in there]
    if unknown:
        raise NotAJudge(f"{model.path}: labels {', '.join(sorted(there))}; expected {', '.join(wanted)} among them")
    return [(label, there.index(label)) for label in wanted]


def place(folder: str | Path) -> Path:
    """A folder, or one of the judges that come with Curate ("classifiers/domain"). Raises `NotAJudge`."""
    if Path(folder).is_dir():
        return Path(folder)
    try:
        return shipped(str(folder))
    except FileNotFoundError:
        raise NotAJudge(
            f"there is no folder {folder}; expected one that `curate classifier train` wrote, or a judge that comes "
            "with Curate: classifiers/quality, classifiers/domain"
        ) from None
