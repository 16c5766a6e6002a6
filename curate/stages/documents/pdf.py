"""PDF with a text layer, through pdfium: columns in order, running heads out, paragraphs whole.

pdfium is C++ that reads what strangers wrote: only called in a stage whose cost is isolated.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from contextlib import closing
from typing import Any

from curate.stages.documents.opened import Opened, Unreadable
from curate.stages.documents.pdf_furniture import Sheet, without_furniture
from curate.stages.documents.pdf_lines import UNUSABLE, pieces
from curate.stages.documents.pdf_order import Reader
from curate.stages.documents.pdf_paragraphs import paragraphs

PAGES = 10_000  # of a file that are read; law codes with commentaries reach 3,000
CHARACTERS = 32 << 20  # of a file's text
FEW = 8  # letters on a page that is taken to have a text layer; a scan may carry a stamp or a page number
UNREADABLE = 0.3  # share of signs that fonts without tables give: then the layer is no text
WITH_TEXT = 0.3  # share of pages that must have a text layer, or the file is a scan
UNTITLED = frozenset(
    {"", "untitled", "(anonymous)", "unspecified", "无标题", "未命名"}
)  # what programs write by default
DAY = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?")


def read_pdf(raw: bytes) -> Opened:
    """The text of a PDF, its pages' places as `pages` (character at which each begins) in the notes, of how many
    `characters` beside them: what edits the text later moves the places.

    Raises `Unreadable`: encrypted, damaged_file, no_text_layer.
    """
    import pypdfium2

    start = max(0, raw.find(b"%PDF-", 0, 1 << 10))
    try:
        document = pypdfium2.PdfDocument(raw[start:] if start else raw)
    except pypdfium2.PdfiumError as error:
        state = "encrypted" if "password" in str(error).lower() else "damaged_file"
        raise Unreadable(state, f"{error}; {len(raw):,} bytes, {_ending(raw)}") from None
    with closing(document):
        count = len(document)
        if not count:
            raise Unreadable("damaged_file", f"no page can be found; {_ending(raw)}")
        sheets, lost, cut = _sheets(document, min(count, PAGES))
        facts = document.get_metadata_dict()
    if len(lost) == min(count, PAGES):
        raise Unreadable("damaged_file", f"none of its {count:,} pages can be read; {_ending(raw)}")
    letters = [sum(len(line.text) for line in sheet.lines) for sheet in sheets]
    bad = sum(len(UNUSABLE.findall(line.text)) for sheet in sheets for line in sheet.lines)
    with_text = sum(number >= FEW for number in letters)
    if not with_text or (with_text < WITH_TEXT * len(sheets) and sum(letters) < 100 * len(sheets)):
        raise Unreadable("no_text_layer", f"{with_text:,} of {len(sheets):,} pages have text laid over them")
    if bad > UNREADABLE * sum(letters):
        raise Unreadable("no_text_layer", f"{bad:,} of {sum(letters):,} signs have no meaning outside the file's fonts")
    text, starts = paragraphs(without_furniture(sheets))
    if not text:
        raise Unreadable("no_text_layer", "nothing but running heads and page numbers")
    text, starts = _cleaned(text, starts)
    notes: dict[str, Any] = {"pages": starts, "characters": len(text)}
    if lost:
        notes["pages_lost"] = lost
    if count > PAGES or cut:
        notes["pages_cut"] = True
    if without := [sheet.number + 1 for sheet, number in zip(sheets, letters, strict=True) if number < FEW]:
        notes["pages_without_text"] = without
    if not _whole(raw):
        notes["file_cut"] = True
    if (day := _day(facts.get("CreationDate", ""))) is not None:
        notes["file_made"] = day  # of the file: the text may be much older
    title = " ".join(facts.get("Title", "").split()).removeprefix("Microsoft Word - ")
    return Opened(text, title=None if title.lower() in UNTITLED else title[:300], notes=notes)


def _sheets(document: Any, count: int) -> tuple[list[Sheet], list[int], bool]:
    """(the pages that can be read, the numbers from 1 of the others, whether the text was cut)."""
    reader = Reader()
    sheets: list[Sheet] = []
    lost: list[int] = []
    size, cut = 0, False
    for number in range(count):
        sheet = _sheet(document, number, reader)
        if sheet is None:
            lost.append(number + 1)
            sheets.append(Sheet(number, 0, 0, []))
            continue
        page, short = sheet
        cut = cut or short
        size += sum(len(line.text) for line in page.lines)
        if size > CHARACTERS:
            return sheets, lost, True
        sheets.append(page)
    return sheets, lost, cut


def _sheet(document: Any, number: int, reader: Reader) -> tuple[Sheet, bool] | None:
    """One page, closed before the next is opened: memory stays at that of one."""
    import pypdfium2

    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        return None
    with closing(page):
        try:
            textpage = page.get_textpage()
        except pypdfium2.PdfiumError:
            return None
        with closing(textpage):
            found, turn, cut = pieces(textpage.raw)
        left, bottom, right, top = page.get_mediabox()
    low, high = ((bottom, top), (left, right), (-top, -bottom), (-right, -left))[turn]
    return Sheet(number, high, low, reader.ordered(found)), cut


def _ending(raw: bytes) -> str:
    return "its end is there" if _whole(raw) else "its end is missing, it may have been cut"


def _whole(raw: bytes) -> bool:
    return b"%%EOF" in raw[-2048:]


def _cleaned(text: str, starts: list[int]) -> tuple[str, list[int]]:
    """`text` without signs that mean nothing, and `starts` where their characters are then."""
    gone = [match.start() for match in UNUSABLE.finditer(text)]
    return UNUSABLE.sub("", text), [start - bisect_left(gone, start) for start in starts]


def _day(stated: str) -> str | None:
    match = DAY.match(stated)
    return None if match is None else "-".join(filter(None, match.groups()))
