"""What a reader makes of each record: a document, or a problem with a reason. Nothing in between, and nothing less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from curate.files import FileInfo
from curate.recipe import Source

CAP = 64 << 20  # bytes of one record, decoded: Common Crawl cuts pages at 1 MB (5 MB since 2025), law codes reach 10 MB

REASONS: Mapping[str, str] = {
    # skipped: as asked for, or nothing that could be a document
    "not_sampled": "the source's `take` left it out",
    "record_type": "a WARC record that holds no page: request, metadata, warcinfo, revisit, continuation",
    "content_type": "neither HTML nor plain text, nor a PDF, DOCX or EPUB file",
    "http_status": "the server's answer was not a page: a redirect or an error",
    "unknown_format": "a file of a folder that no reader is for",
    "empty_file": "a file of no bytes, or without any record that could be a document",
    "companion": "a file that describes or repeats others of its folder, or is read with one of them",
    # quarantined: something is wrong with it
    "undecodable": "its bytes are not the encoding or compression that they must be",
    "malformed": "it breaks the rules of its format",
    "wrong_type": "the field that holds the text holds something else",
    "no_text": "no field holds text",
    "no_key": "the column that identifies records is empty here",
    "too_large": "it is larger, decoded, than one record may be",
    "pointer": "Git LFS has not fetched the file: a pointer to it stands in its place",
    "truncated": "the file ends in the middle of it, and whatever came after it is lost",
}
"""Why a record did not become a document."""


class Reading(NamedTuple):
    """What a reader is asked for: the records of `file`, of at most `cap` bytes each, as `source` describes them."""

    file: FileInfo
    source: Source
    cap: int

    def locator(self, record: int | str) -> str:
        """Where a record is: the file's path below the source's root, and the record in it."""
        return f"{self.file.relative}#{record}"


class Record(NamedTuple):
    """A document as a reader found it, before its source's defaults: `text` or `raw` is there."""

    key: str
    locator: str
    text: str | None = None
    raw: bytes | None = None
    content_type: str | None = None
    origin_id: str | None = None
    url: str | None = None
    domain: str | None = None
    lang: str | None = None
    kind: str | None = None
    license: str | None = None
    date: str | None = None
    status: str | None = None
    meta: str | None = None
    messages: Sequence[Mapping[str, str | None]] | None = None
    tools: str | None = None


class Problem(NamedTuple):
    """A record that did not become a document; `reason` is one of `REASONS`, `error` says what was found."""

    locator: str
    kind: Literal["skipped", "quarantined"]
    reason: str
    error: str
    doc_id: str | None = None  # where the record got as far as having one
    origin_id: str | None = None
    url: str | None = None


Item: TypeAlias = Record | Problem


class Block(NamedTuple):
    """Rows of a table that are all documents with text, by column: in `columns` those of `Record` that are not null."""

    keys: list[str]
    locators: list[str]
    texts: Any  # Arrow's large_string, valid UTF-8, none of them null
    columns: Mapping[str, list[str | None]]


class Unfit(ValueError):
    """This record can't become a document: what `Problem` says of it, raised where it is found."""

    def __init__(self, reason: str, error: str) -> None:
        super().__init__(error)
        self.reason = reason
        self.known: dict[str, str | None] = {}

    def problem(self, locator: str, **known: str | None) -> Problem:
        """`known` is what the record says of itself: origin_id, url."""
        return Problem(locator, "quarantined", self.reason, str(self), **{**self.known, **known})
