"""When a page says that it was published.

Only what the page states counts: a parser that fills a missing day in with today's gives another answer every day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

_DAY = r"((?:19|20)\d\d)(?:[-/.]|年 ?)(\d{1,2})(?:[-/.]|月 ?)(\d{1,2})(?!\d)"
DAY = re.compile(rf"(?<!\d)(?:{_DAY}|((?:19|20)\d\d)(\d\d)(\d\d)(?!\d))")
TIMED = re.compile(rf"(?<!\d){_DAY}日?[\sT]{{0,3}}\d{{1,2}}[:：]\d\d")  # in running text only a day with a time is one
_JSON = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
_FIELDS = (  # of <meta>, the surest first
    "article:published_time",
    "og:published_time",
    "og:release_date",
    "article:published",
    "datepublished",
    "pubdate",
    "publishdate",
    "publish-date",
    "publish_date",
    "dc.date.issued",
    "dcterms.issued",
    "dc.date",
    "dcterms.date",
    "dcterms.created",
    "sailthru.date",
    "parsely-pub-date",
    "date",
)


def date_of(tree: Any) -> str | None:
    """The day of publication, ISO 8601: from linked data, <meta>, <time>, or the first day with a time in the text."""
    return next((day for match in _stated(tree) if match and (day := _iso(match))), None)


def _stated(tree: Any) -> Iterator[re.Match[str] | None]:
    for script in tree.iter("script"):
        found = _JSON.search(script.text or "")
        if found:
            yield DAY.search(found[1])
    fields: dict[str, str] = {}
    for meta in tree.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        fields.setdefault(name, meta.get("content") or "")
    yield from (DAY.search(fields[name]) for name in _FIELDS if name in fields)
    for time in tree.iter("time"):
        yield DAY.search(time.get("datetime") or "") or DAY.search("".join(time.itertext()))
    yield TIMED.search(" ".join(_texts()(tree)))


@cache
def _texts() -> Any:
    """What a page shows, as plain strings: lxml's own remember where they stand, which costs three times as much."""
    from lxml import etree

    path = "//body//text()[not(parent::script or parent::style or parent::noscript)]"
    return etree.XPath(path, smart_strings=False)


def _iso(match: re.Match[str]) -> str | None:
    year, month, day = (int(number) for number in match.groups() if number)
    try:
        return date(year, month, day).isoformat() if year >= 1990 else None
    except ValueError:  # the 30th of February
        return None
