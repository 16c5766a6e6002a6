"""WARC (ISO 28500), plain, gz, zst or lz4: pages become documents, and every other record is told why it did not."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from typing import Any

from fastwarc.warc import WarcHeader, WarcRecordType

from curate import files
from curate.read.archive import FRAMING, HEADERS, Archive, Framed, Place, Plain
from curate.read.fields import DAY
from curate.read.frames import GZIPPED, LZ4, codec_of
from curate.read.page import Skip, page_of
from curate.read.record import Item, Problem, Reading, Record, Unfit
from curate.read.stream import GZIP, ZSTD

CONVERSION = WarcRecordType.conversion
PAGES = (WarcRecordType.response, WarcRecordType.resource, CONVERSION)


def read(reading: Reading) -> Iterator[Item]:
    """An item for each WARC record, and one for each stretch of the file in which no record can be read.

    The locator is the byte of the file at which the record begins (its compressed frame, then a dot and its ordinal).
    """
    file = reading.file
    with files.open_read(file.path) as stream:
        try:
            codec = codec_of(stream)
        except Unfit as unfit:
            yield unfit.problem(reading.locator(0))
            return
        at: int | None = 0
        if codec is None and (promised := _promised(file.relative)) is not None:
            stream.seek(0)
            magic = stream.read(4)
            start, named = promised
            reason = "truncated" if start.startswith(magic) else "undecodable"
            found = f"named as {named}, but it begins with {magic!r}"
            yield Problem(reading.locator(0), "quarantined", reason, found)
            if named != "gzip":
                return  # the other compressions' frames can't be looked for without what stands at the start
            archive: Archive = Framed(stream, file.size, GZIPPED)
            at = archive.following(1)
        else:
            archive = Plain(stream, file.size) if codec is None else Framed(stream, file.size, codec)
        while at is not None and at < file.size:
            damage = yield from _until_damage(archive, at, reading)
            at = None if damage is None else archive.following(damage + 1)


def _promised(name: str) -> tuple[bytes, str] | None:
    """(how the content must begin, the compression's name) where the file's name says that it is compressed."""
    packed = {".gz": (GZIP, "gzip"), ".zst": (ZSTD, "zstd"), ".lz4": (LZ4, "lz4")}
    return packed.get(name[name.rfind(".") :].lower())


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
            if archive.padded(damaged):
                return None
            locator, found = reading.locator(damaged), "no record can be read here"
        of_warc = isinstance(error, _Astray) or str(error).startswith(FRAMING)
        reason = "truncated" if archive.cut(damaged) else "malformed" if of_warc else "undecodable"
        yield Problem(locator, "quarantined", reason, f"{found}: {error}")
        return damaged
    if held is not None:
        yield held
    tail = archive.tail()
    if tail is not None:
        yield Problem(reading.locator(tail), "quarantined", "truncated", "the file ends inside a compressed frame")
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
        headers = record.headers
        content = page_of(
            block,
            headers.get(WarcHeader.CONTENT_TYPE) or "",
            headers.get(WarcHeader.WARC_IDENTIFIED_PAYLOAD_TYPE) or "",
            reading.cap,
        )
        if isinstance(content, Skip):
            return Problem(locator, "skipped", content.reason, content.found, None, identity, url)
        key = identity or locator
        if reading.source.key is not None:
            if url is None:
                raise Unfit("no_key", "the record has no WARC-Target-URI")
            key = url
    except Unfit as unfit:
        return unfit.problem(locator, origin_id=identity, url=url)
    date = headers.get(WarcHeader.WARC_DATE) or ""
    notes = dict(content.notes)
    if cut := headers.get(WarcHeader.WARC_TRUNCATED):
        notes["warc_truncated"] = cut
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
        meta=json.dumps(notes, sort_keys=True) if notes else None,
    )


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
