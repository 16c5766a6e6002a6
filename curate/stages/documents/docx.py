"""DOCX: paragraphs and headings, lists, tables as rows `| a | b |`, text boxes, notes where they are called.

Read from the XML itself (ECMA-376, part 1): python-docx gives neither notes nor text boxes nor what stands in content
controls and insertions, and lxml is here anyway.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from curate.stages.documents import omml
from curate.stages.documents.opened import Opened, Unreadable
from curate.stages.documents.zipped import Zipped, local, parsed
from curate.stages.scripts import lowered, raised

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
# Deleted text, properties, comments' marks, the copy of a drawing for old readers, and fields' own code.
SILENT = frozenset({"del", "moveFrom", "rPr", "pPr", "instrText", "delText", "Fallback", "tblPr", "sectPr", "rt"})
HEADING = re.compile(r"(?:heading|标题|überschrift|titre)\s*([1-9])", re.IGNORECASE)
LISTS = ("list bullet", "list number", "列表")
CONTENTS = re.compile(r"(?:toc|目录)\s*\d", re.IGNORECASE)


def read_docx(raw: bytes) -> Opened:
    """The text of a document, its notes in brackets behind the paragraph that calls them.

    Parts that hold no text (styles, properties) may be damaged: `parts_damaged` in the notes names them. A part with
    text that is not whole is not read as if it were. Raises `Unreadable`: damaged_file, encrypted, too_deep,
    expands_too_far.
    """
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable("encrypted", "an OLE file: a document with a password, or one of Word before 2007")
    archive = Zipped(raw)
    root = _part(archive, "word/document.xml")
    body = next(iter(root.iter(f"{W}body")), None)
    if body is None:
        raise Unreadable("damaged_file", "word/document.xml has no body")
    damaged: list[str] = []
    styles = _beside(lambda: _styles(archive), "word/styles.xml", damaged) or {}
    writer = _Writer(styles, _notes(archive, "footnote") | _notes(archive, "endnote"))
    text = "\n\n".join(writer.blocks(body))
    title, made = _beside(lambda: _facts(archive), "docProps/core.xml", damaged) or (None, None)
    notes: dict[str, Any] = {"file_made": made} if made else {}
    return Opened(text, title=title, notes={**notes, "parts_damaged": damaged} if damaged else notes)


_T = TypeVar("_T")


def _beside(read: Callable[[], _T], name: str, damaged: list[str]) -> _T | None:
    """What a part says that holds no text: damage there is noted, and costs what it says."""
    try:
        return read()
    except Unreadable:
        damaged.append(name)
        return None


def _part(archive: Zipped, name: str) -> Any:
    data = archive.read(name)
    if STRICT in data[:4096]:
        data = data.replace(STRICT, W[1:-1].encode()).replace(omml.STRICT, omml.M[1:-1].encode())
    return parsed(data, name)


def _styles(archive: Zipped) -> dict[str, str]:
    """Style -> its name, which says headings in any language's Word."""
    if "word/styles.xml" not in archive.names:
        return {}
    out = {}
    for style in _part(archive, "word/styles.xml").iter(f"{W}style"):
        name = style.find(f"{W}name")
        level = style.find(f"{W}pPr/{W}outlineLvl")
        label = name.get(f"{W}val", "") if name is not None else ""
        if level is not None and not HEADING.search(label) and level.get(f"{W}val", "9") in "012345678":
            label = f"heading {int(level.get(f'{W}val')) + 1}"
        out[style.get(f"{W}styleId", "")] = label
    return out


def _notes(archive: Zipped, kind: str) -> dict[str, str]:
    """(kind and id) -> text of foot- or endnotes."""
    name = f"word/{kind}s.xml"
    if name not in archive.names:
        return {}
    writer = _Writer({}, {})
    return {
        f"{kind} {note.get(f'{W}id')}": " ".join(writer.blocks(note))
        for note in _part(archive, name).iter(f"{W}{kind}")
        if note.get(f"{W}type") in (None, "normal")
    }


def _facts(archive: Zipped) -> tuple[str | None, str | None]:
    """(title, day on which the file was made)."""
    if "docProps/core.xml" not in archive.names:
        return None, None
    found = {local(node): (node.text or "") for node in archive.xml("docProps/core.xml")}
    made = re.match(r"\d{4}-\d\d-\d\d", found.get("created", ""))
    return " ".join(found.get("title", "").split())[:300] or None, made[0] if made else None


class _Writer:
    def __init__(self, styles: dict[str, str], notes: dict[str, str]) -> None:
        self._styles, self._notes = styles, notes

    def blocks(self, node: Any) -> Iterator[str]:
        """The paragraphs and tables below a node, in order."""
        for child in node:
            if not isinstance(child.tag, str):
                continue
            name = local(child)
            if name == "p":
                yield from self._paragraph(child)
            elif name == "tbl":
                # The rows of a table within a cell are text of that cell; listed here too, they would stand twice for
                # each level that they lie deep.
                own = (row for row in child.iter(f"{W}tr") if next(row.iterancestors(f"{W}tbl")) is child)
                rows = [row for row in map(self._row, own) if row.strip("| ")]
                if rows:
                    yield "\n".join(rows)
            elif name not in SILENT:  # content controls, insertions, custom XML
                yield from self.blocks(child)

    def _paragraph(self, node: Any) -> Iterator[str]:
        style = node.find(f"{W}pPr/{W}pStyle")
        label = self._styles.get(style.get(f"{W}val", ""), style.get(f"{W}val", "")) if style is not None else ""
        if CONTENTS.match(label):
            return  # the table of contents repeats the headings
        notes: list[str] = []
        boxes: list[str] = []
        text = "".join(self._runs(node, notes, boxes)).strip()
        level = HEADING.match(label)
        listed = node.find(f"{W}pPr/{W}numPr") is not None or label.lower().startswith(LISTS)
        item = listed and level is None
        if text:
            mark = f"{'#' * min(int(level[1]), 6)} " if level else "# " if label.lower() == "title" else ""
            yield (mark or ("- " if item else "")) + text
        yield from boxes
        yield from (f"[{note}]" for note in notes if note)

    def _runs(self, node: Any, notes: list[str], boxes: list[str]) -> Iterator[str]:
        for child in node:
            if not isinstance(child.tag, str):
                continue
            name = local(child)
            if child.tag == f"{W}t":
                yield (child.text or "") + "".join(entity.tail or "" for entity in child)
            elif child.tag in (f"{omml.M}oMath", f"{omml.M}oMathPara"):
                yield omml.formula(child)
            elif child.tag == f"{W}r" and (height := child.find(f"{W}rPr/{W}vertAlign")) is not None:
                text = "".join(self._runs(child, notes, boxes))
                as_script = {"superscript": raised, "subscript": lowered}.get(height.get(f"{W}val", ""))
                yield (as_script(text) if as_script else None) or text
            elif name in ("tab", "ptab"):
                yield "\t"
            elif name in ("br", "cr"):
                yield "\n"
            elif name == "noBreakHyphen":
                yield "-"
            elif name in ("footnoteReference", "endnoteReference"):
                notes.append(self._notes.get(f"{name.removesuffix('Reference')} {child.get(f'{W}id')}", ""))
            elif name == "txbxContent":
                boxes.extend(self.blocks(child))
            elif name not in SILENT:
                yield from self._runs(child, notes, boxes)

    def _row(self, row: Any) -> str:
        cells = [cell for cell in row.iter(f"{W}tc") if next(cell.iterancestors(f"{W}tr")) is row]
        return f"| {' | '.join(' '.join(' '.join(self.blocks(cell)).split()) for cell in cells)} |"
