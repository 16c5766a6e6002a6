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
from curate.stages.scripts import lowered, raised

LINKS = 4  # as many links make a list of links,
LINKED = 0.9  # if they hold this share of its text,
LINK = 100  # and are no longer each: some pages wrap whole paragraphs into links
REST = 400  # characters outside links that must stay on a page for its hidden text and its galleries to go

LINKLESS = 0.05  # links on a page, as a share of its other text, under which it is all text: a docket, a form, a book
PIECE = 50  # characters in one piece, a third of it in Chinese, that make it prose; two and a half times that make it
HEADLINE = 1 << 30  # a paragraph, which stays, and so does a headline, as if it were a long one
PROSE = 0.6  # share of the text outside links that is prose on a page of prose

# Chrome that extractors take for content: of wikis the edit links, navigation boxes and table of contents, of archived
# pages the archive's own bar.
_CHROME = {  # what stands in the markup of a page that has it -> where
    "mw-editsection": "//*[contains(concat(' ', @class, ' '), ' mw-editsection ')]",
    "navbox": "//*[contains(concat(' ', @class, ' '), ' navbox ')]",
    "mw-jump": "//a[contains(@class, 'mw-jump')]|//*[@id='jump-to-nav']|//*[@id='mw-navigation']",
    "jump-to-nav": "//*[@id='jump-to-nav']",
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
_LISTS = frozenset(["ul", "ol", "dl", "div", "p", "table", "tr", "td", "nav", "section", "aside", "center", "span"])
_ROWS = ("table", "tbody", "thead", "tfoot", "tr", "td", "th")
_UNREAD = frozenset(["script", "style", "title"])
_BOXES = frozenset(["div", "ul", "ol", "dl", "section", "aside", "header", "footer", "nav", "table", "form", "center"])
_FRAMES = ("div", "center", "body", "article", "section", "main", "blockquote", "td")


class Content(NamedTuple):
    """Characters of a page, but white space: outside of links, and in links, those of dropped lists included."""

    text: int
    linked: int


def prepared(tree: Any, markup: str, *, dense: bool = False, lists: bool = False) -> Content:
    """Changes `tree` (of `markup`) in place: noise, what is not shown, lists of links and what stands beside the text
    dropped (the latter two not with `lists`), formulas and raised digits made characters, layout tables divisions, and
    bare text paragraphs. `dense` is text of which a third of the characters says as much, Chinese.
    """
    formulas(tree, markup)
    _strip(tree, markup)
    preformatted(tree)
    alive = list(tree.iter(etree.Element))  # lxml makes the Python object of an element anew if nobody holds it
    _uncover(tree, alive)
    _raise(tree)
    text = _unlink(tree, lists, dense)
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
    """Drop what is not shown, galleries and sign-up boxes, if a page's worth of text outside links stays without them:
    the hidden toolbar of some pages is never closed, and all of the page but its menu stands in it.
    """
    candidates = [element for element in elements if element.attrib and _goes(element)]
    if not candidates:
        return
    known = set(candidates)
    outer = [element for element in candidates if known.isdisjoint(element.iterancestors())]
    sizes = [_own_size(element) for element in outer]
    if any(sizes) and _own_size(tree) - sum(sizes) >= REST:
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
    for tag, written in (("sup", raised), ("sub", lowered)):
        for element in list(tree.iter(tag)):
            text = None if len(element) else written(element.text or "")
            if text is not None:
                element.text = text
                element.drop_tag()


def _unlink(tree: Any, lists: bool, dense: bool) -> Content:
    """Drop blocks that are lists of links, inner ones first, so that a short text beside a long menu stays; on pages of
    prose also what stands beside it.

    On short pages extractors fall back to all the text there is: menus must be gone by then.
    """
    dropped = prose = 0
    piece = PIECE // 3 if dense else PIECE
    elements = list(tree.iter(etree.Element))
    inside = {element: _Text() for element in elements}
    for element in reversed(elements):  # children before their parents
        text = inside[element]
        tag = element.tag
        if tag not in _UNREAD and (size := _length(element.text)):
            text.size += size
            if size > text.longest:  # noqa: PLR1730 (a call costs as much as the rest of the line)
                text.longest = size
            if size >= piece and tag != "a":
                prose += size
        if tag == "a" and text.size <= LINK:
            text.linked, text.links = text.size, 1
        parent = element.getparent()
        if parent is None:
            continue
        around = inside[parent]
        if size := _length(element.tail):
            around.size += size
            if size > around.longest:  # noqa: PLR1730
                around.longest = size
            if size >= piece:
                prose += size
        if not lists and text.links >= LINKS and text.linked >= LINKED * text.size and tag in _LISTS:
            element.drop_tree()
            dropped += text.linked
            continue
        around.size += text.size
        around.linked += text.linked
        around.links += text.links
        longest = HEADLINE if tag == "h1" else text.longest
        if longest > around.longest and tag != "a":
            around.longest = longest
    page = inside[tree]
    content = Content(page.size - page.linked, page.linked + dropped)
    if (
        not lists
        and content.text >= REST
        and content.linked >= LINKLESS * content.text
        and prose >= PROSE * content.text
    ):
        _narrow(tree, inside, 5 * piece // 2)
    return content


def _narrow(tree: Any, inside: dict[Any, _Text], paragraph: int) -> None:
    """Drop what stands beside the block that holds half of the text, beside the one in it that does, and so on: menus,
    boxes, footers; nothing with a headline, a `paragraph` of so many characters, or a tenth of the text.

    On pages of prose alone: a docket's parties stand beside its entries as a menu does.
    """
    at = tree if tree.tag == "body" else tree.find("body")
    if at is None:
        return
    whole = inside[at].own
    while True:
        inner = next((child for child in at if child.tag in _FRAMES and inside[child].own >= whole / 2), None)
        if inner is None:
            return
        for child in list(at):
            text = inside[child]
            if child is not inner and child.tag in _BOXES and text.longest < paragraph and text.own < whole / 10:
                child.drop_tree()
        at = inner


class _Text:
    """What is inside an element: characters of text, those in links, and the number of links."""

    __slots__ = ("linked", "links", "longest", "size")

    def __init__(self) -> None:
        self.size = self.linked = self.links = 0
        self.longest = 0  # piece of text outside links

    @property
    def own(self) -> int:
        return self.size - self.linked


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


def _own_size(element: Any) -> int:
    """Characters outside links."""
    return _size(element) - sum(map(_size, element.iter("a")))


def _length(text: str | None) -> int:
    """Characters but white space."""
    return len("".join(text.split())) if text and not text.isspace() else 0


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
