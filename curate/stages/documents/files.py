"""Which reader a document file is for, by its first bytes and its stated type."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

from curate.stages.documents.docx import read_docx
from curate.stages.documents.epub import read_epub
from curate.stages.documents.ocr import recognised
from curate.stages.documents.opened import Opened, Unreadable
from curate.stages.documents.pdf import read_pdf
from curate.stages.documents.zipped import BROKEN

TYPES: Mapping[str, str] = {
    "application/pdf": "pdf",
    "application/x-pdf": "pdf",
    "application/epub+zip": "epub",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
}
READERS: Mapping[str, Callable[[bytes], Opened]] = {"pdf": read_pdf, "epub": read_epub, "docx": read_docx}
ZIP = b"PK\x03\x04"


def opened(raw: bytes, content_type: str | None, ocr: str | None, seconds: int) -> Opened | None:
    """The text of a document file; None where it is none. Nothing that a file holds is raised."""
    kind = kind_of(raw, content_type)
    if kind is None:
        return None
    try:
        return READERS[kind](raw)
    except Unreadable as unreadable:
        if ocr is None or unreadable.state != "no_text_layer":
            return unreadable.opened()
    except RecursionError:
        return Unreadable("too_deep", "its content is nested too deep").opened()
    try:
        return Opened(recognised(raw, f".{kind}", ocr, seconds), notes={"ocr": "command"})
    except Unreadable as unreadable:
        return unreadable.opened()


def kind_of(raw: bytes, content_type: str | None) -> str | None:
    """pdf, epub, docx or None. What the bytes show goes before what is stated."""
    if b"%PDF-" in raw[:1024] and raw.lstrip()[:1] != b"<":
        return "pdf"
    stated = TYPES.get((content_type or "").partition(";")[0].strip().lower())
    if raw.startswith(ZIP):
        return _of_zip(raw) or stated
    return stated


def _of_zip(raw: bytes) -> str | None:
    if raw[30:58] == b"mimetypeapplication/epub+zip":
        return "epub"
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = set(archive.namelist())
    except BROKEN:
        return None
    return "docx" if "word/document.xml" in names else "epub" if "META-INF/container.xml" in names else None
