"""The page on personal data names every kind, with what stands for it."""

from __future__ import annotations

from pathlib import Path

from curate.stages.personal.find import KINDS, PUBLIC
from curate.stages.personal.pseudonym import placeholder

PAGE = Path(__file__).parents[3] / "docs" / "cleaning.md"


def test_every_kind_and_its_placeholder_stand_in_the_docs() -> None:
    text = PAGE.read_text("utf-8")
    for kind in (*KINDS, *PUBLIC):
        assert f"`{kind}`" in text and placeholder(kind) in text
