"""What EPUB and DOCX are made of: a zip file of XML, taken out part by part under caps."""

from __future__ import annotations

import io
import lzma
import re
import struct
import zipfile
import zlib
from html.entities import html5
from typing import Any

from lxml import etree

from curate.stages.documents.opened import Unreadable

MEMBER = 64 << 20  # bytes of one part, unpacked: a novel's largest chapter has 2 MB, a report's main part 30
TOTAL = 256 << 20  # bytes of all parts that are looked at
MEMBERS = 20_000
# What zipfile raises at what is broken: an offset before the file's begin, a method of another bit, a cut stream.
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, RuntimeError, ValueError)
NAMED = re.compile(rb"&([A-Za-z][A-Za-z0-9]{1,30});")
BARE = re.compile(rb"&(?!#?[A-Za-z0-9]{1,31};)")
OF_XML = (b"amp", b"lt", b"gt", b"quot", b"apos")
HARMLESS = ("ERR_INVALID_CHAR",)  # a control character, which no text should hold anyway


class Zipped:
    """The parts of a zip file by name. Raises `Unreadable`: damaged_file, encrypted, expands_too_far."""

    def __init__(self, raw: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(raw))
        except BROKEN as error:
            raise Unreadable("damaged_file", f"{error}; {len(raw):,} bytes") from None
        names = self._zip.namelist()
        if len(names) > MEMBERS:
            raise Unreadable("expands_too_far", f"it has {len(names):,} parts, expected at most {MEMBERS:,}")
        self.names = frozenset(names)
        self._left = TOTAL

    def read(self, name: str) -> bytes:
        """The bytes of a part. `Unreadable` also where it is not there."""
        if name not in self.names:
            raise Unreadable("damaged_file", f"its part {name[:200]!r} is missing")
        info = self._zip.getinfo(name)
        if info.flag_bits & 1:
            raise Unreadable("encrypted", f"its part {name[:200]!r} is encrypted")
        most = min(MEMBER, self._left)
        try:
            with self._zip.open(info) as part:
                data = part.read(most + 1)
        except BROKEN as error:
            raise Unreadable("damaged_file", f"its part {name[:200]!r} can't be unpacked: {error}") from None
        if len(data) > most:
            raise Unreadable("expands_too_far", f"its part {name[:200]!r} has more than {most:,} bytes, unpacked")
        self._left -= len(data)
        return data

    def xml(self, name: str, *, mended: bool = False) -> Any:
        """The root of an XML part, as `parsed` gives it."""
        return parsed(self.read(name), name, mended=mended)


def parsed(data: bytes, name: str, *, mended: bool = False) -> Any:
    """The root of XML: entities that it declares itself are resolved as far as libxml2's caps go, nothing is fetched.

    With `mended` what people write who don't check their XML is put up with (an ampersand, a tag that is not closed),
    but never a part that ends before its root does. Raises `Unreadable`: damaged_file, too_deep, expands_too_far.
    """
    parser = etree.XMLParser(resolve_entities="internal", no_network=True, recover=True, huge_tree=False)
    part = f"its part {name[:200]!r}"
    try:
        root = etree.fromstring(_with_characters(data) if mended else data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _limited(parser, part) or Unreadable("damaged_file", f"{part} is no XML: {error}") from None
    if (limited := _limited(parser, part)) is not None:
        raise limited
    if root is None:
        raise Unreadable("damaged_file", f"{part} is no XML")
    levels = ("FATAL",) if mended else ("FATAL", "ERROR")  # a prefix that is not declared, say
    faults = [f"{one.message} (line {one.line})" for one in parser.error_log if one.level_name in levels
              and one.type_name not in HARMLESS]  # fmt: skip
    if faults and not _closed(data, root):
        raise Unreadable("damaged_file", f"{part} is cut off: {faults[0]}")
    if faults and not mended:
        raise Unreadable("damaged_file", f"{part} is not well-formed: {faults[0]}")
    return root


def _limited(parser: Any, part: str) -> Unreadable | None:
    """What libxml2 refused to follow: XML that is nested too deep, or that grows by its entities."""
    for one in parser.error_log:
        if one.type_name == "ERR_RESOURCE_LIMIT" or "Excessive depth" in one.message or "loop" in one.message:
            deep = "depth" in one.message
            what = "is nested too deep" if deep else "grows too far"
            return Unreadable("too_deep" if deep else "expands_too_far", f"{part} {what}: {one.message}")
    return None


def _closed(data: bytes, root: Any) -> bool:
    """Whether the data end with the end of the root element."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.decode("utf-16", "replace").encode()
    name = local(root).encode()
    return (
        re.search(rb"</(?:[\w.-]+:)?" + re.escape(name) + rb"\s*>(?:\s|<!--.*?-->|\0)*\Z", data[-4096:], re.S)
        is not None
    )


def local(node: Any) -> str:
    """An element's name without its namespace, declared or not; empty for comments and entities."""
    tag = node.tag
    return re.split("[}:]", tag)[-1] if isinstance(tag, str) else ""


def _with_characters(data: bytes) -> bytes:
    """XHTML with HTML's names of characters as numbers: what &nbsp; is stands in a DTD, which is not fetched."""
    return NAMED.sub(_number, data if b"<![CDATA[" in data else BARE.sub(b"&amp;", data))


def _number(found: re.Match[bytes]) -> bytes:
    text = html5.get(found[1].decode() + ";")
    return found[0] if text is None or found[1] in OF_XML else b"".join(b"&#%d;" % ord(char) for char in text)
