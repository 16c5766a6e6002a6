"""The page that a record of an archive holds, or why it holds none: the same for WARC and ARC."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from curate.read.document import TYPES
from curate.read.http import decoded, response
from curate.read.record import Unfit

CONTENT = frozenset({"text/html", "application/xhtml+xml", "text/plain", "application/x-pdf", *TYPES.values()})
LOOK = 1 << 12  # bytes in which a page shows itself where no header says what it is
A_PAGE = re.compile(rb"<!doctype\s+html|<html[\s>]", re.IGNORECASE)


class Skip(NamedTuple):
    """A record that is no page: one of the reasons for skipping, and what was found."""

    reason: str
    found: str


class Body(NamedTuple):
    """A page without its codings, its type, and what is to be said of it in `meta`."""

    body: bytes
    content_type: str
    notes: Mapping[str, str]


def page_of(block: bytes, content_type: str, identified: str, cap: int) -> Body | Skip:
    """The page in a record's block, whose header says `content_type`; `identified` is the type that the archive's
    maker found. Raises `Unfit`.
    """
    answer = None
    if content_type.lower().startswith("application/http") or block.startswith(b"HTTP/"):
        answer = response(block)
        if not 200 <= answer.status < 300:
            return Skip("http_status", str(answer.status))
        content_type = answer.header(b"content-type")
    content_type = content_type or identified
    if content_type and content_type.partition(";")[0].strip().lower() not in CONTENT:
        return Skip("content_type", content_type[:100])
    body, cut = (block, None) if answer is None else decoded(answer, cap)
    if len(body) > cap:
        raise Unfit("too_large", f"the page has {len(body):,} bytes, one record may have {cap:,}")
    if not content_type:
        if not A_PAGE.search(body, 0, LOOK):
            return Skip("content_type", "none stated, and it does not look like HTML")
        content_type = "text/html"
    return Body(body, content_type, {"body_cut": cut} if cut else {})
