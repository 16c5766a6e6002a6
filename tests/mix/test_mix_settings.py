from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from curate.mix.settings import Mix, MixRefused, Override
from curate.stage import Asset, settings

TOKENIZER = Asset(Path("tokenizer.json"), "0" * 64)


def test_pre_training_aims_at_12_percent_and_fine_tuning_at_one_to_one() -> None:
    assert Mix(tokenizer=TOKENIZER).share == Fraction(12, 100)
    assert Mix(tokenizer=TOKENIZER, stage="sft").share == Fraction(1, 2)


def test_exactly_15_percent_is_allowed_and_anything_above_is_refused() -> None:
    assert Mix(tokenizer=TOKENIZER, domain_share=0.15).share == Fraction(15, 100)
    for share in (0.1500001, 0.2, 0.99):
        with pytest.raises(MixRefused, match="above the cap of 15 %"):
            Mix(tokenizer=TOKENIZER, domain_share=share)


def test_an_override_lifts_the_cap_to_its_share_and_no_further() -> None:
    override = Override(0.3, "the base model knows no medicine")
    assert Mix(tokenizer=TOKENIZER, domain_share=0.3, override=override).share == Fraction(3, 10)
    assert Mix(tokenizer=TOKENIZER, override=override).share == Fraction(3, 10)
    with pytest.raises(MixRefused, match="30 % that the override states"):
        Mix(tokenizer=TOKENIZER, domain_share=0.31, override=override)


def test_an_override_without_a_reason_is_refused() -> None:
    with pytest.raises(MixRefused, match="reason"):
        Override(0.3, "  ")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"stage": "rl"}, "expected pt, sft or scratch"),
        ({"domain_share": 0.0}, "between 0 and 1"),
        ({"domain_share": 1.0, "stage": "sft"}, "between 0 and 1"),
        ({"domain_share": float("nan")}, "between 0 and 1"),
        ({"unit": "documents", "stage": "sft"}, "supervised_tokens or examples"),
        ({"tokens": 0}, "at least 1"),
        ({"tokens": 10, "stage": "sft", "unit": "examples"}, "leave it out"),
        ({"held_out": 1.0}, "held_out"),
        ({"tolerance": -0.1}, "tolerance"),
        ({"row_length": 4}, "row_length"),
        ({"stage": "sft", "override": Override(0.3, "why")}, "sft has no cap"),
    ],
)
def test_settings_that_make_no_mix_are_refused_where_they_are_written(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(MixRefused, match=says):
        Mix(tokenizer=TOKENIZER, **wrong)  # type: ignore[arg-type]


def test_a_mix_is_data_for_the_manifest() -> None:
    data = settings(Mix(tokenizer=TOKENIZER, override=Override(0.2, "why")))
    assert data["override"] == {"is": "Override", "share": 0.2, "reason": "why"}
    assert data["tokenizer"] == {"asset": "tokenizer.json", "sha256": "0" * 64}
