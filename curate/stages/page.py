"""An HTML page as a tree made ready for main-text extraction.

What extractors built for article pages stumble over is mended first: tables that only lay a page out (most Chinese
pages of the 2000s are nothing else), text that stands bare between blocks, mark-up nested deeper than the parser goes.
"""

from __future__ import annotations

import html
import re
from typing import Any

# libxml2 compares each attribute of a tag with those before it: 80,000 took 8 s. Pages have a few dozen.
ATTRIBUTES = 2_000
_LONG_TAG = re.compile(r"<[a-zA-Z][^<>]{16000,}")
NODES = 300_000  # elements; larger pages are stripped of their tags instead. It takes 5 s, real pages have 20,000
LINKS = 4  # as many links make a list of links,
LINKED = 0.9  # if they hold this share of its text,
LINK = 100  # and are no longer each: some pages wrap whole paragraphs into links
_RESOURCE_LIMIT = "ERR_RESOURCE_LIMIT"

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # lxml refuses them, and so do its trees
_TOKEN = re.compile(r"<!--|-->|<(/?)([a-zA-Z][\w:-]*)[^<>]*>|<[!?][^<>]*>")
_SILENT = frozenset(["script", "style", "head", "noscript", "template", "svg"])

# Chrome of wikis that extractors take for content: edit links, navigation boxes, the table of contents.
_CHROME = (
    "//*[contains(concat(' ', @class, ' '), ' mw-editsection ')]"
    "|//*[contains(concat(' ', @class, ' '), ' navbox ')]|//*[@id='toc']"
)
_NOISE = ("iframe", "style", "noscript", "object", "embed", "applet", "map", "select", "input", "button")
_RAISED = str.maketrans("0123456789+-−–=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-−–=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎")
_LISTS = frozenset(["ul", "ol", "dl", "div", "p", "table", "tr", "td", "nav", "section", "aside", "center", "span"])
_ROWS = ("table", "tbody", "thead", "tfoot", "tr", "td", "th")
_FRAMES = ("div", "center", "body", "article", "section", "main", "blockquote", "td")
_BLOCKS = frozenset(
    """
    address article aside blockquote body center dd details dir div dl dt fieldset figcaption figure footer form
    h1 h2 h3 h4 h5 h6 head header hr iframe li link main menu meta nav noscript ol p pre script section style summary
    table tbody td tfoot th thead title tr ul
    """.split()  # noqa: SIM905
)


def tree_of(markup: str) -> Any:
    """The page as an lxml tree, comments left out; None where the parser gave up, the tree is beyond `NODES`, or one
    tag has more than `ATTRIBUTES`.

    With `huge_tree` libxml2 goes 2,048 elements deep instead of 256; deeper down it stops reading and keeps an error.
    """
    if any(tag[0].count("=") > ATTRIBUTES for tag in _LONG_TAG.finditer(markup)):
        return None
    from lxml import etree
    from lxml.html import HTMLParser, document_fromstring

    parser = HTMLParser(
        encoding="utf-8",
        collect_ids=False,
        default_doctype=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=True,
    )
    data = _CONTROLS.sub("", markup).encode("utf-8", "replace")
    try:
        tree = document_fromstring(data, parser=parser)
    except etree.ParserError:  # nothing in it
        return None
    if any(error.type_name == _RESOURCE_LIMIT for error in parser.error_log):
        return None
    nodes = tree.xpath("count(//*)")
    return tree if nodes <= NODES else None


def prepared(tree: Any, *, lists: bool = False) -> int:
    """Changes `tree` in place: noise and lists of links dropped (not with `lists`), raised digits made characters,
    layout tables divisions, and bare text paragraphs. Returns how many characters of text outside links it has.
    """
    for element in [*tree.iter(*_NOISE), *tree.xpath(_CHROME)]:
        if element.getparent() is not None:
            element.drop_tree()
    _raise(tree)
    text = _unlink(tree, lists)
    _unlay(tree)
    for frame in list(tree.iter(*_FRAMES)):
        _paragraphs(frame)
    return text


def title_of(tree: Any) -> str | None:
    """The headline: what the page declares to social networks, the one <h1> that its <title> repeats, its <title>."""
    declared = " ".join(tree.xpath("string(//meta[@property='og:title']/@content)").split())
    if declared:
        return str(declared)
    title = " ".join((tree.findtext(".//title") or "").split())
    heads = [" ".join(head.text_content().split()) for head in tree.iter("h1")]
    if len(heads) == 1 and heads[0] and (not title or heads[0] in title):
        return heads[0]
    return title or None


def stripped(markup: str) -> str:
    """The text of a page without its tags, in one pass: the last resort, where no extractor gives any."""
    pieces: list[str] = []
    start = 0
    silent: str | None = None  # the element whose content is passed over
    for token in _TOKEN.finditer(markup):
        closing, tag = token[1], (token[2] or token[0]).lower()
        if silent is None:
            pieces.append(markup[start : token.start()])
            if tag in _SILENT and not closing:
                silent = tag
            elif tag == "<!--":
                silent = "-->"
            elif tag in _BLOCKS or tag == "br":
                pieces.append("\n")
        elif (tag == silent and (closing or tag == "-->")) or (silent == "head" and tag == "body"):
            silent = None
        start = token.end()
    if silent is None:
        pieces.append(markup[start:])
    text = _CONTROLS.sub("", html.unescape("".join(pieces)))
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _raise(tree: Any) -> None:
    """Superscripts and subscripts as characters: 10<sup>9</sup>/L must not become 109/L. Those of letters stay tags."""
    for tag, characters in (("sup", _RAISED), ("sub", _LOWERED)):
        for element in list(tree.iter(tag)):
            text = (element.text or "").strip()
            if text and not len(element) and all(ord(char) in characters for char in text):
                element.text = text.translate(characters)
                element.drop_tag()


def _unlink(tree: Any, lists: bool) -> int:
    """Drop blocks that are lists of links, inner ones first, so that a short text beside a long menu stays.

    On short pages extractors fall back to all the text there is: menus must be gone by then. Returns the characters
    of text outside links.
    """
    elements = [element for element in tree.iter() if isinstance(element.tag, str)]
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
            continue
        around.size += text.size
        around.linked += text.linked
        around.links += text.links
    return inside[tree].size - inside[tree].linked


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
    if not any(child.tag in _BLOCKS for child in children):
        return
    run = None
    if frame.text and not frame.text.isspace():
        run = frame.makeelement("p")
        run.text, frame.text = frame.text, None
        frame.insert(0, run)
    for child in children:
        if child.tag in _BLOCKS:
            run = None
            if child.tail and not child.tail.isspace():
                run = frame.makeelement("p")
                run.text, child.tail = child.tail, None
                child.addnext(run)
        elif run is not None:
            run.append(child)  # moves it, with the text behind it
        elif child.tag != "br" or (child.tail and not child.tail.isspace()):
            run = frame.makeelement("p")
            child.addprevious(run)
            run.append(child)
