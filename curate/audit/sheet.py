"""Tables as CSV that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from curate.audit.excerpt import visible

# A cell that begins with one of these is a formula to a spreadsheet, behind spaces too; a tab or a line's end splits.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "|", "%")


def sheet(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """CSV in UTF-8 with a byte order mark, by which Excel knows it: text that could be a formula gets a ' before it,
    what is invisible is made visible, and secrets of addresses are taken out. Numbers stay numbers.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow([cell(name) for name in columns])
    for row in rows:
        writer.writerow([cell(row.get(name)) for name in columns])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def cell(value: Any) -> Any:
    """A value as a spreadsheet may have it."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return value
    text = visible(str(value))
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text
