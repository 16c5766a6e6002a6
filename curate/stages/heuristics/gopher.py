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
from curate.stages.heuristics.routing import READS, Groups, routed
from curate.stages.heuristics.together import Wants, measured_by, most_are_cjk, share, words_of

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

    A word stands between white space and holds a letter or a digit; punctuation is none, so that formulas, quotations
    and references do not thin out the words with letters. 1.8 Chinese characters are a word, and alphabetic. The mean
    length and the stop words are those of English: both rules are silent where most words are Chinese and where
    `lang` says another language.

    Where most words are Chinese, the fields named `cjk_` hold in place of the paper's: news of one sentence has 12
    words and more, and up to 30 % of them are amounts, dates and codes of shares; a topic of social media stands
    between two #.
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
    cjk_least_words: float = 10
    cjk_alphabetic: float = 0.7
    cjk_hashes: float = 0.2

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
            **routed(self.name),
            f"{self.name}_english": pl.Boolean(),
        }

    @property
    def rules(self) -> tuple[Rule, ...]:
        when, cjk, spaced = f"{self.name}_applies", f"{self.name}_cjk", f"{self.name}_spaced"
        english = f"{self.name}_english"
        shortest, longest, most = self.shortest_mean, self.longest_mean, self.most_words
        return (
            Rule(reason="gopher_words", measure="word_count", low=self.least_words, high=most, when=spaced),
            Rule(reason="gopher_words", measure="word_count", low=self.cjk_least_words, high=most, when=cjk),
            Rule(reason="gopher_word_length", measure="mean_word_length", low=shortest, high=longest, when=english),
            Rule(reason="gopher_symbols", measure="hash_word_ratio", high=self.hashes, when=spaced),
            Rule(reason="gopher_symbols", measure="hash_word_ratio", high=self.cjk_hashes, when=cjk),
            Rule(reason="gopher_symbols", measure="ellipsis_word_ratio", high=self.ellipses, when=when),
            Rule(reason="gopher_bullets", measure="bullet_line_share", high=self.bullets, when=when),
            Rule(reason="gopher_ellipses", measure="ellipsis_line_share", high=self.trailing, when=when),
            Rule(reason="gopher_alphabetic", measure="alphabetic_word_share", low=self.alphabetic, when=spaced),
            Rule(reason="gopher_alphabetic", measure="alphabetic_word_share", low=self.cjk_alphabetic, when=cjk),
            Rule(reason="gopher_stop_words", measure="stop_word_count", low=self.stop_words, when=english),
        )

    def columns(self, found: Measures, of: Groups) -> Mapping[str, NDArray[np.float64] | pl.Series]:
        counts, words = found.counts, words_of(found)
        chinese = counts[:, CJK] / PER_WORD
        found_in = of.routes(self.name, self.kinds, self.langs, most_are_cjk(found))
        english = of.among(None, frozenset({"en", "und"})) | of.lang.is_null()
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
            **found_in,
            f"{self.name}_english": found_in[f"{self.name}_spaced"] & english,
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

    Lines with a word are compared, without the white space around them. Words are folded, only their letters and digits
    count, and the share is one of all characters of the text, as datatrove has it.

    Where most words are Chinese, an n-gram of n words is one of 1.8 n characters (4, 5, 7; 9, 11, 13, 14, 16, 18), and
    the fields named `cjk_` hold: 99 % of statutes, regulations, consultations and of news, which say their headline
    again, are below them. Statutes repeat their formulas in English too: at the paper's limits 27 % of American ones
    go. For such sources `Repetition` is made.
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
    cjk_tops: tuple[float, ...] = (0.25, 0.25, 0.25)
    cjk_duplicates: tuple[float, ...] = (0.5, 0.45, 0.42, 0.4, 0.38, 0.36)

    version = 2
    reads = {"text": pl.String(), **READS}
    wants = Wants(Grams(TOPS, AGAIN, _characters(TOPS), _characters(AGAIN)))

    def __post_init__(self) -> None:
        for field, sizes in (("tops", TOPS), ("duplicates", AGAIN)):
            for limits in (getattr(self, field), getattr(self, f"cjk_{field}")):
                if len(limits) != len(sizes):
                    raise ValueError(f"{field} are {limits}; expected a limit for each of {sizes} words")

    @property
    def writes(self) -> Schema:
        lines = [f"duplicate_{part}{of}_share" for part in ("line", "paragraph") for of in ("", "_char")]
        return {**dict.fromkeys((*lines, *_named()), pl.Float64()), **routed(self.name)}

    @property
    def rules(self) -> tuple[Rule, ...]:
        lines = {
            "duplicate_line_share": ("gopher_duplicate_lines", self.lines),
            "duplicate_line_char_share": ("gopher_duplicate_lines", self.line_chars),
            "duplicate_paragraph_share": ("gopher_duplicate_paragraphs", self.paragraphs),
            "duplicate_paragraph_char_share": ("gopher_duplicate_paragraphs", self.paragraph_chars),
        }
        reasons = ["gopher_top_ngram"] * len(TOPS) + ["gopher_duplicate_ngrams"] * len(AGAIN)
        limits = {"spaced": (*self.tops, *self.duplicates), "cjk": (*self.cjk_tops, *self.cjk_duplicates)}
        return (
            *(
                Rule(reason=reason, measure=measure, high=high, when=f"{self.name}_applies")
                for measure, (reason, high) in lines.items()
            ),
            *(
                Rule(reason=reason, measure=measure, high=high, when=f"{self.name}_{script}")
                for script, highs in limits.items()
                for reason, measure, high in zip(reasons, _named(), highs, strict=True)
            ),
        )

    def columns(self, found: Measures, of: Groups) -> Mapping[str, NDArray[np.float64] | pl.Series]:
        counts, parts = found.counts, np.concatenate([found.tops, found.again], axis=1).T
        return {
            "duplicate_line_share": share(counts[:, AGAIN_LINES], counts[:, LINES]),
            "duplicate_line_char_share": share(counts[:, AGAIN_LINE_CHARS], counts[:, LINE_CHARS]),
            "duplicate_paragraph_share": share(counts[:, AGAIN_PARAGRAPHS], counts[:, PARAGRAPHS]),
            "duplicate_paragraph_char_share": share(counts[:, AGAIN_PARAGRAPH_CHARS], counts[:, PARAGRAPH_CHARS]),
            **{name: share(part, counts[:, CHARS]) for name, part in zip(_named(), parts, strict=True)},
            **of.routes(self.name, self.kinds, self.langs, most_are_cjk(found)),
        }

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        return measured_by((self,), docs)


def _named() -> tuple[str, ...]:
    return (*(f"top_{n}gram_share" for n in TOPS), *(f"duplicate_{n}gram_share" for n in AGAIN))
