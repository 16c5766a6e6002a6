"""A document: the columns that every shard has, how an id is made, and the check at the door.

A shard is a table with one row per document. It always has the columns of `COLUMNS`; each stage may add
measures beside them. Between the door and extraction a document may be `raw` bytes instead of text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import polars as pl
import xxhash

MESSAGE = pl.Struct({"role": pl.String, "content": pl.String, "reasoning": pl.String, "tool_calls": pl.String})
"""One turn of a dialogue; `tool_calls` is JSON."""

COLUMNS: Mapping[str, pl.DataType] = {
    "doc_id": pl.String(),  # 32 hex digits, see `doc_id`
    "origin_id": pl.String(),  # the id that the input gave, if it gave one
    "content_hash": pl.String(),  # 32 hex digits over what was read, see `content_hash`
    "text": pl.String(),  # null until extraction for what was read as bytes
    "url": pl.String(),
    "source": pl.String(),  # the name of the source in the recipe
    "role": pl.String(),  # domain or general
    "domain": pl.String(),  # medical, law, finance, general ...
    "lang": pl.String(),  # ISO 639-1, as declared and then as measured
    "kind": pl.String(),  # prose, code, maths, table, list, dialogue, classical
    "license": pl.String(),  # SPDX where there is one
    "date": pl.String(),  # ISO 8601
    "status": pl.String(),  # of a statute: in force, amended, repealed
    "parent_id": pl.String(),  # the document that this one was split from
    "locator": pl.String(),  # where it was read: path below the source's root, then # and the record
    "meta": pl.String(),  # JSON, whatever else the input said
    "messages": pl.List(MESSAGE),  # null unless kind is dialogue
    "tools": pl.String(),  # JSON, the tools that a dialogue may call
}

RAW: Mapping[str, pl.DataType] = {
    "raw": pl.Binary(),  # bytes that extraction turns into text; null where text is there already
    "content_type": pl.String(),  # as the HTTP header or the file's name says, charset included
}

ROLES = frozenset({"domain", "general"})

KINDS = frozenset({"prose", "code", "maths", "table", "list", "dialogue", "classical", "statute"})
"""What rule sets are for. `statute` stands in no column: so they call prose that is drafted as statutes are."""


class Repeated(dict[str, Any]):
    """An object of JSON in which a key stands twice: `items` has all of its pairs, so that `json` writes them all."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self._pairs = list(pairs)

    def items(self) -> list[tuple[str, Any]]:  # type: ignore[override]
        return self._pairs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Repeated) and self._pairs == other._pairs

    __hash__ = None

    def twice(self) -> str:
        """The first key that stands in it more than once."""
        names = [name for name, _ in self._pairs]
        return next(name for name in names if names.count(name) > 1)


def with_repeated(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs, for `json`'s object_pairs_hook."""
    out = dict(pairs)
    return out if len(out) == len(pairs) else Repeated(pairs)


def doc_id(source: str, key: str) -> str:
    """The id of a document: BLAKE2b of (source name, key), 128 bits as 32 hex digits.

    The key is the declared column of the input (url, case number), else the WARC-Record-ID, else path below the
    source's root and ordinal.
    """
    return blake2b(f"{source}\0{key}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def child_id(parent_id: str, ordinal: int) -> str:
    """The id of the part `ordinal` (from 0) that a splitter made of a document."""
    return blake2b(f"{parent_id}\0{ordinal}".encode(), digest_size=16).hexdigest()


def content_hash(content: bytes | memoryview) -> str:
    """XXH3 of the content as it was read, 128 bits as 32 hex digits. Skip lists and `diff` match by it."""
    return xxhash.xxh3_128_hexdigest(content)


def share_of(key: str, seed: str = "") -> float:
    """A number in [0, 1) that depends on `key` and `seed` alone: what is sampled by hash is the same in every run."""
    return int.from_bytes(blake2b(f"{seed}\0{key}".encode(), digest_size=8).digest()) / 2**64


def render(messages: Iterable[Mapping[str, str | None]]) -> str:
    """A dialogue as the text that rules, judges and deduplication read: each turn's content, a blank line between."""
    return "\n\n".join(turn["content"] or "" for turn in messages)


class NotADocument(ValueError):
    """A table that a reader or a splitter made breaks the contract of `COLUMNS`."""


def check(docs: pl.DataFrame, origin: str) -> pl.DataFrame:
    """The check at the door: `docs` in the order of `COLUMNS` then `RAW` then measures, or `NotADocument`.

    `origin` names the source or stage that made the table, for the message.
    """
    expected = {**COLUMNS, **RAW}
    for name, dtype in expected.items():
        if name not in docs.columns:
            if name in RAW:
                docs = docs.with_columns(pl.lit(None, dtype).alias(name))
                continue
            raise NotADocument(f"{origin}: column '{name}' is missing; found {docs.columns}")
        if docs.schema[name] != dtype:
            raise NotADocument(f"{origin}: column '{name}' is {docs.schema[name]}, expected {dtype}")
    for name in ("doc_id", "content_hash", "source", "role", "kind", "locator"):
        if docs[name].null_count():
            raise NotADocument(f"{origin}: {docs[name].null_count()} documents without {name}")
    unreadable = docs.filter(pl.col("text").is_null() & pl.col("raw").is_null())
    if unreadable.height:
        raise NotADocument(f"{origin}: document {unreadable['locator'][0]} has neither text nor raw bytes")
    strange = set(docs["role"].unique()) - ROLES
    if strange:
        raise NotADocument(f"{origin}: role {sorted(strange)[0]!r}; expected domain or general")
    return docs.select(*expected, *(name for name in docs.columns if name not in expected))
