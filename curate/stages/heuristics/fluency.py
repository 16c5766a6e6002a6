"""Fluency: how surprising a text is to a small model of Chinese and English, whole and in its worst stretch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels.fluency import fluency, unpacked
from curate.shipped import shipped
from curate.stage import Asset, Rule
from curate.stages.heuristics.routing import READS, Groups

BANDS = {"zh": (380.0, 860.0), "en": (1_900.0, 3_800.0)}
"""Perplexities that part head, middle and tail of each language: the thirds of open text that the shipped model has not
seen (classifiers/fluency/metrics.json)."""

LEAST = 50  # tokens: what a shorter text costs depends on what it is about more than on how it is written


@dataclass(frozen=True, kw_only=True)
class Fluency:
    """`perplexity`: of the text, for each token (a word, a Chinese character). `fluency_worst`: of its worst 64 tokens
    in a row, so that half a page of gibberish is seen. `fluency_gain`: how many nats a token costs more in another
    place of the same text, near 0 where the order says nothing. `fluency_band`: head, middle or tail of its language,
    by `thirds_en` and `thirds_zh`.

    Bands as in Wenzek et al. 2020 (CCNet), section 3.3, there by KenLM's 5-grams of Wikipedia; here by three-grams with
    spellings for unknown words (`kernels.fluency`). Rules, each only where it is given a limit: `gibberish` above
    `high_en`, `high_zh` and where the worst stretch is above `worst`; `formulaic` below `low_en`, `low_zh`; `shuffled`
    where the gain is below `gain_en`, `gain_zh`; `band` where the text is in none of `bands`.

    The rules look at texts of `LEAST` tokens and more, of `kinds` and `langs`. Classical Chinese, code and tables are
    dearer than prose for what they are, and are left out. Null for null text and where there is no token.
    """

    model: Asset
    name: str = "fluency"
    high_en: float | None = None
    high_zh: float | None = None
    low_en: float | None = None
    low_zh: float | None = None
    worst: float | None = None
    gain_en: float | None = None
    gain_zh: float | None = None
    bands: frozenset[str] | None = None
    thirds_en: tuple[float, float] = BANDS["en"]
    thirds_zh: tuple[float, float] = BANDS["zh"]
    kinds: frozenset[str] | None = frozenset({"prose", "dialogue", "statute"})
    langs: frozenset[str] | None = frozenset({"en", "zh"})

    version = 1
    reads = {"text": pl.String(), **READS}
    writes = {
        **dict.fromkeys(("perplexity", "fluency_worst", "fluency_gain"), pl.Float64()),
        "fluency_band": pl.String(),
        **dict.fromkeys(("fluency_applies", "fluency_en", "fluency_zh"), pl.Boolean()),
    }

    @classmethod
    def of(cls, folder: str | Path) -> Fluency:
        """With the model that `curate fluency train` wrote into `folder`, and the thirds that it measured."""
        thirds = json.loads(Path(folder, "fluency.json").read_text("utf-8"))["thirds"]
        (low_en, high_en), (low_zh, high_zh) = (thirds.get(lang, BANDS[lang]) for lang in ("en", "zh"))
        model = Asset.of(Path(folder, "model.bin"))
        return cls(model=model, thirds_en=(low_en, high_en), thirds_zh=(low_zh, high_zh))

    @classmethod
    def shipped(cls, *, gain_en: float | None = None, gain_zh: float | None = None) -> Fluency:
        """With the model that comes with Curate (classifiers/fluency)."""
        return cls(model=Asset.of(shipped("classifiers/fluency/model.bin")), gain_en=gain_en, gain_zh=gain_zh)

    @property
    def rules(self) -> tuple[Rule, ...]:
        found = []
        for lang, high, low, gain in (
            ("en", self.high_en, self.low_en, self.gain_en),
            ("zh", self.high_zh, self.low_zh, self.gain_zh),
        ):
            when = f"fluency_{lang}"
            if high is not None:
                found.append(Rule(reason="gibberish", measure="perplexity", high=high, when=when))
            if low is not None:
                found.append(Rule(reason="formulaic", measure="perplexity", low=low, when=when))
            if gain is not None:
                found.append(Rule(reason="shuffled", measure="fluency_gain", low=gain, when=when))
        if self.worst is not None:
            found.append(Rule(reason="gibberish", measure="fluency_worst", high=self.worst, when="fluency_applies"))
        if self.bands is not None:
            found.append(Rule(reason="band", measure="fluency_band", among=self.bands, when="fluency_applies"))
        return tuple(found)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        read = fluency(docs["text"], cells(self.model))
        subtag = pl.col("lang").str.split("-").list.first()
        docs = docs.with_columns(
            perplexity=_known(np.exp(read.cost)),
            fluency_worst=_known(np.exp(read.worst)),
            fluency_gain=_known(read.gain),
            fluency_applies=Groups(docs).among(self.kinds, self.langs) & pl.Series(read.tokens >= LEAST),
        )
        return docs.with_columns(
            pl.coalesce(_band("en", self.thirds_en), _band("zh", self.thirds_zh)).alias("fluency_band"),
            *(
                (pl.col("fluency_applies") & (subtag == lang).fill_null(False)).alias(f"fluency_{lang}")
                for lang in BANDS
            ),
        )


def _known(values: NDArray[np.float64]) -> pl.Series:
    return pl.Series(values, nan_to_null=True)


def _band(lang: str, thirds: tuple[float, float]) -> pl.Expr:
    """Null for other languages."""
    head, middle = thirds
    value = pl.col("perplexity")
    name = pl.when(value <= head).then(pl.lit("head")).when(value <= middle).then(pl.lit("middle"))
    of_lang = pl.col("lang").str.split("-").list.first() == lang
    return pl.when(of_lang & value.is_not_null()).then(name.otherwise(pl.lit("tail")))


@lru_cache(maxsize=4)
def cells(model: Asset) -> NDArray[np.uint16]:
    """The model, verified by its digest, once per process."""
    return unpacked(model.verified(), str(model.path))
