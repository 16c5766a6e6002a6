"""Cutting a text for the tests of where it is cut."""

from __future__ import annotations

from curate.stage import split
from curate.stages.split import BY, Split
from tests.stages.documents import of_texts

ZH = "人民法院审理案件，应当以事实为根据，以法律为准绳，依照本法第十条的规定处理；法律另有规定的，依照其规定。"
EN = "The Council shall act as provided in section 5, and the Director shall report under article 3 of this title. "


def parts(text: str, longer_than: int, shortest: int = 20, by: frozenset[str] = BY, kind: str = "prose") -> list[str]:
    """The parts of `text`: they are all of it, and cutting them again cuts nothing."""
    stage = Split(longer_than=longer_than, shortest=shortest, by=by)
    cut = split(stage, of_texts([text], kind))["text"].to_list()
    assert "".join(cut) == text
    assert split(stage, of_texts(cut, kind))["text"].to_list() == cut
    return cut


def firsts(cut: list[str]) -> list[str]:
    """The first line of each part."""
    return [part.strip().split("\n")[0] for part in cut]
