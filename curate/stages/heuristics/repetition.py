"""Repetition: lines, phrases and words that a text says over and over."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from curate.kernels.repetition import repetition
from curate.stage import Rule

N = 10  # tokens: ten words, ten Chinese characters


@dataclass(frozen=True, kw_only=True)
class Repetition:
    """How much of a text repeats what it said before.

    `repeated_line_share`: of the text in lines, what stands in lines that occurred before. `repeated_ngram_share`: of
    the tokens, those in 10-grams that occurred before. `top_pair_share`: of the tokens, those that the most frequent
    pair covers. Reasons: `repeated_lines`, `repeated_words`.

    After Rae et al. 2021 (Gopher), appendix A.1.1, over one stream of tokens (an English word, a Chinese character).
    Statutes, tables, code, poems and consultations lose under .4 % of a set at these limits. Gopher's (.30 of lines,
    .10 of 10-grams, .20 for a pair) take 71 % of Chinese statutes and 16 % of American ones.
    """

    name: str = "repetition"
    lines: float = 0.4
    ngrams: float = 0.5
    pair: float = 0.6

    version = 2
    reads = {"text": pl.String()}
    writes = {
        "repeated_line_share": pl.Float64(),
        "repeated_ngram_share": pl.Float64(),
        "top_pair_share": pl.Float64(),
    }

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(reason="repeated_lines", measure="repeated_line_share", high=self.lines),
            Rule(reason="repeated_words", measure="repeated_ngram_share", high=self.ngrams),
            Rule(reason="repeated_words", measure="top_pair_share", high=self.pair),
        )

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        found = repetition(docs["text"], N)
        missing = docs["text"].is_null()
        shares = dict(zip(self.writes, found, strict=True))
        return docs.with_columns(
            pl.select(pl.when(missing).then(None).otherwise(pl.Series(share))).to_series().alias(name)
            for name, share in shares.items()
        )
