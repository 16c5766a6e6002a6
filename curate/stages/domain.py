"""Which trade a text is of: judges cheap enough for every page of a crawl.

`Terms` needs no training and goes by the words of the trade: good enough to see what a source holds. `Hashed` is a
small linear model, trained in seconds on texts of the trade and on pages of the crawl, and loses less.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels.hashed import fitted, sums, whole, windows
from curate.kernels.tokens import tokens
from curate.stage import Asset
from curate.stages.terms import TERMS

SIZES = (350, 1050)  # bytes of the tokens of a window: 60 words or 115 Chinese characters, and three times as much
EVIDENCE = 2.0  # of a short text whose relevance is .5: three terms
BUCKETS = 1 << 20  # weights; with a quarter of them a third more is lost of texts from sources that it did not learn
EPOCHS, RATE, DECAY = 5, 0.1, 1e-3  # a hundredth of the decay: a quarter more of such texts
LONG = 4000  # weights (characters of text, a CJK one counts 3) in which that much evidence comes together by chance


class DomainJudge(Protocol):
    """Says how relevant texts are: a frozen dataclass, so that its settings are part of what a run depends on."""

    def __call__(self, texts: pl.Series, /) -> pl.Series:
        """Float64 in [0, 1] for each text of a String column, each by itself; null for null."""
        ...


@dataclass(frozen=True)
class Terms:
    """Relevance by the terms of a trade that occur in a text: Chinese ones anywhere, others as whole words, any case.

    Each term adds log2(1 + how often it occurs), so that many terms weigh more than one that is repeated: a text about
    law has dozens, a page that reports one lawsuit has five. The sum stands against what long texts have by chance.
    """

    terms: tuple[str, ...]

    @classmethod
    def of(cls, *domains: str) -> Terms:
        """The terms that Curate knows of `medical`, `law` and `finance`, Chinese and English."""
        unknown = [domain for domain in domains if domain not in TERMS]
        if unknown or not domains:
            raise ValueError(f"no terms of {unknown or 'no domain'}; there are terms of {', '.join(sorted(TERMS))}")
        return cls(tuple(dict.fromkeys(term for domain in domains for term in TERMS[domain].split())))

    def __call__(self, texts: pl.Series) -> pl.Series:
        table = pl.DataFrame({"text": texts})
        found = pl.col("text").str.extract_all(self._pattern()).list.eval(pl.element().str.to_lowercase())
        counts = table.select(
            found.list.eval(pl.element().value_counts().struct.field("count").log1p().sum()).list.first().alias("sum"),
            (pl.col("text").str.len_bytes()).alias("size"),
        )
        evidence = counts["sum"].fill_null(0.0) / 0.6931471805599453
        relevance = evidence / (evidence + EVIDENCE * (1 + counts["size"] / LONG))
        return table.select(pl.when(pl.col("text").is_not_null()).then(relevance).alias(texts.name)).to_series()

    def _pattern(self) -> str:
        words = sorted((term for term in self.terms if term.isascii()), key=lambda term: (-len(term), term))
        others = sorted((term for term in self.terms if not term.isascii()), key=lambda term: (-len(term), term))
        pieces = []
        edge = (
            r"(?-u:\b)"  # of ASCII words: a Chinese character beside one ends it, and the search is five times as fast
        )
        if words:
            pieces.append(rf"{edge}(?:{'|'.join(re.escape(word).replace('_', ' ') for word in words)})(?:s|es)?{edge}")
        pieces += [re.escape(term) for term in others]
        return "(?i)" + "|".join(pieces)


@dataclass(frozen=True)
class Hashed:
    """Relevance of the most relevant window of a text, by a linear model over hashed tokens and pairs of them.

    `wanted.trained` makes one for the pages of a crawl, `train` one of texts with labels. Windows are of `SIZES`: in
    larger ones a short text drowns in what stands around it, in smaller ones chance decides.
    """

    model: Asset

    @classmethod
    def of(cls, path: str | Path) -> Hashed:
        """The judge in a file, known by its digest from here on."""
        return cls(Asset.of(path))

    def __call__(self, texts: pl.Series) -> pl.Series:
        weights, bias = _loaded(self.model)
        stream = tokens(texts)
        parts = windows(stream, SIZES)
        scores = parts.best(sums(stream, parts, weights)) + bias
        relevance = 1 / (1 + np.exp(-np.clip(scores, -30, 30)))
        table = pl.DataFrame({"text": texts, "relevance": relevance})
        return table.select(pl.when(pl.col("text").is_not_null()).then("relevance").alias(texts.name)).to_series()


def train(
    texts: Sequence[str],
    relevant: Sequence[bool],
    out: Path,
    *,
    buckets: int = BUCKETS,
    epochs: int = EPOCHS,
    seed: int = 0,
) -> Hashed:
    """Trains the model of a `Hashed` judge and writes it to `out`, which is replaced: 2 bytes a bucket.

    Texts are learnt as a whole, so they should not be much longer than the windows. The same texts give the same file.
    Raises `ValueError` where texts and labels do not match, or all labels are the same.
    """
    if len(texts) != len(relevant):
        raise ValueError(f"{len(texts)} texts and {len(relevant)} labels; give one label to each text")
    if len(set(relevant)) != 2:
        raise ValueError(f"all {len(relevant)} texts have one label; a judge is trained on both kinds")
    if buckets & (buckets - 1) or buckets < 2:
        raise ValueError(f"{buckets} buckets; expected a power of two")
    chance = np.random.default_rng(seed)
    order = np.concatenate([chance.permutation(len(texts)) for _ in range(epochs)]).astype(np.int64)
    stream = tokens(pl.Series("text", list(texts), pl.String), spans=False)
    labels = np.array(relevant, np.float64)
    return stored(*fitted(stream, whole(stream), labels, order, buckets=buckets, rate=RATE, decay=DECAY), out)


def stored(weights: NDArray[np.float32], bias: float, out: Path) -> Hashed:
    """The judge of a model, written to `out`."""
    file = io.BytesIO()
    np.save(file, np.append(weights, np.float32(bias)).astype(np.float16))
    out.write_bytes(file.getvalue())
    return Hashed(Asset.of(out))


@lru_cache(maxsize=4)
def _loaded(model: Asset) -> tuple[NDArray[np.float32], float]:
    stored = np.load(io.BytesIO(model.verified()), allow_pickle=False).astype(np.float32)
    return stored[:-1].copy(), float(stored[-1])
