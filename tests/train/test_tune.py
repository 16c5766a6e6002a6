"""Adapters: what is trained, and that what is saved agrees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

from curate.train.data import Rows
from curate.train.loop import train
from curate.train.settings import Train, TrainRefused
from curate.train.tune import adapted, linear_layers
from tests.train import packed

LINEAR = ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, pt_mix: Path) -> Path:
    folder = tmp_path_factory.mktemp("base")
    torch.manual_seed(3)
    shape = packed.SHAPE | {"vocab_size": Rows(pt_mix).tokenizer.get_vocab_size()}
    Qwen3ForCausalLM(Qwen3Config(**shape, tie_word_embeddings=True)).save_pretrained(folder)
    (folder / "tokenizer.json").write_bytes(Rows(pt_mix).tokenizer_json)
    return folder


def test_adapters_sit_on_all_linear_layers_but_the_head_with_alpha_twice_the_rank() -> None:
    model = adapted(LlamaForCausalLM(LlamaConfig(**packed.SHAPE)), rank=4, targets=None, seed=0)
    config = model.peft_config["default"]
    assert (config.r, config.lora_alpha) == (4, 8)
    assert sorted({name.rsplit(".", 1)[-1] for name in linear_layers(packed.model())}) == LINEAR
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert len(trained) == 2 * 2 * len(LINEAR)
    assert all("lora_" in name for name in trained)


def test_layers_that_a_model_does_not_have_are_named() -> None:
    with pytest.raises(TrainRefused, match=r"lora_targets names query; LlamaForCausalLM has down_proj, gate_proj"):
        adapted(packed.model(), rank=4, targets=("query", "v_proj"), seed=0)


def test_the_merged_model_answers_as_base_and_adapter_do_and_the_base_is_untouched(
    base: Path, pt_mix: Path, tmp_path: Path
) -> None:
    before = (base / "model.safetensors").read_bytes()
    settings = Train(model=str(base), tune="lora", lora_rank=4, learning_rate=1e-2, steps=6, batch=4, device="cpu",
                     warmup=1, held_out_rows=2, threads=2)  # fmt: skip
    report = train(settings, pt_mix, tmp_path / "out", lambda line: None)
    ids = torch.from_numpy(Rows(pt_mix).batch([0]).input_ids.numpy())
    with torch.no_grad():
        first = AutoModelForCausalLM.from_pretrained(base)(ids).logits
        merged = AutoModelForCausalLM.from_pretrained(report.out)(ids).logits
        with_adapter = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), report.out / "adapter")
        beside = with_adapter(ids).logits
    assert torch.allclose(merged, beside, rtol=1e-5, atol=1e-5)
    assert (merged - first).abs().max() > 1e-2
    assert (base / "model.safetensors").read_bytes() == before
    assert {path.name for path in (report.out / "adapter").iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
    }
    facts = json.loads((report.out / "train.json").read_text())
    assert (facts["chosen"]["tune"], facts["chosen"]["lora_rank"]) == ("lora", 4)


def test_four_bits_without_a_gpu_are_refused(base: Path, pt_mix: Path, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(TrainRefused, match="need a GPU; take lora"):
        train(Train(model=str(base), tune="qlora"), pt_mix, tmp_path, lambda line: None)
