"""Repetition: lines, phrases and words that a text says over and over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels.measures import AGAIN_LINE_CHARS, CJK, LINE_CHARS, WORD_CHARS, Grams, Measures
from curate.stage import Rule
from curate.stages.heuristics.routing import READS, STATUTE, Groups
from curate.stages.heuristics.together import Wants, measured_by, share

PAIR, N = (2,), (10,)  # tokens: ten words, ten Chinese characters


@dataclass(frozen=True, kw_only=True)
class Repetition:
    """How much of a text repeats what it said before, of any kind and in any language.

    `repeated_line_share`: of the characters of lines, those in lines that occurred before. `repeated_ngram_share`: of
    the characters of words, those in 10-grams that occurred before. `top_pair_share`: those that the most frequent pair
    covers. Reasons: `repeated_lines`, `repeated_words`.

    After Rae et al. 2021 (Gopher), appendix A.1.1, over one stream of tokens (an English word, a Chinese character),
    with limits of our own: tables, code, poems and consultations lose under .4 % of a set at these. The paper's, in
    `GopherRepetition`, are for web pages. Prose that is drafted as statutes are repeats its clauses as a rule (the
    Criminal Law of the PRC has .51 of `repeated_ngram_share`): `statute_ngrams` is its limit.
    """

    name: str = "repetition"
    lines: float = 0.4
    ngrams: float = 0.5
    statute_ngrams: float = 0.7
    pair: float = 0.6

    version = 4
    reads = {"text": pl.String(), **READS}
    writes = {
        "repeated_line_share": pl.Float64(),
        "repeated_ngram_share": pl.Float64(),
        "top_pair_share": pl.Float64(),
        "repetition_statute": pl.Boolean(),
        "repetition_other": pl.Boolean(),
    }
    wants = Wants(Grams(PAIR, N, PAIR, N))

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(reason="repeated_lines", measure="repeated_line_share", high=self.lines),
            Rule(reason="repeated_words", measure="repeated_ngram_share", high=self.ngrams, when="repetition_other"),
            Rule(
                reason="repeated_words",
                measure="repeated_ngram_share",
                high=max(self.ngrams, self.statute_ngrams),
                when="repetition_statute",
            ),
            Rule(reason="repeated_words", measure="top_pair_share", high=self.pair),
        )

    def columns(self, found: Measures, of: Groups) -> Mapping[str, NDArray[np.float64] | pl.Series]:
        said = found.counts[:, WORD_CHARS] + found.counts[:, CJK]
        statute = (of.kind == STATUTE).fill_null(False)
        return {
            "repeated_line_share": share(found.counts[:, AGAIN_LINE_CHARS], found.counts[:, LINE_CHARS]),
            "repeated_ngram_share": share(found.again[:, 0], said),
            "top_pair_share": share(found.tops[:, 0], said),
            "repetition_statute": statute,
            "repetition_other": ~statute,
        }

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        return measured_by((self,), docs)
