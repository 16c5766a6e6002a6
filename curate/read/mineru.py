"""What MinerU makes of a PDF: `NAME_content_list.json` (blocks in reading order), or `NAME_middle.json` without it.

MinerU 1 and 2: text with its level of heading, lists, code, tables as HTML, formulas as LaTeX, captions and footnotes
of images and tables; running heads, page numbers and the like are marked and left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from curate.read.paged import Part, joined, lines_joined, meta_of, objects, parsed, texts
from curate.read.record import Item, Reading, Record, Unfit

FURNITURE = frozenset({"discarded", "header", "footer", "page_number", "aside_text", "page_footnote_number"})
ENDINGS = ("_content_list.json", "_middle.json")


def read(reading: Reading) -> Iterator[Item]:
    """One record: the whole document, known by the file's path without MinerU's ending."""
    path = reading.file.relative
    key = next((path.removesuffix(ending) for ending in ENDINGS if path.endswith(ending)), path)
    try:
        content = parsed(reading.file, reading.cap)
        parts = list(_of_list(content) if isinstance(content, list) else _of_middle(content))
        text, pages = joined(parts)
        if not text:
            raise Unfit("no_text", f"none of its {len(parts):,} blocks holds text")
        yield Record(key=key, locator=path, text=text, meta=meta_of(pages, ocr="mineru"))
    except Unfit as unfit:
        yield unfit.problem(path)


def _of_list(blocks: list[Any]) -> Iterator[Part]:
    if not all(isinstance(block, dict) and isinstance(block.get("type"), str) for block in blocks):
        raise Unfit("malformed", "not MinerU's content list: expected objects with a type each")
    for block in blocks:
        page = block.get("page_idx")
        yield Part(page if isinstance(page, int) else 0, _block(block))


def _block(block: Mapping[str, Any]) -> str:
    kind = block["type"]
    if kind in FURNITURE:
        return ""
    if kind == "list":
        return "\n".join(texts(block.get("list_items")) or texts(block.get("text")))
    if kind in ("image", "table", "chart", "code"):
        names = (f"{kind}_caption", "img_caption", f"{kind}_body", f"{kind}_footnote", "img_footnote")  # img_: MinerU 1
        return "\n".join(text for name in names for text in texts(block.get(name)))
    text = "\n".join(texts(block.get("text")))
    level = block.get("text_level")
    return f"{'#' * min(level, 6)} {text}" if isinstance(level, int) and level > 0 and text.strip() else text


def _of_middle(content: Any) -> Iterator[Part]:
    pages = objects(content.get("pdf_info")) if isinstance(content, dict) else []
    if not pages:
        raise Unfit("malformed", "not MinerU's middle.json: it has no pdf_info")
    for ordinal, page in enumerate(pages):
        number = page.get("page_idx")
        for block in objects(page.get("para_blocks")):
            yield Part(number if isinstance(number, int) else ordinal, _lines(block))


def _lines(block: Mapping[str, Any]) -> str:
    inner = objects(block.get("blocks"))
    if inner:
        return "\n".join(filter(None, map(_lines, inner)))
    return lines_joined(
        "".join(_span(span) for span in objects(line.get("spans"))) for line in objects(block.get("lines"))
    )


def _span(span: Mapping[str, Any]) -> str:
    content = span.get("html") if span.get("type") == "table" else span.get("content")
    if not isinstance(content, str):
        return ""
    marks = {"inline_equation": "$", "interline_equation": "$$"}.get(str(span.get("type")), "")
    return f"{marks}{content}{marks}"
