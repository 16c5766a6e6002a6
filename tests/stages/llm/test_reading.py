"""What is read out of answers, and what is not."""

from __future__ import annotations

import pytest

from curate.stages.llm.reading import Label, Score


@pytest.mark.parametrize(
    "answer, score",
    [
        ('{"score": 3}', 3.0),
        ('Sure!\n```json\n{"reason": "fine {really}", "score": 4.5}\n```', 4.5),
        ('<think>{"score": 1} or so</think>{"score": "2"}', 2.0),
        ('{broken {"score": 0}', 0.0),
        ('{"score": 6}', None),
        ('{"score": true}', None),
        ('{"score": null}', None),
        ('{"score": NaN}', None),
        ('{"score": "3 of 5"}', None),
        ('{"points": 3}', None),
        ("[3]", None),
        ("3", None),
        ("", None),
        ("{" * 3000, None),
    ],
)
def test_a_score_is_a_number_of_a_json_object_within_its_bounds(answer: str, score: float | None) -> None:
    assert Score().read(answer) == score


@pytest.mark.parametrize(
    "answer, score",
    [("Score: 2, no: Score: 4", 4.0), ("评分：3 分", 3.0), ("Score: none", None), ("Score: 9", None)],
)
def test_an_expression_reads_its_last_match(answer: str, score: float | None) -> None:
    assert Score(pattern=r"(?:Score:|评分：)\s*(\d+)").read(answer) == score


@pytest.mark.parametrize(
    "answer, label", [('{"label": " Good "}', "good"), ('{"label": "ugly"}', None), ('{"label": ["good"]}', None)]
)
def test_a_label_is_one_of_those_that_there_are(answer: str, label: str | None) -> None:
    assert Label(among=("good", "bad")).read(answer) == label


def test_an_expression_has_one_group() -> None:
    with pytest.raises(ValueError, match="has 0 groups; expected one"):
        Score(pattern=r"\d")
