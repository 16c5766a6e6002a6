"""Main-text extraction: raw bytes of pages, text files and document files become text, title and date."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

import polars as pl

from curate.stage import Cost, Rule, Schema
from curate.stages import layout, page
from curate.stages.documents.files import opened
from curate.stages.documents.opened import READ, STATES
from curate.stages.encoding import decode
from curate.stages.mend import CJK, mended, weight
from curate.stages.preformatted import restored
from curate.stages.published import date_of

# Weighted characters (a CJK one counts 3) below which trafilatura's slower cascade is asked for a second opinion, and
# how much longer its text must be to be taken. Of 569 pages with gold text 7 gain by it, by .6 of F1, and none loses.
SHORT = 700
LONGER = 2
LITTLE = 0.3  # share of the text outside links; article pages give more, but for those that an extractor gets wrong
MUCH = 1500  # characters; shorter pages have few links because they have little of anything
DENSE = 30  # CJK characters on a page from which its text is measured as Chinese

_PLAIN = frozenset(
    ["text/plain", "text/markdown", "text/x-markdown", "text/csv", "application/json", "application/x-ndjson"]
)
BINARY = (b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"\x1f\x8b\x08", b"\x7fELF", b"RIFF", b"Rar!")
_MARKUP = re.compile(r"<(?:!doctype|html|head|body|title|meta|script|div|p|br|table|span|h[1-6]|\?xml)\b", re.I)


_FILE_STATES = frozenset({"page", READ, *STATES})
PAGE = "page"  # the `file_state` of what is no document file


class Page(NamedTuple):
    """What one document's bytes gave."""

    text: str | None
    encoding: str | None
    reason: str | None
    damage: float
    size: int  # bytes of mark-up
    title: str | None
    date: str | None
    state: str = PAGE  # of a document file: how it was opened
    error: str | None = None
    notes: Mapping[str, Any] = {}  # for `meta`


@dataclass(frozen=True, kw_only=True)
class Extract:
    """The main text of HTML pages (navigation, comments and advertisements left out, tables kept as text).

    PDF, DOCX and EPUB are read too: columns in order, running heads out, `pages` in `meta` the character at which each
    begins. `ocr` is a command for PDF without a text layer, as `tesseract-pdf {file}`: {file} becomes a path, what it
    writes to standard output is the text, and it may take `ocr_seconds` for a file (at most 500, or the stage is taken
    to hang).

    Text files are decoded only. Documents that have text already pass unchanged. `raw` is null afterwards.

    Writes `encoding` (the codec used, null where there was text), `encoding_reason` (why it was, one of those that
    `encoding.Decoded` names), `undecodable_share` (characters that no text holds), `page_bytes` (bytes of mark-up),
    `decoded`, `extracted_chars`, a title into `meta` and `date` where there is none.
    Reasons: `too_large` (a page beyond `largest` bytes is not parsed), `undecodable`, `no_text`; and of
    document files, with what was found as evidence, `encrypted`, `damaged_file`, `too_deep`, `no_text_layer`,
    `expands_too_far`, `ocr_failed`.
    """

    name: str = "extract"
    largest: int = 20 << 20
    undecodable: float = 0.05
    ocr: str | None = None
    ocr_seconds: int = 300
    cost: Cost = Cost(isolated=True, only="raw", memory=3 << 30, cpu_seconds=60)

    version = 13
    reads = {
        "text": pl.String(),
        "raw": pl.Binary(),
        "content_type": pl.String(),
        "meta": pl.String(),
        "date": pl.String(),
    }

    @property
    def writes(self) -> Schema:
        return {
            "text": pl.String(),
            "raw": pl.Binary(),
            "meta": pl.String(),
            "date": pl.String(),
            "encoding": pl.String(),
            "encoding_reason": pl.String(),
            "undecodable_share": pl.Float64(),
            "page_bytes": pl.Int64(),
            "decoded": pl.Boolean(),
            "extracted_chars": pl.Int64(),
            "file_state": pl.String(),
            "file_error": pl.String(),
            f"{self.name}_cut": pl.Int64(),
            f"{self.name}_added": pl.Int64(),
        }

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(reason="too_large", measure="page_bytes", high=self.largest),
            Rule(reason="undecodable", measure="undecodable_share", high=self.undecodable),
            Rule(reason="no_text", measure="extracted_chars", low=1, when="decoded"),
            *(
                Rule(reason=state, measure="file_state", among=_FILE_STATES - {state}, evidence="file_error")
                for state in STATES
            ),
        )

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        columns = (docs[name] for name in ("text", "raw", "content_type", "meta", "date"))
        pages: list[Page] = []
        metas: list[str | None] = []
        dates: list[str | None] = []
        for text, raw, content_type, meta, date in zip(*columns, strict=True):
            if text is not None or raw is None:
                found = Page(text, None, None, 0.0, 0, None, None)
            else:
                found = self._page(raw, content_type, wants_date=date is None)
            pages.append(found)
            metas.append(_with_facts(meta, found.title, found.notes))
            dates.append(found.date if date is None else date)
        texts = pl.Series("text", [found.text for found in pages], pl.String)
        damage = pl.Series([found.damage for found in pages], dtype=pl.Float64)
        sizes = pl.Series([found.size for found in pages], dtype=pl.Int64)
        states = pl.Series([found.state for found in pages], dtype=pl.String)
        chars = texts.str.len_chars().cast(pl.Int64).fill_null(0)
        before = docs["text"].str.len_chars().cast(pl.Int64).fill_null(0)
        return docs.with_columns(
            texts,
            pl.lit(None, pl.Binary).alias("raw"),
            pl.Series("meta", metas, pl.String),
            pl.Series("date", dates, pl.String),
            pl.Series("encoding", [found.encoding for found in pages], pl.String),
            pl.Series("encoding_reason", [found.reason for found in pages], pl.String),
            damage.alias("undecodable_share"),
            sizes.alias("page_bytes"),
            ((damage <= self.undecodable) & (sizes <= self.largest) & ~states.is_in(list(STATES))).alias("decoded"),
            chars.alias("extracted_chars"),
            states.alias("file_state"),
            pl.Series("file_error", [found.error for found in pages], pl.String),
            pl.lit(0, pl.Int64).alias(f"{self.name}_cut"),
            (chars - before).alias(f"{self.name}_added"),
        )

    def _page(self, raw: bytes, content_type: str | None, wants_date: bool) -> Page:
        if (file := opened(raw, content_type, self.ocr, self.ocr_seconds)) is not None:
            return Page(file.text, None, None, 0.0, 0, file.title, None, file.state, file.found, file.notes)
        if raw.startswith(BINARY):
            return Page(None, None, None, 1.0, 0, None, None)
        kind = (content_type or "").partition(";")[0].strip().lower()
        if kind not in _PLAIN and len(raw) > self.largest:
            return Page(None, None, None, 0.0, len(raw), None, None)
        decoded = decode(raw, content_type)
        found = Page(None, decoded.encoding, decoded.reason, decoded.damage, 0, None, None)
        if decoded.damage > self.undecodable:
            return found
        if not _is_markup(decoded.text, kind):
            return found._replace(text=decoded.text.strip())
        found = found._replace(size=len(raw))
        tree = page.tree_of(decoded.text)
        if tree is None:
            return found._replace(text=page.stripped(decoded.text))
        title = page.title_of(tree)
        date = date_of(tree) if wants_date else None
        text = main_text(decoded.text, tree) or page.stripped(decoded.text)
        return found._replace(text=text, title=title, date=date)


