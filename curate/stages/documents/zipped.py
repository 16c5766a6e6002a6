"""What EPUB and DOCX are made of: a zip file of XML, taken out part by part under caps."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any

from lxml import etree

from curate.stages.documents.opened import Unreadable

MEMBER = 64 << 20  # bytes of one part, unpacked: a novel's largest chapter has 2 MB, a report's main part 30
TOTAL = 256 << 20  # bytes of all parts that are looked at
MEMBERS = 20_000


class Zipped:
    """The parts of a zip file by name. Raises `Unreadable`: damaged_file, encrypted, expands_too_far."""

    def __init__(self, raw: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(raw))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
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
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
            raise Unreadable("damaged_file", f"its part {name[:200]!r} can't be unpacked: {error}") from None
        if len(data) > most:
            raise Unreadable("expands_too_far", f"its part {name[:200]!r} has more than {most:,} bytes, unpacked")
        self._left -= len(data)
        return data

    def xml(self, name: str) -> Any:
        """The root of an XML part, mended where it is not well-formed."""
        return parsed(self.read(name), name)


def parsed(data: bytes, name: str) -> Any:
    """The root of XML: no entities but the five are resolved, nothing is fetched. Raises `Unreadable`."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable("damaged_file", f"its part {name[:200]!r} is no XML: {error}") from None
    if root is None:
        raise Unreadable("damaged_file", f"its part {name[:200]!r} is no XML")
    return root
