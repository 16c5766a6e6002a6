"""A page's tree made ready for an extractor of main text.

What extractors built for article pages stumble over is mended first: tables that only lay a page out (most Chinese
pages of the 2000s are nothing else), text that stands bare between blocks, lists of links on short pages, formulas,
code, pictures with their captions that run through a page, and what is not shown.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from lxml import etree

from curate.stages.blocks import BLOCKS
from curate.stages.formula import formulas
from curate.stages.preformatted import preformatted

LINKS = 4  # as many links make a list of links,
LINKED = 0.9  # if they hold this share of its text,
LINK = 100  # and are no longer each: some pages wrap whole paragraphs into links
REST = 400  # characters outside links that must stay on a page for its hidden text and its galleries to go

# Chrome that extractors take for content: of wikis the edit links, navigation boxes and table of contents, of archived
# pages the archive's own bar.
_CHROME = {  # what stands in the markup of a page that has it -> where
    "mw-editsection": "//*[contains(concat(' ', @class, ' '), ' mw-editsection ')]",
    "navbox": "//*[contains(concat(' ', @class, ' '), ' navbox ')]",
    "toc": "//*[@id='toc']",
    "wm-ipp": "//*[@id='wm-ipp' or @id='wm-ipp-base']",
}
_NOISE = ("iframe", "style", "noscript", "object", "embed", "applet", "map", "select", "input", "button", "svg", "link")
_GOES = re.compile(
    r"(?:^|\s)(?:hidden|hide|sr-only|visually-?hidden|screen-reader-text|d-none|gallery\S*|(?:slideshow|carousel"
    r"|newsletter)\S*|\S+-(?:gallery|slideshow|carousel|newsletter))(?:$|\s)",
    re.IGNORECASE,
)
_TEXT = re.compile(r"article|content|body|post|entry|story", re.IGNORECASE)
_NONE = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_CAPTION = re.compile(r"caption|credit", re.IGNORECASE)
_RAISED = str.maketrans("0123456789+-−–=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-−–=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎")
_LISTS = frozenset(["ul", "ol", "dl", "div", "p", "table", "tr", "td", "nav", "section", "aside", "center", "span"])
_ROWS = ("table", "tbody", "thead", "tfoot", "tr", "td", "th")
_FRAMES = ("div", "center", "body", "article", "section", "main", "blockquote", "td")


class Content(NamedTuple):
    """Characters of a page, but white space: outside of links, and in links, those of dropped lists included."""

    text: int
    linked: int


def prepared(tree: Any, markup: str, *, lists: bool = False) -> Content:
    """Changes `tree` (of `markup`) in place: noise, what is not shown and lists of links dropped (not with `lists`),
    formulas and raised digits made characters, layout tables divisions, and bare text paragraphs.
    """
    formulas(tree, markup)
    _strip(tree, markup)
    preformatted(tree)
    alive = list(tree.iter(etree.Element))  # lxml makes the Python object of an element anew if nobody holds it
    _uncover(tree, alive)
    _raise(tree)
    text = _unlink(tree, lists)
    _unlay(tree)
    for caption in list(tree.iter("caption")):  # as a row of its own it would be taken for the head of the table
        if caption.getparent() is not None and caption.getparent().tag == "table":
            caption.tag = "p"
            caption.getparent().addprevious(caption)
    for frame in list(tree.iter(*_FRAMES)):
        _paragraphs(frame)
    del alive
    return text


def _strip(tree: Any, markup: str) -> None:
    """Scripts but for linked data, which extractors read, and elements without text of the page."""
    linked = [script for script in tree.iter("script") if "json" in (script.get("type") or "")]
    for script in linked:
        script.tag = "linked-data"
    etree.strip_elements(tree, "script", *_NOISE, with_tail=False)
    for script in linked:
        script.tag = "script"
    for sign, path in _CHROME.items():
        for element in tree.xpath(path) if sign in markup else ():
            if element.getparent() is not None:
                element.drop_tree()


def _uncover(tree: Any, elements: list[Any]) -> None:
    """Drop what is not shown, galleries and sign-up boxes, if a page's worth of text stays without them."""
    candidates = [element for element in elements if element.attrib and _goes(element)]
    if not candidates:
        return
    known = set(candidates)
    outer = [element for element in candidates if known.isdisjoint(element.iterancestors())]
    sizes = [_size(element) for element in outer]
    if any(sizes) and _size(tree) - sum(sizes) >= REST:
        for element in outer:
            element.drop_tree()


