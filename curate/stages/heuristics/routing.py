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
