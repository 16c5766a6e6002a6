"""FineWeb's rules: pages that are lists, menus and fragments, told by their lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels.measures import (
    AGAIN_LINE_CHARS,
    LINE_CHARS,
    LINES,
    NEWLINES,
    PUNCTUATED,
    SHORT,
    Measures,
)
from curate.stage import Rule, Schema
from curate.stages.heuristics.routing import READS, Groups
from curate.stages.heuristics.together import Wants, measured_by, share, words_of


@dataclass(frozen=True, kw_only=True)
class FineWeb:
    """The custom filters of FineWeb: Penedo et al. 2024, section 3.6, and one more of its released code.

    Of the lines that are not blank: `punctuated_line_share` end a sentence (a mark that does, and what closes a
    quotation or a bracket behind it) or hold a Chinese comma, semicolon or full stop, which headlines and menus do
    without; `short_line_share` are at most `short` wide, in which a CJK character counts for
    three Latin letters; `repeated_line_char_share`, of their characters, those in lines that the text held before.
    `newline_word_ratio`, line breaks for each word, is datatrove's and not the paper's. Reasons:
    `fineweb_punctuation`, `fineweb_short_lines`, `fineweb_repeated_lines`, `fineweb_list`.
    """

    name: str = "fineweb"
    kinds: frozenset[str] | None = frozenset({"prose"})
    langs: frozenset[str] | None = None
    punctuated: float = 0.12
    repeated: float = 0.1
    short_lines: float = 0.67
    short: int = 30
    newlines: float = 0.3

    version = 1
    reads = {"text": pl.String(), **READS}

    @property
    def wants(self) -> Wants:
        return Wants(short=self.short)

    @property
    def writes(self) -> Schema:
        measured = ("punctuated_line_share", "short_line_share", "repeated_line_char_share", "newline_word_ratio")
        return {**dict.fromkeys(measured, pl.Float64()), f"{self.name}_applies": pl.Boolean()}

    @property
    def rules(self) -> tuple[Rule, ...]:
        when = f"{self.name}_applies"
        return (
            Rule(reason="fineweb_punctuation", measure="punctuated_line_share", low=self.punctuated, when=when),
            Rule(reason="fineweb_short_lines", measure="short_line_share", high=self.short_lines, when=when),
            Rule(reason="fineweb_repeated_lines", measure="repeated_line_char_share", high=self.repeated, when=when),
            Rule(reason="fineweb_list", measure="newline_word_ratio", high=self.newlines, when=when),
        )

    def columns(self, found: Measures, of: Groups) -> Mapping[str, NDArray[np.float64] | pl.Series]:
        counts = found.counts
        return {
            "punctuated_line_share": share(counts[:, PUNCTUATED], counts[:, LINES]),
            "short_line_share": share(counts[:, SHORT], counts[:, LINES]),
            "repeated_line_char_share": share(counts[:, AGAIN_LINE_CHARS], counts[:, LINE_CHARS]),
            "newline_word_ratio": share(counts[:, NEWLINES], np.maximum(words_of(found), 1)),
            f"{self.name}_applies": of.among(self.kinds, self.langs),
        }

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        return measured_by((self,), docs)
