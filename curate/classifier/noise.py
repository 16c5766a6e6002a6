"""The judge of noise: gibberish, repetition, keyword spam, machine-made lists and damaged text, by how a text is woven.

It reads no words for what they mean: measures of texture (repetition, function words, parts, punctuation) and of
fluency (an n-gram model) go through boosted trees. What is learned is thus no subject, and holds for other trades.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.classifier.trees import Trees
from curate.kernels.fluency import fluency, unpacked
from curate.kernels.texture import NAMES, texture
from curate.kernels.trees import sums
from curate.shipped import shipped
from curate.stage import Asset, Rule

DIRECTIONS = {
    "again_1": 1, "again_2": 1, "again_3": 1, "again_5": 1, "twice": 1, "content_again": 1, "function": 0, "numbers": 1,
    "stops": 0, "signs": 1, "sign_share": 1, "part_size": 0, "part_even": -1, "part_like": 1, "part_begins": 1,
    "part_ends": 1, "digits": 1, "capitals": 1, "foreign": 1, "run": 1, "top": 1, "lines_like": 1, "turns": 1, "han": 0,
    "cost": 1, "gain": -1, "worst": 1, "least": -1, "unknown": 0, "spelling": 1, "cjk_cost": 1, "cjk_gain": -1,
    "tokens": 0,
}  # fmt: skip
"""The measures that the trees see; whether more of one can only speak for noise (1), against it (-1), or both (0)."""

CODE, FIGURES = frozenset({"code"}), frozenset({"table", "maths"})
"""Kinds that are woven as noise is: names that recur, signs, numbers, lines of one mould. Both have a limit apart."""

CHARACTERS = 20_000
"""What is read of a document: so many characters from its start."""

THRESHOLD = 0.65
"""What the shipped judge is made for; classifiers/noise/README.md says what it loses and catches."""


class NotANoiseJudge(ValueError):
    """The file holds no trees over the measures of this version."""


def measures(texts: pl.Series, cells: NDArray[np.uint16]) -> NDArray[np.float64]:
    """f64[n, len(DIRECTIONS)], rounded: the measures that the trees see, 0 where a text has no token."""
    woven = dict(zip(NAMES, texture(texts).T, strict=True))
    read = fluency(texts, cells)
    names = ("cost", "gain", "worst", "least", "unknown", "spelling", "cjk_cost", "cjk_gain")
    told = {name: np.nan_to_num(getattr(read, name)) for name in names} | {"tokens": np.log1p(read.tokens)}
    chars = np.maximum(texts.str.len_chars().fill_null(0).to_numpy(), 1)
    told["sign_share"] = (woven["signs"] + woven["stops"]) * np.maximum(read.tokens, 1) / chars
    table = woven | told
    return np.round(np.column_stack([table[name] for name in DIRECTIONS]), 6)


@dataclass(frozen=True, kw_only=True)
class Noise:
    """How likely a text is noise that a machine or an accident made, by how it is woven: `noise_score` in [0, 1].

    Gibberish, shuffled text, repetition with small changes, keyword spam, filled-in templates, damaged text.
    Null for null text, 1 for a text without a letter or digit. The first `CHARACTERS` characters are read. With a
    `threshold` documents above it are removed as `noise`; without one it only annotates. What `Kind` found to be code
    goes above `code`, tables and formulas above `figures`, or above `threshold` where that is higher: at .65 a twelfth
    of code in Python and C++ would go and a fifth of the tables, so .9 % and none.
    """

    model: Asset
    fluency: Asset
    threshold: float | None = None
    code: float = 0.99
    figures: float = 0.9
    name: str = "noise"

    version = 2
    reads = {"text": pl.String(), "kind": pl.String()}
    writes = {
        "noise_score": pl.Float64(),
        **dict.fromkeys(("noise_code", "noise_figures", "noise_others"), pl.Boolean()),
    }

    def __post_init__(self) -> None:
        for field in ("threshold", "code", "figures"):
            value = getattr(self, field)
            if value is not None and not 0 <= value <= 1:
                raise ValueError(f"{field} is {value}; a score lies between 0 and 1")

    @classmethod
    def shipped(cls, threshold: float | None = None) -> Noise:
        """With the judge that comes with Curate (classifiers/noise)."""
        model, fluency = shipped("classifiers/noise/model.json"), shipped("classifiers/fluency/model.bin")
        return cls(model=Asset.of(model), fluency=Asset.of(fluency), threshold=threshold)

    @property
    def rules(self) -> tuple[Rule, ...]:
        if self.threshold is None:
            return ()
        limits = {"others": self.threshold, "code": self.code, "figures": self.figures}
        return tuple(
            Rule(reason="noise", measure="noise_score", high=max(high, self.threshold), when=f"noise_{kinds}")
            for kinds, high in limits.items()
        )

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        code, figures = (pl.col("kind").is_in(sorted(kinds)).fill_null(False) for kinds in (CODE, FIGURES))
        return docs.with_columns(
            scores(self.model, self.fluency, docs["text"]).alias("noise_score"),
            noise_code=code,
            noise_figures=figures,
            noise_others=~(code | figures),
        )


def scores(model: Asset, fluency: Asset, texts: pl.Series) -> pl.Series:
    """Float64 in [0, 1] for each text, each by itself; null for null."""
    trees = _trees(model)
    seen = texts.str.head(CHARACTERS)
    rows = measures(seen, _cells(fluency))
    odds = trees.base + sums(rows, trees.columns, trees.limits, trees.leaves)
    silent = rows[:, list(DIRECTIONS).index("tokens")] == 0
    share = pl.Series(texts.name, np.where(silent, 1.0, 1 / (1 + np.exp(-odds))))
    return pl.select(pl.when(texts.is_null()).then(None).otherwise(share)).to_series().alias(texts.name)


@lru_cache(maxsize=4)
def _trees(model: Asset) -> Trees:
    data: dict[str, Any] = json.loads(model.verified())
    if data.get("measures") != list(DIRECTIONS):
        raise NotANoiseJudge(
            f"{model.path}: trees over {data.get('measures')}, expected {list(DIRECTIONS)}; "
            "train it again with this version"
        )
    return Trees.of_json(data)


@lru_cache(maxsize=4)
def _cells(model: Asset) -> NDArray[np.uint16]:
    return unpacked(model.verified(), str(model.path))
