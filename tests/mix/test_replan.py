"""Another ratio is another plan: no token is made or written again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curate.engine import Inline
from curate.mix.build import OtherTokens, build, plan_only, replan
from curate.mix.plan import Plan
from curate.mix.settings import Mix, MixRefused, Shares
from tests.mix import kept
from tests.mix.test_mix_build import bytes_of


@pytest.mark.parametrize("stage", ["pt", "sft"])
def test_a_plan_over_the_tokens_of_a_mix_is_the_mix_that_would_be_built(tmp_path: Path, stage: str) -> None:
    docs = kept.documents("dialogue" if stage == "sft" else "prose")
    shards = kept.shards(tmp_path / "kept", docs, [30])
    first = Mix(tokenizer=kept.tokenizer(tmp_path), stage=stage, row_length=512, held_out=0.05)
    other = replace(first, domain_share=0.05, weights={"poetry" if stage == "pt" else "gsm8k": 2.0})
    build(first, shards, str(tmp_path / "first"), Inline())
    report = replan(other, str(tmp_path / "first"), str(tmp_path / "again"))
    assert report == build(other, shards, str(tmp_path / "built"), Inline())
    assert bytes_of(tmp_path / "again") == bytes_of(tmp_path / "built")
    for path in (tmp_path / "first" / "tokens").iterdir():  # one file under two names
        assert path.stat().st_ino == (tmp_path / "again" / "tokens" / path.name).stat().st_ino
    planned, said = plan_only(other, shards, str(tmp_path / "scratch"), Inline())
    assert planned == Plan.read(tmp_path / "again" / "plan.json")
    assert said.lines() == report.lines() and not (tmp_path / "scratch").exists()


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"seed": 1}, "seed is 0 there and 1 here"),
        ({"held_out": 0.1}, "held_out"),
        ({"stage": "sft"}, "stage"),
        ({"shares": Shares(lang={"zh": 0.5})}, "columns of shares"),
        ({"end": "<|im_end|>"}, "end is"),
    ],
)
def test_what_the_tokens_depend_on_is_not_planned_anew(tmp_path: Path, wish: dict[str, Any], says: str) -> None:
    mix = Mix(tokenizer=kept.tokenizer(tmp_path))
    build(mix, kept.shards(tmp_path / "kept", kept.documents(), []), str(tmp_path / "mix"), Inline())
    with pytest.raises(OtherTokens, match=says):
        replan(replace(mix, **wish), str(tmp_path / "mix"), str(tmp_path / "again"))
    assert not (tmp_path / "again").exists()


def test_a_tokenizer_that_differs_is_refused(tmp_path: Path) -> None:
    mix = Mix(tokenizer=kept.tokenizer(tmp_path))
    build(mix, kept.shards(tmp_path / "kept", kept.documents(), []), str(tmp_path / "mix"), Inline())
    other = tmp_path / "other.json"
    data = json.loads(kept.tokenizer_json())
    data["added_tokens"].append({**data["added_tokens"][0], "id": 1200, "content": "<|more|>"})
    other.write_text(json.dumps(data))
    with pytest.raises(OtherTokens, match=r"the tokenizer is \w{16} there and \w{16} here"):
        replan(replace(mix, tokenizer=str(other)), str(tmp_path / "mix"), str(tmp_path / "again"))  # type: ignore[arg-type]


def test_licences_hold_for_another_plan_too(tmp_path: Path) -> None:
    mix = Mix(tokenizer=kept.tokenizer(tmp_path))
    build(mix, kept.shards(tmp_path / "kept", kept.documents(), []), str(tmp_path / "mix"), Inline())
    with pytest.raises(MixRefused, match="'medquad'"):
        replan(replace(mix, licenses_denied=("CC-BY-4.0",)), str(tmp_path / "mix"), str(tmp_path / "again"))
