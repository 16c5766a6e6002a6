"""EPUB 2 and 3: the chapters in the order of the spine, without navigation."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from lxml import etree

from curate.stages.documents.markup import text_of
from curate.stages.documents.opened import Opened, Unreadable
from curate.stages.documents.zipped import Zipped

CONTAINER = "META-INF/container.xml"
ENCRYPTION = "META-INF/encryption.xml"
FONTS = ("embedding", "fontobfuscation")  # in names of algorithms that only veil fonts
PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml", ""})


def read_epub(raw: bytes) -> Opened:
    """The text of a book; `chapters` in the notes is the character at which each file of the spine begins.

    Raises `Unreadable`: damaged_file, encrypted (DRM), expands_too_far.
    """
    book = Zipped(raw)
    path = _package(book)
    package = book.xml(path)
    veiled = _veiled(book)
    texts, lost = [], []
    for name in _spine(package, posixpath.dirname(path)):
        if name in veiled:
            raise Unreadable("encrypted", f"its part {name[:200]!r} is encrypted (DRM)")
        try:
            texts.append(text_of(book.xml(name)))
        except Unreadable as unreadable:
            if unreadable.state != "damaged_file":
                raise
            lost.append(name)
    if lost and not any(texts):
        raise Unreadable("damaged_file", f"none of its {len(lost):,} chapters can be read")
    starts, at = [], 0
    texts = [text for text in texts if text]
    for text in texts:
        starts.append(at)
        at += len(text) + 2
    notes: dict[str, Any] = {"chapters": starts}
    for name in ("creator", "language", "publisher"):
        if value := _fact(package, name):
            notes[name] = value
    if lost:
        notes["chapters_lost"] = lost
    return Opened("\n\n".join(texts), title=_fact(package, "title"), date=None, notes=notes)


def _package(book: Zipped) -> str:
    """The path of the package document."""
    for node in book.xml(CONTAINER).iter():
        if isinstance(node.tag, str) and etree.QName(node).localname == "rootfile" and node.get("full-path"):
            return unquote(node.get("full-path")) if node.get("full-path") not in book.names else node.get("full-path")
    raise Unreadable("damaged_file", f"{CONTAINER} names no package")


def _spine(package: Any, folder: str) -> Iterator[str]:
    """The paths of the pages in reading order, without those that are navigation."""
    items = {}
    order = []
    contents = {
        _path(folder, node.get("href", "")) for node in _named(package, "reference") if node.get("type") == "toc"
    }
    for node in _named(package, "item"):
        items[node.get("id")] = (node.get("href", ""), node.get("media-type", ""), node.get("properties", ""))
    for node in _named(package, "itemref"):
        order.append(node.get("idref"))
    for identity in order:
        href, kind, properties = items.get(identity, ("", "", ""))
        path = _path(folder, href)
        if href and kind in PAGES and "nav" not in properties.split() and path not in contents:
            yield path


def _path(folder: str, href: str) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0])))


def _veiled(book: Zipped) -> frozenset[str]:
    """The parts that are encrypted, fonts aside."""
    if ENCRYPTION not in book.names:
        return frozenset()
    found: set[str] = set()
    for data in _named(book.xml(ENCRYPTION), "EncryptedData"):
        method = "".join(node.get("Algorithm", "") for node in _named(data, "EncryptionMethod")).lower()
        if not any(fonts in method for fonts in FONTS):
            found.update(unquote(node.get("URI", "")) for node in _named(data, "CipherReference"))
    return frozenset(found)


def _named(root: Any, name: str) -> list[Any]:
    return [node for node in root.iter() if isinstance(node.tag, str) and etree.QName(node).localname == name]


def _fact(package: Any, name: str) -> str | None:
    found = next((" ".join("".join(node.itertext()).split()) for node in _named(package, name)), "")
    return found[:300] or None
