"""C4's rules: lines that are no sentences are cut, pages with code, filler or too little left are removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels.measures import BRACKETS, LOREM, SENTENCES, Measures
from curate.stage import Rule, Schema
from curate.stages.heuristics.routing import READS, Groups, routed
from curate.stages.heuristics.together import Wants, measured_by, most_are_cjk


@dataclass(frozen=True, kw_only=True)
class C4:
    """The rules of C4 for whole pages: Raffel et al. 2020 (T5), section 2.2. `C4Lines` before it has those for lines.

    `sentence_count`: what ends in a mark that ends sentences and holds a word; an ASCII mark does so where white
    space, the text's end or a Chinese character follows, and a stop not behind a single letter or digit. A line with a
    Chinese comma or semicolon ends one too: the last mark is often left out.
    `curly_bracket_count`: {. `lorem_ipsum_count`. Reasons: `c4_sentences`, `c4_curly_bracket`, `c4_lorem_ipsum`.

    The paper's list of bad words is not here: a list is the user's. Chinese joins with commas what English sets apart:
    where most words are Chinese `cjk_sentences` holds, one in place of three.
    """

    name: str = "c4"
    kinds: frozenset[str] | None = frozenset({"prose"})
    langs: frozenset[str] | None = None
    sentences: int = 3
    cjk_sentences: int = 1
    curly_brackets: int = 0
    lorem_ipsum: int = 0

    version = 1
    reads = {"text": pl.String(), **READS}
    wants = Wants()

    @property
    def writes(self) -> Schema:
        measured = ("sentence_count", "curly_bracket_count", "lorem_ipsum_count")
        return {**dict.fromkeys(measured, pl.Int64()), **routed(self.name)}

    @property
    def rules(self) -> tuple[Rule, ...]:
        when, cjk, spaced = f"{self.name}_applies", f"{self.name}_cjk", f"{self.name}_spaced"
        return (
            Rule(reason="c4_sentences", measure="sentence_count", low=self.sentences, when=spaced),
            Rule(reason="c4_sentences", measure="sentence_count", low=self.cjk_sentences, when=cjk),
            Rule(reason="c4_curly_bracket", measure="curly_bracket_count", high=self.curly_brackets, when=when),
            Rule(reason="c4_lorem_ipsum", measure="lorem_ipsum_count", high=self.lorem_ipsum, when=when),
        )

    def columns(self, found: Measures, of: Groups) -> Mapping[str, NDArray[np.float64] | pl.Series]:
        counts = found.counts.astype(np.float64)
        return {
            "sentence_count": counts[:, SENTENCES],
            "curly_bracket_count": counts[:, BRACKETS],
            "lorem_ipsum_count": counts[:, LOREM],
            **of.routes(self.name, self.kinds, self.langs, most_are_cjk(found)),
        }

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        return measured_by((self,), docs)
