"""A small typesetter: paragraphs to PDF pages as publishers lay them out, so that what comes back can be compared.

Chinese is set with the CID font STSong-Light, which readers have their own outlines for: no font file is needed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
SONG, TIMES = "STSong-Light", "Times-Roman"
CJK = re.compile("[\u3000-\u9fff\uff00-\uffef]")
NOT_FIRST = "，。；：、？！）》」』”’％"  # may not begin a line


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How pages look; lengths in points."""

    columns: int = 1
    size: float = 10.5
    leading: float = 15.0
    margin: float = 72.0
    gutter: float = 18.0
    indent: float = 2.0  # of the first line, in font sizes; 0: an empty line between paragraphs instead
    head: str | None = None
    number: str | None = None  # such as "- {} -"
    justified: bool = True
    hyphens: bool = True
    by_rows: bool = False  # draw the lines of all columns from top to bottom, not column by column
    title: str | None = None  # over all columns of the first page


@dataclass(frozen=True)
class Set:
    """A line as it is drawn: words at places."""

    x: float
    y: float
    words: tuple[str, ...]
    stretch: float


def pdf(paragraphs: Sequence[str], layout: Layout = Layout(), **made: Any) -> bytes:
    """The paragraphs as a PDF."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1, **made)
    for number, page in enumerate(pages(paragraphs, layout), 1):
        _furniture(canvas, layout, number)
        if layout.title and number == 1:
            _draw(canvas, A4[0] / 2 - 9 * len(layout.title) / 2, A4[1] - 60, layout.title, 18)
        for line in sorted(page, key=lambda line: -line.y) if layout.by_rows else page:
            _line(canvas, line, layout.size)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def pages(paragraphs: Sequence[str], layout: Layout) -> Iterator[list[Set]]:
    """The lines of each page, column by column."""
    width = (A4[0] - 2 * layout.margin - (layout.columns - 1) * layout.gutter) / layout.columns
    page: list[Set] = []
    column, top = 0, A4[1] - layout.margin - (20 if layout.title else 0)
    y = top
    for paragraph in paragraphs:
        for words, first, last in _broken(paragraph, width, layout):
            if y < layout.margin:
                column, y = column + 1, top
                if column == layout.columns:
                    yield page
                    page, column = [], 0
                    top = y = A4[1] - layout.margin
            x = layout.margin + column * (width + layout.gutter) + (layout.indent * layout.size if first else 0)
            room = width - (layout.indent * layout.size if first else 0)
            natural = sum(_width(word, layout.size) for word in words)
            space = 0.0 if CJK.search("".join(words)) else _width(" ", layout.size)
            if layout.justified and not last and len(words) > 1:
                parts = len("".join(words)) if space == 0 else len(words)
                space = (room - natural) / (parts - 1)
            page.append(Set(x, y, tuple(words), space))
            y -= layout.leading
        if not layout.indent:
            y -= layout.leading
    yield page


def _broken(paragraph: str, width: float, layout: Layout) -> Iterator[tuple[list[str], bool, bool]]:
    """(words of a line, whether it is the first, whether it is the last)."""
    chinese = CJK.search(paragraph) is not None
    words = re.findall(r"[A-Za-z0-9.%²µ-]+|.", paragraph, re.DOTALL) if chinese else paragraph.split()
    space = 0.0 if chinese else _width(" ", layout.size)
    line: list[str] = []
    first, used = True, layout.indent * layout.size
    for word in words:
        wide = _width(word, layout.size)
        if line and used + wide > width and not (chinese and word in NOT_FIRST):
            head, rest = (word, "")
            if layout.hyphens and not chinese and word.isalpha() and len(word) > 6:
                fits = [at for at in range(3, len(word) - 2) if used + _width(word[:at] + "-", layout.size) <= width]
                head, rest = (word[: fits[-1]] + "-", word[fits[-1] :]) if fits else ("", word)
                if head:
                    line.append(head)
            yield line, first, False
            line, first, used = [], False, 0.0
            line.append(rest or head)
            used += _width(line[0], layout.size) + space
        else:
            line.append(word)
            used += wide + space
    yield line, first, True


def _line(canvas: Canvas, line: Set, size: float) -> None:
    """One line: English word by word, Chinese in one piece, as pdfium takes signs of a font without outlines that come
    twice for a shadow of each other.
    """
    if CJK.search("".join(line.words)):
        text = canvas.beginText(line.x, line.y)
        text.setFont(SONG, size)
        text.setCharSpace(line.stretch)
        text.textOut("".join(line.words))
        canvas.drawText(text)
        return
    x = line.x
    for word in line.words:
        _draw(canvas, x, line.y, word, size)
        x += _width(word, size) + line.stretch


def _furniture(canvas: Canvas, layout: Layout, number: int) -> None:
    if layout.head:
        _draw(canvas, 200, A4[1] - 40, layout.head, 9)
    if layout.number:
        _draw(canvas, A4[0] / 2 - 10, 36, layout.number.format(number), 9)


def _draw(canvas: Canvas, x: float, y: float, text: str, size: float) -> None:
    canvas.setFont(_font(text), size)
    canvas.drawString(x, y, text)


def _width(text: str, size: float) -> float:
    return float(pdfmetrics.stringWidth(text, _font(text), size))


def _font(text: str) -> str:
    return SONG if CJK.search(text) else TIMES
