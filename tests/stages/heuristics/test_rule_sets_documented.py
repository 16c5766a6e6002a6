"""The page on quality names every measure and every reason of the rule sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.document import COLUMNS
from curate.stage import Stage
from curate.stages.heuristics.c4_lines import C4Lines
from curate.stages.heuristics.repetition import Repetition
from tests.stages.heuristics.test_rule_sets import SETS

PAGE = Path(__file__).parents[3] / "docs" / "quality.md"


@pytest.mark.parametrize("stage", [*SETS, C4Lines(), Repetition()], ids=lambda stage: stage.name)
def test_every_measure_and_reason_stands_in_the_docs(stage: Stage) -> None:
    text = PAGE.read_text("utf-8")
    routes = ("_applies", "_cjk", "_spaced", "_english")
    measures = [name for name in stage.writes if not name.endswith(routes) and name not in COLUMNS]
    for name in (*measures, *(rule.reason for rule in stage.rules)):
        assert f"`{name}`" in text, name
