"""Lines joined into paragraphs as a person would: Chinese without spaces, words that a line end parted made whole."""

from __future__ import annotations

import re
from collections.abc import Iterable

CJK = re.compile(
    "[\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
)
HYPHENS = "-\u00ad\u2010\x02\ufffe"  # the last two are what pdfium makes of hyphens at the end of lines
PARTED = re.compile(rf"([^\W\d_]+)[{HYPHENS}]$")
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
ENDS = '。！？!?.:：;；…”’"）)】」』》'


class Words:
    """The words of a document, which say whether a hyphen at the end of a line is the word's own."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._seen: set[str] = set()
        for line in lines:
            self._seen.update(word.lower() for word in WORD.findall(line.rstrip(HYPHENS)))

    def joined(self, before: str, after: str) -> str:
        """Two lines of a paragraph as one."""
        before, after = before.rstrip(), after.lstrip()
        if not before or not after:
            return before + after
        parted = PARTED.search(before)
        follows = WORD.match(after)
        if parted is not None and follows is not None and after[0].islower():
            first, second = parted[1].lower(), follows[0].lower()
            own = f"{first}-{second}" in self._seen and first + second not in self._seen
            return before[:-1] + ("-" if own else "") + after
        if before[-1] in "\u00ad\x02\ufffe":  # a hyphen that was set for the line end alone
            return before[:-1] + ("" if after[0].islower() else "-") + after
        if before[-1] in "-\u2010\u2013\u2014" and before[-2:-1].isalnum() and after[0].isalnum():
            return before + after
        return before + ("" if CJK.match(before[-1]) or CJK.match(after[0]) else " ") + after