def main_text(markup: str, tree: Any) -> str:
    """The main text of a page: lines, table rows as `| a | b |`; empty where there is none.

    trafilatura in its fast mode, without comments, on the prepared `tree` of `markup`, which is changed in place; its
    slower cascade where that gave hardly any text; the page with its lists of links where that gave little of the text
    that stands outside links.
    """
    extract = _trafilatura()
    dense = _is_dense(markup)
    there = layout.prepared(tree, markup, dense=dense)
    config = _config(dense=dense)
    text: str = extract(tree, include_comments=False, fast=True, config=config) or ""
    if weight(text) < SHORT and there.text > LONGER * len(text):
        slow: str = extract(tree, include_comments=False, config=config) or ""
        text = max(text, slow, key=lambda found: weight(found) / (1 if found is text else LONGER))
    if len(text) < LITTLE * there.text:
        whole = page.tree_of(markup)
        layout.prepared(whole, markup, dense=dense, lists=True)
        more: str = extract(whole, include_comments=False, fast=True, config=config) or ""
        text = max(text, more, key=lambda found: weight(found) / (1 if found is text else LONGER))
    bare = not there.linked or (there.text >= MUCH and there.linked < layout.LINKLESS * there.text)
    return restored(mended(text, tree, bare=bare)).strip()


def _is_markup(text: str, kind: str) -> bool:
    if kind in _PLAIN:
        return re.match(r"\s*<(?:!doctype html|html)\b", text, re.IGNORECASE) is not None
    if "html" in kind:
        return "<" in text
    return _MARKUP.search(text[:4096]) is not None


def _is_dense(markup: str) -> bool:
    """Whether there are `DENSE` CJK characters, each of which takes two bytes more in UTF-8 than others at least."""
    if len(markup.encode(errors="replace")) < len(markup) + 2 * DENSE:
        return False
    return next(islice(CJK.finditer(markup), DENSE - 1, None), None) is not None


def _with_facts(meta: str | None, title: str | None, notes: Mapping[str, Any]) -> str | None:
    """`meta` with a title and notes beside what it has."""
    if title is None and not notes:
        return meta
    fields = json.loads(meta) if meta else {}
    if not isinstance(fields, dict):
        return meta
    titled = {} if title is None else {"title": title}
    return json.dumps({**titled, **notes, **fields}, ensure_ascii=False)


@cache
def _config(dense: bool) -> Any:
    """trafilatura's settings. It takes the whole page where it found under 250 characters: a short article in English,
    a whole one in Chinese, where 60 say as much.
    """
    from trafilatura.settings import use_config

    config = use_config()
    if dense:
        config["DEFAULT"]["MIN_EXTRACTED_SIZE"] = "60"
    return config


@cache
def _trafilatura() -> Any:
    """Imported at first use (0.6 s), its log kept to errors: it warns of every page that it finds empty."""
    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    return trafilatura.extract
