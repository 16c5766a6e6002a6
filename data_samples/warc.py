"""The sample pages as WARC 1.1 records, a gzip member each, sent as real servers send them."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterable
from gzip import GzipFile

from traps import Page

DATE = "2024-05-01T00:00:00Z"
SERVERS = ("nginx", "Apache/2.4.57", "openresty", "Microsoft-IIS/10.0")


def archive(responses: Iterable[bytes]) -> bytes:
    """A .warc.gz: a warcinfo record, what a crawler writes beside the pages, and the pages."""
    software = b"software: data_samples/make.py\r\nformat: WARC File Format 1.1\r\n"
    members = [
        _record("warcinfo", "urn:samples", "application/warc-fields", software),
        _record("request", "https://www.wellspring.example/robots.txt", "application/http; msgtype=request",
                b"GET /robots.txt HTTP/1.1\r\nHost: www.wellspring.example\r\n\r\n"),
    ]  # fmt: skip
    return b"".join([*members, *responses])


def response(page: Page, number: int) -> bytes:
    """The page as its server sent it: some gzipped, some in chunks, some both."""
    body = page.body()
    headers = [("Date", "Wed, 01 May 2024 00:00:00 GMT"), ("Server", SERVERS[number % 4])]
    if page.content_type is not None:
        headers.append(("Content-Type", page.content_type))
    if number % 3 == 1:
        headers.append(("Content-Encoding", "gzip"))
        body = _gzip(body)
    if number % 5 == 2:
        headers.append(("Transfer-Encoding", "chunked"))
        body = _chunked(body)
    else:
        headers.append(("Content-Length", str(len(body))))
    head = "HTTP/1.1 200 OK\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
    return _record("response", page.url, "application/http; msgtype=response", head.encode() + body)


def _record(kind: str, url: str, content_type: str, content: bytes) -> bytes:
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{kind} {url}")
    target = "" if kind == "warcinfo" else f"WARC-Target-URI: {url}\r\n"
    head = (
        f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:{identity}>\r\n{target}WARC-Date: {DATE}\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return _gzip(head.encode() + content + b"\r\n\r\n")


def _gzip(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with GzipFile("", "wb", 9, buffer, mtime=0) as file:
        file.write(data)
    return buffer.getvalue()


def _chunked(body: bytes) -> bytes:
    chunks = (body[start : start + 4000] for start in range(0, len(body), 4000))
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
