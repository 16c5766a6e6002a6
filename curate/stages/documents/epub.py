"""EPUB 2 and 3: the chapters in the order of the spine, without navigation."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from curate.stages.documents.markup import text_of
from curate.stages.documents.opened import Opened, Unreadable
from curate.stages.documents.zipped import Zipped, local

CONTAINER = "META-INF/container.xml"
ENCRYPTION = "META-INF/encryption.xml"
FONTS = ("embedding", "fontobfuscation")  # in names of algorithms that only veil fonts
PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml", ""})


def read_epub(raw: bytes) -> Opened:
    """The text of a book; `chapters` in the notes is the character at which each file of the spine begins.

    A chapter that is missing, cut or nested too deep costs itself: `chapters_lost` names it.

    Raises `Unreadable`: damaged_file, encrypted (DRM), too_deep, expands_too_far.
    """
    book = Zipped(raw)
    path = _package(book)
    package = book.xml(path, mended=True)
    veiled = _veiled(book)
    texts: list[str] = []
    lost: dict[str, Unreadable] = {}
    chapters = list(_spine(package, posixpath.dirname(path)))
    if not chapters:
        raise Unreadable("damaged_file", f"its package {path[:200]!r} lists no chapters")
    for name in chapters:
        if name in veiled:
            raise Unreadable("encrypted", f"its part {name[:200]!r} is encrypted (DRM)")
        try:
            texts.append(text_of(book.xml(name, mended=True)))
        except Unreadable as unreadable:
            if unreadable.state not in ("damaged_file", "too_deep"):
                raise
            lost[name] = unreadable
    if lost and not any(texts):
        state = next(iter(lost.values()))
        raise Unreadable(state.state, f"none of its {len(lost):,} chapters can be read: {state}")
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
        notes["chapters_lost"] = list(lost)
    return Opened("\n\n".join(texts), title=_fact(package, "title"), date=None, notes=notes)


def _package(book: Zipped) -> str:
    """The path of the package document."""
    for node in book.xml(CONTAINER).iter():
        if local(node) == "rootfile" and node.get("full-path"):
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
    return [node for node in root.iter() if local(node) == name]


def _fact(package: Any, name: str) -> str | None:
    found = next((" ".join("".join(node.itertext()).split()) for node in _named(package, name)), "")
    return found[:300] or None
