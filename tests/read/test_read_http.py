"""HTTP bodies: chunked and compressed as captured, or with headers that no longer tell the truth."""

from __future__ import annotations

import gzip
import io
import zlib

import pytest
from fastwarc.stream_io import BrotliWriter
from hypothesis import given
from hypothesis import strategies as st

from curate.read.http import decoded, response
from curate.read.record import Unfit
from tests.read.samples import PAGES, http, zstd

PAGE = PAGES[1]
CAP = 1_000_000


def brotli(data: bytes) -> bytes:
    class Kept(io.BytesIO):
        def close(self) -> None:
            """The writer closes its file; the bytes are wanted after that."""

    out = Kept()
    writer = BrotliWriter(out)
    writer.write(data)
    writer.close()
    return out.getvalue()


def chunked(body: bytes, size: int = 50) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x;ext=1\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def body(data: bytes, *headers: str, cap: int = CAP) -> tuple[bytes, str | None]:
    return decoded(response(http(data, *headers)), cap)


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("gzip", gzip.compress(PAGE)),
        ("x-gzip", gzip.compress(PAGE)),
        ("gzip", gzip.compress(PAGE[:50]) + gzip.compress(b"") + gzip.compress(PAGE[50:])),
        ("deflate", zlib.compress(PAGE)),
        ("deflate", zlib.compress(PAGE)[2:-4]),
        ("br", brotli(PAGE)),
        ("zstd", zstd(PAGE)),
        ("gzip, br", brotli(gzip.compress(PAGE))),
        ("GZIP", gzip.compress(PAGE)),
        ("identity", PAGE),
        ("unheard-of", PAGE),
    ],
)
def test_content_codings_are_undone(coding: str, data: bytes) -> None:
    assert body(data, f"Content-Encoding: {coding}") == (PAGE, None)
    assert body(chunked(data), "Transfer-Encoding: chunked", f"content-encoding:{coding}") == (PAGE, None)


def test_members_of_gzip_together_stay_under_the_cap() -> None:
    members = gzip.compress(b"x" * 60) * 2
    assert body(members, "Content-Encoding: gzip", cap=120) == (b"x" * 120, None)
    with pytest.raises(Unfit, match="more than the 119 bytes"):
        body(members, "Content-Encoding: gzip", cap=119)
    assert body(members[:-9], "Content-Encoding: gzip")[1] == "gzip"


def test_a_header_may_go_on_in_the_next_line() -> None:
    answer = response(b"HTTP/1.1 200 OK\r\nContent-Type: text/html;\r\n\tcharset=gbk\r\nX: y\r\n\r\n<p>")
    assert (answer.header(b"content-type"), answer.header(b"x")) == ("text/html; charset=gbk", "y")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_body_that_was_decoded_before_is_taken_as_it_is(coding: str) -> None:
    assert body(PAGE, f"Content-Encoding: {coding}", "Transfer-Encoding: chunked") == (PAGE, None)


def test_a_body_that_ends_early_is_kept_as_far_as_it_goes_and_marked() -> None:
    for end, kept in ((30, 20), (60, 50), (62, 50), (70, 50), (75, 53)):  # in a chunk, at its end, in a length
        assert body(chunked(PAGE)[:end], "Transfer-Encoding: chunked") == (PAGE[:kept], "chunked")
    long = b"".join(b"<p>%d</p>" % number for number in range(5000))
    cut, note = body(gzip.compress(long)[:3000], "Content-Encoding: gzip")
    assert long.startswith(cut)
    assert len(cut) > 3000
    assert note == "gzip"


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        (chunked(PAGE, 20).replace(b"\r\n14;", b"\r\nxx;", 1), ["Transfer-Encoding: chunked"]),
        (gzip.compress(PAGE)[:-8] + bytes(8), ["Content-Encoding: gzip"]),
        (b"\xff\xff\xff\xff", ["Content-Encoding: deflate"]),
        (b"\xff\xff\xff\xff", ["Content-Encoding: br"]),
        (zstd(PAGE)[:8] + b"\xff" * 20, ["Content-Encoding: zstd"]),
    ],
)
def test_a_coding_that_breaks_in_the_middle_is_undecodable(data: bytes, headers: list[str]) -> None:
    with pytest.raises(Unfit) as unfit:
        body(data, *headers)
    assert unfit.value.reason == "undecodable"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_body_that_expands_past_the_cap_is_too_large(coding: str) -> None:
    pack = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli, "zstd": zstd}[coding]
    with pytest.raises(Unfit) as unfit:
        body(pack(bytes(CAP + 1)), f"Content-Encoding: {coding}")
    assert unfit.value.reason == "too_large"
    assert len(body(pack(bytes(CAP)), f"Content-Encoding: {coding}")[0]) == CAP


@pytest.mark.parametrize(
    "block",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX: y\r\n\r\n<p>",
        b"HTTP/1.1 200 OK\nContent-Type: text/html\n\n<p>",
        b"HTTP/2 200\r\nX: \xff\xfe\r\nno colon\r\ncontent-type:text/html\r\nContent-Type: image/png\r\n\r\n<p>",
        b"HTTP/1.0  200\r\nCONTENT-TYPE:  text/html  \r\n\r\n<p>",
    ],
)
def test_heads_are_read_as_servers_write_them(block: bytes) -> None:
    answer = response(block)
    assert (answer.status, answer.header(b"content-type"), answer.body) == (200, "text/html", b"<p>")
    assert answer.header(b"missing") == ""


def test_a_head_without_an_end_is_all_head() -> None:
    assert response(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n").body == b""


@pytest.mark.parametrize("block", [b"", b"<html>", b"HTTP/1.1 OK", b"HTTP/1.1 2000 x", b"ICY 200 OK\r\n\r\n"])
def test_what_has_no_status_line_is_malformed(block: bytes) -> None:
    with pytest.raises(Unfit, match="status line"):
        response(block)


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br", "zstd", "chunked"]))
def test_any_bytes_under_any_header_are_a_body_or_unfit(data: bytes, coding: str) -> None:
    header = "Transfer-Encoding: chunked" if coding == "chunked" else f"Content-Encoding: {coding}"
    try:
        found, _ = body(data, header)
    except Unfit as unfit:
        assert unfit.reason == "undecodable"
    else:
        assert isinstance(found, bytes)


@given(st.binary(max_size=2000), st.integers(1, 300))
def test_chunks_of_any_size_give_the_body_back(data: bytes, size: int) -> None:
    assert body(chunked(data, size), "Transfer-Encoding: chunked") == (data, None)
