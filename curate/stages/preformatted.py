"""Preformatted text (code, logs, poems): its line breaks and its indentation are part of it."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

# Stands for an empty line of code while the page goes through an extractor that drops empty lines.
BLANK = "\u2800"

_GUTTER = re.compile(
    r"(?:^|[\s_-])(?:gutter|line-?nos?|line-?numbers?(?:-rows)?|ln-numbers?|linenodiv)(?:$|[\s_-])", re.I
)
_LINES = frozenset(["div", "p", "li", "tr", "table", "ol", "ul"])
_DIGITS = {ord(char): None for char in "0123456789 \n\t\r"}
_EMPTY = re.compile(r"\n[ \t]*(?=\n)")


def preformatted(tree: Any) -> None:
    """Make each <pre> of `tree`, in place, one text with the line breaks that a browser shows, and code to extractors.

    Numbers of lines go. `restored` gives the empty lines back.
    """
    blocks = list(tree.iter("pre"))
    if not blocks:
        return
    for element in list(tree.iter("td", "span", "div", "pre", "a")):
        named = element.get("class")
        if named and _GUTTER.search(named) and element.getparent() is not None and _counts(element):
            element.drop_tree()
    for block in blocks:
        if block.getparent() is None:
            continue
        text = _lines(block).replace("\r\n", "\n").replace("\r", "\n").strip("\n").rstrip()
        for child in list(block):
            block.remove(child)
        block.text = _EMPTY.sub(f"\n{BLANK}", text)
        block.set("lang", "code")  # what trafilatura looks for


def restored(text: str) -> str:
    """`text` with empty lines where `preformatted` put its sign."""
    return text.replace(BLANK, "") if BLANK in text else text


def _counts(element: Any) -> bool:
    return not "".join(element.itertext()).translate(_DIGITS).strip()


def _lines(block: Any) -> str:
    """The text of an element, with a line break for each <br> and around blocks that are lines."""
    pieces: list[str] = []
    for event, element in etree.iterwalk(block, events=("start", "end")):
        if not isinstance(element.tag, str):
            continue
        if element.tag in _LINES and pieces and not pieces[-1].endswith("\n"):
            pieces.append("\n")
        if event == "start":
            pieces.append("\n" if element.tag == "br" else element.text or "")
        elif element is not block:
            pieces.append(element.tail or "")
        if pieces and not pieces[-1]:
            pieces.pop()
    return "".join(pieces)
