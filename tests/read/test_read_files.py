"""Pages and texts that are files of their own."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from curate.document import doc_id
from curate.files import found
from curate.read import UnknownFormat, format_of, open_shard
from curate.recipe import Source
from tests.read.samples import PAGES, read, reasons, written, zstd


@pytest.mark.parametrize(
    ("name", "content_type"),
    [("a.html", "text/html"), ("a.HTM", "text/html"), ("a.xhtml", "application/xhtml+xml"), ("a.html.gz", "text/html")],
)
def test_a_page_keeps_its_bytes_whatever_their_encoding(tmp_path: Path, name: str, content_type: str) -> None:
    data = gzip.compress(PAGES[2]) if name.endswith(".gz") else PAGES[2]
    (row,) = read(written(tmp_path, name, data)).docs.to_dicts()
    assert (row["raw"], row["text"], row["url"]) == (PAGES[2], None, None)
    assert (row["content_type"], row["locator"]) == (content_type, name)


def test_a_text_is_text_where_it_is_utf8_and_bytes_elsewhere(tmp_path: Path) -> None:
    text = "第一条\r\n\u2028# Heading"
    assert read(written(tmp_path, "a.md", b"\xef\xbb\xbf" + text.encode())).docs["text"].to_list() == [text]
    assert read(written(tmp_path, "a.txt.zst", zstd(text.encode()))).docs["text"].to_list() == [text]
    (row,) = read(written(tmp_path, "b.txt", "民法典".encode("gb18030"))).docs.to_dicts()
    assert (row["text"], row["raw"], row["content_type"]) == (None, "民法典".encode("gb18030"), "text/plain")


@pytest.mark.parametrize("name", ["a.html", "a.txt", "a.html.gz", "a.txt.zst"])
def test_a_file_beyond_the_cap_is_too_large(tmp_path: Path, name: str) -> None:
    data = bytes(1001)
    packed = {"gz": gzip.compress, "st": zstd}.get(name[-2:], bytes)(data)
    assert reasons(read(written(tmp_path, name, packed), cap=1000)) == ["too_large"]
    assert reasons(read(written(tmp_path, name, packed), cap=1001)) == []


def test_files_are_known_by_their_path_below_the_root(tmp_path: Path) -> None:
    (tmp_path / "病例").mkdir()
    written(tmp_path / "病例", "a.html", PAGES[0])
    source = Source(name="s", path=str(tmp_path))
    (batch,) = open_shard(source, found(source.path))
    assert batch.docs["doc_id"].to_list() == [doc_id("s", "病例/a.html")]
    assert batch.docs["locator"].to_list() == ["病例/a.html"]


def test_a_name_that_is_not_utf8_is_told_in_escapes(tmp_path: Path) -> None:
    name = "中".encode("gb18030").decode("utf-8", "surrogateescape") + ".html"
    assert read(written(tmp_path, name, PAGES[0])).docs["locator"].to_list() == ["\\xd6\\xd0.html"]


def test_a_file_of_an_unknown_kind_is_refused_with_the_kinds_that_are_known(tmp_path: Path) -> None:
    for name in ("a.odt", "a.xyz", "README"):
        with pytest.raises(UnknownFormat, match=r"\.warc\.gz.*\.parquet.*\.jsonl"):
            read(written(tmp_path, name, b"x"))
    assert reasons(read(written(tmp_path, "README", b"x"), format="jsonl")) == ["malformed"]
    with pytest.raises(UnknownFormat, match="expected one of warc, arc, html, document, jsonl"):
        read(tmp_path / "README", format="odt")


def test_columns_are_asked_only_of_formats_that_have_them(tmp_path: Path) -> None:
    (file,) = found(str(written(tmp_path, "a.html", PAGES[0])))
    for asked in ({"key": "url"}, {"text": "body"}):
        with pytest.raises(UnknownFormat, match=r"a\.html' is html"):
            format_of(Source(name="s", path="x", **asked), file)
