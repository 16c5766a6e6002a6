"""An HTTP response as it was captured: status, headers, and the body with its transfer and content codings undone."""

from __future__ import annotations

import io
import re
import zlib
from typing import NamedTuple

import zstandard
from fastwarc.stream_io import BrotliReader

from curate.read.record import Unfit
from curate.read.stream import GZIP, ZSTD_INPUT

STATUS = re.compile(rb"HTTP/[\d.]+[ \t]+(\d{3})(?!\d)")
HEAD = 1 << 20  # bytes in which the end of the headers must come
CHUNK = re.compile(rb"[ \t]*([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
FOLD = re.compile(rb"\r?\n[ \t]+")  # a header that goes on in the next line, as RFC 9112 (5.2) asks to take it
PIECE = 1 << 16


class Response(NamedTuple):
    """A captured response: its head without the empty line, and the body as captured."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: bytes) -> str:
        """The value of the first header called `name` (lower case); empty if there is none."""
        at = self.head.lower().find(b"\n" + name + b":") + len(name) + 2
        if at == len(name) + 1:
            return ""
        end = self.head.find(b"\n", at)
        return self.head[at : None if end < 0 else end].decode("latin-1").strip()


def response(block: bytes) -> Response:
    """The parts of a captured response. Raises `Unfit` where it does not begin with a status line."""
    status = STATUS.match(block)
    if status is None:
        raise Unfit("malformed", f"the HTTP response begins with {block[:40]!r}, expected a status line")
    end = block.find(b"\r\n\r\n", 0, HEAD)
    short = block.find(b"\n\n", 0, HEAD if end < 0 else end)  # servers that end lines with \n alone
    if short >= 0:
        head, body = block[:short], block[short + 2 :]
    elif end >= 0:
        head, body = block[:end], block[end + 4 :]
    elif len(block) < HEAD:
        head, body = block, b""
    else:
        raise Unfit("malformed", f"the HTTP headers do not end within {HEAD:,} bytes")
    if b"\n " in head or b"\n\t" in head:
        head = FOLD.sub(b" ", head)
    return Response(int(status[1]), head, body)


def decoded(answer: Response, cap: int) -> tuple[bytes, str | None]:
    """(the body without its codings, what was cut: None, or the coding that ends early).

    Crawlers undo codings and leave the headers, so a body that does not begin as the header says is taken as it is.
    Raises `Unfit`: `too_large` beyond `cap` bytes, `undecodable` where a coding breaks in the middle.
    """
    body, cut = answer.body, None
    if "chunked" in answer.header(b"transfer-encoding").lower():
        body, whole = _unchunked(body)
        cut = None if whole else "chunked"
    codings = answer.header(b"content-encoding").lower()
    for name in reversed(codings.split(",")) if codings else ():
        body, whole = _undone(name.strip(), body, cap)
        cut = cut if whole else name.strip()
    if len(body) > cap:
        raise Unfit("too_large", f"the body has {len(body):,} bytes, one record may have {cap:,}")
    return body, cut


def _unchunked(body: bytes) -> tuple[bytes, bool]:
    """RFC 9112, 7.1. (body, whether the last chunk was there)."""
    out: list[bytes] = []
    at = 0
    while (size := CHUNK.match(body, at)) is not None:
        length = int(size[1], 16)
        if length == 0:
            return b"".join(out), True
        end = size.end() + length
        out.append(body[size.end() : end])
        if end >= len(body):
            return b"".join(out), False
        after = 2 if body.startswith(b"\r\n", end) else 1 if body.startswith(b"\n", end) else 0
        if not after:
            break
        at = end + after
    if at == 0:
        return body, True  # not chunked, whatever the header says
    if b"\n" not in body[at:]:  # the end comes within a length
        return b"".join(out), False
    raise Unfit(
        "undecodable", f"the chunked body breaks at byte {at:,}, where {body[at : at + 20]!r} should be a length"
    )


def _undone(name: str, body: bytes, cap: int) -> tuple[bytes, bool]:
    """One content coding undone. (body, whether it came to its end)."""
    if name in ("gzip", "x-gzip"):
        return _inflated(body, cap, 31) if body.startswith(GZIP) else (body, True)
    if name == "deflate" and body:
        # zlib's header as RFC 9110 (8.4.1.2) has it, or without, as some servers send it.
        header = body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
        return (body, True) if body.lstrip().startswith(b"<") else _inflated(body, cap, 15 if header else -15)
    if name == "br" and body and not body.lstrip().startswith(b"<"):
        return _unbrotli(body, cap), True
    if name == "zstd" and body.startswith(b"\x28\xb5\x2f\xfd"):
        return _unzstd(body, cap)
    return body, True


def _inflated(body: bytes, cap: int, window: int) -> tuple[bytes, bool]:
    """One stream, or all the members that gzip has one after the other (RFC 1952, 2.2)."""
    out, size, rest = [], 0, body
    while True:
        inflate = zlib.decompressobj(window)
        try:
            out.append(inflate.decompress(rest, cap + 1 - size))
        except zlib.error as error:
            raise Unfit("undecodable", f"the body's compression is corrupt: {error}") from None
        size += len(out[-1])
        if size > cap:
            raise Unfit("too_large", f"the body has more than the {cap:,} bytes that one record may have, decompressed")
        rest = inflate.unused_data
        if not rest.startswith(GZIP):
            return b"".join(out), inflate.eof


def _unbrotli(body: bytes, cap: int) -> bytes:
    reader = BrotliReader(io.BytesIO(body))
    out, size = [], 0
    try:
        while piece := reader.read(PIECE):
            out.append(piece)
            size += len(piece)
            if size > cap:
                raise Unfit("too_large", f"the body has more than the {cap:,} bytes one record may have, decompressed")
    except OSError as error:  # cut and corrupt look the same here
        raise Unfit("undecodable", f"the body's compression is corrupt or cut: {error}") from None
    return b"".join(out)


def _unzstd(body: bytes, cap: int) -> tuple[bytes, bool]:
    frame = zstandard.ZstdDecompressor().decompressobj()
    out, size = [], 0
    for at in range(0, len(body), ZSTD_INPUT):
        try:
            out.append(frame.decompress(body[at : at + ZSTD_INPUT]))
        except zstandard.ZstdError as error:
            raise Unfit("undecodable", f"the body's compression is corrupt: {error}") from None
        size += len(out[-1])
        if size > cap:
            raise Unfit("too_large", f"the body has more than the {cap:,} bytes that one record may have, decompressed")
        if frame.eof:
            break
    return b"".join(out), frame.eof
