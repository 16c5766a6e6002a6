"""C4's rules for lines: what is no sentence is cut out of a page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.kernels.line_traits import (
    CJK,
    CLAUSES,
    ELLIPSIS,
    ENDS,
    GOES_ON,
    LONGEST,
    QUOTES,
    WORDS,
    LineTraits,
    line_traits,
    without,
)
from curate.kernels.lines import WHOLE, Phrases, lines, phrases
from curate.kernels.measures import PER_WORD
from curate.kernels.utf8 import blocks
from curate.stage import Schema
from curate.stages.heuristics.routing import READS, Groups

NOTICES = (
    "javascript", "terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies",
    "使用条款", "隐私政策", "隐私权政策", "隐私声明", "使用cookie", "cookie政策",
)  # fmt: skip
"""What a line goes for wherever it stands: those of section 2.2, and what Chinese pages say in their place."""

_CITATIONS = r"\[\d*\]|\[edit\]|\[citation needed\]|\[编辑\]|\[來源請求\]|\[来源请求\]"


@dataclass(frozen=True, kw_only=True)
class C4Lines:
    """Cuts lines as C4 did: Raffel et al. 2020 (T5), section 2.2; its page rules are in `C4`, which comes behind.

    A line stays that ends in a mark that ends sentences or in a closing quotation mark (`...` is none), has at least
    `least_words` words, none longer than `longest_word`, and holds none of `NOTICES`. Citation marks such as [3] go out
    of the lines that stay.

    A line of which most words are Chinese stays too if it ends in a colon or a semicolon, as the items of statutes do,
    or holds a comma or full stop anywhere: headings, menus and labels hold none, and people who ask a doctor leave the
    last mark out. It wants `cjk_least_words` words of 1.8 characters.

    Measures: `lines_cut_share`, of the lines that are not blank; `c4_lines_cut`, `c4_lines_added` characters. No
    rules. Dialogues (documents with `messages`) are not edited. A page that is wrapped at a fixed width loses nearly
    all of its lines, as in the paper: unwrap it first, or leave it to other sets.
    """

    name: str = "c4_lines"
    kinds: frozenset[str] | None = frozenset({"prose"})
    langs: frozenset[str] | None = None
    least_words: float = 5
    cjk_least_words: float = 2
    longest_word: int = 1000
    citations: bool = True

    version = 1
    reads = {"text": pl.String(), **READS}
    rules = ()

    @property
    def writes(self) -> Schema:
        counts = dict.fromkeys((f"{self.name}_cut", f"{self.name}_added"), pl.Int64())
        return {"text": pl.String(), **counts, "lines_cut_share": pl.Float64()}

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        of = Groups(docs)
        rows = (of.among(self.kinds, self.langs) & of.kind.ne("dialogue")).arg_true()
        cut, share = np.zeros(len(docs), np.int64), np.zeros(len(docs))
        texts = [docs["text"].clear()]
        for first, block in blocks(docs["text"].gather(rows)):
            there = rows[first : first + len(block)].to_numpy()
            edited, cut[there], share[there] = self._cut(block)
            texts.append(edited)
        return docs.with_columns(
            docs["text"].scatter(rows, pl.concat(texts)),
            pl.Series(f"{self.name}_cut", cut),
            pl.lit(0, pl.Int64).alias(f"{self.name}_added"),
            pl.when(docs["text"].is_not_null()).then(pl.Series(share)).alias("lines_cut_share"),
        )

    def _cut(self, texts: pl.Series) -> tuple[pl.Series, NDArray[np.int64], NDArray[np.float64]]:
        """(texts that stay, characters cut, share of lines cut)."""
        cited = texts.str.replace_all(_CITATIONS, "") if self.citations else texts
        marks = (texts.str.len_chars() - cited.str.len_chars()).fill_null(0).to_numpy().astype(np.int64)
        found = line_traits(cited)
        gone = ~(self._stays(found) | found.lines.blank)
        _mark(cited, found, gone)
        edited = without(cited, found, gone)
        ends = found.lines.starts
        lost, whole = (np.concatenate([[0], np.cumsum(lines)])[ends] for lines in (gone, ~found.lines.blank))
        share = np.diff(lost) / np.maximum(np.diff(whole), 1)
        return edited.texts, edited.cut + marks, share

    def _stays(self, found: LineTraits) -> NDArray[np.bool_]:
        words, chinese = found.counts[:, WORDS], found.counts[:, CJK] / PER_WORD
        ends = (found.endings & (ENDS | QUOTES) > 0) & (found.endings & ELLIPSIS == 0)
        ends |= (chinese > words) & (found.endings & (GOES_ON | CLAUSES) > 0)
        least = np.where(chinese > words, self.cjk_least_words, self.least_words)
        stays = ends & (words + chinese >= least) & (found.counts[:, LONGEST] <= self.longest_word)
        return np.asarray(stays, np.bool_)


def _mark(texts: pl.Series, found: LineTraits, gone: NDArray[np.bool_]) -> None:
    """Mark the lines with a notice in `gone`. Few texts hold one: only those are looked at line by line."""
    holds = texts.str.contains_any(
        ["javascript", "terms of", "privacy", "cookie", "使用条款", "隐私"], ascii_case_insensitive=True
    )
    rows = holds.fill_null(False).arg_true()
    if not len(rows):
        return
    marked = lines(texts.gather(rows), _notices(), 2.0, 1 << 30)
    for number, row in enumerate(rows):
        part = slice(found.lines.starts[row], found.lines.starts[row + 1])
        gone[part] |= marked.marks[marked.starts[number] : marked.starts[number + 1]] == 2


@cache
def _notices() -> Phrases:
    return phrases([(notice, WHOLE) for notice in NOTICES])
