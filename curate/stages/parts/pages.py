"""Pages as borders: those that `meta` gives for a PDF or a recognised scan, and form feeds in text."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Sequence

_PARAGRAPH = re.compile(r"\n[ \t\u3000]*\n\s*")
_FEED = re.compile(r"\f\s*")
_ENDED = re.compile(r"[。．.!?！？；;:：…][\s\"'”’」』）)\]]*\Z")
_LOOK = 8  # characters before a border in which the end of a sentence stands
AHEAD = 3  # paragraphs that may be looked at for one that a finished sentence precedes; a table has none


def stated(meta: str | None, length: int) -> list[int]:
    """Where the pages begin in a text of `length` characters, as `meta` says: `pages`, and of how many `characters`.

    Editors that ran in between have moved the places: they are stretched to the length that there is now. What
    `borders` makes of them are beginnings of paragraphs all the same.
    """
    if meta is None or '"pages"' not in meta:
        return []
    try:
        fields = json.loads(meta)
    except ValueError:
        return []
    if not isinstance(fields, dict) or not isinstance(fields.get("pages"), list):
        return []
    starts = [page[-1] if isinstance(page, list) and page else page for page in fields["pages"]]
    if not all(isinstance(start, int) and not isinstance(start, bool) for start in starts):
        return []
    was = fields.get("characters")
    if isinstance(was, int) and was > 0 and was != length:
        starts = [start * length // was for start in starts]
    return sorted({start for start in starts if 0 < start < length})


def borders(text: str, starts: Sequence[int]) -> list[int]:
    """Where `text` can be cut at its pages: for each of `starts` and each form feed the next beginning of a paragraph.

    A sentence that runs over the border stays whole: the paragraph before a cut ends one, where one of the next
    `AHEAD` does.
    """
    feeds = [match.end() for match in _FEED.finditer(text)]
    pages = sorted({*starts, *feeds})
    if not pages:
        return []
    paragraphs = sorted({*(match.end() for match in _PARAGRAPH.finditer(text)), *feeds})
    found: set[int] = set()
    for page in pages:
        first = bisect_left(paragraphs, page)
        near = paragraphs[first : first + AHEAD]
        found.update(next(([at] for at in near if _ended(text, at)), near[:1]))
    return sorted(at for at in found if 0 < at < len(text))


def _ended(text: str, at: int) -> bool:
    end = at
    while end and text[end - 1].isspace():
        end -= 1
    return _ENDED.search(text[max(0, end - _LOOK) : end]) is not None
