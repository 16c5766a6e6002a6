"""What fastText is given of the documents to train on: passages cut from them, labels in balance, in a fixed order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random
from typing import Literal, TypeAlias

import polars as pl

from curate.classifier.parts import digests
from curate.document import share_of

Balance: TypeAlias = Literal["down", "repeat", "none"]

REPEATS = 10  # a text is given at most so often in an epoch, or the judge learns it by heart

_BORDER = re.compile(r"[。！？!?\n]|\. ")
_SHORTEST, _LONGEST = 25, 3000  # characters of a passage


def passage(text: str, random: Random) -> str:
    """A passage of 25 to 3,000 characters, all orders of magnitude alike, from a sentence's start where one is near."""
    size = int(_SHORTEST * (_LONGEST / _SHORTEST) ** random.random())
    if size >= len(text):
        return text
    start = random.randrange(len(text) - size)
    if border := _BORDER.search(text, start, start + 200):
        start = border.end()
    return text[start : start + size].strip() or text[:size]


def with_passages(docs: pl.DataFrame, count: int) -> pl.DataFrame:
    """`docs` and behind each as many passages of it: a judge of whole documents is lost with a paragraph.

    Columns `text`, `label`, `lang`, `source`, `digest`; a passage is drawn by the digest of its document.
    """
    docs = docs.select(pl.col("text").fill_null(""), "label", "lang", "source").with_columns(digests(docs["text"]))
    if not count:
        return docs
    rows = []
    for text, label, lang, source, digest in docs.iter_rows():
        rows.append((text, label, lang, source, digest))
        for number in range(count):
            cut = passage(text, Random(f"{digest} {number}"))
            rows.append((cut, label, lang, source, f"{digest} {number}"))
    return pl.DataFrame(rows, schema=docs.schema, orient="row")


def balanced(samples: pl.DataFrame, how: Balance, seed: int = 0) -> pl.DataFrame:
    """`samples` with as many of each label in each language, or else the judge takes a language for a label.

    "down" leaves of each label as many as the rarest has, by hash; "repeat" gives rarer ones again, at most `REPEATS`
    times, which is what a weight is to gradient descent. A language that knows one label only stays as it is.
    """
    drawn = samples.with_columns(
        pl.Series("draw", [share_of(one, f"balance {seed}") for one in samples["digest"]], pl.Float64)
    ).sort("label", "lang", "draw", "digest", nulls_last=True)
    if how == "none":
        return _mixed(drawn.with_columns(pl.lit(0, pl.Int64).alias("turn")), seed)
    pieces = []
    for _, some in drawn.group_by("lang", maintain_order=True):
        sizes = some.group_by("label").len()["len"]
        wanted = int(sizes.min() if how == "down" else sizes.max())  # type: ignore[arg-type]
        for _, own in some.group_by("label", maintain_order=True):
            size = min(wanted, REPEATS * own.height)
            turn = pl.int_range(size, eager=True)
            pieces.append(own[(turn % own.height)].with_columns((turn // own.height).alias("turn")))
    return _mixed(pl.concat(pieces), seed)


def _mixed(samples: pl.DataFrame, seed: int) -> pl.DataFrame:
    """In the order of a hash, which mixes labels and languages."""
    keys = [
        share_of(f"{digest} {turn}", f"order {seed}") for digest, turn in samples.select("digest", "turn").iter_rows()
    ]
    return (
        samples.with_columns(pl.Series("key", keys, pl.Float64))
        .sort("key", "digest", "turn", "label")
        .select("text", "label", "lang", "source")
    )


def counts(docs: pl.DataFrame, *columns: str) -> Mapping[str, int]:
    """How many rows there are for each combination, named "clean zh"."""
    table = docs.group_by(*columns).len().sort(*columns, nulls_last=True)
    return {" ".join(str(part or "-") for part in row[:-1]): row[-1] for row in table.iter_rows()}
