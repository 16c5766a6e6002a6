"""Settings of a stage that is tried without a recipe come as text and become what the stage's fields are."""

import pytest

from curate.apply import stages_of
from curate.dedup.minhash import MinHashDedup
from curate.recipe import RecipeRefused
from curate.stages.heuristics.length import Length


def test_settings_take_the_type_of_their_field() -> None:
    assert stages_of("minhash", None, {"threshold": "0.7", "permutations": "256", "quality": "quality_score"}) == (
        MinHashDedup(threshold=0.7, permutations=256, quality="quality_score"),
    )
    assert stages_of("length", None, {"low": "5"}) == (Length(low=5),)


@pytest.mark.parametrize(("name", "value"), [("threshold", "high"), ("treshold", "0.7")])
def test_a_setting_that_the_stage_does_not_take_is_refused(name: str, value: str) -> None:
    with pytest.raises(RecipeRefused, match=name):
        stages_of("minhash", None, {name: value})
