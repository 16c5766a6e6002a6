"""What is left of HTML in text: entities, stray tags, comments."""

from __future__ import annotations

import re
from html import unescape

_BREAKS = "address|article|aside|blockquote|br|dd|div|dl|dt|figcaption|figure|footer|form|h[1-6]|header|hr|li|main|nav"
_BREAKS += "|ol|p|pre|section|table|tbody|td|tfoot|th|thead|tr|ul"
_INLINE = (
    "a|abbr|acronym|b|big|body|button|center|cite|code|col|colgroup|del|em|font|head|html|i|iframe|img|input|ins|kbd"
)
_INLINE += (
    "|label|link|mark|meta|nobr|noscript|option|q|s|samp|select|small|span|strike|strong|sub|sup|title|tt|u|video|wbr"
)
_ATTRIBUTES = r"""(?:\s+[A-Za-z_:@][\w:.-]*(?:\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+))?)*\s*/?"""
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_SCRIPT = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->|<!DOCTYPE[^<>]*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(rf"</?(?:(?P<breaks>{_BREAKS})|{_INLINE})(?:(?<=[A-Za-z1-6]){_ATTRIBUTES})>", re.IGNORECASE)

MARKS = "&<"
"""No remains without one of these."""


def unmarked(text: str) -> str:
    """`text` with entities as characters and without tags; those that break lines become line breaks.

    Only names of HTML and whole tags count: `a < b`, `<stdio.h>` and `List<T>` stay. Applied again it may find more:
    `&amp;lt;` becomes `&lt;` first.
    """
    text = _COMMENT.sub("", _SCRIPT.sub("", text)) if "<" in text else text
    text = _TAG.sub(lambda tag: "\n" if tag["breaks"] else "", text) if "<" in text else text
    return _ENTITY.sub(lambda entity: unescape(entity[0]), text) if "&" in text else text
