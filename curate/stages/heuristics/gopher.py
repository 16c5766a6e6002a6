"""Gopher's rules: documents whose words are no words, and documents that repeat themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels.measures import (
    AGAIN_LINE_CHARS,
    AGAIN_LINES,
    AGAIN_PARAGRAPH_CHARS,
    AGAIN_PARAGRAPHS,
    ALPHABETIC,
    BULLETS,
    CHARS,
    CJK,
    ELLIPSES,
    HASHES,
    LINE_CHARS,
    LINES,
    PARAGRAPH_CHARS,
    PARAGRAPHS,
    PER_WORD,
    STOPS,
    TRAILING,
    WORD_CHARS,
    WORDS,
    Grams,
    Measures,
)
from curate.stage import Rule, Schema
from curate.stages.heuristics.routing import READS, applies
from curate.stages.heuristics.together import Wants, measured_by, share, words_of

STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
PROSE = frozenset({"prose"})


@dataclass(frozen=True, kw_only=True)
class GopherQuality:
    """The quality rules of MassiveText: Rae et al. 2021 (Gopher), appendix A.1.1, "Quality filtering".

    `word_count`; `mean_word_length` in characters; `hash_word_ratio` and `ellipsis_word_ratio`, # and ... for each
    word; of the lines that are not blank, `bullet_line_share` begin with a bullet and `ellipsis_line_share` end in an
    ellipsis; `alphabetic_word_share`, words with a letter in them; `stop_word_count`, how many of the, be, to, of, and,
    that, have, with occur. Reasons: `gopher_words`, `gopher_word_length`, `gopher_symbols`, `gopher_bullets`,
    `gopher_ellipses`, `gopher_alphabetic`, `gopher_stop_words`.

    A word is a run of letters and digits, whatever its case: punctuation is none, so that formulas, quotations and
    references do not thin out the words with letters. In Chinese, `PER_WORD` characters are a word, and all of
    them alphabetic. The mean length and the stop words are those of English: both rules are silent where most words
    are Chinese and where `lang` says another language.
    """

    name: str = "gopher_quality"
    kinds: frozenset[str] | None = PROSE
    langs: frozenset[str] | None = None
    least_words: float = 50
    most_words: float = 100_000
    shortest_mean: float = 3
    longest_mean: float = 10
    hashes: float = 0.1
    ellipses: float = 0.1
    bullets: float = 0.9
    trailing: float = 0.3
    alphabetic: float = 0.8
    stop_words: int = 2

    version = 1
    reads = {"text": pl.String(), **READS}
    wants = Wants(stop_words=STOP_WORDS)

    @property
    def writes(self) -> Schema:
        names = ("mean_word_length", "hash_word_ratio", "ellipsis_word_ratio", "bullet_line_share")
        return {
            "word_count": pl.Float64(),
            **dict.fromkeys((*names, "ellipsis_line_share", "alphabetic_word_share"), pl.Float64()),
            "stop_word_count": pl.Int64(),
            f"{self.name}_applies": pl.Boolean(),
            f"{self.name}_english": pl.Boolean(),
        }

    @property
    def rules(self) -> tuple[Rule, ...]:
        when, english = f"{self.name}_applies", f"{self.name}_english"
        shortest, longest = self.shortest_mean, self.longest_mean
        return (
            Rule(reason="gopher_words", measure="word_count", low=self.least_words, high=self.most_words, when=when),
            Rule(reason="gopher_word_length", measure="mean_word_length", low=shortest, high=longest, when=english),
            Rule(reason="gopher_symbols", measure="hash_word_ratio", high=self.hashes, when=when),
            Rule(reason="gopher_symbols", measure="ellipsis_word_ratio", high=self.ellipses, when=when),
            Rule(reason="gopher_bullets", measure="bullet_line_share", high=self.bullets, when=when),
            Rule(reason="gopher_ellipses", measure="ellipsis_line_share", high=self.trailing, when=when),
            Rule(reason="gopher_alphabetic", measure="alphabetic_word_share", low=self.alphabetic, when=when),
            Rule(reason="gopher_stop_words", measure="stop_word_count", low=self.stop_words, when=english),
        )

    def columns(self, found: Measures) -> Mapping[str, NDArray[np.float64] | pl.Expr]:
        counts, words = found.counts, words_of(found)
        chinese = counts[:, CJK] / PER_WORD
        whose = applies(self.kinds, self.langs)
        spaced = pl.lit(pl.Series(counts[:, WORDS] > chinese))
        english = applies(None, frozenset({"en", "und"})) | pl.col("lang").is_null()
        return {
            "word_count": words,
            "mean_word_length": share(counts[:, WORD_CHARS], counts[:, WORDS]),
            "hash_word_ratio": share(counts[:, HASHES], np.maximum(words, 1)),
            "ellipsis_word_ratio": share(counts[:, ELLIPSES], np.maximum(words, 1)),
            "bullet_line_share": share(counts[:, BULLETS], counts[:, LINES]),
            "ellipsis_line_share": share(counts[:, TRAILING], counts[:, LINES]),
            "alphabetic_word_share": np.divide(
                counts[:, ALPHABETIC] + chinese, words, out=np.zeros(len(words)), where=words > 0
            ),
            "stop_word_count": np.bitwise_count(counts[:, STOPS]).astype(np.float64),
            f"{self.name}_applies": whose,
            f"{self.name}_english": whose & english & spaced,
        }

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        return measured_by((self,), docs)


TOPS, AGAIN = (2, 3, 4), (5, 6, 7, 8, 9, 10)


def _characters(words: tuple[int, ...]) -> tuple[int, ...]:
    """As many Chinese characters as these numbers of words have."""
    return tuple(round(PER_WORD * n) for n in words)


@dataclass(frozen=True, kw_only=True)
class GopherRepetition:
    """The repetition rules of MassiveText: Rae et al. 2021 (Gopher), appendix A.1.1, "Repetition removal", table A1.

    `duplicate_line_share` and `duplicate_line_char_share`: of the lines that are not blank, and of their characters,
    those that the text held before; `duplicate_paragraph_share` and `duplicate_paragraph_char_share` of what stands
    between blank lines. `top_2gram_share` to `top_4gram_share`: of the characters of words, those in the most frequent
    n-gram of words, 0 where none occurs twice. `duplicate_5gram_share` to `duplicate_10gram_share`: those in n-grams
    that the text held before. A character counts once where n-grams overlap. Reasons: `gopher_duplicate_lines`,
    `gopher_duplicate_paragraphs`, `gopher_top_ngram`, `gopher_duplicate_ngrams`.

    In texts of which most words are Chinese an n-gram of n words is one of 1.8 n characters (4, 5, 7; 9 to 18).
    """

    name: str = "gopher_repetition"
    kinds: frozenset[str] | None = PROSE
    langs: frozenset[str] | None = None
    lines: float = 0.3
    line_chars: float = 0.2
    paragraphs: float = 0.3
    paragraph_chars: float = 0.2
    tops: tuple[float, ...] = (0.2, 0.18, 0.16)
    duplicates: tuple[float, ...] = (0.15, 0.14, 0.13, 0.12, 0.11, 0.1)

    version = 1
    reads = {"text": pl.String(), **READS}
    wants = Wants(Grams(TOPS, AGAIN, _characters(TOPS), _characters(AGAIN)))

    def __post_init__(self) -> None:
        for field, sizes in (("tops", TOPS), ("duplicates", AGAIN)):
            if len(getattr(self, field)) != len(sizes):
                raise ValueError(f"{field} is {getattr(self, field)}; expected a limit for each of {sizes} words")

    @property
    def writes(self) -> Schema:
        lines = [f"duplicate_{part}{of}_share" for part in ("line", "paragraph") for of in ("", "_char")]
        return {**dict.fromkeys((*lines, *_named()), pl.Float64()), f"{self.name}_applies": pl.Boolean()}

    @property
    def rules(self) -> tuple[Rule, ...]:
        when = f"{self.name}_applies"
        limits = {
            "duplicate_line_share": ("gopher_duplicate_lines", self.lines),
            "duplicate_line_char_share": ("gopher_duplicate_lines", self.line_chars),
            "duplicate_paragraph_share": ("gopher_duplicate_paragraphs", self.paragraphs),
            "duplicate_paragraph_char_share": ("gopher_duplicate_paragraphs", self.paragraph_chars),
        }
        reasons = ["gopher_top_ngram"] * len(TOPS) + ["gopher_duplicate_ngrams"] * len(AGAIN)
        limits |= dict(zip(_named(), zip(reasons, (*self.tops, *self.duplicates), strict=True), strict=True))
        return tuple(
            Rule(reason=reason, measure=measure, high=high, when=when) for measure, (reason, high) in limits.items()
        )

    def columns(self, found: Measures) -> Mapping[str, NDArray[np.float64] | pl.Expr]:
        counts, parts = found.counts, np.concatenate([found.tops, found.again], axis=1).T
        return {
            "duplicate_line_share": share(counts[:, AGAIN_LINES], counts[:, LINES]),
            "duplicate_line_char_share": share(counts[:, AGAIN_LINE_CHARS], counts[:, LINE_CHARS]),
            "duplicate_paragraph_share": share(counts[:, AGAIN_PARAGRAPHS], counts[:, PARAGRAPHS]),
            "duplicate_paragraph_char_share": share(counts[:, AGAIN_PARAGRAPH_CHARS], counts[:, PARAGRAPH_CHARS]),
            **{name: share(part, counts[:, CHARS]) for name, part in zip(_named(), parts, strict=True)},
            f"{self.name}_applies": applies(self.kinds, self.langs),
        }

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        return measured_by((self,), docs)


def _named() -> tuple[str, ...]:
    return (*(f"top_{n}gram_share" for n in TOPS), *(f"duplicate_{n}gram_share" for n in AGAIN))
