"""The stage that applies a trained judge: a score for each document, and a rule where the recipe gives a threshold."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from curate.classifier.train import CLEAN, NOISE
from curate.kernels.tokens import spaced
from curate.shipped import shipped
from curate.stage import Asset, Rule

CHARACTERS = 20_000
"""What is read of a document: so many characters from its start. A judge's answer is settled long before that, and a
document of 50 MB costs no more than one of 50 kB."""

THRESHOLD = 0.5
"""The threshold that the shipped judge is made for; classifiers/quality/README.md says what it loses and catches."""


class NotAJudge(ValueError):
    """The model is no fastText classifier with the two labels that a judge has."""


@dataclass(frozen=True, kw_only=True)
class Judge:
    """How likely the text is one that somebody wrote to be read, not boilerplate, spam or noise, as a model sees it.

    `quality_score` is in [0, 1]: null for null text, 0 for text without a letter or digit. The model sees the folded
    tokens of the first `CHARACTERS` characters (a CJK character is a token), in all languages alike. Without a
    `threshold` the judge only annotates; with one, documents that score below it are removed as `low_quality`.
    """

    model: Asset
    threshold: float | None = None
    name: str = "quality"

    version = 2
    reads = {"text": pl.String()}
    writes = {"quality_score": pl.Float64()}

    @classmethod
    def shipped(cls, threshold: float | None = None) -> Judge:
        """With the judge that comes with Curate (classifiers/quality)."""
        return cls(model=Asset.of(shipped("classifiers/quality/model.ftz")), threshold=threshold)

    @property
    def rules(self) -> tuple[Rule, ...]:
        if self.threshold is None:
            return ()
        return (Rule(reason="low_quality", measure="quality_score", low=self.threshold),)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        return docs.with_columns(scores(self.model, docs["text"]).alias("quality_score"))


def scores(model: Asset, texts: pl.Series) -> pl.Series:
    """Float64 in [0, 1] for each text, each by itself; null for null, 0 where there is no token."""
    seen = spaced(texts.str.head(CHARACTERS))
    odds = iter(_odds(model, seen.drop_nulls().to_list()))
    return pl.Series(texts.name, [None if line is None else next(odds) for line in seen], dtype=pl.Float64)


def _odds(model: Asset, lines: list[str]) -> list[float]:
    """How likely each line of tokens is clean. fastText gives up to 1.00001, and 0.5 or so for no token at all."""
    if not lines:
        return []
    labels, shares = _loaded(model).predict(lines, k=2)
    clean = (float(some[list(names).index(CLEAN)]) for names, some in zip(labels, shares, strict=True))
    return [min(1.0, max(0.0, share)) if line else 0.0 for line, share in zip(lines, clean, strict=True)]


@lru_cache(maxsize=4)
def _loaded(model: Asset) -> Any:
    """The model, verified by its digest, once per process. fastText reads paths only: it gets the verified bytes."""
    from fasttext.FastText import _FastText

    data = model.verified()
    with tempfile.TemporaryDirectory(prefix="curate-judge-") as folder:
        path = Path(folder, "model.ftz")
        path.write_bytes(data)
        loaded = _FastText(model_path=str(path))
    if set(loaded.get_labels()) != {CLEAN, NOISE}:
        raise NotAJudge(f"{model.path}: labels {sorted(loaded.get_labels())}, expected {CLEAN} and {NOISE}")
    return loaded
