"""Routing: which documents the rules of a set are for, by kind and language; what is measured is measured of all."""

from __future__ import annotations

from functools import cached_property

import polars as pl

READS = {"kind": pl.String(), "lang": pl.String(), "text": pl.String()}
"""What `Groups` reads."""

STATUTE = "statute"
"""What prose is called here that is drafted as statutes are: it repeats whole clauses, numbers its lines and ends them
with semicolons, and rules for prose take it for noise (the papers' limits: 22 to 60 % of Washington's statutes)."""

DRAFTED = 0.5  # marks of drafting in 1,000 bytes; of 2,500 statutes each .94 (en) and .97 (zh) have it, of speeches,
# reports, manuals, news, novels and consultations none, of articles on programming .002
SURE = 2  # marks: one is any text that names an article
_MARKS = (
    r"\b(?:this (?:section|subsection|act|chapter|title|subchapter|article|code)|subsections? \(|U\.S\.C\.|Pub\. ?L\.|"
    r"Stat\. \d)|§|第[〇零一二三四五六七八九十百千\d]{1,9}条"
)


def drafted(texts: pl.Series) -> pl.Series:
    """Boolean: whether a text is drafted as statutes are. False for null. 340 MB a second: once for each batch."""
    marks = texts.str.count_matches(_MARKS)
    dense = marks * 1000 >= DRAFTED * texts.str.len_bytes()
    return (dense & (marks >= SURE)).fill_null(False)


class Groups:
    """What decides which rules each of `docs`, a table with the columns `READS`, meets; found when first asked for."""

    def __init__(self, docs: pl.DataFrame) -> None:
        self._docs = docs

    @cached_property
    def kind(self) -> pl.Series:
        """The kind, `statute` where prose is drafted so; null where the column is."""
        rows = (self._docs["kind"] == "prose").arg_true()
        statutes = rows.filter(drafted(self._docs["text"].gather(rows)))
        return self._docs["kind"].scatter(statutes, STATUTE)

    @cached_property
    def lang(self) -> pl.Series:
        """The primary subtag of the language (zh of zh-Hant); null where the column is."""
        return self._docs["lang"].str.split("-").list.first()

    def among(self, kinds: frozenset[str] | None, langs: frozenset[str] | None) -> pl.Series:
        """Boolean, never null: the kind is one of `kinds` and the language one of `langs`.

        None takes all of them. A document without a language is in none of `langs`.
        """
        every = pl.repeat(True, len(self._docs), eager=True)
        kind = every if kinds is None else self.kind.is_in(sorted(kinds))
        lang = every if langs is None else self.lang.is_in(sorted(langs))
        return kind.fill_null(False) & lang.fill_null(False)

    def routes(
        self, name: str, kinds: frozenset[str] | None, langs: frozenset[str] | None, cjk: pl.Series
    ) -> dict[str, pl.Series]:
        """The columns that rules of the set `name` name in `when`: `_applies`, and which are `_cjk` or `_spaced`.

        `cjk` says whether most of a text's words are of a script without spaces: what is counted in words has other
        limits there.
        """
        whose = self.among(kinds, langs)
        return {f"{name}_applies": whose, f"{name}_cjk": whose & cjk, f"{name}_spaced": whose & ~cjk}


def routed(name: str) -> dict[str, pl.DataType]:
    """The columns of `routes`, as `writes` wants them."""
    return dict.fromkeys((f"{name}_applies", f"{name}_cjk", f"{name}_spaced"), pl.Boolean())
