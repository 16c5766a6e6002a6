"""WARC (ISO 28500), plain or gzipped: pages become documents, and every other record is told why it did not."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

from fastwarc.warc import WarcHeader, WarcRecordType

from curate import files
from curate.read.archive import HEADERS, Archive, Gzipped, Place, Plain
from curate.read.fields import DAY
from curate.read.http import decoded, response
from curate.read.record import Item, Problem, Reading, Record, Unfit
from curate.read.stream import GZIP

CONVERSION = WarcRecordType.conversion
PAGES = (WarcRecordType.response, WarcRecordType.resource, CONVERSION)
CONTENT = frozenset({"text/html", "application/xhtml+xml", "text/plain"})
LOOK = 1 << 12  # bytes in which a page shows itself where no header says what it is
A_PAGE = re.compile(rb"<!doctype\s+html|<html[\s>]", re.IGNORECASE)


def read(reading: Reading) -> Iterator[Item]:
    """An item for each WARC record, and one for each stretch of the file in which no record can be read.

    The locator is the byte of the file at which the record begins (its gzip member; after a dot its ordinal there).
    """
    file = reading.file
    with files.open_read(file.path) as stream:
        magic = stream.read(2)
        if file.relative.endswith(".gz") and magic != GZIP:
            reason = "truncated" if GZIP.startswith(magic) else "undecodable"
            yield Problem(reading.locator(0), "quarantined", reason, f"named as gzip, but it begins with {magic!r}")
            archive: Archive = Gzipped(stream, file.size)
            at = archive.following(1)
        else:
            archive = Gzipped(stream, file.size) if magic == GZIP else Plain(stream, file.size)
            at = 0
        while at is not None and at < file.size:
            damage = yield from _until_damage(archive, at, reading)
            at = None if damage is None else archive.following(damage + 1)


class _Astray(Exception):
    """A record does not say how long it is, so the one after it can't be found by its length."""


def _until_damage(archive: Archive, at: int, reading: Reading) -> Generator[Item, None, int | None]:
    """The items from byte `at` on, up to the end (returns None) or to damage (returns where what is damaged begins).

    An item is held until the record after it is framed: only that shows that its length and its checksum were right.
    """
    held: Item | None = None
    start, last, ordinal, length = -1, -1, 0, 0  # of the last record that was framed
    locator = ""
    try:
        for record in archive.records(at):
            if held is not None:
                yield held
            held = None
            before, start = start, archive.start(record)
            ordinal = ordinal + 1 if start == before else 0
            locator = reading.locator(f"{start}.{ordinal}" if ordinal else start)
            length = record.content_length  # 0 where it is missing or no number
            last = start
            if not length and (stated := record.headers.get(WarcHeader.CONTENT_LENGTH)) != "0":
                raise _Astray(f"Content-Length is {stated!r}, expected a number")
            held = _item(record, locator, length, reading)
            if isinstance(held, Problem) and held.reason == "truncated":
                yield held  # or its length is too great, and it swallowed what comes after it
                return start
            last = archive.last()
    except (OSError, _Astray) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # storage
        damaged = archive.damage(at, Place(start, length, last) if start >= 0 else None)
        if start >= 0 and (held is None or damaged is None):
            damaged, found = start, "the record's data or its length are damaged"
        else:
            if held is not None:
                yield held
            damaged = at if damaged is None else damaged
            locator, found = reading.locator(damaged), "no record can be read here"
        reason = "truncated" if archive.cut(damaged) else "undecodable" if "Gzip" in str(error) else "malformed"
        yield Problem(locator, "quarantined", reason, f"{found}: {error}")
        return damaged
    if held is not None:
        yield held
    tail = archive.tail()
    if tail is not None:
        yield Problem(reading.locator(tail), "quarantined", "truncated", "the file ends inside a gzip member")
    return tail


def _item(record: Any, locator: str, length: int, reading: Reading) -> Item:
    """What becomes of a record; its block of `length` bytes is read to the end."""
    is_page = record.record_type in PAGES
    taken = is_page and length <= reading.cap + HEADERS
    block = record.reader.read(length) if taken and length else b""
    found = len(block) if taken else record.reader.consume(length)
    if not is_page and found == length:
        return Problem(locator, "skipped", "record_type", record.headers.get(WarcHeader.WARC_TYPE) or "none stated")
    identity = (record.headers.get(WarcHeader.WARC_RECORD_ID) or "").strip("<>") or None
    url = _url(record)
    try:
        if found < length:
            raise Unfit("truncated", f"the record should have {length:,} bytes, {found:,} are there")
        if (url or "").startswith("metadata:"):  # wget's own log and arguments
            return Problem(locator, "skipped", "record_type", "a note of the crawler", None, identity, url)
        if not taken:
            raise Unfit("too_large", f"the record has {length:,} bytes, a page may have {reading.cap:,}")
        content = _content(record, block, reading.cap)
        if isinstance(content, _Skip):
            return Problem(locator, "skipped", content.reason, content.found, None, identity, url)
        key = identity or locator
        if reading.source.key is not None:
            if url is None:
                raise Unfit("no_key", "the record has no WARC-Target-URI")
            key = url
    except Unfit as unfit:
        return unfit.problem(locator, origin_id=identity, url=url)
    date = record.headers.get(WarcHeader.WARC_DATE) or ""
    text = _utf8(content.body) if record.record_type == CONVERSION else None  # text that was extracted before
    return Record(
        key=key,
        locator=locator,
        text=text,
        raw=content.body if text is None else None,
        content_type=content.content_type,
        origin_id=identity,
        url=url,
        date=date if DAY.fullmatch(date) else None,
        meta=json.dumps(content.notes, sort_keys=True) if content.notes else None,
    )


class _Skip(NamedTuple):
    reason: str
    found: str


class _Body(NamedTuple):
    body: bytes
    content_type: str
    notes: dict[str, str]


def _content(record: Any, block: bytes, cap: int) -> _Body | _Skip:
    """The page that a record holds, or why it is none. Raises `Unfit`."""
    content_type = record.headers.get(WarcHeader.CONTENT_TYPE) or ""
    answer = None
    if content_type.lower().startswith("application/http") or block.startswith(b"HTTP/"):
        answer = response(block)
        if not 200 <= answer.status < 300:
            return _Skip("http_status", str(answer.status))
        content_type = answer.header(b"content-type")
    content_type = content_type or record.headers.get(WarcHeader.WARC_IDENTIFIED_PAYLOAD_TYPE) or ""
    if content_type and _media_type(content_type) not in CONTENT:
        return _Skip("content_type", content_type[:100])
    body, cut = (block, None) if answer is None else decoded(answer, cap)
    if len(body) > cap:
        raise Unfit("too_large", f"the page has {len(body):,} bytes, one record may have {cap:,}")
    if not content_type:
        if not A_PAGE.search(body, 0, LOOK):
            return _Skip("content_type", "none stated, and it does not look like HTML")
        content_type = "text/html"
    notes = {"warc_truncated": record.headers.get(WarcHeader.WARC_TRUNCATED), "body_cut": cut}
    return _Body(body, content_type, {name: note for name, note in notes.items() if note})


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _url(record: Any) -> str | None:
    url: str = record.headers.get(WarcHeader.WARC_TARGET_URI) or ""
    if "\ufffd" in url:  # bytes that are not UTF-8: two such addresses must not become one
        url = record.headers.get_bytes(WarcHeader.WARC_TARGET_URI).decode("utf-8", "backslashreplace")
    return url.strip("<> ") or None


def _utf8(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None