def _goes(element: Any) -> bool:
    named, style = element.get("class"), element.get("style")
    if not (
        (named and _names_what_goes(named))
        or (style and "none" in style and _NONE.search(style))
        or element.get("hidden") is not None
    ):
        return False
    return element.tag not in ("html", "body", "article", "main", "h1") and not (named and _TEXT.search(named))


@lru_cache(maxsize=1 << 12)
def _names_what_goes(named: str) -> bool:
    return _GOES.search(named) is not None


def _raise(tree: Any) -> None:
    """Superscripts and subscripts as characters: 10<sup>9</sup>/L must not become 109/L. Those of letters stay tags."""
    for tag, characters in (("sup", _RAISED), ("sub", _LOWERED)):
        for element in list(tree.iter(tag)):
            text = (element.text or "").strip()
            if text and not len(element) and all(ord(char) in characters for char in text):
                element.text = text.translate(characters)
                element.drop_tag()


def _unlink(tree: Any, lists: bool) -> Content:
    """Drop blocks that are lists of links, inner ones first, so that a short text beside a long menu stays.

    On short pages extractors fall back to all the text there is: menus must be gone by then.
    """
    dropped = 0
    elements = list(tree.iter(etree.Element))
    inside = {element: _Text() for element in elements}
    for element in reversed(elements):  # children before their parents
        text = inside[element]
        if element.tag not in ("script", "style", "title"):
            text.size += _length(element.text)
        if element.tag == "a" and text.size <= LINK:
            text.linked, text.links = text.size, 1
        parent = element.getparent()
        if parent is None:
            continue
        around = inside[parent]
        around.size += _length(element.tail)
        if not lists and element.tag in _LISTS and text.links >= LINKS and text.linked >= LINKED * text.size:
            element.drop_tree()
            dropped += text.linked
            continue
        around.size += text.size
        around.linked += text.linked
        around.links += text.links
    page = inside[tree]
    return Content(page.size - page.linked, page.linked + dropped)


class _Text:
    """What is inside an element: characters of text, those in links, and the number of links."""

    __slots__ = ("linked", "links", "size")

    def __init__(self) -> None:
        self.size = self.linked = self.links = 0


def _unlay(tree: Any) -> None:
    layout = {table for table in tree.iter("table") if _is_layout(table)}
    for element in list(tree.iter(*_ROWS)):
        table = element if element.tag == "table" else next(element.iterancestors("table"), None)
        if table in layout:
            layout.add(element)
    for element in layout:
        element.tag = "div"


def _is_layout(table: Any) -> bool:
    """Whether a table lays the page out: it holds a table, mostly links, one large cell, no two columns.

    A table with a header and two rows of several filled cells is data, whatever stands in a cell (a pager, say) and
    whatever role it declares.
    """
    own = [row for row in table.iter("tr") if next(row.iterancestors("table")) is table]
    rows = [[_size(cell) for cell in row if cell.tag in ("td", "th")] for row in own]
    columns = sum(sum(size > 0 for size in row) > 1 for row in rows)
    if columns > 1 and (table.find("caption") is not None or any(cell.tag == "th" for row in own for cell in row)):
        return False
    if table.get("role") == "presentation" or table.find(".//table") is not None or columns < 2:
        return True
    total = sum(map(sum, rows))
    longest = max((size for row in rows for size in row), default=0)
    links = sum(_size(link) for link in table.iter("a"))
    return longest > total / 2 or links > total / 2


def _size(element: Any) -> int:
    return _length("".join(element.itertext()))


def _length(text: str | None) -> int:
    """Characters but white space."""
    return sum(map(len, text.split())) if text else 0


def _paragraphs(frame: Any) -> None:
    """Wrap the bare text and inline elements of a frame that also holds blocks into <p>: extractors skip such text."""
    children = list(frame)
    if not any(child.tag in BLOCKS for child in children):
        return
    run = None
    if frame.text and not frame.text.isspace():
        run = frame.makeelement("p")
        run.text, frame.text = frame.text, None
        frame.insert(0, run)
    for child in children:
        if child.tag in BLOCKS:
            run = None
            if child.tail and not child.tail.isspace():
                run = frame.makeelement("p")
                run.text, child.tail = child.tail, None
                child.addnext(run)
        elif _CAPTION.search(child.get("class") or ""):
            run = None
        elif run is not None:
            run.append(child)  # moves it, with the text behind it
        elif child.tag != "br" or (child.tail and not child.tail.isspace()):
            run = frame.makeelement("p")
            child.addprevious(run)
            run.append(child)
