"""Unicode normalisation: one form for characters, line ends and white space; what carries meaning stays what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Literal
from unicodedata import combining, is_normalized, normalize

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.document import MESSAGE
from curate.kernels.spacing import spaced
from curate.kernels.tidy import (
    COMPOSES,
    DROP,
    JOINER,
    MARKED,
    SPACES,
    SWAP,
    WIDE,
    Edited,
    Table,
    swapped,
    wants,
)
from curate.stage import Schema
from curate.stages import emoji, homoglyphs, markup
from curate.stages.forms import table
from curate.stages.turns import turns, written

ALIGNED = ("code", "table", "dialogue")  # kinds in which several spaces in a row line columns up
_PILE = r"\p{M}{30}"  # real text has at most 30 marks in a row (UAX #15, section 13)


@dataclass(frozen=True, kw_only=True)
class Normalize:
    r"""NFC; no control, zero-width or bidi characters but tab and \n; \n as the only line end; single spaces.

    Runs of spaces inside a line become one, indentation stays. They stay in documents of kind code, table or dialogue,
    and in prose where they stand for something: between fences of Markdown, in code by indentation, in rows of tables.
    Sequences for a terminal (colours, titles) go whole.
    Full-width spaces that indent a paragraph go and others become spaces. At most one blank line in a row, no trailing
    white space. Joiners stay between emoji, Arabic and Indic letters. Superscripts, units, circled numbers and
    full-width letters are not touched, nor is U+FFFD. The turns of a dialogue (content and reasoning) are normalised
    one by one, and its text is rendered from them.

    What else there is, all of it off:
    `form="NFKC"`: compatibility characters become ordinary ones (ﬁ, ｱ, 𝐀, full-width punctuation too), but those whose
    form carries meaning: 10², H₂O, ½, ①, ⒈, Ⅳ, ㎎, ㎡, ℃, µ, ™ and the ellipsis.
    `half_width`: full-width Latin letters and digits become ASCII, and nothing else.
    `simplified`: each traditional character becomes the simplified one (OpenCC's TSCharacters, the first candidate):
    without phrases, so 乾隆 becomes 干隆.
    `bidi="show"`: bidi controls stand as [U+202E] in place of going, so that code that hides behind them is seen.
    `quotes`: `straight` makes “ ” ‘ ’ into " and ', also Chinese ones; `mainland` makes 「 」『 』 into “ ” ‘ ’.
    `emoji`: as `text` (:grinning_face:) or `remove`; of a keycap the digit stays; ❤ ☎ ™ without a selector stay.
    `html`: entities become characters, tags of HTML go or become line breaks (not in documents of kind code, nor in
    what Markdown fences or quotes as code); `a<b and c>d`, `List<String>` and `<a@b.c>` are no tags.
    `homoglyphs`: in words of mixed script Cyrillic and Greek letters become the Latin ones that they look like, or
    Latin ones Cyrillic.

    Applying it twice gives the same. `NAME_cut` and `NAME_added` are the characters dropped, swapped and put in their
    place; of what NFC composes, of markup, emoji and homoglyphs the net count. Nothing that is made can hold half a
    character: `&#xD800;` is U+FFFD.
    """

    name: str = "normalize"
    form: Literal["NFC", "NFKC"] = "NFC"
    half_width: bool = False
    simplified: bool = False
    bidi: Literal["remove", "show"] = "remove"
    quotes: Literal["keep", "straight", "mainland"] = "keep"
    emoji: Literal["keep", "text", "remove"] = "keep"
    html: bool = False
    homoglyphs: bool = False

    version = 4
    reads = {"text": pl.String(), "kind": pl.String(), "messages": pl.List(MESSAGE)}
    rules = ()

    def __post_init__(self) -> None:
        known = {
            "form": ("NFC", "NFKC"), "bidi": ("remove", "show"), "quotes": ("keep", "straight", "mainland"),
            "emoji": ("keep", "text", "remove"),
        }  # fmt: skip
        for field, values in known.items():
            if getattr(self, field) not in values:
                raise ValueError(f"{field} is {getattr(self, field)!r}; expected {', '.join(values)}")

    @property
    def writes(self) -> Schema:
        return {
            "text": pl.String(),
            "messages": pl.List(MESSAGE),
            f"{self.name}_cut": pl.Int64(),
            f"{self.name}_added": pl.Int64(),
        }

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        before = turns(docs)
        rows = before.table["row"].to_numpy()
        text = self.normalized(docs["text"].set(before.rendered, None), docs["kind"])
        kinds = docs["kind"].gather(rows)
        content, reasoning = (self.normalized(before.table[field], kinds) for field in ("content", "reasoning"))
        again = before.rendered.to_numpy()[rows]
        np.add.at(text.cut, rows, content.cut * again)
        np.add.at(text.added, rows, content.added * again)
        after = before.table.with_columns(content.texts, reasoning.texts)
        alone = text.texts.zip_with(~before.rendered, docs["text"])
        return written(docs.with_columns(alone), before, after).with_columns(
            pl.Series(f"{self.name}_cut", text.cut), pl.Series(f"{self.name}_added", text.added)
        )

    def normalized(self, texts: pl.Series, kinds: pl.Series) -> Edited:
        """`texts` normalised as documents of `kinds` are; a null stays null. Clean text is only looked at."""
        what = table(
            self.form == "NFKC", self.half_width, self.simplified, self.quotes, self.bidi == "show", self._marks()
        )
        asked = wants(texts, what)
        rows = np.flatnonzero(asked)
        done = Edited(texts, np.zeros(len(texts), np.int64), np.zeros(len(texts), np.int64))
        if not rows.size:
            return done
        kinds = kinds.gather(rows)
        some = self._settled(texts.gather(rows), kinds == "code", what, asked[rows])
        # Where nothing but white space was asked for, and nothing changed before it, the flag says whether it is.
        white = np.flatnonzero(
            (asked[rows] & (SPACES | WIDE) != 0) | (some.cut + some.added > 0) | (asked[rows] & COMPOSES != 0)
        )
        last = spaced(some.texts.gather(white), kinds.gather(white).is_in(ALIGNED).fill_null(False))
        np.add.at(done.cut, rows, some.cut)
        np.add.at(done.added, rows, some.added)
        np.add.at(done.cut, rows[white], last.cut)
        np.add.at(done.added, rows[white], last.added)
        mended = some.texts.scatter(white, last.texts)
        return Edited(texts.scatter(rows, mended), done.cut, done.added)

    def _marks(self) -> str:
        """The characters without which the options that are on have nothing to do."""
        chosen = ((self.html, markup.MARKS), (self.emoji != "keep", emoji.MARKS), (self.homoglyphs, homoglyphs.MARKS))
        return "".join(marks for on, marks in chosen if on)

    def _settled(self, texts: pl.Series, code: pl.Series, what: Table, asked: NDArray[np.uint8]) -> Edited:
        """`texts` in which neither table, NFC nor any option finds anything more to do; white space is not mended.

        An option's work may leave what the table or another option looks for (an entity that stood for a zero-width
        space), so what an option changed goes round again.
        """
        cut, added = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.int64)
        rows = np.arange(len(texts))
        options = self._options()
        while rows.size:
            part = texts.gather(rows)
            flags = asked[rows]
            swap = np.flatnonzero(flags & (DROP | SWAP | JOINER))
            first = swapped(part.gather(swap), what)
            np.add.at(cut, rows[swap], first.cut)
            np.add.at(added, rows[swap], first.added)
            part = part.scatter(swap, first.texts)
            new = [
                _composed(text) if flag & (COMPOSES | SWAP | DROP) else text
                for text, flag in zip(part, flags, strict=True)
            ]
            for option in options:
                new = [
                    text if text is None or not flag & MARKED or (skip and option is markup.unmarked) else option(text)
                    for text, flag, skip in zip(new, flags, code.gather(rows), strict=True)
                ]
            settled = pl.Series(part.name, new, pl.String)
            change = _lengths(settled) - _lengths(part)
            np.add.at(cut, rows, np.maximum(-change, 0))
            np.add.at(added, rows, np.maximum(change, 0))
            texts = texts.scatter(rows, settled)
            again = np.flatnonzero((settled != part).to_numpy()) if options else np.zeros(0, np.int64)
            rows = rows[again]
            asked[rows] = wants(texts.gather(rows), what)
        return Edited(texts, cut, added)

    def _options(self) -> list[Callable[[str], str]]:
        """What the options that are on do to a text, character tables apart."""
        pictures = {"text": emoji.named, "remove": emoji.removed}
        chosen: list[Callable[[str], str]] = [markup.unmarked] if self.html else []
        chosen += [pictures[self.emoji]] if self.emoji in pictures else []
        return [*chosen, homoglyphs.unified] if self.homoglyphs else chosen


def _lengths(texts: pl.Series) -> NDArray[np.int64]:
    return texts.str.len_chars().fill_null(0).cast(pl.Int64).to_numpy()


def _composed(text: str | None) -> str | None:
    """NFC, by Python's tables."""
    if text is None or is_normalized("NFC", text):
        return text
    if pl.Series([text]).str.contains(_PILE)[0]:
        text = _decomposed(text)
    return normalize("NFC", text)


def _decomposed(text: str) -> str:
    """NFD in n log n. Python sorts the marks on one letter by insertion: 80,000 of them take 6 s, a page for hours."""
    apart = (part for char in text for part in normalize("NFD", char))
    return "".join("".join(sorted(marks, key=combining) if on else marks) for on, marks in groupby(apart, _is_mark))


def _is_mark(char: str) -> bool:
    return combining(char) > 0
