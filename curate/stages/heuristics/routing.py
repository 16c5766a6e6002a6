"""Routing: which documents the rules of a set are for, by kind and language; what is measured is measured of all."""

from __future__ import annotations

import polars as pl

READS = {"kind": pl.String(), "lang": pl.String(), "text": pl.String()}
"""What `applies` reads."""

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


def drafted() -> pl.Expr:
    """Boolean: whether the text is drafted as statutes are. False for null."""
    marks = pl.col("text").str.count_matches(_MARKS)
    dense = marks * 1000 >= DRAFTED * pl.col("text").str.len_bytes()
    return (dense & (marks >= SURE)).fill_null(False)


def applies(kinds: frozenset[str] | None, langs: frozenset[str] | None) -> pl.Expr:
    """Boolean, never null: `kind` is among `kinds`, and the primary subtag of `lang` among `langs` (zh of zh-Hant).

    None takes all of them. A document without a language is in none of `langs`. Prose that is drafted as statutes are
    is of the kind `statute`, whatever its column says.
    """
    kind = pl.lit(True)
    if kinds is not None:
        statute = (pl.col("kind") == "prose") & drafted()
        kind = pl.when(statute).then(pl.lit(STATUTE in kinds)).otherwise(pl.col("kind").is_in(sorted(kinds)))
    subtag = pl.col("lang").str.split("-").list.first()
    lang = pl.lit(True) if langs is None else subtag.is_in(sorted(langs))
    return kind.fill_null(False) & lang.fill_null(False)


def routes(name: str, kinds: frozenset[str] | None, langs: frozenset[str] | None, cjk: pl.Expr) -> dict[str, pl.Expr]:
    """The columns that rules of the set `name` name in `when`: `_applies`, and which of these are `_cjk` or `_spaced`.

    `cjk` says whether most of a text's words are of a script without spaces: what is counted in words has other limits
    there.
    """
    whose = applies(kinds, langs)
    return {f"{name}_applies": whose, f"{name}_cjk": whose & cjk, f"{name}_spaced": whose & ~cjk}


def routed(name: str) -> dict[str, pl.DataType]:
    """The columns of `routes`, as `writes` wants them."""
    return dict.fromkeys((f"{name}_applies", f"{name}_cjk", f"{name}_spaced"), pl.Boolean())
