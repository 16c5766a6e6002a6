"""XHTML of books as text: a line for each block, headings marked as Markdown does, table rows as `| a | b |`."""

from __future__ import annotations

import re
from typing import Any

from curate.stages.documents.zipped import local
from curate.stages.formula import latex_of
from curate.stages.scripts import lowered, raised

BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hr",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
    ]
)
SILENT = frozenset(
    [
        "head",
        "script",
        "style",
        "nav",
        "template",
        "noscript",
        "rt",
        "rp",
        "audio",
        "video",
        "object",
        "svg",
        "iframe",
        "title",
    ]
)
HEADING = re.compile(r"h([1-6])")
WHITE = re.compile(r"[ \t\r\n\f]+")


def text_of(root: Any) -> str:
    """The text of a page, an empty line between paragraphs."""
    body = next((one for one in root.iter() if _name(one) == "body"), root)
    writer = _Writer()
    writer.element(body)
    return writer.text()


class _Writer:
    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._line: list[str] = []
        self._mark = ""  # of a heading or an item, before its first block

    def text(self) -> str:
        self._end()
        return "\n\n".join(self._blocks)

    def element(self, node: Any) -> None:
        name = _name(node)
        if name in SILENT:
            return
        if name == "br":
            self._line.append("\n")
            self._content(node)  # of one that is not closed, all that follows
        elif name in ("sup", "sub"):
            text = "".join(node.itertext())
            script = (raised if name == "sup" else lowered)(text) if len(node) == 0 else None
            if script is None:
                self._content(node)
            else:
                self._line.append(script)
        elif name == "math":
            latex = WHITE.sub(" ", latex_of(node)).strip()
            sign = "$$" if node.get("display") == "block" else "$"
            self._line.append(f"{sign}{latex}{sign}" if latex else "")
        elif name == "table":
            self._end()
            self._table(node)
        elif name == "pre":
            self._end()
            self._blocks.append("".join(node.itertext()).strip("\n"))
        elif name in BLOCKS:
            self._end()
            heading = HEADING.fullmatch(name)
            if heading or name == "li":
                self._mark = "#" * int(heading[1]) + " " if heading else "- "
            self._content(node)
            self._end()
            if heading or name == "li":
                self._mark = ""
        else:
            self._content(node)

    def _content(self, node: Any) -> None:
        self._line.append(WHITE.sub(" ", node.text or ""))
        for child in node:
            if isinstance(child.tag, str):
                self.element(child)
            self._line.append(WHITE.sub(" ", child.tail or ""))

    def _table(self, table: Any) -> None:
        rows = []
        for row in table.iter():
            # The rows of a table within a cell are text of that cell: listed here too, they would stand twice.
            if _name(row) == "tr" and next(one for one in row.iterancestors() if _name(one) == "table") is table:
                texts = [_cell(cell) for cell in row if _name(cell) in ("td", "th")]
                if any(texts):
                    rows.append(f"| {' | '.join(texts)} |")
        if rows:
            self._blocks.append("\n".join(rows))

    def _end(self) -> None:
        lines = (line.strip() for line in "".join(self._line).split("\n"))
        block = "\n".join(line for line in lines if line)
        self._line.clear()
        if block:
            self._blocks.append(self._mark + (" ".join(block.split("\n")) if self._mark.startswith("#") else block))
            self._mark = ""


def _cell(cell: Any) -> str:
    """What a cell of a table holds, on one line."""
    writer = _Writer()
    writer.element(cell)
    return " ".join(writer.text().split())


def _name(node: Any) -> str:
    return local(node).lower()
