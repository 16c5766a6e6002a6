"""What is left of HTML in text: entities, stray tags, comments."""

from __future__ import annotations

import re
from html import unescape

_BREAKS = "address|article|aside|blockquote|br|dd|div|dl|dt|figcaption|figure|footer|form|h[1-6]|header|hr|li|main|nav"
_BREAKS += "|details|fieldset|legend|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|tr|ul"
_INLINE = (
    "a|abbr|acronym|b|big|body|button|center|cite|code|col|colgroup|del|em|font|head|html|i|iframe|img|input|ins|kbd"
)
_INLINE += (
    "|label|link|mark|meta|nobr|noscript|option|q|s|samp|select|small|span|strike|strong|sub|sup|title|tt|u|video|wbr"
)
# Attributes that stand without a value. No other word does: `a<b and c>d` compares.
_FLAGS = (
    "allowfullscreen|async|autofocus|autoplay|checked|compact|controls|declare|default|defer|disabled|hidden|inert|ismap"
    "|itemscope|loop|multiple|muted|nohref|nomodule|noresize|noshade|novalidate|nowrap|open|playsinline|readonly"
    "|required|reversed|selected"
)
_VALUE = r"""\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+)"""
_ATTRIBUTES = rf"(?:\s+(?:[A-Za-z_:@][\w:.-]*{_VALUE}|(?:{_FLAGS})(?![\w:.=-])))*\s*/?"
_INLINE += "|bdi|bdo|dfn|marquee|rb|rp|rt|rtc|ruby"
_NAMES = f"{_BREAKS}|{_INLINE}"
# Whichever begins first: code is passed over with the tags in it, a script goes with the back quotes in it.
_PIECE = re.compile(
    r"[`~&<](?:(?P<ticks>(?<=`)`*|(?<=~)~~+)|(?P<entity>(?<=&)(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)"
    r"|(?<=<)(?:(?P<hidden>(?P<script>script|style)(?:\s[^<>]*)?>|!--)|!DOCTYPE[^<>]*>"
    rf"|/(?P<closed>{_NAMES})\s*>|(?P<opened>{_NAMES})(?P<attributes>{_ATTRIBUTES})>))",
    re.IGNORECASE,
)  # one sign first, or the search for it is several times as slow
_ENDS = {
    "script": re.compile(r"</script\s*>", re.IGNORECASE),
    "style": re.compile(r"</style\s*>", re.IGNORECASE),
    "": re.compile("-->"),
}
_FENCES = {sign: re.compile(rf"^[ \t\u3000>]*({sign}{{3,}})[ \t\u3000]*$", re.MULTILINE) for sign in ("`", "~")}
_LONG = 1000  # characters: no code within a line, and no name behind a fence, is longer
_MARGIN = " \t\u3000>"
_IS_BREAK = re.compile(_BREAKS, re.IGNORECASE)
_CLOSED = re.compile(r"</([A-Za-z][A-Za-z1-6]*)")
# Elements that many pages do not close, or that have no end: a lone tag of theirs is a tag.
_OPEN = frozenset(
    "body br col colgroup dd dt head hr html img input li link meta option p tbody td tfoot th thead tr wbr".split()  # noqa: SIM905
)

MARKS = "&<"
"""No remains without one of these."""


def unmarked(text: str) -> str:
    """`text` with entities as characters and without tags; those that break lines become line breaks.

    Only whole tags with names of HTML count: `a < b`, `a<b and c>d`, `<stdio.h>`, `List<T>` and `<a@b.c>` stay. A bare
    tag right behind a word stays if nothing closes it (`Class<Object>`), and so does all that Markdown fences or quotes
    as code. Applied again it may find more: `&amp;lt;` becomes `&lt;` first.
    """
    closed = frozenset(name.lower() for name in _CLOSED.findall(text))
    unended: set[str] = set()  # what nothing closes any more, or each would be looked for to the end
    out: list[str] = []
    at = 0
    while piece := _PIECE.search(text, at):
        begin, end = piece.span()
        out.append(text[at:begin])
        if piece["ticks"] is not None:
            end = _behind_code(text, begin, end)
            out.append(text[begin:end])
        elif piece["entity"]:
            out.append(unescape(piece[0]))
        elif piece["hidden"]:
            kind = (piece["script"] or "").lower()
            ended = None if kind in unended else _ENDS[kind].search(text, end)
            if ended is None:
                unended.add(kind)
                out.append(piece[0])
            else:
                end = ended.end()
        else:
            out.append(_instead(piece, text, closed))
        at = end
    return "".join((*out, text[at:]))


def _instead(tag: re.Match[str], text: str, closed: frozenset[str]) -> str:
    """What stands in the place of a tag: nothing, a line break, or the tag where it is none."""
    name = (tag["opened"] or tag["closed"] or "").lower()
    if tag["opened"] and not tag["attributes"] and name not in _OPEN and name not in closed:
        before = text[tag.start() - 1 : tag.start()]
        if before.isalnum() or before == "_":
            return tag[0]
    if name == "rt" and "rp" not in closed and name in closed:  # a reading or a term in another language
        return "(" if tag["opened"] else ")"
    return "\n" if _IS_BREAK.fullmatch(name) else ""


def _behind_code(text: str, begin: int, end: int) -> int:
    """Where the code ends that the back quotes or tildes of text[begin:end] open; `end` where they open none.

    A fence is closed by one as long, or by the end of the text; quotes within a line by as many.
    """
    ticks = text[begin:end]
    rest = text[end : end + _LONG].partition("\n")[0]
    margin = text[max(0, begin - _LONG) : begin].rpartition("\n")
    if len(ticks) > 2 and not margin[2].strip(_MARGIN) and (margin[1] or begin < _LONG) and "`" not in rest:
        fences = _FENCES[ticks[0]].finditer(text, end + len(rest))
        return next((fence.end() for fence in fences if len(fence[1]) >= len(ticks)), len(text))
    if ticks[0] == "~":
        return end
    at = rest.find(ticks)
    while at >= 0 and rest[at + len(ticks) : at + len(ticks) + 1] == "`":
        at = rest.find(ticks, at + len(ticks) + 1)
    return end if at < 0 else end + at + len(ticks)
