"""Routing: which documents the rules of a set are for, by kind and language; what is measured is measured of all."""

from __future__ import annotations

import polars as pl

READS = {"kind": pl.String(), "lang": pl.String()}
"""What `applies` reads."""


def applies(kinds: frozenset[str] | None, langs: frozenset[str] | None) -> pl.Expr:
    """Boolean, never null: `kind` is among `kinds`, and the primary subtag of `lang` among `langs` (zh of zh-Hant).

    None takes all of them. A document without a language is in none of `langs`.
    """
    kind = pl.lit(True) if kinds is None else pl.col("kind").is_in(sorted(kinds))
    subtag = pl.col("lang").str.split("-").list.first()
    lang = pl.lit(True) if langs is None else subtag.is_in(sorted(langs))
    return kind.fill_null(False) & lang.fill_null(False)
