"""Which documents rules are for: by kind, by language, and statutes by how they are drafted."""

from __future__ import annotations

import polars as pl
import pytest

from curate.stages.heuristics.routing import Groups, drafted

EN = (
    "31-1131.04\nExceptions to licensing.\n(a)\nThis chapter shall not require an insurer to obtain a license. For the "
    "purposes of this section, the term insurer shall not include its officers, except as provided in subsection (b)."
)
ZH = "第十二条\u3000公民对行政处罚不服的，可以申请行政复议。\n第十三条\u3000行政复议机关应当自受理之日起六十日内决定。"
PROSE = "The committee met on Tuesday and heard three witnesses, one of whom quoted section 4 of the act of 1912."


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (EN, True),
        (ZH, True),
        (PROSE, False),
        ("根据第三条，该公司须在六十日内答复。", False),
        ("", False),
        (None, False),
    ],
)
def test_a_statute_is_told_by_how_it_is_drafted(text: str | None, is_one: bool) -> None:
    texts = pl.Series([text], dtype=pl.String)
    assert drafted(texts).to_list() == [is_one]


@pytest.mark.parametrize(
    ("kinds", "langs", "kept"),
    [
        (None, None, [0, 1, 2, 3, 4]),
        (frozenset({"prose"}), None, [2]),
        (frozenset({"prose", "statute"}), None, [0, 1, 2]),
        (frozenset({"statute"}), frozenset({"zh"}), [1]),
        (frozenset({"table"}), None, [3]),
        (None, frozenset({"en"}), [0, 2, 3]),
    ],
)
def test_rules_are_for_the_kinds_and_languages_of_their_set(
    kinds: frozenset[str] | None, langs: frozenset[str] | None, kept: list[int]
) -> None:
    table = pl.DataFrame(
        {
            "text": [EN, ZH, PROSE, EN, PROSE],
            "kind": ["prose", "prose", "prose", "table", None],
            "lang": ["en-US", "zh-Hant", "en", "en", None],
        }
    )
    found = Groups(table).among(kinds, langs)
    assert found.null_count() == 0
    assert [row for row, whose in enumerate(found) if whose] == kept
