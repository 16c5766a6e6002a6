"""What PaddleOCR makes of pages: `NAME_res.json`, or a file for each page of a PDF.

PP-StructureV3 and PaddleOCR-VL list blocks in reading order (`parsing_res_list`: text, headings, tables as HTML,
formulas as LaTeX); PP-OCR alone gives lines (`rec_texts`). Running heads, page numbers and the like are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from curate.read.paged import Part, joined, lines_joined, meta_of, objects, parsed, texts
from curate.read.record import Item, Reading, Record, Unfit

FURNITURE = frozenset(
    {"header", "footer", "number", "header_image", "footer_image", "aside_text", "seal", "image", "figure", "chart"}
)
TITLES = {"doc_title": "# ", "paragraph_title": "## ", "title": "# "}
FORMULAS = frozenset({"formula", "display_formula"})
GAP = 0.8  # of a line's height between two lines that begin a new paragraph


def read(reading: Reading) -> Iterator[Item]:
    """One record: the file's page, and after it the pages of the file's `parts`; known by the first file's path."""
    path = reading.file.relative
    try:
        parts: list[Part] = []
        names = set()
        for ordinal, file in enumerate((reading.file, *reading.file.parts)):
            found = parsed(file, reading.cap)
            found = found.get("res", found) if isinstance(found, dict) else found
            if not isinstance(found, dict):
                raise Unfit(
                    "malformed", f"{file.relative} is a JSON {type(found).__name__}, expected PaddleOCR's object"
                )
            page = found.get("page_index")
            names.add(str(found.get("input_path") or ""))
            number = page if isinstance(page, int) else ordinal
            parts += [Part(number, text) for text in _page(found)]
        text, pages = joined(parts)
        if not text:
            raise Unfit("no_text", f"none of its {len(parts):,} blocks holds text")
        if len(text) > reading.cap:
            raise Unfit(
                "too_large", f"its pages have {len(text):,} characters, one record may have {reading.cap:,} bytes"
            )
        yield Record(key=path, locator=path, text=text, meta=meta_of(pages, ocr="paddleocr"))
    except Unfit as unfit:
        yield unfit.problem(path)


def _page(found: Mapping[str, Any]) -> Iterator[str]:
    blocks = objects(found.get("parsing_res_list"))
    if blocks or "parsing_res_list" in found:
        for block in blocks:
            label = str(block.get("block_label", block.get("label", "")))
            if label in FURNITURE:
                continue
            content = "\n".join(texts(block.get("block_content", block.get("content"))))
            formula = label in FORMULAS and content and "$" not in content  # PP-StructureV3 gives the LaTeX alone
            yield f"$${content.strip()}$$" if formula else TITLES.get(label, "") + content if content else ""
        return
    if "rec_texts" not in found:
        lines = found.get("overall_ocr_res")
        if not isinstance(lines, dict) or "rec_texts" not in lines:
            raise Unfit("malformed", "neither parsing_res_list nor rec_texts: not what PaddleOCR writes")
        found = lines
    yield from _paragraphs(found)


def _paragraphs(found: Mapping[str, Any]) -> Iterator[str]:
    """Lines, which PP-OCR gives from top to bottom, joined as far as they stand close together."""
    lines = [text if isinstance(text, str) else "" for text in found["rec_texts"]]
    boxes = found.get("rec_boxes")
    if not isinstance(boxes, list) or len(boxes) != len(lines) or not all(_is_box(box) for box in boxes):
        yield "\n".join(lines)
        return
    held: list[str] = []
    bottom = None
    for text, (_, top, _, low) in zip(lines, boxes, strict=True):
        if bottom is not None and top - bottom > GAP * (low - top):
            yield lines_joined(held)
            held = []
        held.append(text)
        bottom = low
    yield lines_joined(held)


def _is_box(box: Any) -> bool:
    return isinstance(box, list) and len(box) == 4 and all(isinstance(side, int | float) for side in box)
