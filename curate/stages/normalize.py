"""Unicode normalisation: one form for characters, line ends and white space; what carries meaning stays what it is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from unicodedata import combining, is_normalized, normalize

import polars as pl

from curate.stage import Schema

_LINE_ENDS = r"\r\n?|[\x0b\x0c\x85\u2028\u2029]"
# Control characters but tab and line feed, soft hyphens, zero-width spaces, byte-order marks, bidi controls, tags.
_INVISIBLE = (
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    r"\ufeff\ufff9-\ufffb\U000e0001\U000e0020-\U000e007f]"
)
# Beside these a joiner joins nothing: Latin, CJK, punctuation. Between emoji, Arabic or Indic letters it stays.
_UNJOINED = r"\x00-\u036f\u1e00-\u1eff\u2010-\u206f\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_JOINERS = rf"(^|[{_UNJOINED}])[\u200c\u200d]+|[\u200c\u200d]+$"
_JOINERS_BEFORE = rf"[\u200c\u200d]+([{_UNJOINED}])"
_SPACES = r"[\u00a0\u1680\u2000-\u200a\u202f\u205f]"
_INDENT = r"(?m)^[ \t]*\u3000[ \t\u3000]*"  # the two full-width spaces before a Chinese paragraph
_RUNS = r"([^ \t\n]) {2,}"  # not at the start of a line, where they are the indentation of code
_TRAILING = r"(?m)[ \t]+$"
_BLANK = r"\n{3,}"
_PILE = r"\p{M}{30}"  # real text has at most 30 marks in a row (UAX #15, section 13)
_ENDS = r"\A(?:[ \t]*\n)+|\s+\z"

_DIRTY = "|".join(
    [
        r"[\r\x0b\x0c\x85\u2028\u2029\u200c\u200d\u3000]",
        _INVISIBLE,
        _SPACES,
        r"[^ \t\n]  ",
        r"[ \t]\n",
        _BLANK,
        _ENDS,
    ]
)


ALIGNED = ("code", "table")  # kinds in which several spaces in a row line columns up


@dataclass(frozen=True, kw_only=True)
class Normalize:
    r"""NFC; no control, zero-width or bidi characters but tab and \n; \n as the only line end; single spaces.

    Runs of spaces inside a line become one (not in documents of kind code or table), indentation stays. Full-width
    spaces that indent a paragraph go and others become spaces. At most one blank line in a row, no trailing white
    space. Superscripts, units, circled numbers and full-width letters are not touched (that would be NFKC), nor is
    U+FFFD. Applying it twice gives the same. `NAME_cut` and `NAME_added` are net counts of characters.
    """

    name: str = "normalize"

    version = 1
    reads = {"text": pl.String(), "kind": pl.String()}
    rules = ()

    @property
    def writes(self) -> Schema:
        return {"text": pl.String(), f"{self.name}_cut": pl.Int64(), f"{self.name}_added": pl.Int64()}

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        before = docs["text"]
        after = normalized(before, docs["kind"].is_in(ALIGNED).fill_null(False))
        change = after.str.len_chars().cast(pl.Int64) - before.str.len_chars().cast(pl.Int64)
        change = change.fill_null(0)
        return docs.with_columns(
            after.alias("text"),
            change.clip(upper_bound=0).abs().alias(f"{self.name}_cut"),
            change.clip(lower_bound=0).alias(f"{self.name}_added"),
        )


def normalized(texts: pl.Series, aligned: pl.Series) -> pl.Series:
    """`texts` normalised; a null stays null. Where `aligned`, runs of spaces stay. Clean text is only looked at."""
    texts = _composed(texts)
    dirty = texts.str.contains(_DIRTY).fill_null(False)
    if not dirty.any():
        return texts
    mended = (
        texts.filter(dirty)
        .str.replace_all(_LINE_ENDS, "\n")
        .str.replace_all(_INVISIBLE, "")
        .str.replace_all(_JOINERS, "${1}")
        .str.replace_all(_JOINERS_BEFORE, "${1}")
    )
    mended = (
        _composed(mended)  # what stood apart may now combine
        .str.replace_all(_SPACES, " ")
        .str.replace_all(_INDENT, "")
        .str.replace_all("\u3000", " ", literal=True)
    )
    mended = (
        mended.zip_with(aligned.filter(dirty), mended.str.replace_all(_RUNS, "${1} "))
        .str.replace_all(_TRAILING, "")
        .str.replace_all(_BLANK, "\n\n")
        .str.replace_all(_ENDS, "")
    )
    return texts.scatter(dirty.arg_true(), mended)


def _composed(texts: pl.Series) -> pl.Series:
    """NFC, by Python's tables: the check takes 1 ms per MB and most text passes it."""
    piled = texts.str.contains(_PILE).fill_null(False)
    if piled.any():
        texts = texts.scatter(piled.arg_true(), [_decomposed(text) for text in texts.filter(piled)])
    composed = [text if text is None or is_normalized("NFC", text) else normalize("NFC", text) for text in texts]
    return pl.Series(texts.name, composed, pl.String)


def _decomposed(text: str) -> str:
    """NFD in n log n. Python sorts the marks on one letter by insertion: 80,000 of them take 6 s, a page for hours."""
    apart = (part for char in text for part in normalize("NFD", char))
    return "".join("".join(sorted(marks, key=combining) if on else marks) for on, marks in groupby(apart, _is_mark))


def _is_mark(char: str) -> bool:
    return combining(char) > 0
