"""When a page says that it was published."""

from __future__ import annotations

import pytest

from curate.stages.page import tree_of
from curate.stages.published import date_of


def of(head: str = "", body: str = "") -> str | None:
    return date_of(tree_of(f"<html><head>{head}<title>t</title></head><body>{body}<p>text</p></body></html>"))


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ('<script type="application/ld+json">{"datePublished": "2021-07-03T08:00:00+08:00"}</script>', ""),
        ("<meta property='article:published_time' content='2021-07-03T23:59:00Z'>", ""),
        ("<meta name='PubDate' content='20210703'>", ""),
        ("", "<time datetime='2021-07-03'>Saturday</time>"),
        ("", "<time>2021年7月3日</time>"),
        ("", "<div>2021年07月03日 10:30　来源：某县新闻网</div>"),
        ("", "<td>更新时间 2021/7/3 9:05</td>"),
        ("<meta name='date' content='2030-01-01'><meta name='pubdate' content='2021-07-03'>", ""),
        ("<meta name='pubdate' content='2021-02-30'>", "<span>2021-07-03 10:30</span>"),
    ],
)
def test_the_day_is_taken_from_where_pages_state_it(head: str, body: str) -> None:
    assert of(head, body) == "2021-07-03"


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("<meta name='date' content='2019-05'>", ""),  # no day is made up
        ("<meta name='date' content='May 2019'>", ""),
        ("", "<p>本法自2021年1月1日起施行。</p>"),
        ("", "<script>var now = '2021-07-03 10:30';</script>"),
        ("", "<p>20210703103000 1203-07-03 10:30</p>"),
    ],
)
def test_what_is_no_day_of_publication_is_none(head: str, body: str) -> None:
    assert of(head, body) is None
