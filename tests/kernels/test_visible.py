"""The visible text of a page, from its bytes alone."""

from __future__ import annotations

import time

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.kernels.visible import visible


def seen(*pages: bytes | None) -> list[bytes]:
    found = visible(pl.Series("raw", list(pages), pl.Binary))
    return [found.text(number) for number in range(len(pages))]


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (b"<p>one</p><p>two</p>", b"one\ntwo"),
        (b"a<b>b</b><i>c</i> <span>d</span>", b"abc d"),
        (b"x<script>if (a<b) { '<p>' }</script>y", b"x\ny"),
        (b"x<SCRIPT type='a'>z</Script >y<style>p{}</style>", b"x\ny"),
        (b"x<scripted>y</scripted>", b"x\ny"),
        (b"x<!-- <p>z</p> -->y", b"xy"),
        (b"x<script>never closed", b"x\nnever closed"),
        (b"3 < 4 and 5 > 2 <3", b"3 < 4 and 5 > 2 <3"),
        (b"<title>T</title>\n\t <p>  a \r\n b  </p>", b"T\na b"),
        (b"<!doctype html><?xml?>t&amp;t", b"t&amp;t"),
        (b"<tr><td>a</td><td>b</td></tr><tr><td>c</td></tr>", b"a b\nc"),
        (b"a <a href=x>b</a> <strong>c</strong><br>d", b"a b c\nd"),
        (b"", b""),
        (None, b""),
    ],
)
def test_tags_scripts_and_comments_are_passed_over(page: bytes | None, text: bytes) -> None:
    assert seen(page) == [text]


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "big5hkscs", "cp932", "euc_jp", "cp949", "cp1252"])
def test_the_text_stays_what_it_is_in_every_encoding_with_ascii_tags(codec: str) -> None:
    text = {"cp1252": "déjà", "cp949": "한국어", "cp932": "日本語ソ表", "euc_jp": "日本語"}.get(codec, "中文許功蓋")
    assert seen(f"<div>{text}</div><p>{text}</p>".encode(codec)) == [f"{text}\n{text}".encode(codec)]


def test_links_and_tags_are_counted() -> None:
    found = visible(pl.Series("raw", [b"<a href='x'>ab c</a> <abbr>d</abbr> e", b"<p>f"]))
    assert found.linked.tolist() == [3, 0]
    assert found.tags.tolist() == [2, 1]


def test_what_is_read_and_what_is_kept_of_a_page_are_bounded() -> None:
    pages = pl.Series("raw", [b"<p>" + b"abc " * 1000, b"<p>z</p>"])
    found = visible(pages, most=100)
    assert len(found.text(0)) <= 101 and found.text(1) == b"z"
    assert visible(pages, read=10).text(0) == b"abc abc"


def test_pages_that_open_what_they_never_close_take_no_more_than_one_pass() -> None:
    started = time.process_time()
    for page in (b"<script>" * 400_000, b"<!--" * 400_000, b"<a href='" * 400_000, b"<" * 3_000_000):
        seen(page)
    assert time.process_time() - started < 10  # each of them squared would be hours


@given(
    st.lists(st.binary(max_size=60) | st.sampled_from([b"<p>", b"</", b"<script", b"<!--", b"-->", b">"]), max_size=8)
)
def test_any_bytes_can_be_a_page_and_pages_do_not_depend_on_their_neighbours(pages: list[bytes]) -> None:
    assert seen(*pages) == [text for page in pages for text in seen(page)]


def test_another_column_than_bytes_is_refused() -> None:
    with pytest.raises(TypeError, match="pages are bytes"):
        visible(pl.Series("text", ["a"]))
