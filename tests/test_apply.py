"""Settings of a stage that is tried without a recipe come as text and become what the stage's fields are."""

import pytest
from click.testing import CliRunner

from curate.apply import NAMES, stages_of
from curate.cli import main
from curate.dedup.minhash import MinHashDedup
from curate.recipe import RecipeRefused
from curate.stages.heuristics.kind import Kind
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


def test_the_help_names_every_stage() -> None:
    said = set(CliRunner().invoke(main, ["apply", "--help"]).output.replace(",", " ").replace(".", " ").split())
    assert set(NAMES) <= said


@pytest.mark.parametrize("name", ["gopher_quality", "gopher_repetition", "c4", "fineweb", "refinedweb", "noise"])
def test_what_goes_by_kind_has_it_measured(name: str) -> None:
    first, *_ = stages_of(name, None, {})
    assert isinstance(first, Kind)
