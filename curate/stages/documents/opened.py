"""What came out of a document file, or why nothing did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

READ = "read"
STATES: Mapping[str, str] = {
    "encrypted": "it opens with a password only",
    "damaged_file": "it is cut, corrupt or not what it says it is",
    "too_deep": "its XML is nested deeper than a parser follows (256 elements)",
    "no_text_layer": "its pages are images, and no text is laid over them",
    "expands_too_far": "unpacked it is larger than a file may be",
    "ocr_failed": "the command that should recognise its text failed",
}
"""Why a document file gives no text."""


class Opened(NamedTuple):
    """A document file's text and what it says of itself; `state` is `READ` or one of `STATES`, `found` what was."""

    text: str | None
    state: str = READ
    found: str | None = None
    title: str | None = None
    date: str | None = None
    notes: Mapping[str, Any] = {}  # for `meta`


class Unreadable(ValueError):
    """A file that gives no text: one of `STATES`, and what was found."""

    def __init__(self, state: str, found: str) -> None:
        super().__init__(found)
        self.state = state

    def opened(self) -> Opened:
        return Opened(None, self.state, str(self)[:300])
