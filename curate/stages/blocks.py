"""A page as a list of its blocks of text, in the order in which it is read."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from lxml import etree

BLOCKS = frozenset(
    """
    address article aside blockquote body center dd details dir div dl dt fieldset figcaption figure footer form
    h1 h2 h3 h4 h5 h6 head header hr iframe li link main menu meta nav noscript ol p pre script section style summary
    table tbody td tfoot th thead title tr ul
    """.split()  # noqa: SIM905
)
SILENT = frozenset(["script", "style", "noscript", "head", "template", "svg", "title", "textarea", "select", "option"])
# Elements that hold no part of the main text, and the words that name them so in `class` and `id`.
_BESIDE = frozenset(["nav", "aside", "footer", "figure", "figcaption", "form", "button", "label", "iframe"])
_NAMED = re.compile(
    r"""(?:^|[\s_-])(?:
    nav|navbar|menu|foot|footer|sidebar|aside|comments?|repl(?:y|ies)|related|relevant|recommend\w*|share|sharing|social
    |promo\w*|ads?|advert\w*|sponsor\w*|newsletter|subscri\w*|captions?|credits?|byline|authors?|bio|tags?|breadcrumbs?
    |cookie|consent|popup|modal|login|signup|widget|banner|copyright|disclaimer|teaser|more|read-?more|pager|pagination
    |gallery|slideshow|carousel|hidden|tweet|twitter|instagram|embed\w*|toolbar|rating|trending|popular|latest|recirc\w*
    |outbrain|taboola|xiangguan|tuijian|pinglun|fenxiang
    )(?:$|[\s_-])""",
    re.IGNORECASE | re.VERBOSE,
)


MARKS = " \n\t\r\f\v\u3000\xa0|*_`-"


class Block(NamedTuple):
    """A run of text between two edges of blocks."""

    text: str  # white space collapsed
    linked: int  # characters but white space inside links
    element: Any  # the innermost block that holds it
    beside: bool  # whether names and tags around it say that it is no part of the main text

    @property
    def key(self) -> str:
        """The text without white space and the signs that mark tables and lists."""
        return key_of(self.text)


def key_of(text: str) -> str:
    """`text` without what the writing of tables, lists and lines adds to it or takes away."""
    for mark in MARKS:  # five to nine times as fast as str.translate
        if mark in text:
            text = text.replace(mark, "")
    return text


def blocks(tree: Any) -> list[Block]:
    """The blocks of text below `tree`. What is not shown (scripts, styles) is left out."""
    found: list[Block] = []
    pieces: list[str] = []
    linked = beside = links = silent = 0
    owners = [tree]

    def close() -> None:
        nonlocal linked
        if pieces:
            text = " ".join("".join(pieces).split())
            if text:
                found.append(Block(text, linked, owners[-1], beside > 0))
            pieces.clear()
        linked = 0

    def add(text: str | None) -> None:
        nonlocal linked
        if text and not silent:
            pieces.append(text)
            if links:
                linked += sum(map(len, text.split()))

    aside: set[Any] = set()
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        tag = element.tag
        if event == "start":
            if tag in BLOCKS:
                close()
                owners.append(element)
            elif tag == "br":
                pieces.append(" ")
            if tag in SILENT:
                silent += 1
            elif tag == "a":
                links += 1
            if tag in _BESIDE or _is_named_so(element):
                beside += 1
                aside.add(element)
            add(element.text)
        else:
            if tag in BLOCKS:
                close()
                owners.pop()
            if tag in SILENT:
                silent -= 1
            elif tag == "a":
                links -= 1
            if element in aside:
                beside -= 1
            if element is not tree:
                add(element.tail)
    close()
    return found


def _is_named_so(element: Any) -> bool:
    for name in ("class", "id"):
        value = element.get(name)
        if value and _names_what_is_beside(value):
            return True
    return False


@lru_cache(maxsize=1 << 13)
def _names_what_is_beside(value: str) -> bool:
    return _NAMED.search(value) is not None
