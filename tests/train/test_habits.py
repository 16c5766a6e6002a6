"""What practitioners warn of before a training starts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from transformers import LlamaConfig, LlamaForCausalLM

from curate.train.data import Rows
from curate.train.habits import warnings
from curate.train.settings import Train
from curate.train.setup import look
from tests.train import packed


def warned(mix: Path, **settings: object) -> str:
    made = Train(device="cpu", **{"steps": 5, **settings})  # type: ignore[arg-type]
    return "\n".join(warnings(look(made, Rows(mix))))


@pytest.fixture
def base(tmp_path: Path, pt_mix: Path) -> Path:
    """A model with weights for the mixes' vocabulary, which knows nothing of turns."""
    folder = tmp_path / "base-model"
    size = Rows(pt_mix).tokenizer.get_vocab_size()
    shape = packed.SHAPE | {"vocab_size": size, "max_position_embeddings": 512}
    LlamaForCausalLM(LlamaConfig(**shape)).save_pretrained(folder)
    return folder


def test_an_ordinary_training_is_not_warned_of(base: Path, pt_mix: Path) -> None:
    assert warned(pt_mix, model="tiny") == ""
    assert warned(pt_mix, model=str(base)) == ""


@pytest.mark.parametrize(("stage", "habit"), [("pt", 4), ("sft", 3)])
def test_more_epochs_than_the_habit_are(request: pytest.FixtureRequest, stage: str, habit: int) -> None:
    mix = request.getfixturevalue(f"{stage}_mix")
    rows = len(Rows(mix))
    assert "over-fitted" not in warned(mix, batch=1, steps=habit * rows)
    assert f"{stage} mixes are over-fitted above {habit} epochs" in warned(mix, batch=1, steps=(habit + 1) * rows)


def test_pre_training_a_chat_model_is(base: Path, pt_mix: Path) -> None:
    (base / "chat_template.jinja").write_text("{{ messages }}")
    assert warned(pt_mix, model=str(base)) == ""  # base models of Qwen have one
    (base / "generation_config.json").write_text(json.dumps({"temperature": 0.6, "eos_token_id": [1, 2]}))
    assert "looks like a chat model" in warned(pt_mix, model=str(base))
    named = base.rename(base.parent / "Model-8B-Instruct")
    (named / "chat_template.jinja").unlink()
    assert "Model-8B-Instruct looks like a chat model" in warned(pt_mix, model=str(named))


def test_a_quantised_model_is(base: Path, pt_mix: Path) -> None:
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"quantization_config": {"quant_method": "gptq"}}))
    assert "is quantised" in warned(pt_mix, model=str(base))


def test_fine_tuning_a_base_model_without_a_template_is(base: Path, sft_mix: Path) -> None:
    assert "has no chat template" in warned(sft_mix, model=str(base))
    (base / "tokenizer_config.json").write_text(json.dumps({"chat_template": "{{ messages }}"}))
    assert "template" not in warned(sft_mix, model=str(base))


def test_adapters_on_query_and_value_alone_are(base: Path, pt_mix: Path) -> None:
    assert "query and value alone" in warned(pt_mix, model=str(base), tune="lora", lora_targets=("q_proj", "v_proj"))
    assert "query and value" not in warned(pt_mix, model=str(base), tune="lora")


def test_a_rate_far_from_what_the_size_wants_is_and_adapters_bear_ten_times_as_much(base: Path, pt_mix: Path) -> None:
    assert "learning rate is 2.0e-03" in warned(pt_mix, model=str(base), learning_rate=2e-3)
    assert "learning rate" not in warned(pt_mix, model=str(base), learning_rate=2e-3, tune="lora")
    assert "LoRA bears ten times" in warned(pt_mix, model=str(base), learning_rate=2e-5, tune="lora")
    assert "learning rate is 1.0e-05" in warned(pt_mix, model="tiny", learning_rate=1e-5)
