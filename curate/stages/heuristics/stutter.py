"""Stutter: text that says every word or two again, right away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from curate.kernels.stutter import stutter
from curate.stage import Rule

FEW = 20  # tokens: in a shorter text 'ha ha ha' is a quarter


@dataclass(frozen=True, kw_only=True)
class Stutter:
    """`stuttered_share`: of the tokens, those that repeat the one to four right before them; a Chinese character is a
    token. 0 for texts of fewer than `FEW`. Reason `repeated_words`.

    `Repetition` counts runs of ten tokens and the one pair that is most frequent; words that stand twice each pass it.
    Of corpora of statutes, consultations, news, speeches, poems and code (performance/rule_losses.py) at most one
    document in a thousand lies above the default, and texts in which every second word is said again lie at .3 to .5.
    """

    name: str = "stutter"
    high: float = 0.25

    version = 1
    reads = {"text": pl.String()}
    writes = {"stuttered_share": pl.Float64()}

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(reason="repeated_words", measure="stuttered_share", high=self.high),)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        said, count = stutter(docs["text"])
        share = pl.Series("stuttered_share", np.where(count < FEW, 0.0, said / np.maximum(count, 1)), pl.Float64)
        return docs.with_columns(
            pl.select(pl.when(docs["text"].is_not_null()).then(share)).to_series().alias(share.name)
        )
