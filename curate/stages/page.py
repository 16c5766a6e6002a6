"""An HTML page as a tree, its title, and its text without any tree where the parser does not go that deep."""

from __future__ import annotations

import html
import re
from typing import Any

from curate.stages.blocks import BLOCKS

# libxml2 compares each attribute of a tag with those before it: 80,000 took 8 s. Pages have a few dozen.
ATTRIBUTES = 2_000
_LONG_TAG = re.compile(r"<[a-zA-Z][^<>]{16000,}")
NODES = 300_000  # elements; larger pages are stripped of their tags instead. It takes 5 s, real pages have 20,000
_RESOURCE_LIMIT = "ERR_RESOURCE_LIMIT"

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # lxml refuses them, and so do its trees
_CONTROL_BYTES = bytes([*range(9), 0x0B, 0x0C, *range(0x0E, 0x20)])  # of them those of one byte in UTF-8
_TOKEN = re.compile(r"<!--|-->|<(/?)([a-zA-Z][\w:-]*)[^<>]*>|<[!?][^<>]*>")
_CELL = "\x1f"  # for the time being: a cell of a table begins
_SILENT = frozenset(["script", "style", "head", "noscript", "template", "svg"])


def tree_of(markup: str) -> Any:
    """The page as an lxml tree, comments left out; None where the parser gave up, the tree is beyond `NODES`, or one
    tag has more than `ATTRIBUTES`.

    With `huge_tree` libxml2 goes 2,048 elements deep instead of 256; deeper down it stops reading and keeps an error.
    """
    if any(tag[0].count("=") > ATTRIBUTES for tag in _LONG_TAG.finditer(markup)):
        return None
    from lxml import etree
    from lxml.html import HtmlElement, document_fromstring

    parser = etree.HTMLParser(
        encoding="utf-8",
        collect_ids=False,
        default_doctype=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=True,
    )
    # lxml.html chooses a class for each element in Python, which takes a tenth of the time of an extraction
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=HtmlElement))
    data = markup.encode("utf-8", "replace").translate(None, _CONTROL_BYTES)
    data = data.replace(b"\xef\xbf\xbe", b"").replace(b"\xef\xbf\xbf", b"")
    try:
        tree = document_fromstring(data, parser=parser)
    except etree.ParserError:  # nothing in it
        return None
    if any(error.type_name == _RESOURCE_LIMIT for error in parser.error_log):
        return None
    nodes = tree.xpath("count(//*)")
    return tree if nodes <= NODES else None


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
    """The text of a page without its tags, in one pass: the last resort, where no extractor gives any.

    Cells of a row that hold more than one text stand on a line, as `| a | b |`.
    """
    markup = markup.replace(_CELL, "")
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
            elif tag in ("td", "th"):
                pieces.append("" if closing else _CELL)
            elif tag in BLOCKS or tag == "br":
                pieces.append("\n")
        elif (tag == silent and (closing or tag == "-->")) or (silent == "head" and tag == "body"):
            silent = None
        start = token.end()
    if silent is None:
        pieces.append(markup[start:])
    lines = map(_row, html.unescape("".join(pieces)).splitlines())
    return _CONTROLS.sub("", "\n".join(line for line in lines if line))


def _row(line: str) -> str:
    """A line of text, or of the cells that begin on it."""
    if _CELL not in line:
        return " ".join(line.split())
    cells = [" ".join(cell.split()) for cell in line.split(_CELL)]
    if sum(map(bool, cells)) < 2:
        return "".join(cells)
    return f"| {' | '.join(cells if cells[0] else cells[1:])} |"
